#!/bin/sh
# Each public header compiles alone, twice in a row, as C11 and as C++17, with every compiler at hand.
# Usage: headers.sh SOURCE_DIR
set -eu
status=0
has() {
    command -v "$1" >/dev/null
}
has gcc || has clang || { echo "headers: neither gcc nor clang is installed"; exit 1; }
has g++ || has clang++ || { echo "headers: neither g++ nor clang++ is installed"; exit 1; }

compile() { # compiler language standard
    has "$1" || return 0
    if ! printf '#include <rtpgate/%s>\n#include <rtpgate/%s>\ntypedef int alone;\n' "$name" "$name" |
        "$1" -x "$2" "-std=$3" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$include" -; then
        echo "headers: $name does not compile with $1 as $3"
        status=1
    fi
}

include=$1/include
count=0
for header in "$include"/rtpgate/*.h; do
    name=${header##*/}
    count=$((count + 1))
    compile gcc c c11
    compile clang c c11
    compile g++ c++ c++17
    compile clang++ c++ c++17
    if grep -q '^RTPGATE_API' "$header" && ! grep -q '^extern "C"' "$header"; then
        echo "headers: $name declares functions outside of extern \"C\""
        status=1
    fi
done

[ "$status" -ne 0 ] || echo "headers: $count compile alone"
exit "$status"
