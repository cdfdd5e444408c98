# What plays the cases of a peer with ICE, and prints one line a case. To be read in the project's
# directory. CASES is a pattern for "PEER, TITLE": only cases that match are played.
# shellcheck shell=sh

build=build/release
program=$build/examples/browser/browser
modules=$build/interop/ice
limit=600 # seconds, after which our program ends in any case
home=$(mktemp -d)
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
    echo "FAIL ${peer:-ice}: $1"
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

# What our side is attacked with, by whoever does not read the path.
forge() {
    [ -x build/dev/tests/forge ] || sh tests/forge.sh || return
    mkdir -p "$home/forged" && build/dev/tests/forge "$home/forged"
}

prepare() { # peer...
    quietly sh tests/setup.sh build page "$@" || fail "setup: $(tail -n 1 "$home/log")"
    quietly cmake --preset release || fail "cmake does not configure"
    quietly cmake --build --preset release -j "${JOBS:-2}" || fail "the build failed"
    [ -x "$program" ] || fail "the program was not built: libmicrohttpd or libnice is missing"
    quietly install_modules ||
        fail "npm: $(grep -i -m 1 'failed, reason' "$home/log" || head -n 1 "$home/log")"
}

# Starts a server, which says "open URL".
start_server() { # command
    rm -f "$home/started"
    mkfifo "$home/started"
    "$@" >"$home/started" 2>"$home/log" &
    server=$!
    while read -r word url; do
        [ "$word" != open ] || break
    done <"$home/started"
    [ -n "${url:-}" ] || fail "the server did not start"
}

start_program() {
    start_server env SSLKEYLOGFILE="$home/keys.log" "$program" --test --port 0 --limit "$limit"
}

stop_server() {
    kill "$server" 2>/dev/null || fail "the server has died"
    wait "$server" && ended=0 || ended=$?
    server=
    [ "$ended" -eq 0 ] || fail "the server ended with status $ended"
}

drive() { # peer, URL, wishes or nothing
    peer=$1
    shift
    [ $# -eq 1 ] || quietly forge || fail "the attacks were not made"
    TMPDIR="$home" FORGED="$home/forged" NODE_PATH="$PWD/$modules/node_modules" KEYLOG="$home/keys.log" \
        node interop/ice/main.js "interop/$peer" "$@" &
    driver=$!
    wait "$driver" && status=0 || status=$?
    driver=
    return "$status"
}

meet() { # peer
    peer=$1
    prepare "$peer"
    start_program
    drive "$peer" "$url/whip" wishes && passed=true || passed=false
    stop_server
    "$passed"
}
