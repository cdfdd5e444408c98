#!/bin/sh
# Prints the injection matrix: dead cells of all cells, ours and stock GnuTLS, as a Markdown table.
# Usage: matrix.sh [full] [sparse] [ours] [verbose] [first] [after-anomaly] [kept] [bills] [even|odd] [ATTACK] (matrix/main.c says what these mean)
set -eu
cd -- "$(dirname -- "$0")/.."
sh tests/setup.sh build test
mkdir -p build
build() {
    cmake --preset dev && cmake --build --preset dev -j "${JOBS:-2}" --target matrix
}
build >build/matrix.log 2>&1 || {
    cat build/matrix.log
    exit 1
}
exec build/dev/tests/matrix "$@"
