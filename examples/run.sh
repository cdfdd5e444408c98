#!/bin/sh
# Builds rtpgate and runs the example loopback; arguments are passed on to it.
# On a bare Debian 12 it installs what it needs.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

step() { # what, command
    what=$1
    shift
    echo "== $what"
    if ! "$@"; then
        echo "verdict: FAILED: $what"
        exit 1
    fi
}

build() {
    cd "$root" && cmake --preset release && cmake --build --preset release -j "${JOBS:-2}"
}

step "install what is missing" sh "$root/tests/setup.sh" build
step "build" build
step "loopback" "$root/build/release/examples/loopback" "$@"
echo "verdict: loopback ran to its end"
