#!/bin/sh
# Plays one case against pion/dtls with pion/srtp and prints its line. Started by run.sh, with what
# it prepared.
# Usage: case.sh KIND ROLE PROFILE [ARGUMENT]...    ROLE is ours
# shellcheck disable=SC1091,SC2034,SC2154 # the variables are those of meet.sh
set -u
peer=pion
version="dtls $(dpkg-query -W -f '${Version}' golang-github-pion-dtls.v2-dev)"
. interop/associate/meet.sh

start_peer() { # arguments of associate
    start theirs 4 "$INTEROP_HOME/pion" "$@"
}

# What pion answers when it has no profile in common.
refusal="ALERT insufficient_security"

unable() {
    [ "$kind $profile" != "media AEAD_AES_256_GCM" ] || echo "pion/srtp of Debian 12 does not have it"
}

"play_$kind" "$@"
