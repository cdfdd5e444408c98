#!/bin/sh
# What a handshake costs: processor, instructions and heap, for rtpgate and its peers. Writes
# handshake.md beside itself, and prints it.
# Usage: run.sh [HANDSHAKES [ROUNDS]]    in each round, in which the peers take turns
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here/../../.."
built=build/bench/bench
count=${1:-500}
rounds=${2:-9}
pairs=200

sh tests/setup.sh build bench
cmake --preset bench >/dev/null
cmake --build --preset bench -j "${JOBS:-2}" --target bench_handshake >/dev/null
# Debian's Go packages are sources below one GOPATH.
(cd "$here/pion" &&
    GO111MODULE=off GOPATH=/usr/share/gocode go build -o "$OLDPWD/$built/handshake_pion" .)

label() { # what the rows are
    awk -v what="$1" '{ print what "\t" $0 }'
}

# The instructions of so many handshakes more, by library, so that the start does not count.
instructions() { # name
    for handshakes in 10 30; do
        valgrind --quiet --tool=callgrind --callgrind-out-file="$built/callgrind.$handshakes" \
            "$built/handshake" run "$handshakes" "$1"
        awk -f "$here/objects.awk" "$built/callgrind.$handshakes" |
            awk -v name="$1" -v count="$handshakes" '{ print name "\t" count "\t" $1 "\t" $2 }'
    done
}

measure() {
    round=0
    while [ "$round" -lt "$rounds" ]; do
        "$built/handshake" time "$count" | label time
        "$built/handshake_pion" time "$count" | label time
        round=$((round + 1))
    done
    "$built/handshake" heap "$pairs" | label heap
    "$built/handshake_pion" heap "$pairs" | label heap
    instructions rtpgate | label instructions
    instructions "rtpgate, proof after anomaly" | label instructions
    instructions GnuTLS | label instructions
}

rows=$built/handshake.tsv
measure >"$rows"
machine=$(sh tests/bench/machine.sh libgnutls30 libssl3 golang-github-pion-dtls.v2-dev golang-go)
awk -v machine="$machine" -v rounds="$rounds" -v count="$count" -v pairs="$pairs" \
    -f "$here/table.awk" "$rows" >"$here/handshake.md"
cat "$here/handshake.md"
