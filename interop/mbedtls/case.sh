#!/bin/sh
# Plays one case against Mbed TLS and prints its line. Started by run.sh, with what it prepared.
# Usage: case.sh KIND ROLE PROFILE [ARGUMENT]...    ROLE is ours
# shellcheck disable=SC1091,SC2034,SC2154 # the variables are those of lib.sh and meet.sh
set -u
peer=mbedtls
version="Mbed TLS $(dpkg-query -W -f '${Version}' libmbedtls-dev)"
kind=$1
role=$2
profile=$3
shift 3
title="$role role, $profile, $kind $*"
. interop/lib.sh
. interop/associate/meet.sh

start_peer() { # arguments of associate
    start theirs 4 "$INTEROP_HOME/peer" "$@"
}

# Its own alert for our certificate; without a common profile it goes on without one.
mistrust="ALERT access_denied"
refusal=NO_USE_SRTP
refusal_says="no SRTP profile"

unable() {
    :
}

"play_$kind" "$@"
