#!/bin/sh
# Plays one case against GStreamer's dtlssrtpdec and dtlssrtpenc and prints its line. Started by
# run.sh, with what it prepared.
# Usage: dtls.sh KIND ROLE PROFILE [ARGUMENT]...    ROLE is ours
# shellcheck disable=SC1091,SC2034,SC2154 # the variables are those of meet.sh
set -u
peer=gstreamer
version=$(gst-launch-1.0 --version | grep '^GStreamer ')
. interop/associate/meet.sh

start_peer() { # arguments of associate
    start theirs 4 /usr/bin/python3 -B interop/gstreamer/dtls.py "$@"
}

media_goes_on= # what comes under the old keys after the new pair was made is lost

hello_datagrams=2
pieces=yes

unable() {
    case "$kind $*" in
    "wrong ours" | "late_there ") echo "GStreamer leaves fingerprints to the application" ;;
    esac
}

"play_$kind" "$@"
