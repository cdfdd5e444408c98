#!/bin/sh
# Drives a server of yours with foreign peers, as README.md beside it tells, and makes a report.
# Usage: drive.sh [--wishes] URL [PEER]...    URL: where offers are posted; PEER: browser (default),
# werift, wrtc, aiortc or webrtcbin; --wishes: the server hears wishes and tells its statistics
# shellcheck disable=SC1091
set -eu
cd -- "$(dirname -- "$0")/.."
export RECORDS="$PWD/build/release/interop/driven/record"
. interop/ice.sh

wishes=
if [ "${1:-}" = --wishes ]; then
    wishes=wishes
    shift
fi
[ $# -gt 0 ] || fail "usage: drive.sh [--wishes] URL [PEER]..."
offers=$1
shift
[ $# -gt 0 ] || set -- browser
prepare "$@"
rm -rf -- "$RECORDS"
bad=0
for name; do
    drive "$name" "$offers" $wishes || bad=1
done
node interop/report/main.js || bad=1
exit "$bad"
