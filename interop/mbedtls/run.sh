#!/bin/sh
# Plays every case against Mbed TLS; prints one line a case.
# shellcheck disable=SC1091,SC2154 # the variables are those of cases.sh
set -eu
. "$(dirname -- "$0")/../cases.sh"

build() {
    cc -std=c11 -D_POSIX_C_SOURCE=200809L -Iinterop -O1 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror \
        -o "$home/peer" interop/mbedtls/peer/peer.c -lmbedtls -lmbedx509 -lmbedcrypto -lsrtp2
}

need mbedtls cc
if ! identities || ! build; then
    echo "FAIL mbedtls: its side could not be built, or no certificates be made"
    exit 1
fi
everything interop/mbedtls/case.sh "AES128_CM_SHA1_80 AES128_CM_SHA1_32" >"$home/cases"
play_cases interop/mbedtls/case.sh
