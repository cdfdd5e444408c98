#!/bin/sh
# Plays one case against GStreamer's srtpdec or srtpenc and prints its line. Started by run.sh.
# Usage: case.sh protect|unprotect ROLE PROFILE [WRONG]    ROLE is ours
# shellcheck disable=SC1091,SC2034,SC2154 # the variables are those of lib.sh and meet.sh
set -u
peer=gstreamer
version=$(gst-launch-1.0 --version | grep '^GStreamer ')
kind=$1
role=$2
profile=$3
title="$role role, $profile, $kind${4:+ with a wrong $4}"
. interop/lib.sh
. interop/handover/meet.sh
column media
wrong=${4:-}

# In GStreamer's words. SRTCP has 80 bits with AES128_CM_SHA1_32, too (RFC 5764 4.1.2).
case $profile in
AES128_CM_SHA1_80) cipher=aes-128-icm auth=hmac-sha1-80 rtcp_auth=hmac-sha1-80 ;;
AES128_CM_SHA1_32) cipher=aes-128-icm auth=hmac-sha1-32 rtcp_auth=hmac-sha1-80 ;;
AEAD_AES_128_GCM) cipher=aes-128-gcm auth=null rtcp_auth=null ;;
AEAD_AES_256_GCM) cipher=aes-256-gcm auth=null rtcp_auth=null ;;
esac

start_pipeline() { # arguments of gst-launch-1.0
    start theirs 4 gst-launch-1.0 --no-fault "$@"
    theirs=$started
}

# GStreamer 1.22 crashes now and then while it takes a pipeline down, when all has passed.
pipeline_ended() {
    join "$theirs" || grep -q '^Execution ended after ' "$dir/theirs.out"
}

theirs_port() { # name of a udpsrc
    sed -n "s/.*UDPSrc:$1: port = //p" "$dir/theirs.out"
}

await_ports() {
    for name in rtp rtcp; do
        await theirs "$theirs" "UDPSrc:$name: port = " || fail "GStreamer opened no $name port"
    done
}

# It ends when it has received as many datagrams as we send, whether they can be decrypted or not.
# Without an ssrc in the caps srtpdec takes no keys from them.
start_srtpdec() {
    keys="ssrc=(uint)$(fact ssrc), srtp-key=(buffer)$(spoil "$(fact hex)"), srtp-cipher=$cipher"
    keys="$keys, srtp-auth=$auth, srtcp-cipher=$cipher, srtcp-auth=$rtcp_auth"
    start_pipeline -v srtpdec name=dec \
        udpsrc name=rtp address=127.0.0.1 port=0 num-buffers="$(fact plain-rtp)" \
        caps="application/x-srtp, payload=(int)0, $keys" ! dec.rtp_sink \
        udpsrc name=rtcp address=127.0.0.1 port=0 num-buffers="$(fact plain-rtcp)" \
        caps="application/x-srtcp, $keys" ! dec.rtcp_sink \
        dec.rtp_src ! rtpstreampay ! filesink async=false location="$dir/theirs.rtp" \
        dec.rtcp_src ! rtpstreampay ! filesink async=false location="$dir/theirs.rtcp"
}

play_protect() {
    start_handover protect
    start_srtpdec
    await_ports
    protect_to "$(theirs_port rtp)" "$(theirs_port rtcp)"
    pipeline_ended || fail "GStreamer did not receive all $sent datagrams"
    if [ -n "$wrong" ]; then
        empty theirs.rtp
        empty theirs.rtcp
        pass "none of $sent packets was decrypted"
    fi
    equal theirs.rtp plain.rtp
    equal theirs.rtcp plain.rtcp
    pass "$sent packets equal, $(wc -c <"$dir/plain.packets") bytes"
}

# It pauses for our socket's buffer.
start_srtpenc() {
    start_pipeline srtpenc name=enc key="$(spoil "$(fact hex)")" \
        rtp-cipher="$cipher" rtp-auth="$auth" rtcp-cipher="$cipher" rtcp-auth="$rtcp_auth" \
        filesrc location="$dir/plain.rtp" ! application/x-rtp-stream ! rtpstreamdepay ! \
        identity sleep-time=1000 ! enc.rtp_sink_0 \
        enc.rtp_src_0 ! udpsink host=127.0.0.1 port="$port" sync=false async=false \
        filesrc location="$dir/plain.rtcp" ! application/x-rtcp-stream ! rtpstreamdepay ! \
        enc.rtcp_sink_0 \
        enc.rtcp_src_0 ! udpsink host=127.0.0.1 port="$port" sync=false async=false
}

play_unprotect() {
    start_handover unprotect
    start_srtpenc
    pipeline_ended || fail "GStreamer did not send everything"
    unprotected
    [ -z "$wrong" ] || nothing_unprotected
    equal got.rtp plain.rtp
    equal got.rtcp plain.rtcp
    pass "$(fact datagrams) packets equal, $(wc -c <"$dir/plain.packets") bytes"
}

"play_$kind"
