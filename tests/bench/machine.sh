#!/bin/sh
# Says in one line on what a benchmark ran: the processor, and the versions of the packages given.
# Usage: machine.sh PACKAGE...
set -eu
model=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
line="${model:-unknown processor}, $(nproc) cores, Linux $(uname -r), $(gcc --version | head -n 1)"
for package in "$@"; do
    line="$line, $package $(dpkg-query -W -f '${Version}' "$package")"
done
echo "$line"
