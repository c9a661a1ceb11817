# SPDX-License-Identifier: ISC
"""Paths, and the count line the gate reads."""

import os
import sys

REPORTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, REPORTS)
sys.dont_write_bytecode = True


def pytest_terminal_summary(terminalreporter):
    n = {k: len(terminalreporter.stats.get(k, [])) for k in ("passed", "failed", "error", "skipped")}
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"skipped: {report.longrepr[2]}")
    terminalreporter.write_line(f'{n["passed"]} passed, {n["failed"] + n["error"]} failed, {n["skipped"]} skipped')
