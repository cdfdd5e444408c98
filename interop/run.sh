#!/bin/sh
# Lets rtpgate meet foreign peers and compares what both sides say. On a bare Debian 12 it installs
# what it needs. JOBS says how many cases run at once (default 2).
# Usage: run.sh [PEER]    PEER is a folder beside this script; default: every one
set -eu
cd -- "$(dirname -- "$0")/.."
export JOBS="${JOBS:-2}"
work=$(mktemp -d)
running=

clean() {
    if [ -n "$running" ]; then
        kill "$running" 2>/dev/null || true
        wait "$running" || true
    fi
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

scripts() { # peer or nothing
    if [ $# -gt 0 ]; then
        printf 'interop/%s/run.sh\n' "$@"
    else
        ls interop/*/run.sh
    fi
}

say() {
    echo "$1" | tee -a "$work/report"
}

# In the background, so that a signal ends it at once.
play() { # script
    sh "$1" >"$work/log" 2>&1 &
    running=$!
    tail -n +1 -s 0.1 -f --pid="$running" "$work/log" &
    wait "$running" && status=0 || status=$?
    running=
    wait "$!"
    cat "$work/log" >>"$work/report"
    return "$status"
}

# A peer's own verdict counts too: it may have ended before it named a case.
meet() { # script
    if [ ! -f "$1" ]; then
        say "FAIL $1: there is no such peer"
    elif ! play "$1"; then
        say "FAIL $1: did not run to its end, or a case failed"
    fi
}

count() { # first word
    grep -c "^$1 " "$work/report" || true
}

step "install what is missing" sh tests/setup.sh build interop
step "configure" cmake --preset release
step "build" cmake --build --preset release -j "$JOBS"
rm -rf build/release/interop/failed
for script in $(scripts "$@"); do
    echo "== ${script%/run.sh}"
    : >"$work/log"
    meet "$script"
done
passed=$(count ok)
failed=$(count FAIL)
skipped=$(count skip)
[ "$skipped" -eq 0 ] && skips= || skips=", $skipped skipped"
echo "$passed passed, $failed failed$skips"
if [ "$failed" -ne 0 ] || [ "$passed" -eq 0 ]; then
    echo "verdict: FAILED: see the lines with FAIL"
    exit 1
fi
echo "verdict: all cases passed"
