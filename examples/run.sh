#!/bin/sh
# Builds rtpgate and runs an example. On a bare Debian 12 it installs what it needs.
# Usage: run.sh [LOSS [SEED]]            loopback: two peers over UDP that loses datagrams
#        run.sh browser [ARGUMENT]...    a page that sends your camera to rtpgate and back; where
#                                        there is no display, a headless Chromium looks at it
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
built=$root/build/release/examples

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

has_display() {
    [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]
}

if [ "${1:-}" != browser ]; then
    step "install what is missing" sh "$root/tests/setup.sh" build
    step "build" build
    step "loopback" "$built/loopback" "$@"
    echo "verdict: loopback ran to its end"
elif shift && has_display; then
    step "install what is missing" sh "$root/tests/setup.sh" build page
    step "build" build
    echo "Open the page in a browser, and press the button. Control-C ends it."
    trap : INT # the program ends, and the verdict follows
    step "serve the page" "$built/browser/browser" "$@"
    echo "verdict: the page was served until it was ended"
else
    step "install what is missing" sh "$root/tests/setup.sh" build page chromium
    step "build" build
    step "look at the page with a headless Chromium" \
        sh "$root/examples/browser/look.sh" "$built/browser" "$@"
    echo "verdict: the camera's picture went to rtpgate and came back"
fi
