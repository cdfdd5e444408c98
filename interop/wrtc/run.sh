#!/bin/sh
# Plays every case against @roamhq/wrtc. On a bare Debian 12 it installs what it needs.
# shellcheck disable=SC1091
set -eu
cd -- "$(dirname -- "$0")/../.."
. interop/ice.sh
meet wrtc
