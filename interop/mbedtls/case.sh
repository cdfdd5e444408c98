#!/bin/sh
# Plays one case against Mbed TLS and prints its line. Started by run.sh, with what it prepared.
# Usage: case.sh KIND ROLE PROFILE [ARGUMENT]...    ROLE is ours
# shellcheck disable=SC1091,SC2034,SC2154 # the variables are those of meet.sh
set -u
peer=mbedtls
version="Mbed TLS $(dpkg-query -W -f '${Version}' libmbedtls-dev)"
. interop/associate/meet.sh

start_peer() { # arguments of associate
    start theirs 4 "$INTEROP_HOME/peer" "$@"
}

pieces=yes
media_goes_on= # what comes before its keys is lost
mistrust="ALERT access_denied"

"play_$kind" "$@"
