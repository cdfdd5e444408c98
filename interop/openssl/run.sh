#!/bin/sh
# Plays every case against OpenSSL's s_client and s_server; prints one line a case.
# shellcheck disable=SC1091,SC2154 # the variables are those of cases.sh
set -eu
. "$(dirname -- "$0")/../cases.sh"

one() { # kind, arguments: plays one case now
    sh interop/openssl/case.sh "$@"
}

credentials() { # file, arguments for the key
    file=$home/$1.pem
    shift
    openssl req -x509 -nodes -days 30 -subj /CN=interop -newkey "$@" -keyout "$file.key" \
        -out "$file" 2>/dev/null && cat "$file.key" >>"$file"
}

# Options that s_client and s_server have no argument for.
write_config() {
    cat >"$home/no-ems.cnf" <<'END'
openssl_conf = init
[init]
ssl_conf = modules
[modules]
system_default = options
[options]
Options = -ExtendedMasterSecret
END
}

prepare() {
    credentials p256 ec -pkeyopt ec_paramgen_curve:P-256 &&
        credentials p384 ec -pkeyopt ec_paramgen_curve:P-384 &&
        credentials rsa rsa:2048 &&
        credentials our-p384 ec -pkeyopt ec_paramgen_curve:P-384 &&
        credentials our-rsa rsa:2048 &&
        write_config
}

# Each datagram that the handshake has when nothing is lost.
each_datagram() { # role, profile
    if ! one count "$@" >"$home/count"; then
        cat "$home/count" >&3
        touch "$home/failed"
        return
    fi
    while read -r direction number; do
        for n in $(seq "$number"); do
            echo "drop $1 $2 $direction $n"
        done
    done <"$home/count"
}

positive() {
    for role in client server; do
        for profile in $profiles; do
            for group in X25519 P-256; do
                echo "keys $role $profile $group"
            done
        done
        for what in P-384 RSA; do
            echo "certificate $role $what"
        done
        for what in late several fragments; do
            echo "$what $role"
        done
        echo "data $role ours"
        echo "data $role theirs"
    done
    echo "listen client"
}

negative() {
    for role in client server; do
        for what in wrong-fingerprint no-certificate no-profile no-use-srtp no-ems dtls-1.0 \
            no-cipher certificate-rejected silence no-fingerprint; do
            echo "refused $role $what"
        done
    done
}

hostile() {
    for role in client server; do
        for profile in AEAD_AES_128_GCM AES128_CM_SHA1_80; do
            for seed in 2 3 4; do
                echo "noise $role $profile $seed"
            done
            each_datagram "$role" "$profile"
        done
    done
}

need openssl openssl
if ! prepare; then
    echo "FAIL openssl: no certificates could be made"
    exit 1
fi
exec 3>&1
{
    hostile
    negative
    positive
} >"$home/cases"
play_cases interop/openssl/case.sh
