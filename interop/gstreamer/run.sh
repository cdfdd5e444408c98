#!/bin/sh
# Plays every case against GStreamer: srtpdec and srtpenc with exported keys, dtlssrtpdec and
# dtlssrtpenc with a handshake; prints one line a case.
# shellcheck disable=SC1091,SC2154 # the variables are those of cases.sh
set -eu
. "$(dirname -- "$0")/../cases.sh"

cases() {
    for kind in protect unprotect; do
        for role in client server; do
            for profile in $profiles; do
                echo "$kind $role $profile"
            done
        done
        for profile in AEAD_AES_128_GCM AES128_CM_SHA1_80; do
            echo "$kind client $profile key"
            echo "$kind server $profile salt"
        done
    done
}

need gstreamer gst-launch-1.0
if ! identities; then
    echo "FAIL gstreamer: no certificates could be made"
    exit 1
fi
cases >"$home/cases"
play_cases interop/gstreamer/case.sh || true
everything interop/gstreamer/dtls.sh AES128_CM_SHA1_80 >"$home/cases"
play_cases interop/gstreamer/dtls.sh
