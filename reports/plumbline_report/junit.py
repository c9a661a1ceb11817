# SPDX-License-Identifier: ISC
"""Merged JUnit XML: one testsuite a stack and layer, scenarios and replays beside them."""

import re
import xml.etree.ElementTree as ET

from . import load

UNPRINTABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text):
    return UNPRINTABLE.sub("�", str(text))


def _details(record):
    lines = [record.get("message", "")]
    lines += [f'{k}: {record[k]}' for k in ("requirement", "ref", "expected", "got", "source", "pcap", "rerun") if record.get(k)]
    frames = record.get("frames", []) if record["kind"] == "case" else []  # a scenario's is a count
    lines += [f'{f.get("t_ns", 0)} ns {f.get("dir", "")} {f.get("summary", "")}' + (f'  ({f["note"]})' if f.get("note") else "") for f in frames]
    lines += [f'{e.get("what")}: expected {e.get("expected")}, got {e.get("got")}' for e in record.get("expectations", []) if not e.get("ok")]
    return _clean("\n".join(x for x in lines if x))


def _groups(results):
    groups = {}
    for c in results.cases:
        groups.setdefault(f'{c["stack"]}.{c["suite"]}', []).append(c)
    for kind in ("scenarios", "replays"):
        for r in getattr(results, kind):
            groups.setdefault(f'{r["stack"]}.{kind}', []).append(r)
    return groups


def junit(results):
    root = ET.Element("testsuites")
    for name, records in _groups(results).items():
        suite = ET.SubElement(root, "testsuite", name=_clean(name), tests=str(len(records)),
                              failures=str(sum(r["outcome"] in ("fail", "xpass") for r in records)),
                              errors=str(sum(r["outcome"] == "error" for r in records)),
                              skipped=str(sum(r["outcome"] in ("skip", "xfail") for r in records)))
        for r in records:
            case = ET.SubElement(suite, "testcase", classname=_clean(name), name=_clean(r["id"]), time=f'{r.get("virtual_ns", 0) / 1e9:.9f}')
            if r["outcome"] in ("skip", "xfail"):
                ET.SubElement(case, "skipped", message=_clean(r.get("reason") or r.get("message", "")))
            elif load.bad(r):
                tag = "error" if r["outcome"] == "error" else "failure"
                text = r.get("message") or ("listed as a known failure, but passed" if r["outcome"] == "xpass" else "an expectation was not met")
                ET.SubElement(case, tag, message=_clean(text)).text = _details(r)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
