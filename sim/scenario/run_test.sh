#!/bin/bash
# SPDX-License-Identifier: ISC
# plumbline run from the outside: bad input is one line and status 2 with nothing left behind; a failure is status 1; runs repeat.
set -u
run=${B:-build}/bin/plumbline-run
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

report() { # OK NAME DETAIL
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $2"
		printf '%s\n' "$3"
	fi
}

# NAME WANTED-ERROR ARGUMENT…: status 2, one line on standard error that holds the words, nothing on standard output, no file made.
refuses() {
	local name=$1 want=$2 before after out status
	shift 2
	before=$(find "$work" | sort)
	out=$("$run" "$@" 2>"$work/.stderr")
	status=$?
	err=$(cat "$work/.stderr")
	rm -f "$work/.stderr"
	after=$(find "$work" | sort)
	[ "$status" = 2 ] && [ -z "$out" ] && [ "$(wc -l <<<"$err")" = 1 ] && grep -qF -- "$want" <<<"$err" && [ "$before" = "$after" ]
	report $? "$name" "status $status, output '$out', error '$err', wanted '$want'"
}

good=$work/good.yaml
cat >"$good" <<'END'
hosts: [a, b]
links: [{name: wire, ends: [a, b], delay: 1 ms, loss: 1 %}]
flows: [{name: f, from: a, to: b, bytes: 50 kB}]
END
variant() { # NAME SED-SCRIPT: a spoilt copy
	sed "$2" "$good" >"$work/$1.yaml"
	echo "$work/$1.yaml"
}

refuses "no file named" "expected at least one SCENARIO.yaml"
refuses "no such file" "none.yaml: cannot read the scenario: No such file or directory" "$work/none.yaml"
refuses "a folder" "cannot read the scenario: Is a directory" "$work"
f=$(variant key 's/delay/dealy/') && refuses "unknown key" "$f:2:36: unknown key \"dealy\" in link" "$f"
f=$(variant unit 's/1 ms/10 parsecs/') && refuses "wrong unit" "$f:2:43: delay \"10 parsecs\": expected a time like 10 ms" "$f"
f=$(variant twice 's/\[a, b\]$/[a, b, a]/') && refuses "a host named twice" "$f:1:15: host \"a\" named twice" "$f"
f=$(variant nowhere '2s/\[a, b\]/[a, nowhere]/') && refuses "a link to nowhere" "$f:2:32: unknown host \"nowhere\"" "$f"
f=$(variant syntax 's/^flows: /flows: ]/') && refuses "YAML syntax" "$f:3:8: YAML syntax" "$f"
f=$(variant empty d) && refuses "an empty file" "$f:1:1: the file is empty" "$f"
head -c 100000 /dev/urandom >"$work/garbage.yaml"
refuses "garbage" "$work/garbage.yaml:" "$work/garbage.yaml"
f=$(variant stack '1s/.*/stack: nope\n&/') && refuses "unknown stack in the file" "$f:1:8: unknown stack 'nope'" "$f"
f=$(variant option '1s/a,/{name: a, stack: direct, options: {no.such: 1}},/') && refuses "unknown stack option in the file" "$f:1:26: host a: stack direct" "$f"
refuses "unknown stack" "--stack: unknown stack 'nope'" --stack nope "$good"
refuses "unknown layer" "unknown layer 'l7'" --stack direct+l7 "$good"
refuses "unknown stack option" "option no.such=1: unknown option" --stack direct:no.such=1 --results "$work/r.jsonl" "$good"
refuses "unknown option" "unknown option --frobnicate" --frobnicate "$good"
refuses "bad seed" "--seed" --seed banana "$good"
refuses "bad jobs" "--jobs" --jobs 0 "$good"
refuses "unwritable results" "--results /nonexistent/r.jsonl" --results /nonexistent/r.jsonl "$good"
refuses "results to a folder" "--results $work" --results "$work" "$good"
refuses "unwritable pcap folder" "--pcap /proc/nowhere" --pcap /proc/nowhere "$good"
mkdir "$work/other" && cp "$good" "$work/other/good.yaml"
refuses "two scenarios of one name" "would write the same pcaps" --pcap "$work/pcap" "$good" "$work/other/good.yaml"
refuses "one bad among good ones runs none" "unknown host \"nowhere\"" --results "$work/r.jsonl" "$good" "$work/nowhere.yaml"

"$run" --help | grep -q '^usage: plumbline run'
report $? "help" ""

out=$("$run" --results "$work/r.jsonl" --pcap "$work/pcap" "$good" 2>&1)
[ $? = 0 ] && [ "$(tail -n 1 <<<"$out")" = "1 passed, 0 failed" ] && [ -s "$work/pcap/good-wire.pcap" ] && [ "$(wc -l <"$work/r.jsonl")" = 3 ] &&
	grep -q '^{"kind":"scenario","id":"good"' "$work/r.jsonl" && [ -z "$(find "$work" -name '*.part')" ]
report $? "a good run" "$out"

f=$work/failing.yaml
{ cat "$good"; echo 'expect: {flows: {f: {finished_within: 1 ns}}}'; } >"$f"
out=$("$run" --quiet "$good" "$f" 2>&1)
[ $? = 1 ] && [ "$(tail -n 1 <<<"$out")" = "1 passed, 1 failed" ] && again=$(sed -n "s/^  again: //p" <<<"$out") && grep -qF "[$f:4:22]" <<<"$out"
report $? "a failing expectation is status 1" "$out"
again=$(bash -c "$again" 2>&1)
[ $? = 1 ] && [ "$(tail -n 1 <<<"$again")" = "0 passed, 1 failed" ]
report $? "the command that repeats it" "$again"

out=$("$run" --stack direct+udp "$good" 2>&1)
[ $? = 77 ] && [ "$(tail -n 1 <<<"$out")" = "0 passed, 0 failed, 1 skipped" ]
report $? "all skipped is status 77" "$out"

out=$("$run" --results - --quiet "$good" 2>/dev/null)
[ $? = 0 ] && [ "$(wc -l <<<"$out")" = 3 ] && [ "$(head -c 14 <<<"$out")" = '{"kind":"meta"' ]
report $? "results on standard output" "$out"

"$run" --results /dev/full "$good" >/dev/null 2>"$work/err"
[ $? = 2 ] && grep -q 'No space left' "$work/err"
report $? "a full disk" "$(cat "$work/err")"

for i in 1 2; do
	cp "$good" "$work/second.yaml"
	"$run" --jobs $i --seed 5 --quiet --pcap "$work/pcap$i" "$good" "$work/second.yaml" >/dev/null 2>&1
done
[ "$(find "$work/pcap1" -type f | wc -l)" = 2 ] && diff -r "$work/pcap1" "$work/pcap2"
report $? "the same bytes with one job and with two" ""

# A link's fingerprint as the results name it is met; with one digit changed it is not, and the line says both.
fingerprint=$("$run" --results - --quiet "$good" 2>/dev/null | grep -o '"fingerprint":"[0-9a-f]*"' | cut -d'"' -f4)
wrong=$(tr 0-9a-f 1-9a-f0 <<<"$fingerprint")
for f in "$fingerprint" "$wrong"; do
	{ cat "$good"; echo "expect: {links: {wire: {fingerprint: {direct: $f}}}}"; } >"$work/$f.yaml"
done
out=$("$run" "$work/$fingerprint.yaml" 2>&1)
[ $? = 0 ] && [ ${#fingerprint} = 32 ]
report $? "a fingerprint that is met" "$out"
out=$("$run" "$work/$wrong.yaml" 2>&1)
[ $? = 1 ] && grep -q "✗.*$wrong.*$fingerprint" <<<"$out"
report $? "a fingerprint that is not met" "$out"

# The examples of the grammar are scenarios themselves.
awk -v dir="$work" '/^```yaml/ { n++; inside = 1; next } /^```/ { inside = 0 } inside { print > dir "/example" n ".yaml" }' scenarios/README.md
out=$("$run" "$work"/example1.yaml "$work"/example2.yaml 2>&1)
[ $? = 0 ] && [ "$(tail -n 1 <<<"$out")" = "2 passed, 0 failed" ]
report $? "the examples in scenarios/README.md" "$out"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
