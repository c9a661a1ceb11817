#!/bin/bash
# SPDX-License-Identifier: ISC
# The dispatcher and `plumbline stacks`: what they print, where, and with which status.
bin=${B:-build}/bin
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check NAME STATUS STDOUT-PATTERN STDERR-PATTERN COMMAND…: patterns are extended regular expressions, '' means no output at all.
check() {
	local name=$1 want=$2 out=$3 err=$4 status
	shift 4
	"$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	if [ "$status" = "$want" ] && matches "$out" "$work/out" && matches "$err" "$work/err"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok - $name: status $status, expected $want; standard output and error:"
		cat "$work/out" "$work/err"
	fi
}

matches() {
	if [ -z "$1" ]; then [ ! -s "$2" ]; else grep -Eq -- "$1" "$2"; fi
}

one_line() { # COMMAND…: exactly one line on standard error
	"$@" 2>"$work/lines" >/dev/null
	[ "$(wc -l <"$work/lines")" = 1 ]
}

check "help lists the programs" 0 '^  stacks +list' '' "$bin/plumbline" --help
check "help names the exit status" 0 '77 everything was skipped' '' "$bin/plumbline" --help
check "version" 0 '^plumbline [0-9]+\.[0-9]+\.[0-9]+$' '' "$bin/plumbline" --version
check "no program" 2 '' '^plumbline: expected the name of a program' "$bin/plumbline"
check "unknown program" 2 '' "^plumbline: unknown program 'nonesuch'" "$bin/plumbline" nonesuch
check "a path is no program" 2 '' "^plumbline: unknown program '../bin/plumbline-stacks'" "$bin/plumbline" ../bin/plumbline-stacks
check "an empty name is no program" 2 '' "^plumbline: unknown program ''" "$bin/plumbline" ''
check "unknown option" 2 '' '^plumbline: unknown option --nonesuch' "$bin/plumbline" --nonesuch
check "full disk" 2 '' '^plumbline: standard output: ' bash -c "$bin/plumbline --help >/dev/full"

for v in direct lwip; do
	check "stacks lists $v" 0 "^$v +[0-9.]+.* virtual .* sockets .*ipv4 .*tcp .*udp" '' "$bin/plumbline" stacks
done
check "stacks has a head line" 0 '^STACK +VERSION +CLOCK +PER PROCESS +CAPABILITIES$' '' "$bin/plumbline" stacks
check "stacks takes names" 0 '^lwip ' '' "$bin/plumbline" stacks lwip
check "from another folder" 0 '^lwip ' '' bash -c "cd / && '$PWD/$bin/plumbline' stacks"
check "stacks help" 0 '^usage: plumbline stacks' '' "$bin/plumbline" stacks --help
check "stacks version" 0 '^plumbline-stacks [0-9]' '' "$bin/plumbline" stacks --version
check "unknown stack lists what exists" 2 '' "^plumbline-stacks: unknown stack 'nonesuch'; there are: direct, lwip" "$bin/plumbline" stacks nonesuch
check "unknown layer lists what exists" 2 '' "unknown layer 'ipx'; there are: ethernet, arp, ipv4" "$bin/plumbline" stacks direct+ipx
check "unknown option of a stack" 2 '' "option tcp.nonesuch=1: unknown option" "$bin/plumbline" stacks direct:tcp.nonesuch=1
check "bad value of an option" 2 '' "option tcp.min_rto=x: the value" "$bin/plumbline" stacks direct:tcp.min_rto=x
check "layers of a stack without" 2 '' 'lwip cannot be composed' "$bin/plumbline" stacks lwip+tcp
check "bad option of the program" 2 '' '^plumbline-stacks: unknown option --x' "$bin/plumbline" stacks --x
check "errors are one line" 0 '' '' one_line "$bin/plumbline" stacks nonesuch

# Without its module lwip says so, and is not lost from the list.
mkdir -p "$work/bin"
cp "$bin/plumbline-stacks" "$work/bin/"
check "a missing module is explained" 0 '^lwip +not available: lib/plumbline-lwip.so' '' "$work/bin/plumbline-stacks"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
