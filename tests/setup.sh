#!/bin/sh
# Installs on a Debian-like system what is missing to build (group build), to test (group test), for
# the example with a page (group page), to drive Chromium (group chromium), for the peers of the
# benchmarks (group bench), for the report on foreign peers (group node), and to meet these: a group
# for each folder of interop that has a run.sh.
# Usage: setup.sh GROUP...
set -eu

fail() {
    echo "setup: $1" >&2
    exit 1
}

# Other sources of Node.js bring npm with it.
node=
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    node="nodejs npm"
fi

page="libmicrohttpd-dev libnice-dev"
packages=
for group in "$@"; do
    case $group in
    build)
        packages="$packages gcc libc6-dev cmake ninja-build pkg-config"
        packages="$packages libgnutls28-dev libsrtp2-dev nettle-dev"
        ;;
    test)
        packages="$packages g++ clang libclang-rt-dev clang-format clang-tidy binutils"
        packages="$packages check valgrind openssl libssl-dev"
        # Debian's gnutls.pc asks for it when linking statically, and nothing depends on it.
        packages="$packages libunistring-dev"
        ;;
    node) packages="$packages $node" ;;
    werift | wrtc | kit) packages="$packages $node $page" ;;
    openssl) packages="$packages openssl" ;;
    gnutls) packages="$packages openssl gnutls-bin" ;;
    aiortc) packages="$packages $node $page python3-aiortc" ;;
    webrtcbin)
        packages="$packages $node $page python3-gst-1.0 gir1.2-gst-plugins-bad-1.0"
        packages="$packages gstreamer1.0-nice"
        packages="$packages gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
        ;;
    mbedtls) packages="$packages openssl libmbedtls-dev libsrtp2-dev" ;;
    rtpengine) packages="$packages openssl python3 rtpengine-daemon" ;;
    ffmpeg) packages="$packages ffmpeg" ;;
    gstreamer)
        packages="$packages openssl gstreamer1.0-tools python3-gi gir1.2-gstreamer-1.0"
        packages="$packages gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
        ;;
    pion)
        packages="$packages openssl golang-go"
        packages="$packages golang-github-pion-dtls.v2-dev golang-github-pion-srtp.v2-dev"
        ;;
    page) packages="$packages $page" ;;
    chromium) packages="$packages $node chromium" ;;
    browser) packages="$packages $node $page chromium firefox-esr" ;;
    bench)
        packages="$packages libssl-dev valgrind golang-go"
        packages="$packages golang-github-pion-dtls.v2-dev golang-github-pion-srtp.v2-dev"
        ;;
    *) fail "no such group: $group (the groups are the words before the brackets in tests/setup.sh)" ;;
    esac
done

command -v apt-get >/dev/null ||
    fail "this is not a Debian-like system (no apt-get); what Debian calls these is needed:$packages"

missing=
for package in $packages; do
    case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
    ?i*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0
echo "setup: to be installed:$missing"

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "packages are missing, and this is neither root nor is there sudo"
    [ -t 0 ] || sudo -n true 2>/dev/null ||
        fail "packages are missing, and sudo wants a password but there is no terminal"
    as_root=sudo
fi

apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::http::Timeout=30 \
        -o Acquire::Retries=2 -o APT::Update::Error-Mode=any -o Dpkg::Use-Pty=0 "$@" </dev/null
}
apt update || fail "the package lists cannot be fetched: is there a network?"
# The missing packages are words.
# shellcheck disable=SC2086
apt install -y --no-install-recommends $missing || fail "apt-get could not install:$missing"
