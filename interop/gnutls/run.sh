#!/bin/sh
# Plays every case against gnutls-cli and gnutls-serv; prints one line a case.
# shellcheck disable=SC1091,SC2154 # the variables are those of cases.sh
set -eu
. "$(dirname -- "$0")/../cases.sh"

need gnutls gnutls-cli
if ! identities; then
    echo "FAIL gnutls: no certificates could be made"
    exit 1
fi
everything interop/gnutls/case.sh "AES128_CM_SHA1_80 AES128_CM_SHA1_32" >"$home/cases"
play_cases interop/gnutls/case.sh
