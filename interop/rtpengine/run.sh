#!/bin/sh
# Plays every case against rtpengine; prints one line a case.
# shellcheck disable=SC1091,SC2154 # the variables are those of cases.sh
set -eu
. "$(dirname -- "$0")/../cases.sh"

need rtpengine rtpengine
if ! identities; then
    echo "FAIL rtpengine: no certificates could be made"
    exit 1
fi
everything interop/rtpengine/case.sh "$profiles" >"$home/cases"
play_cases interop/rtpengine/case.sh
