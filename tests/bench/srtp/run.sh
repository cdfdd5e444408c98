#!/bin/sh
# What SRTP costs: processor, heap and instructions, for rtpgate beside libsrtp as Debian ships it,
# pion/srtp, and the bare ciphers. Writes srtp.md and srtp.svg beside itself, and prints the former.
# Usage: run.sh [ROUNDS]    in which the contenders take turns
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here/../../.."
built=build/bench/bench
rounds=${1:-9}

sh tests/setup.sh build bench
cmake --preset bench >/dev/null
cmake --build --preset bench -j "${JOBS:-2}" --target bench_srtp >/dev/null
# Debian's Go packages are sources below one GOPATH.
(cd "$here/pion" && GO111MODULE=off GOPATH=/usr/share/gocode go build -o "$OLDPWD/$built/srtp_pion" .)

# The instructions of a packet, there and back halved, by layer. The start does not count.
instructions() { # contender, profile, bytes
    for packets in 256 2304; do
        valgrind --quiet --tool=callgrind --callgrind-out-file="$built/callgrind.srtp" \
            "$built/srtp" run "$1" "$2" "$3" "$packets"
        awk -v count="$((packets == 256 ? -4096 : 4096))" -f "$here/layers.awk" "$built/callgrind.srtp" |
            awk -v cell="$1;$2;$3" '{ print cell ";" $0 }'
    done
}

measure() {
    round=0
    while [ "$round" -lt "$rounds" ]; do
        "$built/srtp" time
        GOMAXPROCS=1 "$built/srtp_pion" time
        round=$((round + 1))
    done
    "$built/srtp" heap 200
    GOMAXPROCS=1 "$built/srtp_pion" heap 200
}

measure >"$built/srtp.csv"
for profile in AEAD_AES_128_GCM AES128_CM_SHA1_80; do
    for bytes in 100 1200; do
        instructions rtpgate "$profile" "$bytes"
        instructions "GnuTLS and nettle" "$profile" "$bytes"
    done
done >"$built/srtp.instructions"
sort -t ';' -k 1,4 -k 5n "$built/srtp.csv" | awk -f "$here/median.awk" >"$built/srtp.medians"
machine=$(sh tests/bench/machine.sh libgnutls30 libnettle8 libsrtp2-1 libssl3 \
    golang-github-pion-srtp.v2-dev golang-go)
awk -v machine="$machine" -v rounds="$rounds" -f "$here/table.awk" \
    "$built/srtp.medians" "$built/srtp.instructions" >"$here/srtp.md"
awk -f "$here/chart.awk" "$built/srtp.medians" >"$here/srtp.svg"
cat "$here/srtp.md"
