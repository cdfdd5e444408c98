#!/bin/sh
# Plays every case against OpenSSL's s_client and s_server; prints one line a case.
# shellcheck disable=SC1091,SC2154 # the variables are those of cases.sh
set -eu
. "$(dirname -- "$0")/../cases.sh"

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
        credentials ours ec -pkeyopt ec_paramgen_curve:P-256 &&
        forged ours p256 &&
        write_config
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
        for profile in AEAD_AES_128_GCM AES128_CM_SHA1_80; do
            echo "restart $role $profile"
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
            echo "far $role $profile 250"
            each_datagram interop/openssl/case.sh "$role" "$profile"
        done
        for attack in $attacks; do
            echo "attack $role $attack"
        done
    done
}

need openssl openssl
if ! prepare; then
    echo "FAIL openssl: no certificates could be made"
    exit 1
fi
{
    hostile
    negative
    positive
} >"$home/cases"
play_cases interop/openssl/case.sh
