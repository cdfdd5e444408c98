#!/bin/sh
# No file above 450 lines, no function of the library above 80.
# Usage: shape.sh SOURCE_DIR
set -eu
cd "$1"
problems=$(
    find include src tests examples interop -path tests/fuzz -prune -o -name '*.[ch]' -exec awk '
        FNR == 451 { print FILENAME ": more than 450 lines" }' {} +
    # A function opens at the line that ends in ") {" outside of every block, and closes at column 0.
    find src -name '*.[ch]' -exec awk '
        FNR == 1 { open = 0 }
        /^}/ {
            if (function_body && FNR - open - 1 > 80)
                print FILENAME ":" open ": a function of " FNR - open - 1 " lines"
            open = 0
        }
        !open && /{$/ && !/^extern/ { open = FNR; function_body = /\) {$/ || previous ~ /\)$/ }
        { previous = $0 }' {} +
)
if [ -n "$problems" ]; then
    printf '%s\n' "$problems"
    exit 1
fi
echo "shape: files and functions are short"
