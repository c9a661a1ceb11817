#!/bin/bash
# SPDX-License-Identifier: ISC
# Every capture is in the MANIFEST, every line of it is a capture, the sums match, and all of them stay under 3 MiB.
set -u
cd "$(dirname "$0")" || exit 1
passed=0 failed=0
check() { # what, condition's status
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok: $1"
	fi
}

while IFS=$'\t' read -r file sum frames link shows how impairment versions more; do
	[[ $file != \#* ]] || continue
	[ -n "$frames" ] && [ -n "$link" ] && [ -n "$shows" ] && [ -n "$how" ] && [ -n "$impairment" ] && [ -n "$versions" ] && [ -z "$more" ]
	check "MANIFEST: $file: eight fields, none empty" $?
	[ "$(sha256sum "$file" 2>/dev/null | cut -d' ' -f1)" = "$sum" ]
	check "$file: SHA-256 as the MANIFEST has it" $?
done <MANIFEST

for file in *.pcap *.pcapng; do
	grep -q "^$file	" MANIFEST
	check "$file is in the MANIFEST" $?
done
[ "$(grep -vc '^#' MANIFEST)" -ge 12 ]
check "at least 12 captures" $?
bytes=$(cat ./*.pcap ./*.pcapng | wc -c)
[ "$bytes" -lt $((3 * 1024 * 1024)) ]
check "under 3 MiB in all: $bytes bytes" $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
