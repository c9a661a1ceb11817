# SPDX-License-Identifier: ISC
"""The command line of plumbline report."""

import argparse
import os
import sys

from . import junit, load, page

DESCRIPTION = """\
Turns result files of plumbline run, replay and conform into one self-contained HTML page (index.html), a Markdown
summary for CI (summary.md) and merged JUnit (junit.xml). Exit status: 0 written, 2 bad usage or bad input.
"""


def _write(directory, outputs):
    """All files or none: written aside first, then renamed."""
    os.makedirs(directory, exist_ok=True)
    parts = []
    try:
        for name, text in outputs.items():
            part = os.path.join(directory, name + ".part")
            parts.append(part)
            with open(part, "w", encoding="utf-8") as f:
                f.write(text)
        for name in outputs:
            os.replace(os.path.join(directory, name + ".part"), os.path.join(directory, name))
    except OSError:
        for part in parts:
            if os.path.exists(part):
                os.remove(part)
        raise


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv):
    parser = Parser(prog="plumbline report", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+", metavar="RESULTS", help="result files (JSON lines, from --results)")
    parser.add_argument("-o", "--output", default="report", metavar="DIR", help="folder to write to (default: report)")
    args = parser.parse_args(argv)
    try:
        results = load.load(args.results)
        ctx = page.context(results)
        _write(args.output, {"index.html": page.html(ctx), "summary.md": page.markdown(ctx), "junit.xml": junit.junit(results)})
    except load.BadResults as e:
        print(f"{parser.prog}: {e}", file=sys.stderr)
        return 2
    except OSError as e:
        print(f"{parser.prog}: {e.filename or args.output}: cannot be written: {e.strerror}", file=sys.stderr)
        return 2
    for path in results.unfinished:
        print(f"{parser.prog}: {path} has no end line: the run was cut off, the report shows what there is", file=sys.stderr)
    print(os.path.join(args.output, "index.html"))
    return 0
