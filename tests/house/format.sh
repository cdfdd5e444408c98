#!/bin/sh
# Every source is formatted as .clang-format says.
# Usage: format.sh SOURCE_DIR
set -eu
cd "$1"
command -v clang-format >/dev/null || { echo "format: clang-format is not installed"; exit 1; }
misshapen=$(find include src tests examples interop -name '*.[ch]' -exec sh -c '
    for file; do
        clang-format --dry-run -Werror "$file" 2>/dev/null || echo "$file"
    done' sh {} + | sort)
if [ -n "$misshapen" ]; then
    printf '%s\n' "$misshapen"
    echo "format: these are not what clang-format -i would make of them"
    exit 1
fi
echo "format: all sources are in shape"
