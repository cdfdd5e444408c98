# One association with s_client or s_server, and what both sides must agree on afterwards. To be
# read after lib.sh by a script that has set role, which is ours.
# shellcheck shell=sh disable=SC2154

# What a case may change before both sides meet.
profile=AEAD_AES_128_GCM
group=X25519
certificate=p256
expected= # our expectation; default: what OpenSSL has; "none": nothing
also=     # one more, which comes first
ours_more=
theirs_more=
theirs_version=-dtls1_2
theirs_srtp= # default: the same profile; "none": no use_srtp
theirs_certificate=yes
theirs_asks="-Verify 1"
theirs_config=
theirs_bind= # where s_client sends from
proxy_options=

group_number() {
    case $group in
    X25519) echo 29 ;;
    P-256) echo 23 ;;
    P-384) echo 24 ;;
    esac
}

# Certificates need their own curve among the groups.
groups() {
    case $group:$certificate in
    X25519:p256) echo X25519:P-256 ;;
    *) echo "$group" ;;
    esac
}

start_theirs() { # s_client or s_server, its arguments
    program=$1
    shift
    if [ -n "$theirs_certificate" ]; then
        set -- "$@" -cert "$INTEROP_HOME/$certificate.pem" -key "$INTEROP_HOME/$certificate.pem"
    fi
    # The variables are lists of words.
    # shellcheck disable=SC2086
    start theirs 4 env ${theirs_config:+OPENSSL_CONF="$theirs_config"} openssl "$program" \
        $theirs_version -timeout "$@" -groups "$(groups)" $theirs_srtp \
        -keymatexport EXTRACTOR-dtls_srtp -keymatexportlen "$(key_material_length)" \
        -msg -msgfile "$dir/messages" $theirs_more
    theirs=$started
}

start_mine() { # role, arguments
    [ -z "$also" ] || set -- "$@" --fingerprint "$also"
    [ -z "$expected" ] || set -- "$@" --fingerprint "$expected"
    # shellcheck disable=SC2086
    start_ours "$@" $ours_more
}

start_server() { # port; 0: the system chooses
    # shellcheck disable=SC2086
    start_theirs s_server -accept "127.0.0.1:$1" -naccept 1 -serverpref $theirs_asks
    await theirs "$theirs" '^ACCEPT' || fail "s_server did not start"
}

meet_as_client() {
    start_server 0
    port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$dir/theirs.out")
    # shellcheck disable=SC2086
    start_proxy $proxy_options
    start_mine client --port "$port"
}

meet_as_server() {
    start_mine server
    port=$(fact port)
    # shellcheck disable=SC2086
    start_proxy $proxy_options
    # shellcheck disable=SC2086
    start_theirs s_client $theirs_bind -connect "127.0.0.1:$port"
}

# Both sides as the variables say; by default they agree on everything.
meet() {
    [ -n "$expected" ] || expected=$(fingerprint_of "$INTEROP_HOME/$certificate.pem")
    [ "$expected" != none ] || expected=
    [ -n "$theirs_srtp" ] || theirs_srtp="-use_srtp SRTP_$profile"
    [ "$theirs_srtp" != none ] || theirs_srtp=
    "meet_as_$role"
}

await_keys() {
    await ours "$ours" '^keymat ' || fail "no keys at our side"
    await theirs "$theirs" 'Keying material: ' || fail "no keys at OpenSSL's side"
}

# OpenSSL writes its messages down when it ends, and it ends when its input does.
part() {
    exec 3>&-
    await ours "$ours" '^end ' || fail "our side did not end"
    exec 4>&-
    join "$theirs"
    join "$ours"
    same "our exit status" $? 0
}

# What OpenSSL sent (>>>) and received (<<<): the direction, the content type (22: handshake, 21:
# alert) and the first bytes of each message.
messages() {
    awk '/^(<<<|>>>)/ {
            direction = $1
            type = /content_type=22|Handshake/ ? 22 : /content_type=21|Alert/ ? 21 : 0
            next
        }
        type { $1 = $1; print direction, type, $0; type = 0 }' "$dir/messages"
}

told() { # pattern
    messages | grep -q -e "$1"
}

theirs_key_material() {
    sed -n 's/^ *Keying material: //p' "$dir/theirs.out" | tr 'A-F' 'a-f'
}

# The cipher suite that OpenSSL names, as a number.
theirs_suite() {
    suite=$(sed -n -e 's/^CIPHER is //p' -e 's/^New, .* Cipher is //p' "$dir/theirs.out")
    openssl ciphers -V ALL | awk -v suite="$suite" '$3 == suite { print $1 }' |
        sed 's/^0x\(..\),0x\(..\)$/0x\1\2/' | tr 'A-F' 'a-f'
}

# s_server keeps the group in the session that it prints, s_client received it from us.
theirs_group() {
    if [ "$role" = client ]; then
        number=$(sed -n '/^-----BEGIN SSL SESSION/,/^-----END SSL/p' "$dir/theirs.out" |
            openssl asn1parse | grep -A 1 'cont \[ 19 \]' | sed -n 's/.*INTEGER *://p')
    else
        number=$(messages |
            sed -n 's/^<<< 22 0c\( ..\)\{11\} 03 \(..\) \(..\).*/\2\3/p' | tail -n 1)
    fi
    echo $((0x${number:-0}))
}

check_key_material() {
    bytes=$(key_material_length)
    keys=$(fact keymat)
    same "the length of our key material" "${#keys}" $((2 * bytes))
    case $keys in
    *[!0]*) ;;
    *) fail "the key material is zero" ;;
    esac
    same "our key material" "$keys" "$(theirs_key_material)"
    same "the key material in our SRTP keys" "$(fact srtp-keys)" "$keys"
}

check_agreement() {
    same "our profile" "$(fact profile)" "$profile"
    grep -q "^SRTP Extension negotiated, profile=SRTP_$profile\$" "$dir/theirs.out" ||
        fail "OpenSSL does not name the profile $profile"
    same "our group" "$(fact group)" "$(group_number)"
    same "the group that OpenSSL names" "$(theirs_group)" "$(group_number)"
    same "our version" "$(fact version)" 0xfefd
    same "our extended master secret" "$(fact ems)" yes
    same "our cipher suite" "$(fact suite)" "$(theirs_suite)"
}

# Each side saw the certificate that the other one has.
check_certificates() {
    same "the certificate that we saw" "$(fact remote)" \
        "$(fingerprint_of "$INTEROP_HOME/$certificate.pem")"
    sed -n -e '/^Client certificate$/,/^-----END/p' -e '/^Server certificate$/,/^-----END/p' \
        "$dir/theirs.out" >"$dir/seen.pem"
    same "the certificate that OpenSSL saw" "$(fingerprint_of "$dir/seen.pem")" "$(fact local)"
}

check_cookie() {
    # Only a client that was asked for a cookie sends a second hello.
    [ "$role" = server ] || told '^<<< 22 01 .. .. .. 00 01' || fail "OpenSSL asked for no cookie"
}

check() {
    check_key_material
    check_agreement
    check_certificates
    check_cookie
}
