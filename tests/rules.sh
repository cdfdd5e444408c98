#!/bin/sh
# Turns each rule of rules.list off, one by one, in a copy of the sources, and runs what must then fail.
# Usage: rules.sh [WORD]: only rules with this in their line. JOBS: how many compile at once (default 2).
set -eu
cd -- "$(dirname -- "$0")/.."
sh tests/setup.sh build test
root=$PWD
copy=$root/build/rules
list=$root/tests/rules.list
jobs=${JOBS:-2}

rm -rf "$copy"
mkdir -p "$copy/tree"
cp -R CMakeLists.txt src include tests "$copy/tree/"
cd "$copy/tree"
cmake -G Ninja -S . -B "$copy/build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-g -Og" -DRTPGATE_TESTS=ON >"$copy/log" 2>&1 || {
    cat "$copy/log"
    exit 1
}

program() { # matrix:ATTACK or the name of a unit test: the target's name
    case $1 in matrix*) echo matrix ;; *) echo "test_$1" ;; esac
}

build() { # tests
    targets=
    for test in $(echo "$1" | tr ' ' '_' | tr ',' ' '); do
        targets="$targets $(program "$test")"
    done
    # Targets are words.
    # shellcheck disable=SC2086
    cmake --build "$copy/build" -j "$jobs" --target $targets >"$copy/log" 2>&1
}

# All pass, or the first that fails is told.
passes() { # tests, separated by commas
    rest=$1,
    while [ -n "$rest" ]; do
        test=${rest%%,*}
        rest=${rest#*,}
        case $test in
        matrix:*) timeout 300 "$copy/build/tests/matrix" ours first "${test#*:}" ;;
        matrix-*) timeout 300 "$copy/build/tests/matrix" ours first after-anomaly "${test#*:}" ;;
        *) timeout 300 "$copy/build/tests/test_$test" ;;
        esac >"$copy/output" 2>&1 || {
            failed=$test
            return 1
        }
    done
}

field() { # number, line
    printf '%s\n' "$2" | awk -F ' [|] ' -v n="$1" '{ print $n }'
}

rules=$(grep -v '^#' "$list" | grep -F -- "${1:-}") || {
    echo "rules: none has \"$1\" in it"
    exit 1
}

# First everything passes as it is.
tests=$(printf '%s\n' "$rules" | awk -F ' [|] ' '{ n = split($4, t, ","); for (i = 1; i <= n; i++) if (!seen[t[i]]++) print t[i] }' |
    paste -sd, -)
build "$tests" || {
    cat "$copy/log"
    exit 1
}
passes "$tests" || {
    cat "$copy/output"
    echo "rules: $failed fails with all rules on"
    exit 1
}

bad=0
count=0
matrix=0
while IFS= read -r line; do
    name=$(field 1 "$line")
    file=$(field 2 "$line")
    patch=$(field 3 "$line")
    tests=$(field 4 "$line")
    excuse=$(field 5 "$line")
    count=$((count + 1))
    cp "$file" "$copy/kept"
    sed -E -e "$patch" "$copy/kept" >"$file"
    if cmp -s "$file" "$copy/kept"; then
        verdict="BAD: the patch does not apply"
    elif ! build "$tests"; then
        verdict="BAD: it does not build"
        cat "$copy/log"
    elif passes "$tests"; then
        verdict="BAD: nothing notices"
    else
        verdict="noticed by $failed"
        case $failed:$excuse in
        matrix*) matrix=$((matrix + 1)) ;;
        *:) verdict="BAD: $verdict, not by the matrix" ;;
        *) verdict="$verdict, not by the matrix: $excuse" ;;
        esac
    fi
    cp "$copy/kept" "$file"
    case $verdict in BAD*) bad=$((bad + 1)) ;; esac
    echo "$name: $verdict"
done <<EOF
$rules
EOF
echo "rules: $count turned off, $matrix of them noticed by the matrix, $bad unnoticed or broken"
[ "$bad" -eq 0 ]
