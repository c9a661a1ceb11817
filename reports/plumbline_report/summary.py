# SPDX-License-Identifier: ISC
"""Counts: what the summary, the matrix and the exit of a CI step need."""

from collections import Counter

LAYERS = ["ethernet", "arp", "ipv4", "icmpv4", "ipv6", "icmpv6", "nd", "mld", "udp", "tcp", "sockets", "services"]
LEVELS = ["MUST", "SHOULD", "MAY"]


def stacks(results):
    """Every stack named, in the order met."""
    return list(dict.fromkeys(r["stack"] for r in results.cases + results.scenarios + results.replays))


def counts(records):
    c = Counter(r["outcome"] for r in records)
    return {
        "passed": c["pass"] + c["xfail"],
        "failed": c["fail"] + c["xpass"] + c["error"],
        "xfail": c["xfail"],
        "skipped": c["skip"],
        "total": sum(c.values()),
    }


def suites(cases):
    """Suites met, bottom layer first, unknown ones last."""
    met = dict.fromkeys(c["suite"] for c in cases)
    return sorted(met, key=lambda s: LAYERS.index(s) if s in LAYERS else len(LAYERS))


def matrix(results):
    """[{suite, cells: {(stack, level): counts}}], a row a suite."""
    by_key = {}
    for c in results.cases:
        by_key.setdefault((c["suite"], c["stack"], c["level"]), []).append(c)
    case_stacks = list(dict.fromkeys(c["stack"] for c in results.cases))
    return [
        {"suite": s, "cells": {(k, level): counts(by_key.get((s, k, level), [])) for k in case_stacks for level in LEVELS}}
        for s in suites(results.cases)
    ]
