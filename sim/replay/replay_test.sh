#!/bin/bash
# SPDX-License-Identifier: ISC
# Every capture of traces/ and of $PLUMBLINE_CORPUS against each stack, in the place of client and server: no crash, the same bytes twice.
# Then bad usage and bad input: one line, status 2, nothing left behind.
set -u
B=${B:-build}
replay=$B/bin/plumbline-replay
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
check() { # what, status of the condition
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok: $1"
		[ ! -s "$tmp/err" ] || sed 's/^/  /' "$tmp/err" | head -5
	fi
}

# run STATUS ARGUMENTS…: standard output and error are in $tmp/out and $tmp/err
run() {
	local want=$1
	shift
	"$replay" "$@" >"$tmp/out" 2>"$tmp/err"
	local got=$?
	[ "$got" = "$want" ] || echo "  status $got instead of $want: $*" | cut -c1-200
	[ "$got" = "$want" ] && ! grep -q Sanitizer "$tmp/err"
}

# sums of all answers, and the results, of two runs into the same folder
twice() { # NAME STATUS ARGUMENTS…
	local name=$1 want=$2 n
	shift 2
	for n in 1 2; do
		rm -rf "$tmp/pcap"
		run "$want" --as both --pcap "$tmp/pcap" --results "$tmp/results" "$@"
		check "$name, run $n" $?
		(cd "$tmp/pcap" && sha256sum -- *.pcap) >"$tmp/sums.$n"
		mv "$tmp/results" "$tmp/results.$n"
		[ -z "$(find "$tmp" -name '*.part')" ]
		check "$name, run $n: nothing half-written" $?
	done
	[ -s "$tmp/sums.1" ] && cmp -s "$tmp/sums.1" "$tmp/sums.2"
	check "$name: the same answers twice" $?
	cmp -s "$tmp/results.1" "$tmp/results.2"
	check "$name: the same results twice" $?
}

for stack in direct lwip; do
	twice "$stack: traces" 0 --stack $stack traces/*.pcap traces/*.pcapng
	if [ -n "${PLUMBLINE_CORPUS:-}" ]; then
		mapfile -t corpus < <(find "$PLUMBLINE_CORPUS" -type f \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' \) | LC_ALL=C sort)
		want=0
		"$replay" --list-hosts "${corpus[@]}" >/dev/null 2>&1 || want=2 # a file of it that is no capture
		twice "$stack: corpus" $want --stack $stack "${corpus[@]}"
	fi
done

# --- what is reported -------------------------------------------------------------------------------------
# A bit of the last byte of frame 8 of http4.pcap (a GET towards the server) is flipped: the TCP checksum is wrong.
frame=$(python3 - traces/http4.pcap "$tmp/bad-checksum.pcap" <<'END'
import struct, sys
b = bytearray(open(sys.argv[1], "rb").read())
at, n = 24, 0
while at < len(b):
    n += 1
    length, = struct.unpack_from("<I", b, at + 8)
    frame = b[at + 16:at + 16 + length]
    at += 16 + length
    if frame[12:14] == b"\x08\x00" and frame[23] == 6 and b"GET /" in frame:
        b[at - 1] ^= 1
        break
open(sys.argv[2], "wb").write(b)
print(n)
END
)
run 0 --stack direct --results "$tmp/results" "$tmp/bad-checksum.pcap" && grep -Eq "^  tcp .*checksum 1 \(frame $frame\)" "$tmp/out" &&
	grep -q "{\"frame\":$frame,\"layer\":\"tcp\",\"reason\":\"checksum\"}" "$tmp/results"
check "direct: a wrong TCP checksum is reported with layer, reason and frame" $?
run 0 --stack lwip --results "$tmp/results" "$tmp/bad-checksum.pcap" && grep -q "\"frame\":$frame,.*checksum" "$tmp/results"
check "lwip: a wrong TCP checksum is reported with its frame" $?
run 0 --stack direct traces/http4.pcap && ! grep -q 'checksum' "$tmp/out"
check "direct: no checksum is wrong in a clean capture" $?
run 0 --stack direct --as server --pcap "$tmp/ping" traces/ping4.pcap && grep -Eq '^  icmp4 +[0-9]+ +5 ' "$tmp/out"
check "direct: five echo requests are answered" $?
run 0 --stack lwip --as server --pcap "$tmp/ping" traces/ping4.pcap && grep -Eq '^  answers +6 frames at once to 6 frames' "$tmp/out"
check "lwip: an ARP request and five echo requests are answered" $?
run 0 --stack direct traces/http4-sll.pcap && grep -Eq '^  tcp +[1-9][0-9]* +[1-9]' "$tmp/out" && grep -q 'made-up' "$tmp/out"
check "direct: a capture without MACs reaches TCP" $?
run 0 --stack direct traces/dns4-fragments.pcap && grep -Eq '^  udp +2 ' "$tmp/out"
check "direct: two datagrams put together from fragments reach UDP" $?
run 0 --as 192.0.2.2 traces/http4.pcap && grep -q 'in the place of 192.0.2.2' "$tmp/out"
check "--as ADDR" $?
run 0 --list-hosts traces/http4.pcap && grep -Eq '^  198.51.100.2 .*--as server' "$tmp/out" && grep -Eq '^  192.0.2.2 .*--as client' "$tmp/out"
check "--list-hosts" $?

# One datagram of raw IP (link type 101), an echo request to a host that never answered.
python3 - "$tmp/one-way.pcap" <<'END'
import struct, sys
packet = bytes.fromhex("4500002400010000400166d60a0000010a000002" "08006662000700016162636465666768")
open(sys.argv[1], "wb").write(struct.pack("<IHHiIIIIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101, 1, 2, len(packet), len(packet)) + packet)
END
run 0 --as 10.0.0.2 "$tmp/one-way.pcap" && grep -Eq '^  icmp4 +1 +1 ' "$tmp/out"
check "a host that never sent, in a capture without MACs, can be named" $?
run 77 "$tmp/one-way.pcap"
check "but is not chosen" $?

run 77 traces/http6.pcap && grep -q 'IPv6 only' "$tmp/out"
check "an IPv6-only capture and a stack in an IPv4 place: skipped, and told" $?
head -c 24 traces/http4.pcap >"$tmp/no-frames.pcap"
run 77 "$tmp/no-frames.pcap" && grep -q 'no frames' "$tmp/out"
check "a capture without frames: skipped, and told" $?

"$replay" --results - traces/ping4.pcap >"$tmp/out" 2>"$tmp/err" && [ "$(wc -l <"$tmp/out")" = 3 ] && [ "$(grep -c '^{"kind":' "$tmp/out")" = 3 ] &&
	grep -q '^1 replayed, 0 skipped' "$tmp/err"
check "results alone on standard output" $?
bash -c "$(sed -n 's/.*"rerun":"\([^"]*\)".*/\1/p' "$tmp/out")" >"$tmp/again" && grep -q '^1 replayed' "$tmp/again"
check "the command that repeats it" $?

# --- bad usage, bad input -----------------------------------------------------------------------------------
bad() { # WHAT PATTERN ARGUMENTS…
	local what=$1 pattern=$2
	shift 2
	rm -rf "$tmp/made"
	mkdir "$tmp/made"
	run 2 "$@"
	check "$what: status 2" $?
	[ "$(wc -l <"$tmp/err")" = 1 ] && grep -Eq "^plumbline-replay: .*$pattern" "$tmp/err"
	check "$what: one line that says so" $?
	[ -z "$(find "$tmp/made" -type f)" ]
	check "$what: nothing left behind" $?
}
good=traces/ping4.pcap
: >"$tmp/empty.pcap"
head -c 1000 traces/http4.pcap >"$tmp/truncated.pcap"
head -c 3000 /bin/bash >"$tmp/garbage.pcap"
(head -c 20 traces/http4.pcap; printf '\151\0\0\0') >"$tmp/wlan.pcap" # link type 105
out=(--pcap "$tmp/made" --results "$tmp/made/results")
bad "an empty file" 'empty.pcap' "${out[@]}" "$tmp/empty.pcap"
bad "a truncated capture" 'truncated.pcap.*frame [0-9]+' "${out[@]}" "$tmp/truncated.pcap"
bad "garbage" 'garbage.pcap' "${out[@]}" "$tmp/garbage.pcap"
bad "an unsupported link type" 'wlan.pcap.*link type' "${out[@]}" "$tmp/wlan.pcap"
bad "a file that is not there" 'nowhere.pcap' "${out[@]}" "$tmp/nowhere.pcap"
bad "a folder for a capture" 'traces' "${out[@]}" traces
bad "a pcap folder that cannot be" '--pcap' --pcap /dev/null/x "$good"
bad "results that cannot be written" '--results' --results "$tmp/none/results" "$good"
bad "no capture" 'capture' "${out[@]}"
bad "an unknown stack" 'nosuch' --stack nosuch "${out[@]}" "$good"
bad "an unknown mode" '--mode fast' --mode fast "${out[@]}" "$good"
bad "closed mode" '--mode closed: not yet' --mode closed "${out[@]}" "$good"
bad "an unknown role" '--as nobody' --as nobody "${out[@]}" "$good"
bad "an IPv6 host" 'IPv6' --as 2001:db8::1 "${out[@]}" "$good"
bad "a host that is not in the capture" '203.0.113.9' --as 203.0.113.9 "${out[@]}" "$good"
bad "a bad seed" '--seed' --seed x "${out[@]}" "$good"
bad "an unknown option" '--frobnicate' --frobnicate "${out[@]}" "$good"

mkdir "$tmp/mixed"
run 2 --pcap "$tmp/mixed" --results "$tmp/mixed/results" "$tmp/garbage.pcap" "$good" "$tmp/truncated.pcap" traces/dns4.pcap &&
	[ "$(wc -l <"$tmp/err")" = 2 ] && [ "$(grep -c '"outcome":"pass"' "$tmp/mixed/results")" = 2 ] && [ "$(find "$tmp/mixed" -name '*.pcap' | wc -l)" = 2 ]
check "bad files among good ones: each is told, the others are replayed" $?
if [ -w /dev/full ]; then
	run 2 --results /dev/full "$good" && [ "$(wc -l <"$tmp/err")" = 1 ]
	check "a full disk" $?
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
