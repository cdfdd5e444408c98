# Plays the cases of one peer, JOBS (default 4) at once. To be read by the peer's run.sh, which is
# then in the project's directory and has home, a directory that its cases know as INTEROP_HOME.
# shellcheck shell=sh disable=SC2034

cd -- "$(dirname -- "$0")/../.." || exit 1
home=$(mktemp -d)
export INTEROP_HOME="$home"
profiles="AEAD_AES_128_GCM AEAD_AES_256_GCM AES128_CM_SHA1_80 AES128_CM_SHA1_32"
running=

# Cases leave their process id here while they run.
clean() {
    [ -z "$running" ] || kill "$running" 2>/dev/null || true
    for file in "$home"/case.*; do
        if [ -e "$file" ] && kill "${file##*.}" 2>/dev/null; then
            timeout 10 tail -s 0.1 -f --pid="${file##*.}" /dev/null
        fi
    done
    rm -rf -- "$home"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

need() { # peer, program
    if ! command -v "$2" >/dev/null; then
        echo "FAIL $1: the program $2 is not installed"
        exit 1
    fi
}

# Each line of $home/cases is the arguments of one case. CASES may say which ones (a pattern).
play_cases() { # script
    grep -e "${CASES:-}" "$home/cases" |
        xargs -r -P "${JOBS:-4}" -L 1 timeout -k 5 60 sh "$1" &
    running=$!
    wait "$running" || touch "$home/failed"
    running=
    [ ! -e "$home/failed" ]
}
