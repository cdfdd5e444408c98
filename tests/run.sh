#!/bin/sh
# Builds rtpgate with gcc and clang, runs every test, with and without sanitizers, and every fuzz target for a while.
# On a bare Debian 12 it installs what it needs. JOBS says how many run at once (default 2).
set -eu
cd -- "$(dirname -- "$0")/.."
jobs=${JOBS:-2}

step() { # what, command
    what=$1
    shift
    echo "== $what"
    if ! "$@"; then
        echo "verdict: FAILED: $what"
        exit 1
    fi
}

build() { # preset, description
    step "$2: configure" cmake --preset "$1"
    step "$2: build" cmake --build --preset "$1" -j "$jobs"
}

check() { # preset, description, arguments of ctest
    preset=$1
    what=$2
    shift 2
    step "$what" ctest --preset "$preset" -j "$jobs" --output-on-failure --no-tests=error "$@"
}

step "install what is missing" sh tests/setup.sh build test
build dev "gcc, warnings are errors"
check dev "gcc: tests"
build clang "clang, warnings are errors"
build asan "clang, address and undefined-behaviour sanitizers"
check asan "clang, address and undefined-behaviour sanitizers: tests"
if grep -qE '#include <(pthread|threads)\.h>' tests/test_*.c; then
    build tsan "clang, thread sanitizer"
    check tsan "clang, thread sanitizer: tests with threads" -L threads
fi
step "fuzz targets, three minutes" sh tests/fuzz.sh
echo "verdict: all tests passed"
