#!/bin/sh
# Plays one case against gnutls-cli or gnutls-serv and prints its line. Started by run.sh, with what
# it prepared.
# Usage: case.sh KIND ROLE PROFILE [ARGUMENT]...    ROLE is ours
# shellcheck disable=SC1091,SC2034,SC2154 # the variables are those of meet.sh
set -u
peer=gnutls
version=$(gnutls-cli --version | head -n 1)
. interop/associate/meet.sh

packets=
pieces=yes

unable() {
    case "$kind:$role" in
    media:*) echo "gnutls-bin has no SRTP" ;;
    restart*:*) echo "neither gnutls-cli nor gnutls-serv begins a second association" ;;
    late_there:*) echo "gnutls-bin must know whom to trust before it begins" ;;
    close:client) echo "gnutls-serv never sends close_notify" ;;
    esac
}

trusted() {
    for name in other "$our_identity"; do
        [ "$theirs_expect" != "$(print_of "$name")" ] || identity "$name"
    done
}

# It takes its time for each message, in which our timer would repeat flights.
[ "$kind" != drop ] || ours_more="--retransmission 1000"

# gnutls-serv cannot let the system choose its port.
start_peer() { # arguments of associate
    [ "$role" = server ] || set -- "$@" --port $((20000 + $$ % 12000))
    start theirs 4 env TRUSTED="$(trusted)" SEEN="$dir/seen.pem" SSLKEYLOGFILE="$dir/theirs.log" \
        sh interop/gnutls/peer.sh "$@"
}

# gnutls-serv names neither, but has the same master secret in its log of keys.
if [ "$role" = client ]; then
    mistrust="ALERT access_denied"
    serves_on=yes
    their_text="hello from rtpgate" # it is an echo
    check_profile() {
        same "our profile" "$(fact profile)" "$profile"
    }
    check_material() {
        grep -q '^CLIENT_RANDOM ' "$dir/keys.log" || fail "our side logged no master secret"
        # Under attack our side has others beside it.
        same "our master secret" "$(grep -x -F -f "$dir/theirs.log" "$dir/keys.log")" \
            "$(cat "$dir/theirs.log")"
        same "the key material in our SRTP keys" "$(fact srtp-keys)" "$(fact keymat)"
    }
fi

# gnutls-serv does not say whose certificate it trusted, but refuses any other one.
check_certificates() {
    same "the certificate that we saw" "$(fact remote)" "$(print_of "$their_identity")"
    [ "$role" = client ] ||
        same "the certificate that they saw" "$(fingerprint_of "$dir/seen.pem")" \
            "$(print_of "$our_identity")"
}

"play_$kind" "$@"
