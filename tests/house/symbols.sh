#!/bin/sh
# The shared library exports src/symbols.list, which is what the headers declare; nothing else is global
# in the static library but under our prefixes.
# Usage: symbols.sh SOURCE_DIR BUILD_DIR
set -eu
export LC_ALL=C
list=$1/src/symbols.list
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0

if ! sort -cu "$list"; then
    echo "symbols: src/symbols.list is not sorted"
    status=1
fi

# One declaration a line, then the name before its parenthesis.
for header in "$1"/include/rtpgate/*.h; do
    grep -v '^#' "$header"
done | tr '\n' ' ' | tr ';' '\n' |
    sed -n 's/.*RTPGATE_API [^(]*[ *]\([A-Za-z0-9_]*\)(.*/\1/p' | sort >"$scratch/declared"
if ! diff "$list" "$scratch/declared"; then
    echo "symbols: the headers (>) do not declare what src/symbols.list (<) says"
    status=1
fi

# The version itself is an absolute symbol.
nm -D --defined-only "$2/librtpgate.so" >"$scratch/dynamic"
awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' "$scratch/dynamic" | sort >"$scratch/exported"
if ! diff "$list" "$scratch/exported"; then
    echo "symbols: librtpgate.so (>) does not export what src/symbols.list (<) says"
    status=1
fi

nm -g --defined-only "$2/librtpgate.a" >"$scratch/archive"
strangers=$(awk 'NF == 3 && $3 !~ /^(rtpgate|rg)_/ { print $3 }' "$scratch/archive")
if [ -n "$strangers" ]; then
    printf '%s\n' "$strangers"
    echo "symbols: global in librtpgate.a without rtpgate_ or rg_ before them"
    status=1
fi

[ "$status" -ne 0 ] || echo "symbols: $(wc -l <"$list") exported, as listed and declared"
exit "$status"
