#!/bin/sh
# clang-tidy has nothing to say about the library.
# Usage: tidy.sh SOURCE_DIR BUILD_DIR
set -eu
cd "$1"
command -v clang-tidy >/dev/null || { echo "tidy: clang-tidy is not installed"; exit 1; }
[ -f "$2/compile_commands.json" ] || { echo "tidy: $2 has no compile_commands.json"; exit 1; }
find src -name '*.c' -print0 |
    xargs -0 -P 2 -n 4 clang-tidy -p "$2" --quiet --warnings-as-errors='*'
echo "tidy: no warnings"
