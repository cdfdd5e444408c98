#!/bin/sh
# Plays one case against rtpengine and prints its line. Started by run.sh, with what it prepared.
# Usage: case.sh KIND ROLE PROFILE [ARGUMENT]...    ROLE is ours
# shellcheck disable=SC1091,SC2034,SC2154 # the variables are those of meet.sh
set -u
peer=rtpengine
version="rtpengine $(dpkg-query -W -f '${Version}' rtpengine-daemon)"
. interop/associate/meet.sh

media_goes_on= # the old keys end with the offer
replay_protection=

unable() {
    case "$kind:$role" in
    data:*) echo "rtpengine has no use for application data" ;;
    late_there:*) echo "rtpengine gets our fingerprint with our address" ;;
    no_profile:*) echo "rtpengine always offers all of our profiles" ;;
    esac
}

# Its certificate is its own, for all calls.
print_of() { # name
    case $1 in
    theirs*) theirs_fact local ;;
    *) fingerprint_of "$(identity "$1")" ;;
    esac
}

start_peer() { # arguments of associate
    start theirs 4 /usr/bin/python3 -B interop/rtpengine/peer.py "$@"
}

# An SDP has the port of each side, the client's too.
meet_as_client() {
    our_port=$((10000 + $$ % 9000))
    start_theirs server --peer-port "$our_port"
    await theirs "$theirs" '^port ' || fail "the other side did not start"
    port=$(theirs_fact port)
    # shellcheck disable=SC2086
    start_proxy --from "$our_port" $proxy_options
    start_mine client --port "$port"
}

meet_as_server() {
    start_theirs client
    await theirs "$theirs" '^port ' || fail "the other side did not start"
    start_mine server
    port=$(fact port)
    # shellcheck disable=SC2086
    start_proxy $proxy_options
    echo "begin $port" >&4
}

# As a server it repeats nothing once it has its keys, and as either it looks at our certificate when
# the handshake is over, and sends no alert.
mistrust="TIMEOUT silent since our Finished"
meet() {
    encounter
    await theirs "$theirs" '^association 1$' || fail "the other side: no keys"
    await ours "$ours" '^association 1$' && return
    fact failed | grep -q 'silent since our Finished' || fail "our side: no keys"
    skip "rtpengine does not repeat its last flight, which was lost"
}
if [ "$kind $role $*" = "wrong server ours" ]; then
    play_wrong() {
        column wrong-fingerprint-of-ours
        title="$role role, $profile, wrong fingerprint of ours"
        theirs_expect=$(print_of other)
        encounter
        await theirs "$theirs" '^failed .*fingerprint mismatch' || fail "rtpengine did not refuse"
        ! grep -q '^keymat' "$dir/theirs.out" || fail "rtpengine used the keys"
        pass "$(theirs_fact failed | cut -c 1-90), and we are not told"
    }
fi

# It closes the old association when it hears of the new one.
begin_anew() { # our role, theirs, the fingerprint that we expect
    echo "restart $1 $(identity ours-again) $3" >&3
    await ours "$ours" "^local $(print_of ours-again)" || fail "our side did not begin anew"
    echo "restart $2 - $(print_of ours-again)" >&4
}

# It does not tell of a close_notify that comes.
part() {
    exec 3>&-
    await ours "$ours" '^end closed$' || fail "our side did not end well"
    leave
}

"play_$kind" "$@"
