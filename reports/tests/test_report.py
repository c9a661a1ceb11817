# SPDX-License-Identifier: ISC
"""The report program as a user runs it, and what its three outputs must say."""

import html.parser
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from conftest import REPORTS

from plumbline_report import junit, ladder, load, page, plots, summary, units

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = [os.path.join(HERE, "sample.jsonl"), os.path.join(HERE, "sample-run.jsonl")]


def report(*args):
    return subprocess.run([sys.executable, os.path.join(REPORTS, "plumbline-report"), *map(str, args)], capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    done = report(*SAMPLES, "-o", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out / "index.html")
    return {name: (out / name).read_text(encoding="utf-8") for name in os.listdir(out)}


class Tags(html.parser.HTMLParser):
    VOID = {"meta", "br", "link", "img", "hr"}

    def __init__(self):
        super().__init__()
        self.open, self.sources = [], []

    def handle_starttag(self, tag, attrs):
        self.sources += [v for k, v in attrs if k in ("src", "href", "xlink:href") and v and not v.startswith("#")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def test_writes_three_files_and_nothing_else(written):
    assert sorted(written) == ["index.html", "junit.xml", "summary.md"]


def test_page_is_well_formed_and_loads_nothing(written):
    tags = Tags()
    tags.feed(written["index.html"])
    assert tags.open == []
    assert [s for s in tags.sources if not s.startswith("data:")] == []
    assert "<script" not in written["index.html"]


def test_page_shows_failure_with_field_ladder_and_rerun(written):
    text = written["index.html"]
    assert "tcp.flags: expected [S.], got [R.]" in text
    assert "plumbline conform --stack direct --seed 1 --filter tcp.syn_ack" in text
    assert 'class="ladder"' in text
    assert "&lt;SYN,ACK&gt; &amp; its own ISN" in text
    assert "passed, but listed as a known failure" in text


def test_page_has_plot_and_replay(written):
    text = written["index.html"]
    assert "Time-sequence plot: loss: download on direct" in text
    assert "retransmitted (1)" in text
    assert "20 injected, 22 answers" in text


def test_same_input_same_bytes(written, tmp_path):
    report(*SAMPLES, "-o", tmp_path)
    for name, text in written.items():
        assert (tmp_path / name).read_text(encoding="utf-8") == text


def test_matrix_counts_by_suite_stack_and_level():
    rows = {row["suite"]: row["cells"] for row in summary.matrix(load.load(SAMPLES))}
    assert list(rows) == ["arp", "udp", "tcp"]
    assert rows["tcp"]["direct", "MUST"] == {"passed": 0, "failed": 1, "xfail": 0, "skipped": 0, "total": 1}
    assert rows["tcp"]["lwip", "MUST"] == {"passed": 1, "failed": 0, "xfail": 1, "skipped": 0, "total": 1}
    assert rows["arp"]["lwip", "SHOULD"]["skipped"] == 1
    assert rows["udp"]["lwip", "MAY"]["failed"] == 1


def test_markdown_has_tables_with_equal_columns(written):
    tables, width = 0, None
    for line in written["summary.md"].split("\n"):
        if not line.startswith("|"):
            width = None
            continue
        columns = line.replace("\\|", "").count("|")
        tables += width is None
        assert width in (None, columns), line
        width = columns
    assert tables == 3
    assert "**tcp.syn_ack** on direct" in written["summary.md"]
    assert "flows.download.finished_within: expected 2 s, got 3 s" in written["summary.md"]


def test_junit_counts_and_details(written):
    root = ET.fromstring(written["junit.xml"].encode())
    suites = {s.get("name"): s for s in root}
    assert set(suites) == {"direct.arp", "direct.tcp", "lwip.tcp", "lwip.arp", "lwip.udp", "direct.scenarios", "direct.replays"}
    failure = suites["direct.tcp"].find("testcase/failure")
    assert failure.get("message") == "no frame matched within 1 s"
    assert "rerun: plumbline conform" in failure.text and "Flags [R.]" in failure.text
    assert suites["lwip.tcp"].get("skipped") == "1" and suites["lwip.tcp"].get("failures") == "0"
    assert suites["lwip.udp"].get("failures") == "1"


def test_junit_survives_unprintable_text():
    results = load.Results(cases=[{"kind": "case", "id": "x\x00\x1b", "suite": "tcp", "stack": "direct", "level": "MUST", "outcome": "fail", "message": "\x07"}])
    ET.fromstring(junit.junit(results).encode())


def test_ladder_turns_arrows_and_shortens():
    svg = ladder.ladder([{"t_ns": 0, "dir": "tester>dut", "summary": "a" * 200}, {"t_ns": 5, "dir": "dut>tester", "summary": "<b>"}], "direct")
    assert svg.count('class="sent"') == 1 and svg.count('class="came"') == 1
    assert "a" * 103 + "…" in svg and "<b>" not in svg
    assert "No frame" in ladder.ladder([], "direct")


def test_plot_needs_points():
    assert plots.time_sequence({"flow": "x", "points": []}, "t") is None
    assert plots.time_sequence({"flow": "x", "points": [[0, 0, "seq"]]}, "t") is None


@pytest.mark.parametrize("value, text", [(0, "0 ns"), (1500, "1.5 µs"), (2 * 10**9, "2 s"), (7200 * 10**9, "2 h"), (None, "–")])
def test_time(value, text):
    assert units.time(value) == text


def test_long_flow_stays_small():
    points = [[i * 1000, i * 1460, "seq"] for i in range(4000)]
    svg = plots.time_sequence({"flow": "x", "points": points}, "t")
    assert "data:image/png;base64" in svg and len(svg) < 150_000


def test_cut_off_run_is_said(tmp_path):
    path = tmp_path / "cut.jsonl"
    path.write_text("\n".join(open(SAMPLES[0], encoding="utf-8").read().split("\n")[:3]) + "\n", encoding="utf-8")
    done = report(path, "-o", tmp_path / "out")
    assert done.returncode == 0
    assert "cut off" in done.stderr
    assert "cut off" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


GOOD_META = json.dumps({"kind": "meta", "schema": load.SCHEMA})


@pytest.mark.parametrize("text, where", [
    ("", ":1:1: expected result lines"),
    ("{", ":1:2: expected a JSON object"),
    ("[]", ":1:1: expected a JSON object with"),
    ('{"kind":"case"}', ":1:1: expected a first line"),
    ('{"kind":"meta","schema":"plumbline.results/99"}', ":1:1: expected a first line"),
    (GOOD_META + '\n{"kind":"case","id":"x"}', ':2:1: expected a text under "suite"'),
    (GOOD_META + '\n{"kind":"scenario","id":"x","stack":"s","outcome":"great"}', ':2:1: unknown outcome "great"'),
])
def test_bad_results_are_one_line_and_exit_2(tmp_path, text, where):
    path = tmp_path / "bad.jsonl"
    path.write_text(text, encoding="utf-8")
    done = report(path, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and f"{path}{where}" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("args", [[], ["/nonexistent.jsonl"], ["--colour", SAMPLES[0]], [SAMPLES[0], "-o", "/proc/nowhere"]])
def test_bad_usage_is_one_line_and_exit_2(args):
    done = report(*args)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_context_of_no_records_renders():
    ctx = page.context(load.Results())
    assert "Plumbline" in page.html(ctx) and "Plumbline" in page.markdown(ctx)
