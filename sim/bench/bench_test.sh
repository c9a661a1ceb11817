#!/bin/bash
# SPDX-License-Identifier: ISC
# plumbline bench measures everything, and its JSON holds every figure it prints.
bin=${B:-build}/bin
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
		echo "not ok - $name"
		cat "$work/log"
	fi
}

measure() {
	"$bin/plumbline-bench" --runs 2 --bytes 1000001 --json "$work/bench.json" --tmp "$work" >"$work/table"
}

figures() {
	/usr/bin/python3 - "$work/bench.json" <<'PYTHON'
import json, math, sys
bench = json.load(open(sys.argv[1]))
assert bench["schema"] == "plumbline.bench/1" and bench["runs"] == 2 and bench["stream_bytes"] == 1000001, bench
figures = {f["name"]: f for f in bench["figures"]}
names = """world.events bound.rate bound.segment stream.direct.rate stream.direct.segment stream.lwip.rate stream.lwip.segment
conform.cases conform.cases_cpu replay.packets replay.packets_cpu ratio.direct_to_lwip ratio.direct_to_bound ratio.lwip_to_bound""".split()
assert sorted(figures) == sorted(names), sorted(figures)
for f in figures.values():
    assert f["median"] > 0 and math.isfinite(f["median"]), f
    assert f["name"].startswith("ratio.") or len(f["runs"]) == 2, f
PYTHON
}

refuses() { # PATTERN OPTION…: status 2, one line that matches, nothing written
	local pattern=$1
	shift
	"$bin/plumbline-bench" "$@" >"$work/out" 2>"$work/err"
	[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -Eq -e "$pattern" "$work/err" && [ ! -s "$work/out" ]
}

check "everything is measured" measure
check "the table has the ratios" grep -Eq '^direct to lwip +[0-9.]+  times$' "$work/table"
check "the JSON has every figure" figures
check "nothing is left behind" test "$(cd "$work" && echo *)" = "bench.json log table"
check "a bad number is refused" refuses "--runs" --runs 0 --json "$work/x.json"
check "an unwritable file is refused" refuses "/nonexistent/x.json" --json /nonexistent/x.json
check "an argument is refused" refuses "no arguments" --json "$work/x.json" something
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
