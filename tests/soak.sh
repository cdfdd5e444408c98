#!/bin/sh
# Builds a release and runs handshakes over bad networks in virtual time: a million, or as said.
# Usage: soak.sh [COUNT [SEED [LOSS [CORRUPT [TRUNCATE]]]]] (per thousand at most; see soak.c)
set -eu
cd -- "$(dirname -- "$0")/.."
sh tests/setup.sh build test
cmake -S . -B build/soak -G Ninja -DCMAKE_BUILD_TYPE=Release -DRTPGATE_TESTS=ON >/dev/null
cmake --build build/soak -j "${JOBS:-2}" --target soak >/dev/null
exec build/soak/tests/soak "$@"
