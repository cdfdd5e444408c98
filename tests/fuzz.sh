#!/bin/sh
# Fuzzes every target, each for SECONDS (default 24, which makes three minutes on two cores), JOBS at once (default 2).
# A finding fails, and the input that shows it stays in build/fuzz/findings/TARGET. What was learnt stays
# in build/fuzz/corpus/TARGET for the next time. With COVERAGE=1 the lines are counted that both corpora reach.
# Usage: fuzz.sh [SECONDS [TARGET...]]
set -eu
cd -- "$(dirname -- "$0")/.."
out=build/fuzz

build() { # preset; says nothing unless it fails
    if ! said=$(cmake --preset "$1" 2>&1 && cmake --build --preset "$1" -j "${JOBS:-2}" 2>&1); then
        printf '%s\n' "$said"
        exit 1
    fi
}

fuzz_one() { # seconds, target
    mkdir -p "$out/corpus/$2" "$out/findings/$2" "$out/logs"
    "$out/tests/fuzz_$2" -max_total_time="$1" -max_len=4096 -timeout=20 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$out/findings/$2/" \
        "$out/corpus/$2" "tests/fuzz/corpus/$2" >"$out/logs/$2" 2>&1
}

report_one() { # target: what its log says in one line
    files=$(find "$out/corpus/$1" "tests/fuzz/corpus/$1" -type f | wc -l)
    awk -v target="$1" -v files="$files" '
        /^#[0-9]/ { for (i = 2; i < NF; i++) { if ($i == "cov:") edges = $(i + 1); if ($i == "ft:") features = $(i + 1) } }
        /^Done / { seconds = $(NF - 1) }
        /^stat::number_of_executed_units/ { runs = $2 }
        /broken:|ERROR:|SUMMARY:/ { if (!finding) finding = $0 }
        /Test unit written to/ { input = $NF }
        END {
            if (input || finding || !seconds) {
                printf "%-12s FINDING: %s\n             %s\n", target, input ? input : "see the log", finding
                exit 1
            }
            printf "%-12s %10d runs %6d s %6d inputs %6d edges %6d features\n", target, runs, seconds, files, edges, features
        }' "$out/logs/$1"
}

cover_one() { # target: the lines of the library that it reaches, by file
    build=build/coverage
    find "$build" -name '*.gcda' -delete
    mkdir -p "$out/corpus/$1"
    "$build/tests/replay_$1" "tests/fuzz/corpus/$1" >/dev/null
    [ -z "$(ls "$out/corpus/$1")" ] || "$build/tests/replay_$1" "$out/corpus/$1" >/dev/null
    find "$build/CMakeFiles/rtpgate_objects.dir" -name '*.gcda' -exec gcov -n {} + 2>/dev/null |
        awk -v target="$1" -F"[ :'%]+" '
            /^File/ { file = $2 ~ "/src/" ? $2 : ""; sub(".*/src/", "", file) }
            /^Lines executed/ && file { if ($3 >= 20) printf "%-12s %6.2f %% of %s\n", target, $3, file; file = "" }' |
        sort -k 4
}

if [ "${1:-}" = --one ]; then
    fuzz_one "$2" "$3" || true # the report says what happened
    exit
fi
seconds=${1:-24}
[ $# -eq 0 ] || shift
targets=${*:-$(for source in tests/fuzz/fuzz_*.c; do basename "$source" .c | sed 's/^fuzz_//'; done)}

sh tests/setup.sh build test
build fuzz
rm -rf "$out/logs"
# The targets are words.
# shellcheck disable=SC2086
printf '%s\n' $targets | xargs -P "${JOBS:-2}" -n 1 sh tests/fuzz.sh --one "$seconds"

findings=0
for target in $targets; do
    report_one "$target" || findings=$((findings + 1))
done
if [ "${COVERAGE:-0}" = 1 ]; then
    build coverage
    for target in $targets; do
        cover_one "$target"
    done
fi
[ "$findings" -eq 0 ] || { echo "fuzz: $findings targets have findings; repeat one with $out/tests/fuzz_TARGET FILE"; exit 1; }
echo "fuzz: no findings"
