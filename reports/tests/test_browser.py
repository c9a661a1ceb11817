# SPDX-License-Identifier: ISC
"""The page in a real browser: it renders, complains of nothing, and stands without a network."""

import os
import shutil
import subprocess

import pytest

from plumbline_report import load, page

HERE = os.path.dirname(os.path.abspath(__file__))
CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0"]


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (Debian package chromium)")
def test_page_renders_in_chromium(tmp_path):
    path = tmp_path / "index.html"
    path.write_text(page.html(page.context(load.load([os.path.join(HERE, "sample.jsonl"), os.path.join(HERE, "sample-run.jsonl")]))), encoding="utf-8")
    shot = tmp_path / "page.png"
    done = subprocess.run([CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path}/profile", "--window-size=1200,3200", f"--screenshot={shot}", f"file://{path}"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "CONSOLE" not in done.stderr
    assert shot.stat().st_size > 20000
    dom = subprocess.run([CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path}/profile", "--dump-dom", f"file://{path}"], capture_output=True, text=True, timeout=120).stdout
    assert dom.count('class="failure"') == 3 and 'id="matrix-table"' in dom
