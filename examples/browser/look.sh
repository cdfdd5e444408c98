#!/bin/sh
# Starts the program and looks at its page with a headless Chromium.
# Usage: look.sh FOLDER [ARGUMENT]...    FOLDER: where the program is, and the screenshots will be
set -eu
folder=$1
shift
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
home=$(mktemp -d)
program=
driver=

clean() {
    for process in $driver $program; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf -- "$home"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

# The lock file pins the package by its hash, and names no place to get it from.
if ! cmp -s "$here/package-lock.json" "$folder/node_modules/installed"; then
    cp "$here/package.json" "$here/package-lock.json" "$folder"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel error
    cp "$here/package-lock.json" "$folder/node_modules/installed"
fi
mkfifo "$home/started"
"$folder/browser" --port 0 --limit 120 "$@" >"$home/started" &
program=$!
while read -r word url; do
    [ "$word" != open ] || break
done <"$home/started"
[ -n "${url:-}" ] || exit 1
XDG_RUNTIME_DIR="$home" TMPDIR="$home" NODE_PATH="$folder/node_modules" \
    node "$here/look.js" "$url" "$folder" &
driver=$!
wait "$driver"
