#!/bin/sh
# Lets rtpgate meet foreign peers, compares what both sides say, and makes a report of it. On a bare
# Debian 12 it installs what it needs. JOBS says how many cases of a peer run at once (default 4).
# Usage: run.sh [PEER]...    PEER is a folder beside this script; default: every one
set -eu
cd -- "$(dirname -- "$0")/.."
export JOBS="${JOBS:-4}"
# These keep a core busy, and share what ice.sh prepares: they are met one after the other, beside
# those that mostly wait.
busy="aiortc browser kit webrtcbin werift wrtc"
records=build/release/interop/record
work=$(mktemp -d)
lanes=

# Each lane leaves the process id of the peer that it is at.
clean() {
    touch "$work/stop"
    for file in "$work"/running.*; do
        [ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
    done
    for lane in $lanes; do
        wait "$lane" || true
    done
    rm -rf -- "$work"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

step() { # what, command
    what=$1
    shift
    echo "== $what"
    if ! "$@"; then
        echo "verdict: FAILED: $what"
        exit 1
    fi
}

all_peers() {
    for script in interop/*/run.sh; do
        basename "$(dirname "$script")"
    done
}

among() { # word, words...
    word=$1
    shift
    case " $* " in *" $word "*) ;; *) return 1 ;; esac
}

# A peer's own verdict counts too: it may have ended before it named a case.
meet() { # peer
    log=$work/log.$1
    : >"$log"
    sh "interop/$1/run.sh" >"$log" 2>&1 &
    echo $! >"$work/running.$1"
    tail -n +1 -s 0.1 -f --pid=$! "$log"
    wait $! || echo "FAIL $1: did not run to its end, or a case failed" | tee -a "$log"
    rm "$work/running.$1"
    grep -q '^ok ' "$log" || echo "FAIL $1: no case passed" | tee -a "$log"
}

lane() { # peer...
    for peer; do
        [ -e "$work/stop" ] || meet "$peer"
    done
}

meet_all() { # peer...
    first=
    second=
    for peer; do
        if among "$peer" "$busy"; then
            first="$first $peer"
        else
            second="$second $peer"
        fi
    done
    # The lists are words.
    # shellcheck disable=SC2086
    lane $first &
    lanes=$!
    # shellcheck disable=SC2086
    lane $second &
    lanes="$lanes $!"
    for lane in $lanes; do
        wait "$lane"
    done
    lanes=
}

report() {
    node --test interop/report/test.js >"$work/log.report" 2>&1 || {
        cat "$work/log.report"
        echo "FAIL report: it is not what it should be" | tee "$work/log.report"
        return
    }
    node interop/report/main.js >"$work/log.report" 2>&1 ||
        echo "FAIL report: it was not made" >>"$work/log.report"
    cat "$work/log.report"
}

# Two cases of one title would have one record.
all_recorded() {
    recorded=$(cat "$records"/*/*/case | grep -c '^outcome ok$' || true)
    [ "$recorded" -eq "$(count ok)" ] ||
        echo "FAIL report: $recorded passed cases left a record" | tee -a "$work/log.report"
}

count() { # first word
    cat "$work"/log.* | grep -c "^$1 " || true
}

# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(all_peers)
for peer; do
    [ -f "interop/$peer/run.sh" ] || step "find the peer $peer" false
done
step "install what is missing" sh tests/setup.sh build node "$@"
step "configure" cmake --preset release
step "build" cmake --build --preset release -j "$JOBS"
step "build the attacks" sh tests/forge.sh
rm -rf -- "$records"
echo "== meet $*"
meet_all "$@"
echo "== report"
report
all_recorded
passed=$(count ok)
failed=$(count FAIL)
skipped=$(count skip)
[ "$skipped" -eq 0 ] && skips= || skips=", $skipped skipped"
echo "$passed passed, $failed failed$skips"
if [ "$failed" -ne 0 ] || [ "$passed" -eq 0 ]; then
    cat "$work"/log.* | grep '^FAIL ' || true
    echo "verdict: FAILED"
    exit 1
fi
echo "verdict: all cases passed"
