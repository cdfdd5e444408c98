#!/bin/sh
# SRTP beside libsrtp as Debian ships it, pion/srtp, and the bare primitives: a Markdown table, and
# a picture in build/bench/srtp.svg.
# Usage: run.sh [ROUNDS]       default 9; each round runs every contender once
#        run.sh instructions   what our layer adds to libsrtp, in instructions a packet (valgrind)
set -eu
here=$(cd -- "$(dirname -- "$0")" && pwd)
cd -- "$here/../../.."
sh tests/setup.sh build bench
out=build/bench
mkdir -p "$out"
{
    cmake --preset release
    cmake --build --preset release --target rtpgate_static -j 2
} >"$out/build.log" 2>&1 || { cat "$out/build.log"; exit 1; }
# pkg-config's answer is words.
# shellcheck disable=SC2046
cc -std=c11 -O2 -Wall -Wextra -D_POSIX_C_SOURCE=200809L -DOPENSSL_API_COMPAT=0x10100000L -Iinclude \
    -o "$out/bench_srtp" "$here"/*.c build/release/librtpgate.a \
    $(pkg-config --cflags --libs gnutls libsrtp2 nettle libcrypto)

instructions() { # contender, profile, packets
    valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$out/bench_srtp" "$1" "$2" 100 "$3" 2>&1 | awk '/Collected/ { print $4 }'
}
if [ "${1:-}" = instructions ]; then
    echo "| profile | rtpgate | libsrtp with the same ciphers | our layer |"
    echo "|---|---:|---:|---:|"
    for profile in AEAD_AES_128_GCM AEAD_AES_256_GCM AES128_CM_SHA1_80 AES128_CM_SHA1_32; do
        counts=
        for who in rtpgate libsrtp+ciphers; do
            counts="$counts $(instructions "$who" "$profile" 256) $(instructions "$who" "$profile" 2304)"
        done
        echo "$profile $counts" | awk '{ # 2048 packets, there and back
            ours = ($3 - $2) / 4096; theirs = ($5 - $4) / 4096
            printf "| %s | %.0f | %.0f | %.0f |\n", $1, ours, theirs, ours - theirs }'
    done
    exit 0
fi

env GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$PWD/$out/go" \
    go build -o "$out/bench_pion" ./tests/bench/srtp/pion
rounds=${1:-9}
round=0
: >"$out/srtp.csv"
while [ "$round" -lt "$rounds" ]; do
    "$out/bench_srtp" >>"$out/srtp.csv"
    GOMAXPROCS=1 "$out/bench_pion" >>"$out/srtp.csv"
    round=$((round + 1))
done
sort -t ';' -k 1,4 -k 5n "$out/srtp.csv" | awk -f "$here/median.awk" >"$out/srtp.medians"
awk -f "$here/table.awk" "$out/srtp.medians"
awk -f "$here/chart.awk" "$out/srtp.medians" >"$out/srtp.svg"
echo
echo "Median of $rounds rounds; the picture: $out/srtp.svg"
