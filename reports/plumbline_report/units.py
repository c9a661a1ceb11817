# SPDX-License-Identifier: ISC
"""Numbers as people read them."""


def _scaled(value, steps, digits=3):
    for factor, unit in steps:
        if abs(value) >= factor:
            return f"{value / factor:.{digits}g} {unit}"
    factor, unit = steps[-1]
    return f"{value / factor:.{digits}g} {unit}"


def time(ns):
    if ns is None:
        return "–"
    if ns >= 7200 * 10**9:
        return f"{ns / 3600e9:.4g} h"
    return _scaled(ns, [(10**9, "s"), (10**6, "ms"), (10**3, "µs"), (1, "ns")], 4)


def rate(bps):
    return "–" if bps is None else _scaled(bps, [(10**9, "Gbit/s"), (10**6, "Mbit/s"), (10**3, "kbit/s"), (1, "bit/s")])


def size(count):
    return "–" if count is None else _scaled(count, [(2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")], 4)
