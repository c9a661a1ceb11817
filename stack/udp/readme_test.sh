#!/bin/bash
# SPDX-License-Identifier: ISC
# The example of stack/README.md compiles, runs clean, and holds only the layers it names.
set -eu
B=${B:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # NAME COMMAND…
	local name=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$name failed"
		tail -n 5 "$work/log"
	fi
}

has() { nm "$work/example" | grep -q " [tT] $1\$"; }
lacks() { ! has "$1"; }

sed -n '/^```c$/,/^```$/p' stack/README.md | sed '/^```/d' >"$work/example.c"
sanitizers=
if nm "$B/libstack.a" 2>/dev/null | grep -q __asan_init; then
	sanitizers=-fsanitize=address,undefined
fi
check compiles gcc -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -I. $sanitizers -o "$work/example" "$work/example.c" "$B/libstack.a" -lsodium
check runs "$work/example"
for symbol in eth_create arp_create ip4_create udp_direct_create; do
	check "$symbol is there" has "$symbol"
done
for symbol in tcp_direct_create icmp4_create vlan_create frame_dissect; do
	check "$symbol is not" lacks "$symbol"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
