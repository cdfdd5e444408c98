#!/bin/sh
# Runs a benchmark: rtpgate and its peers side by side. On a bare Debian 12 it installs what it needs.
# Usage: bench.sh NAME [ARGUMENT]...    a folder of tests/bench
set -eu
cd -- "$(dirname -- "$0")/bench"
if [ $# -eq 0 ] || [ ! -f "$1/run.sh" ]; then
    echo "usage: bench.sh NAME [ARGUMENT]...; there are:" ./*/ >&2
    exit 2
fi
name=$1
shift
exec sh "$name/run.sh" "$@"
