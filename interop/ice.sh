# Plays the cases of a peer with ICE against examples/browser, and prints one line a case. To be
# read by the peer's run.sh. CASES is a pattern for "PEER, TITLE": only cases that match are played.
# shellcheck shell=sh disable=SC2034

cd -- "$(dirname -- "$0")/../.." || exit 1
build=build/release
program=$build/examples/browser/browser
modules=$build/interop/ice
limit=600 # seconds, after which our program ends in any case
home=$(mktemp -d)
peer=$(basename "$(dirname -- "$0")")
server=
driver=

clean() {
    for process in $driver $server; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf -- "$home"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

fail() { # reason
    echo "FAIL $peer: $1"
    [ ! -s "$home/log" ] || tail -n 20 "$home/log" >&2
    exit 1
}

quietly() { # command
    "$@" >"$home/log" 2>&1
}

# The lock file pins every package by its hash, and names no place to get it from.
install_modules() {
    mkdir -p "$modules"
    cmp -s interop/ice/package-lock.json "$modules/node_modules/installed" && return
    cp interop/ice/package.json interop/ice/package-lock.json "$modules"
    npm ci --prefix "$modules" --ignore-scripts --no-audit --no-fund &&
        cp interop/ice/package-lock.json "$modules/node_modules/installed"
}

start_program() {
    mkfifo "$home/started"
    SSLKEYLOGFILE="$home/keys.log" "$program" --test --port 0 --limit "$limit" \
        >"$home/started" 2>"$home/log" &
    server=$!
    while read -r word url; do
        [ "$word" != open ] || break
    done <"$home/started"
    [ -n "${url:-}" ] || fail "our program did not start"
}

prepare() {
    quietly sh tests/setup.sh build page "$peer" || fail "setup: $(tail -n 1 "$home/log")"
    quietly cmake --preset release || fail "cmake does not configure"
    quietly cmake --build --preset release -j "${JOBS:-2}" || fail "the build failed"
    [ -x "$program" ] || fail "the program was not built: libmicrohttpd or libnice is missing"
    quietly install_modules ||
        fail "npm: $(grep -i -m 1 'failed, reason' "$home/log" || head -n 1 "$home/log")"
}

play() {
    start_program
    TMPDIR="$home" NODE_PATH="$PWD/$modules/node_modules" KEYLOG="$home/keys.log" \
        node interop/ice/main.js "interop/$peer" "$url/whip" &
    driver=$!
    wait "$driver" && status=0 || status=$?
    driver=
    kill "$server" 2>/dev/null || fail "our program has died"
    wait "$server" && ended=0 || ended=$?
    server=
    [ "$ended" -eq 0 ] || fail "our program ended with status $ended"
    [ "$status" -eq 0 ]
}

prepare
play
