#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Lets tshark judge what wire reads in captures, and scapy and tshark what wire emits.

usage: crosscheck.py [--jobs N] BUILD [CAPTURE…]    BUILD holds the program dissect; PLUMBLINE_CORPUS names a folder of more captures.
Prints each difference with its capture, frame and field, then "N passed, N failed": one for each capture and each group of emitted frames.
"""

import argparse
import concurrent.futures
import glob
import os
import subprocess
import sys
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import emitted  # noqa: E402
import judge  # noqa: E402

SHOWN = 20  # differences shown for one capture


def check_capture(dissect, path):
    """(differences, notes, counts of the rules used, frames compared)."""
    ours = subprocess.run([dissect, path], capture_output=True, text=True, check=False)
    theirs, complaint = judge.run_tshark(path)
    if ours.returncode == 2 and ours.stderr.count("\n") == 1 and complaint:
        return [], [f"both refuse it: {ours.stderr.strip()}"], Counter(), 0
    if ours.returncode not in (0, 2):
        return [f"dissect ends with {ours.returncode}: {ours.stderr.strip()}"], [], Counter(), 0
    return judge.compare_capture(ours, theirs, complaint)


def report(name, differences, notes, rules, frames):
    print(f"{'not ok' if differences else 'ok'} {name}: {frames} frames" + "".join(f"; {n}" for n in notes))
    for d in differences[:SHOWN]:
        print(f"  {name}, {d}")
    if len(differences) > SHOWN:
        print(f"  … and {len(differences) - SHOWN} more")
    for rule, n in sorted(rules.items()):
        print(f"  by rule, {n} times: {rule}")
    sys.stdout.flush()


def captures_of(arguments):
    paths = list(arguments)
    corpus = os.environ.get("PLUMBLINE_CORPUS")
    if corpus:
        if not os.path.isdir(corpus):
            sys.exit(f"crosscheck: PLUMBLINE_CORPUS is not a folder: {corpus}")
        paths += sorted(glob.glob(os.path.join(corpus, "*.pcap")) + glob.glob(os.path.join(corpus, "*.pcapng")))
    return paths


def main():
    parser = argparse.ArgumentParser(description="compare wire with tshark and scapy")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("build")
    parser.add_argument("captures", nargs="*")
    args = parser.parse_args()
    dissect = os.path.join(args.build, "dissect")
    passed = failed = frames = 0
    totals = Counter()

    groups, captures = emitted.check(dissect, args.build)
    for name, n, differences in groups:
        report("emitted " + name, differences, [], Counter(), n)
        passed, failed = passed + (not differences), failed + bool(differences)
    paths = captures + captures_of(args.captures)
    with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
        for path, result in zip(paths, pool.map(lambda p: check_capture(dissect, p), paths)):
            report(path, *result)
            passed, failed = passed + (not result[0]), failed + bool(result[0])
            frames += result[3]
            totals += result[2]
    print(f"{frames} frames compared with tshark; {sum(totals.values())} settled by a rule")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
