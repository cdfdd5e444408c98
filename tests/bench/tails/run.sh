#!/bin/sh
# The time to keys on both sides over networks that lose datagrams, for rtpgate and its peers. Writes
# tails.md and tails.svg beside itself, and prints the former.
# Usage: run.sh [HANDSHAKES [HANDSHAKES_OF_PION]]    in each cell
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here/../../.."
built=build/bench/bench
rows=$built/tails.tsv

sh tests/setup.sh build bench
cmake --preset bench >/dev/null
cmake --build --preset bench -j "${JOBS:-2}" --target bench_tails >/dev/null
# Debian's Go packages are sources below one GOPATH.
(cd "$here/pion" && GO111MODULE=off GOPATH=/usr/share/gocode go build -o "$OLDPWD/$built/tails_pion" .)

"$built/tails" ${1:+"$1"} >"$rows"
"$built/tails_pion" ${2:+"$2"} >>"$rows"
machine=$(sh tests/bench/machine.sh libgnutls30 libssl3 golang-github-pion-dtls.v2-dev golang-go)
awk -v machine="$machine" -f "$here/table.awk" "$rows" >"$here/tails.md"
awk -f "$here/chart.awk" "$rows" >"$here/tails.svg"
cat "$here/tails.md"
