# The cases of every peer that takes the commands of associate and prints its facts. To be read by a
# script that has peer, version and the arguments KIND ROLE PROFILE [ARGUMENT]..., of which the last
# ones are left, and that defines start_peer ROLE OPTION..., which starts the other side as "theirs".
# ROLE is ours. The script may then change what follows, and plays "play_$kind" "$@".
# shellcheck shell=sh disable=SC1091,SC2034,SC2100,SC2154

kind=$1
role=$2
profile=$3
shift 3
title="$role role, $profile, $kind $*"
. interop/lib.sh

packets=200 # of each side; none: the other side has no SRTP
media_goes_on=yes
replay_protection=yes # a packet that comes twice is decrypted once
serves_on= # yes: the other side does not end with its association
their_text="hello from $peer"
refusal="NO_USE_SRTP no SRTP profile" # how our client ends if there is no common profile
mistrust="ALERT bad_certificate" # how our side ends if its certificate is not the expected one
our_identity=ours
their_identity=theirs
ours_expect= # default: what the other side has; "none": nothing
theirs_expect=
ours_profile=$profile
theirs_profile=$profile
ours_more=
proxy_options=

identity() { # name
    echo "$INTEROP_HOME/$1.pem"
}

print_of() { # name
    fingerprint_of "$(identity "$1")"
}

theirs_fact() { # word
    sed -n "s/^$1 //p" "$dir/theirs.out" | tail -n 1
}

start_mine() { # role, arguments
    [ -n "$ours_expect" ] || ours_expect=$(print_of "$their_identity")
    [ "$ours_expect" = none ] || set -- "$@" --fingerprint "$ours_expect"
    # shellcheck disable=SC2086
    start_ours "$@" --identity "$(identity "$our_identity")" --profile "$ours_profile" $ours_more
}

start_theirs() { # role, arguments
    [ -n "$theirs_expect" ] || theirs_expect=$(print_of "$our_identity")
    [ "$theirs_expect" = none ] || set -- "$@" --fingerprint "$theirs_expect"
    start_peer "$@" --identity "$(identity "$their_identity")" --profile "$theirs_profile" \
        --limit $((patience * 1000))
    theirs=$started
}

meet_as_client() {
    start_theirs server
    await theirs "$theirs" '^port ' || fail "the other side did not start"
    port=$(theirs_fact port)
    # shellcheck disable=SC2086
    start_proxy $proxy_options
    start_mine client --port "$port"
}

meet_as_server() {
    start_mine server
    port=$(fact port)
    # shellcheck disable=SC2086
    start_proxy $proxy_options
    start_theirs client --port "$port"
}

# Prints the reason why the other side cannot play this case.
unable() { # arguments of the case
    :
}

# What nothing signs, and was forged between two datagrams of its flight 4, may be what we answer.
pieces= # yes: the other side's flight 4 is several datagrams
misled() { # arguments of the case
    case "$pieces $kind $role $*" in
    "yes attack client to-client" | "yes attack client elsewhere")
        echo "it may end at our answer to what was forged inside its flight 4"
        ;;
    esac
}

encounter() { # arguments of the case
    inability=$(unable "$@")
    [ -n "$inability" ] || inability=$(misled "$@")
    [ -z "$inability" ] || skip "$inability"
    "meet_as_$role"
}

await_both() { # pattern, what
    await ours "$ours" "$1" || fail "our side: $2"
    await theirs "$theirs" "$1" || fail "the other side: $2"
}

tell() { # command
    echo "$1" >&3
    echo "$1" >&4
}

meet() {
    encounter
    await_both '^association 1$' "no keys"
}

# Our side closes, and both end well.
part() {
    exec 3>&-
    await ours "$ours" '^end closed$' || fail "our side did not end well"
    await theirs "$theirs" '^closed by the peer$' || fail "the other side saw no close_notify"
    leave
}

leave() {
    exec 4>&-
    join "$ours"
    same "our exit status" $? 0
    [ -z "$serves_on" ] || return 0
    join "$theirs"
    same "their exit status" $? 0
}

check_profile() {
    same "our profile" "$(fact profile)" "$profile"
    same "their profile" "$(theirs_fact profile)" "$profile"
}

check_material() {
    same "the length of our key material" "$(fact keymat | tr -d '\n' | wc -c)" \
        $((2 * $(key_material_length)))
    fact keymat | grep -q '[1-9a-f]' || fail "the key material is zero"
    same "our key material" "$(fact keymat)" "$(theirs_fact keymat)"
    same "the key material in our SRTP keys" "$(fact srtp-keys)" "$(theirs_fact keymat)"
}

check_certificates() {
    same "the certificate that we saw" "$(fact remote)" "$(print_of "$their_identity")"
    same "the certificate that they saw" "$(theirs_fact remote)" "$(print_of "$our_identity")"
}

check_keys() {
    check_profile
    check_material
    check_certificates
    same "our version" "$(fact version)" 0xfefd
    same "our extended master secret" "$(fact ems)" yes
}

# The rest is left out with a peer that has no SRTP.
count_media() { # to whom, function for the facts of who sent, of who received
    for what in rtp rtcp; do
        same "$what that came to $1" "$("$3" $what-received)" "$("$2" $what-sent)"
        [ "$("$3" $what-received)" -gt 0 ] || fail "no $what came to $1"
    done
}

# What has no business here, as far as the other side counts it.
check_clean() { # words
    for word in "$@"; do
        same "$word of ours" "$(fact "$word")" 0
        counted=$(theirs_fact "$word")
        same "$word of theirs" "${counted:-0}" 0
    done
}

check_media() {
    [ -n "$packets" ] || return 0
    count_media them fact theirs_fact
    count_media us theirs_fact fact
    check_clean strange repeated unauthentic replayed
}

exchange() { # packets of each side, how many must come at least
    [ -n "$packets" ] || return 0
    tell "media $1 $2"
    await_both '^media-sent ' "did not send its packets"
    await_both '^media-received ' "did not receive $2 packets"
}

seen_media() {
    [ -z "$packets" ] || echo "$(theirs_fact rtp-received) RTP and $(theirs_fact rtcp-received) RTCP there," \
            "$(fact rtp-received) and $(fact rtcp-received) here"
}

play_keys() {
    column keys
    title="$role role, $profile, keys"
    meet
    part
    check_keys
    pass "$(key_material_length) bytes equal"
}

play_media() {
    column media
    title="$role role, $profile, media both ways"
    meet
    exchange "$packets" "$packets"
    part
    check_keys
    check_media
    pass "$(seen_media)"
}

play_attack() { # family
    column attacked
    title="$role role, $profile, attacked by $1"
    forging "$1"
    encounter "$1"
    await_both '^association 1$' "no keys"
    exchange "$packets" $((packets / 2)) # the system has no room for all that is forged
    part
    check_keys
    [ -z "$packets" ] || check_clean strange repeated unauthentic
    pass "$(forgeries "$1")${packets:+; $(seen_media)}"
}

play_data() {
    column data we-close
    title="$role role, $profile, data both ways, closed by rtpgate"
    meet
    echo "data hello from rtpgate" >&3
    await theirs "$theirs" '^data hello from rtpgate$' || fail "the other side received no data"
    echo "data $their_text" >&4
    await ours "$ours" "^data $their_text\$" || fail "our side received no data"
    part
    check_keys
    pass "both lines and the close_notify arrived"
}

play_close() {
    column they-close
    title="$role role, $profile, closed by $peer"
    meet
    exchange "$packets" "$packets"
    exec 4>&-
    await ours "$ours" '^closed by the peer$' || fail "our side saw no close_notify"
    leave
    same "our end" "$(fact end)" closed
    check_media
    pass "the close_notify arrived${packets:+ after $(seen_media)}"
}

# The other side sends media as soon as it can, which waits until its fingerprint is known.
play_late() {
    column late
    title="$role role, $profile, fingerprint told after the handshake"
    ours_expect=none
    encounter
    await ours "$ours" '^state unverified$' || fail "our side was never unverified"
    await theirs "$theirs" '^association 1$' || fail "the other side: no keys"
    ! grep -q '^keymat' "$dir/ours.out" || fail "our side has keys before the fingerprint"
    early_media
    echo "expect $(print_of "$their_identity")" >&3
    await ours "$ours" '^association 1$' || fail "our side: no keys"
    late_media
    part
    check_keys
    check_media
    same "the packets that waited for the fingerprint" "$(fact held)" "${packets:+10}0"
    pass "$(fact held) packets waited for it${packets:+; $(seen_media)}"
}

early_media() {
    [ -n "$packets" ] || return 0
    echo "media 100 100" >&4
    await theirs "$theirs" '^media-sent ' || fail "the other side sent no packets"
}

late_media() {
    [ -n "$packets" ] || return 0
    echo "media 100 100" >&3
    await_both '^media-received ' "did not receive its packets"
}

play_late_there() {
    column late
    title="$role role, $profile, our fingerprint told after the handshake"
    theirs_expect=none
    encounter
    await ours "$ours" '^association 1$' || fail "our side: no keys"
    await theirs "$theirs" '^state unverified$' || fail "the other side was never unverified"
    echo "expect $(print_of "$our_identity")" >&4
    await theirs "$theirs" '^association 1$' || fail "the other side: no keys"
    exchange "$packets" "$packets"
    part
    check_keys
    check_media
    pass "$(seen_media)"
}

refused() { # our cause and words of the sentence
    await ours "$ours" '^end ' || fail "our side did not end"
    join "$ours"
    same "our exit status" $? 1
    same "our end" "$(fact end)" failed
    same "our cause" "$(fact failed | cut -d ' ' -f 1)" "${1%% *}"
    fact failed | grep -q -F -e "${1#* }" || fail "the sentence does not say: ${1#* }"
    ! grep -q -e '^keymat' -e '^association' "$dir/ours.out" || fail "our side had keys"
    ! grep -q -e '^keymat' -e '^association' "$dir/theirs.out" || fail "the other side had keys"
}

play_wrong() { # whose: theirs or ours
    column "wrong-fingerprint-of-$1"
    title="$role role, $profile, wrong fingerprint of $1"
    ours_more="--grace 300"
    case $1 in
    theirs) ours_expect=$(print_of other) ;;
    ours) theirs_expect=$(print_of other) ;;
    esac
    encounter "$1"
    case $1 in
    theirs) refused "FINGERPRINT expected $ours_expect" ;;
    ours) refused "$mistrust" ;;
    esac
    [ -n "$serves_on" ] || await theirs "$theirs" '^end failed$' ||
        fail "the other side did not fail"
    pass "$(fact failed | cut -c 1-90)"
}

play_no_profile() {
    column no-profile
    title="$role role, no common profile"
    ours_more="--grace 300"
    # A server that answers no hello waits for a better one; a client's peer may be slow to begin.
    [ "$role" = client ] || ours_more="--deadline 1500"
    ours_profile=AEAD_AES_128_GCM
    theirs_profile=AES128_CM_SHA1_80
    encounter
    case $role in
    client) refused "$refusal" ;;
    server) refused "NO_PROFILE the client offers" ;;
    esac
    pass "$(fact failed | cut -c 1-90)"
}

begin_anew() { # our role, theirs, the fingerprint that we expect
    echo "restart $2 $(identity theirs-again) $(print_of ours-again)" >&4
    echo "restart $1 $(identity ours-again) $3" >&3
}

# New identities and keys on the same port, past the wrap of the packets' numbers. While media goes
# on, if the other side can do that, delays let packets of either keys come before and after these.
play_restart() { # our role in the second association
    column restart
    title="$role role, $profile, second association as $1"
    [ "$1" = client ] && after=server || after=client
    [ -z "$media_goes_on" ] || proxy_options="--delay 20 --seed 1"
    meet
    before=$(fact keymat)
    exchange 150 150
    [ -z "$media_goes_on" ] || tell "media 300 450"
    begin_anew "$1" "$after" "$(print_of theirs-again)"
    await_both '^association 2$' "no keys after the restart"
    [ -n "$media_goes_on" ] || tell "media 300 450"
    await_both '^media-sent 450$' "did not send all packets"
    await_both '^media-received 450$' "did not receive all packets"
    part
    check_anew
    pass "new keys; $(seen_media)"
}

check_anew() {
    our_identity=ours-again
    their_identity=theirs-again
    check_keys
    [ "$(fact keymat)" != "$before" ] || fail "the keys stayed the same"
    count_media them fact theirs_fact
    count_media us theirs_fact fact
    check_clean strange repeated
}

# The other side sends under the new keys before we know its new fingerprint.
play_restart_late() {
    column restart late
    title="$role role, $profile, fingerprint told after the second handshake"
    [ "$role" = client ] && after=server || after=client
    meet
    before=$(fact keymat)
    exchange 150 150
    begin_anew "$role" "$after" none
    await ours "$ours" '^state unverified$' || fail "our side was never unverified"
    await theirs "$theirs" '^association 2$' || fail "the other side: no keys after the restart"
    echo "media 100 250" >&4
    await theirs "$theirs" '^media-sent 250$' || fail "the other side did not send all packets"
    echo "expect $(print_of theirs-again)" >&3
    await ours "$ours" '^association 2$' || fail "our side: no keys after the restart"
    echo "media 100 250" >&3
    await_both '^media-received 250$' "did not receive all packets"
    part
    check_anew
    [ "$(fact held)" -ge 100 ] || fail "only $(fact held) packets waited for the fingerprint"
    pass "$(fact held) packets waited for it; $(seen_media)"
}

fate() { # word, direction or nothing
    grep -c "^$1 ${2:-}" "$dir/proxy.out"
}

# Media passes the same network: most of it must come, all of it well.
play_lossy() { # seed
    column lossy
    title="$role role, $profile, through noise with seed $1"
    proxy_options="--loss-up 10 --loss-down 10 --duplicate 10 --reorder 20 --delay 5 --seed $1"
    ours_more="--mtu 300"
    meet
    exchange "$packets" $((packets * 7 / 10))
    exec 3>&-
    await ours "$ours" '^end closed$' || fail "our side did not end well"
    leave
    check_keys
    check_clean strange unauthentic ${replay_protection:+repeated}
    noise="$(fate drop) lost, $(fate duplicate) doubled, $(fate reorder) overtaken"
    [ "$noise" != "0 lost, 0 doubled, 0 overtaken" ] || fail "there was no noise"
    pass "$noise${packets:+; $(seen_media)}"
}

play_drop() { # direction, number
    column drop-each
    title="$role role, $profile, datagram $2 $1 lost"
    proxy_options="--only dtls --drop-$1 $2"
    meet
    [ "$(fate drop "$1 $2")" -eq 1 ] || fail "nothing was lost"
    exchange 20 20
    part
    check_keys
    check_media
    pass "$(key_material_length) bytes equal, $(fact retransmissions) repeats of ours"
}

play_far() { # milliseconds each way
    column far
    title="$role role, $profile, $1 ms away"
    proxy_options="--only dtls --far $1"
    meet
    exchange 20 20
    part
    check_keys
    check_media
    pass "$(key_material_length) bytes equal, $(fact retransmissions) repeats of ours"
}

# Not a case: how many datagrams the handshake has when nothing is repeated.
play_count() {
    ours_more="--retransmission 1000"
    title="$role role, $profile, counting the datagrams of the handshake"
    proxy_options="--only dtls"
    meet
    outcome=none
    printf 'up %d\ndown %d\n' "$(fate pass up)" "$(fate pass down)"
    exit 0
}
