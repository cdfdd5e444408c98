#!/bin/sh
# Plays one case against FFmpeg and prints its line. Started by run.sh.
# Usage: case.sh protect|sdp|unprotect ROLE PROFILE [WRONG]    ROLE is ours
# shellcheck disable=SC1091,SC2034,SC2154 # the variables are those of lib.sh and meet.sh
set -u
peer=ffmpeg
version=$(ffmpeg -version | sed -n 's/^ffmpeg version \([^ ]*\).*/FFmpeg \1/p')
kind=$1
role=$2
profile=$3
title="$role role, $profile, $kind${4:+ with a wrong $4}"
. interop/lib.sh
. interop/handover/meet.sh
column media
wrong=${4:-}
mismatch='^HMAC mismatch'

# With the name that SDES has for AES128_CM_SHA1_32 FFmpeg takes 32 bits for SRTCP as well (not so
# RFC 4568 6.2); it has another one for what DTLS-SRTP means.
case $profile in
AES128_CM_SHA1_80) suite=AES_CM_128_HMAC_SHA1_80 ;;
AES128_CM_SHA1_32) suite=SRTP_AES128_CM_HMAC_SHA1_32 ;;
esac

start_ffmpeg() { # arguments
    start theirs 4 ffmpeg -nostdin -hide_banner -nostats -loglevel repeat+info "$@"
    theirs=$started
}

sdes_key() {
    spoil "$(fact sdes | sed 's/^inline://')"
}

bound() { # port, by the kernel's list
    grep -q ":$(printf %04X "$1") " /proc/net/udp
}

# It opens the port for RTCP last, and says nothing.
await_bound() { # port for RTP
    for _ in $(seq $((patience * 10))); do
        ! bound $(($1 + 1)) || return 0
        kill -0 "$theirs" 2>/dev/null || break
        sleep 0.1
    done
    fail "FFmpeg opened no port"
}

# To one port, so that the order of what it writes down is that of what we sent.
protect_to_ffmpeg() {
    await_bound "$port"
    protect_to "$port" "$port"
}

# It ends when it has written as much as we sent.
start_srtp_input() {
    start_ffmpeg -srtp_in_suite "$suite" -srtp_in_params "$(sdes_key)" -f data \
        -i "srtp://127.0.0.1:$port?localrtpport=$port&localrtcpport=$((port + 1))" \
        -map 0 -c copy -fs "$(wc -c <"$dir/plain.packets")" -f data "$dir/theirs.packets"
}

# FFmpeg complains of each packet.
refused() {
    timeout "$patience" tail -n +1 -s 0.1 -f --pid="$theirs" -- "$dir/theirs.err" |
        grep -c -m "$sent" -e "$mismatch" >"$dir/refused" &
    wait "$!"
    same "the number of packets that FFmpeg refused" "$(cat "$dir/refused")" "$sent"
    kill "$theirs"
    join "$theirs"
    empty theirs.packets
    pass "none of $sent packets was decrypted"
}

play_protect() {
    start_handover protect
    start_srtp_input
    protect_to_ffmpeg
    [ -z "$wrong" ] || refused
    join "$theirs" || fail "FFmpeg did not decrypt all $sent packets"
    equal theirs.packets plain.packets
    pass "$sent packets equal, $(wc -c <"$dir/plain.packets") bytes"
}

write_sdp() {
    cat >"$dir/sdp" <<END
v=0
o=- 0 0 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio $port RTP/SAVP 0
a=crypto:1 $suite $(fact sdes)
END
}

play_sdp() {
    title="$role role, $profile, keys in an SDP"
    start_handover protect
    write_sdp
    start_ffmpeg -protocol_whitelist file,rtp,udp -i "$dir/sdp" -c copy \
        -fs "$(wc -c <"$dir/plain.payload")" -f mulaw "$dir/theirs.payload"
    protect_to_ffmpeg
    join "$theirs" || fail "FFmpeg did not decrypt all $sent packets"
    ! grep -q "$mismatch" "$dir/theirs.err" || fail "FFmpeg refused some packets"
    equal theirs.payload plain.payload
    pass "$(fact plain-rtp) payloads equal, $(wc -c <"$dir/plain.payload") bytes"
}

# FFmpeg cuts the payload into packets of its own; its last sender report says how many.
play_unprotect() {
    start_handover unprotect
    start_ffmpeg -readrate 20 -f mulaw -ar 8000 -i "$dir/plain.payload" -c copy -f rtp \
        -seq 65440 -rtpflags send_bye -srtp_out_suite "$suite" -srtp_out_params "$(sdes_key)" \
        "srtp://127.0.0.1:$port?rtcpport=$port"
    join "$theirs" || fail "FFmpeg did not send everything"
    unprotected
    [ -z "$wrong" ] || nothing_unprotected
    same "the number of unauthentic datagrams" "$(fact unauthentic)" 0
    equal got.payload plain.payload
    same "what the last sender report counts" "$(fact report)" "$(fact traffic)"
    pass "$(fact rtp) RTP packets, $(fact rtcp) RTCP packets, $(wc -c <"$dir/got.payload") bytes equal"
}

"play_$kind"
