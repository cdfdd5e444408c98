# What the cases against foreign peers have in common: one starts programs, waits for what they
# print, says one line at its end, and leaves its record: build/release/interop/record/PEER/TITLE/
# with the file case (a word and its value a line), what passed on the wire, the keys, and what both
# sides printed if it failed. The caller sets peer, its name in the report, version, what the peer
# says its version is, title, the case's, role, which is ours, and profile; INTEROP_HOME is the
# directory of the run.
# shellcheck shell=sh disable=SC2154

tools=build/release/interop
patience=20 # seconds for any one event; every program ends by itself a little later
dir=$(mktemp -d)
running=
outcome= # ok, FAIL, skip, or none: this is no case
column=other
: >"$dir/facts"
marker=$INTEROP_HOME/case.$$
touch "$marker"

clean() {
    trap '' HUP INT TERM PIPE
    for process in $running; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    [ -n "$outcome" ] || say FAIL "ended without a verdict"
    [ "$outcome" = none ] || leave_record
    rm -rf -- "$dir" "$marker"
}

trap clean EXIT
trap 'fail "interrupted, or too slow"' HUP INT TERM
trap 'fail "a program ended before it was told something"' PIPE

# What the case shows: one or several of keys media data late wrong-fingerprint-of-theirs
# wrong-fingerprint-of-ours no-profile restart we-close they-close lossy drop-each far
# attacked other.
column() { # name...
    column=$*
}

record() { # word, value
    echo "$1 $2" >>"$dir/facts"
}

# What our side printed last under one word is recorded under another one.
record_ours() { # word of ours, word
    value=$(fact "$1" 2>/dev/null)
    [ -z "$value" ] || record "$2" "$value"
}

record_facts() {
    record_ours version dtls-version
    record_ours suite suite
    record_ours group group
    record_ours profile negotiated-profile
    record_ours retransmissions ours-retransmissions
    record_ours answers ours-answers
    microseconds=$(fact handshake-time 2>/dev/null)
    [ "${microseconds:-0}" -eq 0 ] ||
        record milliseconds "$((microseconds / 1000)).$((microseconds / 100 % 10))"
}

slug() { # text
    printf %s "$1" | tr -cs 'A-Za-z0-9._' -
}

leave_record() {
    record_facts
    folder=$tools/record/$(slug "$peer")/$(slug "$title")
    rm -rf -- "$folder"
    mkdir -p -- "$folder"
    for name in wire.pcap keys.log; do
        [ ! -s "$dir/$name" ] || cp -- "$dir/$name" "$folder"
    done
    [ "$outcome" != FAIL ] ||
        cp -- "$dir"/*.out "$dir"/*.err "$dir"/messages "$folder" 2>/dev/null
    {
        printf '%s\n' "peer $peer" "version ${version:-}" "column $column" "title $title" \
            "role ${role:-}" "profile ${profile:-}" "outcome $outcome" "detail $detail"
        cat -- "$dir/facts"
    } | sed 's/ *$//' >"$folder/case"
}

say() { # outcome, detail
    outcome=$1
    detail=$2
    printf '%-4s %s: %s: %s\n' "$outcome" "$peer" "$title" "$detail"
}

pass() { # what was seen
    say ok "$1"
    exit 0
}

skip() { # reason
    say skip "$1"
    exit 0
}

# The last words of both sides are part of the reason.
fail() { # reason
    reason=$1
    for name in ours theirs; do
        words=$(cat -- "$dir/$name.out" "$dir/$name.err" 2>/dev/null |
            grep -E '^(failed|advice|associate:|handover:|state|ERROR:)|:error:' | tail -n 1)
        [ -z "$words" ] || reason="$reason; $name: $words"
    done
    say FAIL "$reason"
    exit 1
}

# Runs a program in the background. Its input stays open until the descriptor is closed.
start() { # name, descriptor (3, 4 or 5), command
    name=$1
    descriptor=$2
    shift 2
    mkfifo "$dir/$name.in"
    timeout -k 2 $((patience + 5)) "$@" >"$dir/$name.out" 2>"$dir/$name.err" <"$dir/$name.in" \
        3>&- 4>&- 5>&- &
    started=$!
    running="$running $started"
    case $descriptor in
    3) exec 3>"$dir/$name.in" ;;
    4) exec 4>"$dir/$name.in" ;;
    5) exec 5>"$dir/$name.in" ;;
    esac
}

# Waits for a line; fails at once when the program ends without it. In the background, so that a
# signal ends the case at once.
await() { # name, process, pattern
    timeout "$patience" tail -n +1 -s 0.1 -f --pid="$2" -- "$dir/$1.out" 3>&- 4>&- 5>&- |
        grep -q -m 1 -e "$3" &
    wait "$!"
}

# Waits for the end of a program; its exit status.
join() { # process
    wait "$1"
    status=$?
    running=$(echo " $running " | sed "s/ $1 / /")
    return "$status"
}

fingerprint_of() { # PEM file
    openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/^.*=/sha-256 /'
}

key_material_length() {
    case $profile in
    AES128_CM_*) echo 60 ;;
    AEAD_AES_128_GCM) echo 56 ;;
    AEAD_AES_256_GCM) echo 88 ;;
    esac
}

start_ours() { # role, arguments of associate
    start ours 3 env SSLKEYLOGFILE="$dir/keys.log" "$tools/associate/associate" "$@" \
        --limit $((patience * 1000))
    ours=$started
    await ours "$ours" '^port ' || fail "our program did not start"
}

# Lets the proxy forge one family of attacks towards our side, before each datagram. A hello that comes
# before its own, of so many datagrams, ends most clients: they take our answer to it for theirs.
hello_datagrams=1
forging() { # family
    case $role in
    client)
        # So that the server has answered before our hello leaves again.
        [ "$(most "$1")" -gt 1 ] || ours_more="--retransmission 1000"
        proxy_options="--forge-down $INTEROP_HOME/forged/client.$1 --forge-times $(most "$1")"
        ;;
    server)
        proxy_options="--forge-up $INTEROP_HOME/forged/server.$1 --forge-after $hello_datagrams"
        ;;
    esac
}

# A server may end at a hello with a cookie that is not its own, which our client sends when it is
# asked for it again and nothing else has come.
most() { # family
    case $1 in
    verify-requests) echo 1 ;;
    *) echo 24 ;;
    esac
}

# What was forged, before each of a handshake's datagrams.
forgeries() { # family
    least=4
    [ "$role" = server ] || [ "$(most "$1")" -gt 1 ] || least=1
    volleys=$(grep -c '^forge ' "$dir/proxy.out")
    [ "$volleys" -ge "$least" ] || fail "the proxy forged before $volleys datagrams"
    echo "$(sed -n 's/^forge [a-z]* //p' "$dir/proxy.out" | head -n 1) datagrams forged before each of $volleys"
}

# The port in front of a server, which is behind $port. What passes is part of the record.
start_proxy() { # arguments of proxy
    start proxy 5 "$tools/proxy/proxy" --to "$port" --pcap "$dir/wire.pcap" --limit "$patience" "$@"
    await proxy "$started" '^port ' || fail "the proxy did not start"
    port=$(sed -n 's/^port //p' "$dir/proxy.out")
}

fact() { # word: what our side said last about it
    sed -n "s/^$1 //p" "$dir/ours.out" | tail -n 1
}

same() { # what, of ours, expected
    [ "$2" = "$3" ] || fail "$1 is '$2', expected '$3'"
}
