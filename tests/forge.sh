#!/bin/sh
# Builds what writes the attacks of whoever does not read the path as files, and runs it.
# Usage: forge.sh [FOLDER [TARGET.pem PEER.pem]]    (forge/main.c says what these mean); nothing: only builds it
set -eu
cd -- "$(dirname -- "$0")/.."
sh tests/setup.sh build test
mkdir -p build
build() {
    cmake --preset dev && cmake --build --preset dev -j "${JOBS:-2}" --target forge
}
build >build/forge.log 2>&1 || {
    cat build/forge.log
    exit 1
}
[ $# -eq 0 ] || exec build/dev/tests/forge "$@"
