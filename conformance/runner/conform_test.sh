#!/bin/bash
# SPDX-License-Identifier: ISC
# plumbline conform from outside: bad input is one line and exit 2, reports are whole or absent, results do not depend on jobs.
B=${B:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
stack=$("$B/bin/plumbline" conform --stack direct --list >/dev/null 2>&1 && "$B/bin/plumbline" conform --stack direct --filter arp.reply_to_request >/dev/null 2>&1 && echo direct || echo lwip)

ok() {
	if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $2"; fi
}

# EXIT PATTERN ARGUMENT…: exits so; for 2 with exactly one line on standard error that matches, and nothing on standard output.
expect() {
	local status=$1 pattern=$2
	shift 2
	"$B/bin/plumbline" conform "$@" >"$work/out" 2>"$work/err"
	local got=$?
	if [ "$status" = 2 ]; then
		[ $got = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && [ ! -s "$work/out" ] && grep -qE -e "$pattern" "$work/err"
	else
		[ $got = "$status" ] && grep -qE -e "$pattern" "$work/out"
	fi
	ok $? "conform $*: exit $got, expected $status and \"$pattern\": $(head -n 3 "$work/err") $(tail -n 1 "$work/out")"
}

expect 2 'no layer "ipx": the suites are ethernet arp' ipx
expect 2 'nosuch' --stack nosuch
expect 2 'frobnicate|no options' --stack "$stack:frobnicate=1"
expect 2 '--stack' --stack ''
expect 2 'twice' --stack "$stack,$stack"
expect 2 'no case matches --filter arp\.nothing' --filter 'arp.nothing*'
expect 2 'no case matches' --filter 'tcp.*' arp
expect 2 'bogus' --bogus
expect 2 '--filter needs a value' --filter
for option in jobs repeat timeout; do
	expect 2 "--$option" --$option 0
	expect 2 "--$option" --$option many
done
expect 2 '--seed' --seed 1x
for option in tap junit results; do
	expect 2 "$work/none/file" --$option "$work/none/file" --stack "$stack" arp
	expect 2 "$work" --$option "$work" --stack "$stack" arp
done
expect 2 '^plumbline-conform: --tap and --junit both go to' --tap "$work/both" --junit "$work/both" --stack "$stack" arp
expect 2 '--seed' --seed 9223372036854775808
touch "$work/file"
expect 2 "$work/file" --pcap "$work/file" --stack "$stack" arp
expect 2 'not a folder' --expect "$work/file" --stack "$stack" arp

mkdir -p "$work/pcaps/arp.reply_to_request.$stack.pcap"
"$B/bin/plumbline" conform --stack "$stack" --jobs 2 --pcap "$work/pcaps" --results "$work/never" --tap "$work/never.tap" arp >"$work/out" 2>"$work/err"
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q "^plumbline-conform: --pcap $work/pcaps/arp.reply_to_request.$stack.pcap: " "$work/err" &&
	[ -z "$(find "$work" -name 'never*' -o -name '*.part')" ]
ok $? "a capture that cannot be written: $(cat "$work/err")"

known() {
	mkdir -p "$work/expect"
	printf "$1" >"$work/expect/$stack"
}
known 'arp.reply_to_request\n'
expect 2 "expect/$stack:1:21: expected \"# reason\"" --expect "$work/expect" --stack "$stack" arp
known '# fine\n\n  arp.reply_to_request  #  \n'
expect 2 "expect/$stack:3:.*reason" --expect "$work/expect" --stack "$stack" arp
known 'arp.no_such_case  # RFC 826\n'
expect 2 "expect/$stack:1:1: no case \"arp.no_such_case\"" --expect "$work/expect" --stack "$stack" arp
known 'arp.reply_to_request # a\narp.reply_to_request # b\n'
expect 2 "expect/$stack:2:1: arp.reply_to_request is listed twice" --expect "$work/expect" --stack "$stack" arp
known 'arp.reply_to_request  # RFC 826: it does answer\n'
expect 1 'xpass arp.reply_to_request' --expect "$work/expect" --stack "$stack" --filter arp.reply_to_request

expect 0 '^1 passed, 0 failed, 0 skipped$' --stack "$stack" --filter arp.reply_to_request
expect 0 '^6 passed, 0 failed, 0 skipped$' --stack "$stack" --filter arp.reply_to_request --filter arp.silent_for_others --repeat 3
expect 0 '^arp.reply_to_request	MUST	RFC 826' --list arp
expect 0 'usage: plumbline conform' --help
# A report on standard output is alone there.
for option in tap junit results; do
	"$B/bin/plumbline" conform --stack "$stack" --filter arp.reply_to_request --$option "$work/a.$option" >/dev/null
	"$B/bin/plumbline" conform --stack "$stack" --filter arp.reply_to_request --$option - >"$work/out" 2>"$work/err"
	ok $? "--$option -"
	cmp -s <(sed 's/"command":.*//' "$work/out") <(sed 's/"command":.*//' "$work/a.$option") && grep -qx '1 passed, 0 failed, 0 skipped' "$work/err"
	ok $? "--$option - is the report and nothing else"
	if [ -w /dev/full ]; then
		"$B/bin/plumbline" conform --stack "$stack" --filter arp.reply_to_request --$option /dev/full >/dev/null 2>"$work/err"
		[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && [ -c /dev/full ] && grep -q -- "--$option /dev/full: .*No space left" "$work/err"
		ok $? "--$option on a full disk: $(cat "$work/err")"
	fi
done

# The command a failure names runs that case again, from where the run was started.
known 'arp.reply_to_request  # RFC 826: it does answer\n'
bin=$(cd "$B/bin" && pwd)
(
	cd "$work" && "$bin/plumbline" conform --stack "$stack" --seed 3 --repeat 2 --timeout 50 --expect "$work/expect" arp ethernet >"$work/out"
	sed -n 's/^ *rerun *//p' "$work/out" >"$work/reruns"
	[ "$(wc -l <"$work/reruns")" = 2 ] && bash -c "$(tail -n 1 "$work/reruns")" >"$work/again"
	[ $? = 1 ] && grep -q '^1 case.*seed 4$' "$work/again" && grep -qx '0 passed, 1 failed, 0 skipped' "$work/again"
)
ok $? "the rerun command: $(cat "$work/reruns")"

[ "$("$B/bin/plumbline" conform --list --filter 'arp.reply_to_*' | wc -l)" -ge 4 ]
ok $? "--list --filter"

# Same cases, other numbers of jobs: all reports and captures are equal to the byte.
mkdir "$work/empty"
for jobs in 1 3; do
	"$B/bin/plumbline" conform --stack "$stack" --jobs $jobs --pcap "$work/pcap" --tap "$work/$jobs.tap" --junit "$work/$jobs.xml" --results "$work/$jobs.jsonl" \
		--expect "$work/empty" ethernet arp >"$work/$jobs.out" 2>&1
	(cd "$work/pcap" && sha256sum ./*) >"$work/$jobs.sums"
	rm -r "$work/pcap"
done
for report in tap xml out sums; do
	cmp -s "$work/1.$report" "$work/3.$report"
	ok $? "$report differs with the number of jobs"
done
cmp -s <(tail -n +2 "$work/1.jsonl") <(tail -n +2 "$work/3.jsonl")
ok $? "results differ with the number of jobs"
cases=$("$B/bin/plumbline" conform --list ethernet arp | wc -l)
[ "$(wc -l <"$work/1.sums")" = "$cases" ]
ok $? "one capture a case"
head -n 2 "$work/1.tap" | tail -n 1 | grep -qx "1..$cases" && [ "$(grep -cE '^(not )?ok ' "$work/1.tap")" = "$cases" ]
ok $? "TAP plan and lines"
[ -z "$(ls "$work"/*.part 2>/dev/null)" ]
ok $? "half-written files are left"
"${PYTHON:-python3}" - "$work" "$cases" <<'EOF'
import json, sys, xml.etree.ElementTree as tree
work, cases = sys.argv[1], int(sys.argv[2])
suites = tree.parse(work + "/1.xml").getroot()
assert sum(int(s.get("tests")) for s in suites) == cases == len(list(suites.iter("testcase")))
lines = [json.loads(line) for line in open(work + "/1.jsonl", encoding="utf-8")]
assert [line["kind"] for line in lines] == ["meta"] + ["case"] * cases + ["end"]
assert len(set(line["seed"] for line in lines[1:-1])) == cases
for case in lines[1:-1]:
    if case["outcome"] == "fail":
        assert case["message"] and case["source"] and case["frames"] and case["rerun"].endswith("--filter " + case["id"] + " ethernet arp"), case
EOF
ok $? "JUnit and results are what they should be"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
