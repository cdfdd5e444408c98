# What the cases of a stack that is given exported keys have in common. To be read after lib.sh by a
# script that has set role, which is ours, and profile.
# shellcheck shell=sh disable=SC2034,SC2154

wrong= # key or salt: one character of that is changed in what the stack is given

start_handover() { # protect or unprotect
    start ours 3 "$tools/handover/handover" "$1" "$profile" "$role" "$dir"
    ours=$started
    await ours "$ours" '^port ' || fail "our program did not start"
    port=$(fact port)
}

# The next character in both alphabets: hex stays hex.
next() {
    tr 0-9a-fg-zA-Z+/ 1-9a-f0h-zA-Z+/g
}

# The key comes first, the salt last.
spoil() { # text
    case $wrong in
    key) echo "$(printf %.1s "$1" | next)${1#?}" ;;
    salt) echo "${1%?}$(printf %s "${1#"${1%?}"}" | next)" ;;
    *) echo "$1" ;;
    esac
}

# Our program ends when it has sent everything.
protect_to() { # port for RTP, port for RTCP
    printf '%s\n' "$1" "$2" >&3
    join "$ours" || fail "our side did not send everything"
    sent=$(fact sent)
}

# Our program ends when its input does, with what had come until then.
unprotected() {
    exec 3>&-
    join "$ours" || fail "our side did not end well"
    [ "$(fact datagrams)" -gt 0 ] || fail "nothing came"
    same "the number of datagrams that were no packets" \
        "$(($(fact datagrams) - $(fact rtp) - $(fact rtcp) - $(fact unauthentic)))" 0
}

equal() { # name, expected name
    cmp -s "$dir/$1" "$dir/$2" ||
        fail "$1 ($(wc -c <"$dir/$1") bytes) is not $2 ($(wc -c <"$dir/$2") bytes)"
}

empty() { # name
    [ ! -s "$dir/$1" ] || fail "with a wrong $wrong $(wc -c <"$dir/$1") bytes were decrypted"
}

nothing_unprotected() {
    same "the number of unauthentic datagrams" "$(fact unauthentic)" "$(fact datagrams)"
    empty got.packets
    pass "none of $(fact datagrams) packets was decrypted"
}
