#!/bin/sh
# A foreign program finds the installed library by CMake and by pkg-config, shared and static.
# Usage: consumer.sh SOURCE_DIR BUILD_DIR
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix
consumer=$1/tests/consumer

quietly() { # what, command: its output matters only when it fails
    what=$1
    shift
    if ! "$@" >"$scratch/log" 2>&1; then
        cat "$scratch/log"
        echo "consumer: FAILED: $what"
        exit 1
    fi
}

try() { # name, whether the program needs librtpgate.so
    needs=no
    if readelf -d "$scratch/$1" | grep -q 'NEEDED.*librtpgate'; then
        needs=yes
    fi
    if [ "$needs" != "$2" ]; then
        echo "consumer: FAILED: $1: needs librtpgate.so: $needs, expected: $2"
        exit 1
    fi
    quietly "$1: run" env LD_LIBRARY_PATH="$libraries" "$scratch/$1"
    echo "consumer: $1: $(cat "$scratch/log")"
}

quietly "install" cmake --install "$2" --prefix "$prefix"
libraries=$(dirname "$(find "$prefix" -name librtpgate.so)")
(cd "$1/include" && find . -name '*.h' | sort) >"$scratch/ours"
(cd "$prefix/include" && find . -type f | sort) >"$scratch/installed"
quietly "the installed headers are the public ones" diff "$scratch/ours" "$scratch/installed"

quietly "configure by find_package" cmake -G Ninja -S "$consumer" -B "$scratch" -DCMAKE_PREFIX_PATH="$prefix"
quietly "build by find_package" cmake --build "$scratch"
try cmake_shared yes
try cmake_static no

export PKG_CONFIG_PATH="$libraries/pkgconfig"
compiler=${CC:-cc}
flags=$(pkg-config --cflags rtpgate)
# The flags of pkg-config are words.
# shellcheck disable=SC2046,SC2086
quietly "build by pkg-config" "$compiler" -std=c11 $flags "$consumer/main.c" \
    -o "$scratch/pkgconfig_shared" $(pkg-config --libs rtpgate)
try pkgconfig_shared yes

# Both libraries lie side by side, so the archive is asked for by its file name.
static=$(pkg-config --static --libs rtpgate | sed 's/-lrtpgate/-l:librtpgate.a/')
# shellcheck disable=SC2086
quietly "build by pkg-config --static" "$compiler" -std=c11 $flags "$consumer/main.c" \
    -o "$scratch/pkgconfig_static" $static
try pkgconfig_static no
