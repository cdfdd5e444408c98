# What the cases against foreign peers have in common: one starts programs, waits for what they
# print, and says one line at its end. The caller sets peer, its name in the report, and title, the
# case's; INTEROP_HOME is the directory of the run.
# shellcheck shell=sh disable=SC2154

tools=build/release/interop
patience=20 # seconds for any one event; every program ends by itself a little later
dir=$(mktemp -d)
running=
verdict=
marker=$INTEROP_HOME/case.$$
touch "$marker"

# What both sides printed is kept when the case failed.
clean() {
    trap '' HUP INT TERM
    for process in $running; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    [ -n "$verdict" ] || echo "FAIL $peer: $title: ended without a verdict"
    [ "$verdict" = 0 ] || keep
    rm -rf -- "$dir" "$marker"
}

keep() {
    kept=$tools/failed/$(echo "$peer $title" | tr -cs 'A-Za-z0-9_.\n' -)
    mkdir -p "$kept" && cp -- "$dir"/*.out "$dir"/*.err "$dir"/messages "$kept" 2>/dev/null
}

trap clean EXIT
trap 'fail "interrupted, or too slow"' HUP INT TERM

end() { # exit status, line
    verdict=$1
    echo "$2"
    exit "$1"
}

pass() { # what was seen
    end 0 "ok   $peer: $title: $1"
}

skip() { # reason
    end 0 "skip $peer: $title: $1"
}

# The last words of both sides are part of the reason.
fail() { # reason
    reason=$1
    for name in ours theirs; do
        words=$(cat -- "$dir/$name.out" "$dir/$name.err" 2>/dev/null |
            grep -E '^(failed|advice|associate:|handover:|state|ERROR:)|:error:' | tail -n 1)
        [ -z "$words" ] || reason="$reason; $name: $words"
    done
    end 1 "FAIL $peer: $title: $reason"
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

start_ours() { # role, arguments of associate
    start ours 3 "$tools/associate/associate" "$@" --limit $((patience * 1000))
    ours=$started
    await ours "$ours" '^port ' || fail "our program did not start"
}

# The port in front of a server, which is behind $port.
start_proxy() { # arguments of proxy
    start proxy 5 "$tools/proxy/proxy" --to "$port" --limit "$patience" "$@"
    await proxy "$started" '^port ' || fail "the proxy did not start"
    port=$(sed -n 's/^port //p' "$dir/proxy.out")
}

fact() { # word: what our side said last about it
    sed -n "s/^$1 //p" "$dir/ours.out" | tail -n 1
}

same() { # what, of ours, expected
    [ "$2" = "$3" ] || fail "$1 is '$2', expected '$3'"
}
