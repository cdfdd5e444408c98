#!/bin/sh
# Plays every case against pion/dtls with pion/srtp; prints one line a case.
# shellcheck disable=SC1091,SC2154 # the variables are those of cases.sh
set -eu
. "$(dirname -- "$0")/../cases.sh"

build() {
    (cd interop/pion && GO111MODULE=off GOPATH=/usr/share/gocode go build -o "$home/pion" .)
}

need pion go
if ! identities || ! build; then
    echo "FAIL pion: its side could not be built, or no certificates be made"
    exit 1
fi
everything interop/pion/case.sh "$profiles" >"$home/cases"
play_cases interop/pion/case.sh
