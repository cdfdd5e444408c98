#!/bin/sh
# Plays one remote with gnutls-cli or gnutls-serv as associate does with rtpgate, as far as they can:
# it takes associate's options and the command data, and prints its facts. TRUSTED is the certificate
# that is accepted; what the other side showed is saved in SEEN.
# Usage: TRUSTED=FILE SEEN=FILE peer.sh client|server OPTION VALUE...
set -eu
role=$1
shift
mtu=1200
while [ $# -gt 0 ]; do
    case $1 in
    --port) port=$2 ;;
    --identity) identity=$2 ;;
    --profile) profile=$2 ;;
    --mtu) mtu=$2 ;;
    --fingerprint | --limit) ;; # TRUSTED says the same, and the caller ends it
    *) echo "ERROR: $1 is not an option" && exit 2 ;;
    esac
    shift 2
done
common="--udp --srtp-profiles=SRTP_AES128_CM_HMAC_${profile#AES128_CM_} --mtu=$mtu
    --x509certfile=$identity --x509keyfile=$identity --x509cafile=$TRUSTED
    --keymatexport=EXTRACTOR-dtls_srtp --keymatexportsize=60"

# What has no end of line yet is not waited for.
client() {
    # shellcheck disable=SC2086
    stdbuf -oL gnutls-cli $common --verify-hostname=interop --save-cert="$SEEN" --port="$port" \
        127.0.0.1 2>&1
}

# It says nothing of its associations but on the way, and echoes what comes.
server() {
    # shellcheck disable=SC2086
    stdbuf -oL gnutls-serv --debug=4 $common --echo --require-client-cert --verify-client-cert \
        --port="$port" 2>&1
}

ran() { # program
    "$1" && echo "exit 0" || echo "exit $?"
}

sed -un 's/^data //p' | ran "$role" | sed -un '
    s/^UDP Echo Server listening on IPv4 .* port \([0-9]*\)\.\.\.done$/port \1/p
    s/^- SRTP profile: SRTP_AES128_CM_HMAC_/profile AES128_CM_/p
    s/^- Key material: /keymat /p
    s/^- Handshake was completed$/association 1/p
    s/^|<4>| HSK.*: FINISHED was queued.*/association 1/p
    s/^- Peer has closed the GnuTLS connection$/closed by the peer/p
    s/^EOF$/closed by the peer/p
    s/^received\[.*\]: /data /p
    s/^\*\*\* Fatal error: /failed /p
    s/^\*\*\* Received alert /failed /p
    s/^hello /data &/p
    /^exit 0$/ { s/.*/end closed/p; q }
    /^exit / { s/.*/end failed/p; q1 }'
