# SPDX-License-Identifier: ISC
"""Reads result files (JSON lines, SCHEMA.md) into one Results object."""

import json
from dataclasses import dataclass, field

SCHEMA = "plumbline.results/1"
OUTCOMES = {"pass", "fail", "skip", "xfail", "xpass", "error"}
# What each kind must have for the report to make sense of it.
REQUIRED = {
    "case": ["id", "suite", "level", "stack", "outcome"],
    "scenario": ["id", "stack", "outcome"],
    "replay": ["id", "stack", "outcome"],
}


class BadResults(Exception):
    """One line: file, line, what was expected."""


@dataclass
class Results:
    metas: list = field(default_factory=list)
    cases: list = field(default_factory=list)
    scenarios: list = field(default_factory=list)
    replays: list = field(default_factory=list)
    unfinished: list = field(default_factory=list)  # files without an end line: the run was cut off


def bad(record):
    """True for an outcome that should turn a build red."""
    return record["outcome"] in ("fail", "xpass", "error")


def _parse(path, number, line):
    try:
        record = json.loads(line)
    except ValueError as e:
        raise BadResults(f"{path}:{number}:{getattr(e, 'colno', 1)}: expected a JSON object, {getattr(e, 'msg', e)}") from None
    if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
        raise BadResults(f'{path}:{number}:1: expected a JSON object with a "kind"')
    return record


def _check(path, number, record):
    for key in REQUIRED[record["kind"]]:
        if not isinstance(record.get(key), str):
            raise BadResults(f'{path}:{number}:1: expected a text under "{key}" in this {record["kind"]}')
    if record["outcome"] not in OUTCOMES:
        raise BadResults(f'{path}:{number}:1: unknown outcome "{record["outcome"]}", expected one of {", ".join(sorted(OUTCOMES))}')


def load_file(path, results):
    try:
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
    except OSError as e:
        raise BadResults(f"{path}: cannot be read: {e.strerror}") from None
    except UnicodeDecodeError:
        raise BadResults(f"{path}: expected UTF-8 text") from None
    meta, ended = None, False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record = _parse(path, number, line)
        if meta is None:
            if record["kind"] != "meta" or record.get("schema") != SCHEMA:
                raise BadResults(f'{path}:{number}:1: expected a first line {{"kind":"meta","schema":"{SCHEMA}",…}}')
            meta = record
            results.metas.append(meta)
        elif record["kind"] == "end":
            ended = True
        elif record["kind"] in REQUIRED:
            _check(path, number, record)
            getattr(results, {"case": "cases", "scenario": "scenarios", "replay": "replays"}[record["kind"]]).append(record)
    if meta is None:
        raise BadResults(f"{path}:1:1: expected result lines, the file is empty")
    if not ended:
        results.unfinished.append(path)


def load(paths):
    results = Results()
    for path in paths:
        load_file(path, results)
    return results
