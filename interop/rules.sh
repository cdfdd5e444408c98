#!/bin/sh
# Turns rules of the library off, one by one, in a copy of the sources, and plays the cases that must
# then fail, as rules.list says.
# Usage: rules.sh [WORD]    only rules with this in their line
set -eu
cd -- "$(dirname -- "$0")/.."
export JOBS="${JOBS:-4}"
root=$PWD
copy=$root/build/interop-rules
log=$copy/log

field() { # number, line
    printf '%s\n' "$2" | awk -F ' [|] ' -v n="$1" '{ print $n }'
}

build() {
    cmake --build --preset release -j "$JOBS" --target associate --target proxy >"$log" 2>&1
}

# The unit tests' list tells what turns a rule off.
turn_off() { # rule
    patch=$(awk -F ' [|] ' -v rule="$1" '$1 == rule' tests/rules.list)
    file=$(field 2 "$patch")
    sed -E -e "$(field 3 "$patch")" "$root/$file" >"$file"
    ! cmp -s "$file" "$root/$file"
}

turn_on() {
    [ -z "$file" ] || cp "$root/$file" "$file"
}

play() { # peer, pattern
    CASES=$2 sh "interop/$1/run.sh" >"$log" 2>&1 </dev/null
}

# The line of a case that fails without the rule.
judge() { # rule, peer, pattern
    turn_off "$1" && build && ! play "$2" "$3" && noticed=$(grep -m 1 '^FAIL ' "$log")
}

rules=$(grep -v '^#' interop/rules.list | grep -F -- "${1:-}") || {
    echo "rules: none has \"$1\" in it"
    exit 1
}
sh tests/setup.sh build openssl pion
rm -rf "$copy"
mkdir -p "$copy/tree"
cp -R CMakeLists.txt CMakePresets.json src include examples interop tests "$copy/tree/"
cd "$copy/tree"
cmake --preset release >/dev/null
bad=0
while IFS= read -r line; do
    rule=$(field 1 "$line")
    if judge "$rule" "$(field 2 "$line")" "$(field 3 "$line")"; then
        echo "$rule: $noticed"
    else
        echo "$rule: BAD: no case fails, or it was not turned off"
        cat "$log"
        bad=$((bad + 1))
    fi
    turn_on
done <<END
$rules
END
echo "rules: $(printf '%s\n' "$rules" | wc -l) turned off, $bad of them unnoticed"
[ "$bad" -eq 0 ]
