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

credentials() { # file, arguments for the key: a certificate and its key, in $home
    file=$home/$1.pem
    shift
    openssl req -x509 -nodes -days 30 -subj /CN=interop -newkey "$@" -keyout "$file.key" \
        -out "$file" 2>/dev/null && cat "$file.key" >>"$file"
}

# Each datagram that the handshake has when nothing is lost; a case that counts them says how many.
each_datagram() { # script, role, profile
    if ! sh "$1" count "$2" "$3" >"$home/count"; then
        cat "$home/count" >&2
        touch "$home/failed"
        return
    fi
    while read -r direction number; do
        for n in $(seq "$number"); do
            echo "drop $2 $3 $direction $n"
        done
    done <"$home/count"
}

# What whoever does not read the path may send, but floods; tests/forge/main.c makes them.
attacks="alerts hellos verify-requests to-client to-server elsewhere fragments records content-types protected"

forged() { # our identity, theirs
    [ -x build/dev/tests/forge ] || sh tests/forge.sh || return
    mkdir "$home/forged" && build/dev/tests/forge "$home/forged" "$home/$1.pem" "$home/$2.pem"
}

# The identities of associate/meet.sh.
identities() {
    for name in ours theirs ours-again theirs-again other; do
        credentials "$name" ec -pkeyopt ec_paramgen_curve:P-256 || return
    done
    forged ours theirs
}

# The cases of associate/meet.sh.
everything() { # script, profiles
    main=AEAD_AES_128_GCM
    case $2 in *$main*) ;; *) main=AES128_CM_SHA1_80 ;; esac
    for role in client server; do
        each_datagram "$1" "$role" "$main"
        echo "far $role $main 250"
        for seed in 2 3; do
            echo "lossy $role $main $seed"
        done
        for profile in $2; do
            echo "keys $role $profile"
            echo "media $role $profile"
        done
        for what in data close late late_there restart_late no_profile; do
            echo "$what $role $main"
        done
        for whose in theirs ours; do
            echo "wrong $role $main $whose"
        done
        for after in client server; do
            echo "restart $role $main $after"
        done
        for attack in $attacks; do
            echo "attack $role $main $attack"
        done
    done
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
