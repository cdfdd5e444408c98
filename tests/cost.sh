#!/bin/sh
# Prints what attacks cost a server of ours: instructions for each datagram, and bytes sent for bytes received.
# The library is built optimised; valgrind counts the instructions that some thousand datagrams more take.
set -eu
cd -- "$(dirname -- "$0")/.."
sh tests/setup.sh build test
build=build/cost
mkdir -p "$build"
make_it() {
    cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DRTPGATE_TESTS=ON &&
        cmake --build "$build" -j "${JOBS:-2}" --target cost
}
make_it >"$build/log" 2>&1 || {
    cat "$build/log"
    exit 1
}

instructions() { # attack, times
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$build/tests/cost" "$1" "$2" 2>&1 |
        awk '/Collected/ { print $NF }'
}

echo "| datagram to a server | instructions |"
echo "|---|---|"
for attack in "fatal handshake_failure" "heartbeat" "random bytes" "protected handshake junk" "flood of hellos" \
    "flood of fragments" "every type at every message_seq" "ClientHello that cannot be answered" "checks that fail"; do
    one=$(instructions "$attack" 1)
    times=$((3000 / $("$build/tests/cost" "$attack" 1)))
    many=$(instructions "$attack" $((times + 1)))
    datagrams=$("$build/tests/cost" "$attack" "$times")
    echo "| $attack | $(((many - one) / datagrams)) |"
done
echo
"$build/tests/cost"
