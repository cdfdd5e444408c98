#!/bin/sh
# Plays one case against OpenSSL and prints its line. Started by run.sh, with what it prepared.
# Usage: case.sh KIND ROLE [ARGUMENT]...    ROLE is ours
# shellcheck disable=SC1091,SC2034,SC2154 # the variables are those of lib.sh and meet.sh
set -u
peer=openssl
version=$(openssl version | cut -d ' ' -f 1,2)
kind=$1
role=$2
shift 2
title="$role role, $kind $*"
. interop/lib.sh
. interop/openssl/meet.sh

agree() {
    meet
    await_keys
    part
    check
}

equal() {
    pass "$(key_material_length) bytes equal${1:-}"
}

play_keys() { # profile, group
    column keys
    profile=$1
    group=$2
    title="$role role, $profile, $group"
    agree
    equal
}

play_certificate() { # P-384 or RSA, at both sides
    column keys
    title="$role role, $1 certificates"
    case $1 in
    P-384) certificate=p384 group=P-384 ours_more="--identity $INTEROP_HOME/our-p384.pem" ;;
    RSA) certificate=rsa ours_more="--identity $INTEROP_HOME/our-rsa.pem" ;;
    esac
    agree
    equal
}

wrong_fingerprint() {
    fingerprint_of "$INTEROP_HOME/our-rsa.pem"
}

play_late() {
    column late
    title="$role role, fingerprint told after the handshake"
    told=$(fingerprint_of "$INTEROP_HOME/$certificate.pem")
    expected=none
    meet
    await ours "$ours" '^state unverified$' || fail "the state was never unverified"
    echo "expect $told" >&3
    await_keys
    part
    check
    equal
}

# OpenSSL cannot begin anew itself: a second program with another certificate takes the first one's
# place, on the same ports.
restart() {
    kill "$theirs"
    join "$theirs" 2>/dev/null
    exec 4>&-
    rm "$dir/theirs.in"
    certificate=rsa
    anew="restart $role $INTEROP_HOME/our-rsa.pem $(fingerprint_of "$INTEROP_HOME/rsa.pem")"
    case $role in
    client) start_server "$theirs_port" && echo "$anew" >&3 ;;
    server)
        echo "$anew" >&3
        await ours "$ours" "^local $(fingerprint_of "$INTEROP_HOME/our-rsa.pem")" ||
            fail "our side did not begin anew"
        # shellcheck disable=SC2086
        start_theirs s_client $theirs_bind -connect "127.0.0.1:$port"
        ;;
    esac
}

play_restart() { # profile
    column restart
    profile=$1
    title="$role role, $1, second association"
    theirs_bind="-bind 127.0.0.1:$((10000 + $$ % 9000))"
    meet
    await_keys
    theirs_port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$dir/theirs.out")
    check_key_material
    before=$(fact keymat)
    restart
    await ours "$ours" '^association 2$' || fail "no second association"
    await_keys
    part
    check
    [ "$(fact keymat)" != "$before" ] || fail "the keys stayed the same"
    equal " before and $(key_material_length) after"
}

play_several() {
    title="$role role, second of two fingerprints"
    also=$(wrong_fingerprint)
    agree
    equal
}

play_fragments() {
    title="$role role, RSA certificates in datagrams of 300 bytes"
    certificate=rsa
    ours_more="--identity $INTEROP_HOME/our-rsa.pem --mtu 300"
    theirs_more="-mtu 300"
    agree
    [ "$(fact sent)" -ge 5 ] || fail "our side sent only $(fact sent) datagrams"
    [ "$(fact received)" -ge 5 ] || fail "OpenSSL sent only $(fact received) datagrams"
    equal ", $(fact sent) datagrams sent, $(fact received) received"
}

play_listen() {
    title="$role role, s_server -listen"
    theirs_more=-listen
    agree
    equal
}

ours_closes() {
    exec 3>&-
    await ours "$ours" '^end closed$' || fail "our side did not end"
    join "$theirs"
    told '^<<< 21 01 00' || fail "OpenSSL saw no close_notify"
}

theirs_closes() {
    exec 4>&-
    await ours "$ours" '^closed by the peer$' || fail "our side saw no close_notify"
    join "$theirs"
    told '^>>> 21 01 00' || fail "OpenSSL sent no close_notify"
}

play_data() { # who closes
    case $1 in
    ours) column data we-close && closer=rtpgate ;;
    theirs) column data they-close && closer=OpenSSL ;;
    esac
    title="$role role, data both ways, closed by $closer"
    [ "$role $1" != "client theirs" ] ||
        skip "s_server closes its socket before it sends close_notify"
    meet
    await_keys
    echo "data hello from rtpgate" >&3
    await theirs "$theirs" '^hello from rtpgate$' || fail "OpenSSL received no data"
    echo "hello from OpenSSL" >&4
    await ours "$ours" '^data hello from OpenSSL$' || fail "our side received no data"
    "$1_closes"
    part
    check
    pass "both lines and the close_notify arrived"
}

# What the proxy did to the datagrams so far.
fate() { # word, direction or nothing
    grep -c "^$1 ${2:-}" "$dir/proxy.out"
}

play_noise() { # profile, seed
    profile=$1
    column lossy
    title="$role role, $1, through noise with seed $2"
    proxy_options="--loss-up 10 --loss-down 10 --duplicate 10 --reorder 20 --delay 5 --seed $2"
    ours_more="--mtu 300"
    theirs_more="-mtu 300"
    meet
    await_keys
    noise="$(fate drop) lost, $(fate duplicate) doubled, $(fate reorder) overtaken"
    [ "$noise" != "0 lost, 0 doubled, 0 overtaken" ] || fail "there was no noise"
    part
    check
    equal ", $noise"
}

play_drop() { # profile, direction, number
    profile=$1
    column drop-each
    title="$role role, $1, datagram $3 $2 lost"
    proxy_options="--drop-$2 $3"
    meet
    await_keys
    [ "$(fate drop "$2 $3")" -eq 1 ] || fail "nothing was lost"
    part
    check
    equal
}

play_far() { # profile, milliseconds each way
    profile=$1
    column far
    title="$role role, $1, $2 ms away"
    proxy_options="--far $2"
    meet
    await_keys
    part
    check
    equal
}

play_attack() { # family
    column attacked
    title="$role role, attacked by $1"
    forging "$1"
    ours_more="$ours_more --identity $INTEROP_HOME/ours.pem"
    meet
    await_keys
    part
    check
    pass "$(key_material_length) bytes equal; $(forgeries "$1")"
}

# Not a case: how many datagrams the handshake has when nothing is repeated.
play_count() { # profile
    profile=$1
    title="$role role, $1, counting the datagrams of the handshake"
    ours_more="--retransmission 1000"
    meet
    await_keys
    outcome=none
    printf 'up %d\ndown %d\n' "$(fate pass up)" "$(fate pass down)"
    exit 0
}

refused_by() { # cause, pattern in the sentence
    await ours "$ours" '^end ' || fail "our side did not end"
    join "$ours"
    same "our exit status" $? 1
    same "our end" "$(fact end)" failed
    same "our cause" "$(fact failed | cut -d ' ' -f 1)" "$1"
    fact failed | grep -q -e "$2" || fail "the sentence does not say: $2"
    ! grep -q -e '^keymat' -e '^srtp-keys' -e '^state ready' "$dir/ours.out" ||
        fail "our side had keys"
}

# s_server prints key material once its handshake is over; s_client does so in any case.
unfinished() {
    [ "$role" = server ] || [ -z "$(theirs_key_material)" ] || fail "OpenSSL finished"
    ! grep -q '^state unverified$' "$dir/ours.out" || fail "our side finished"
}

unanswered() {
    same "how many datagrams we sent" "$(fact sent)" 0
}

# The alert ends OpenSSL's side.
informed() {
    join "$theirs"
    told '^<<< 21 02 2a' || fail "OpenSSL did not receive our alert bad_certificate"
    ! told '^<<< 22 14 ' || fail "OpenSSL received our Finished"
}

play_refused() { # what
    title="$role role, refused: $1"
    refusal=$1
    set_column
    set_up_refusal
    meet
    judge_refusal
    pass "$(fact failed | cut -c 1-90)"
}

# OpenSSL knows no fingerprints; a certificate that it rejects comes nearest.
set_column() {
    case $refusal in
    wrong-fingerprint) column wrong-fingerprint-of-theirs ;;
    certificate-rejected) column wrong-fingerprint-of-ours ;;
    no-profile | no-use-srtp) column no-profile ;;
    esac
}

set_up_refusal() {
    case $refusal:$role in
    wrong-fingerprint:*) expected=$(wrong_fingerprint) ours_more="--grace 300" ;;
    no-certificate:client) theirs_asks= ;;
    no-certificate:server) theirs_certificate= ;;
    no-profile:*) theirs_srtp="-use_srtp SRTP_AES128_CM_SHA1_80" ours_more="--profile $profile" ;;
    no-use-srtp:*) theirs_srtp=none ;;
    no-ems:*) theirs_config=$INTEROP_HOME/no-ems.cnf ;;
    dtls-1.0:*) theirs_version="-dtls1 -cipher DEFAULT@SECLEVEL=0" ;;
    no-cipher:*) theirs_more="-cipher ECDHE-ECDSA-AES128-SHA" ;;
    certificate-rejected:*) theirs_more="-verify_return_error -verify 1" ;;
    silence:client) proxy_options="--loss-up 100" ours_more="--deadline 1500" ;;
    silence:server) proxy_options="--loss-down 100" ours_more="--deadline 1500" ;;
    no-fingerprint:*) expected=none ours_more="--deadline 1500" ;;
    esac
    # A server that answers no hello waits for a better one until its deadline.
    [ "$role" = client ] || ours_more="$ours_more --deadline 1500"
}

# As client we ask DTLS 1.0 servers for suites that they do not have.
judge_refusal() {
    case $refusal:$role in
    wrong-fingerprint:*)
        refused_by FINGERPRINT "expected $expected"
        fact failed | grep -q "$(fingerprint_of "$INTEROP_HOME/$certificate.pem")" ||
            fail "the sentence does not name the fingerprint that was seen"
        informed
        ;;
    no-certificate:client) refused_by NO_CERTIFICATE "does not ask for our certificate" ;;
    no-certificate:server) refused_by NO_CERTIFICATE "sent no certificate" ;;
    no-profile:client) refused_by NO_USE_SRTP "no SRTP profile" ;;
    no-profile:server) refused_by NO_PROFILE "the client offers" ;;
    no-use-srtp:client) refused_by NO_USE_SRTP "no SRTP profile" ;;
    no-use-srtp:server) refused_by NO_USE_SRTP "does not offer use_srtp" ;;
    no-ems:*) refused_by EMS "extended master secret" ;;
    dtls-1.0:client) refused_by ALERT "handshake_failure" ;;
    dtls-1.0:server) refused_by VERSION "does not speak DTLS 1.2" ;;
    no-cipher:client) refused_by ALERT "handshake_failure" ;;
    no-cipher:server) refused_by CIPHER "the client offers" ;;
    certificate-rejected:*) refused_by ALERT "unknown_ca" ;;
    silence:client) refused_by TIMEOUT "ClientHello" ;;
    silence:server) refused_by TIMEOUT "flight 4" ;;
    no-fingerprint:*) refused_by TIMEOUT "fingerprint did not come" ;;
    *) fail "no such refusal" ;;
    esac
    case $refusal:$role in
    no-fingerprint:*) grep -q '^state unverified$' "$dir/ours.out" || fail "never unverified" ;;
    no-profile:server | no-use-srtp:server | no-ems:server | dtls-1.0:server | no-cipher:server)
        unanswered
        ;;
    *) unfinished ;;
    esac
}

"play_$kind" "$@"
