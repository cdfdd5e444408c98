#!/bin/sh
# Drives servers with drive.sh, and sees that it passes what is good, and fails what is not: our
# program, and a server on werift, which says nothing at its end.
# shellcheck disable=SC1091
set -eu
cd -- "$(dirname -- "$0")/../.."
. interop/ice.sh
peer=kit
bad=0

judge() { # title, pattern of the cases, arguments of drive.sh, lines...
    title=$1
    pattern=$2
    given=$3
    shift 3
    # The arguments are words.
    # shellcheck disable=SC2086
    CASES=$pattern sh interop/drive.sh $given >"$home/drive" 2>&1 || true
    node interop/kit/judge.js "$title" "$home/drive" "$@" || bad=1
}

prepare wrtc
start_program
judge "our program, of which nothing is known" "media|closes" "$url/whip wrtc" \
    "ok   wrtc: the server is DTLS server, media: FEFD" \
    "ok   wrtc: the server is DTLS client, media: FEFD" \
    "ok   wrtc: the server is DTLS server, it closes" \
    "ok   wrtc: the server is DTLS client, it closes"
judge "our program, which hears wishes" "AES|common" "--wishes $url/whip wrtc" \
    "ok   wrtc: we server, AES128_CM_SHA1_80" "ok   wrtc: we client, AES128_CM_SHA1_80" \
    "ok   wrtc: we server, no common profile" "ok   wrtc: we client, no common profile"
stop_server
start_server env NODE_PATH="$PWD/$modules/node_modules" node interop/kit/echo.js
judge "a server on werift" "client, (media|wrong|it closes)" "$url wrtc" \
    "ok   wrtc: the server is DTLS client, media: FEFD" \
    "ok   wrtc: the server is DTLS client, wrong fingerprint of the peer: no media" \
    "ok   wrtc: the server is DTLS client, wrong fingerprint of the server: and then" \
    "FAIL wrtc: the server is DTLS client, it closes: not within"
stop_server
exit "$bad"
