#!/bin/sh
# Plays every case against FFmpeg's SRTP, which has no GCM; prints one line a case.
# shellcheck disable=SC1091,SC2154 # the variables are those of cases.sh
set -eu
. "$(dirname -- "$0")/../cases.sh"

cases() {
    for role in client server; do
        for profile in AES128_CM_SHA1_80 AES128_CM_SHA1_32; do
            for kind in protect sdp unprotect; do
                echo "$kind $role $profile"
            done
        done
    done
    for kind in protect unprotect; do
        echo "$kind client AES128_CM_SHA1_80 key"
        echo "$kind server AES128_CM_SHA1_32 salt"
    done
}

need ffmpeg ffmpeg
cases >"$home/cases"
play_cases interop/ffmpeg/case.sh
