# SPDX-License-Identifier: ISC
"""The HTML page and the Markdown summary, from templates/."""

import os

import jinja2

from . import ladder, load, plots, summary, units


def _environment():
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(os.path.join(os.path.dirname(__file__), "templates")),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(time=units.time, rate=units.rate, size=units.size, cell=_cell)
    env.globals.update(ladder=ladder.ladder)
    return env


def _cell(text):
    """Text that stays inside a Markdown table cell."""
    return str(text).replace("|", "\\|").replace("\n", " ")


PLOTS_PER_SCENARIO = 2


def _plots(results):
    """Plots of the longest flows of each scenario."""
    drawn = []
    for s in results.scenarios:
        longest = sorted(s.get("series") or [], key=lambda x: -len(x.get("points", [])))
        for series in longest[:PLOTS_PER_SCENARIO]:
            svg = plots.time_sequence(series, f'{s["id"]}: {series.get("flow", "")} on {s["stack"]}')
            if svg:
                drawn.append({"scenario": s["id"], "svg": svg})
    return drawn


def context(results):
    return {
        "r": results,
        "stacks": summary.stacks(results),
        "case_stacks": list(dict.fromkeys(c["stack"] for c in results.cases)),
        "levels": summary.LEVELS,
        "matrix": summary.matrix(results),
        "totals": {k: summary.counts(getattr(results, k)) for k in ("cases", "scenarios", "replays")},
        "failures": [c for c in results.cases if load.bad(c)],
        "known": [c for c in results.cases if c["outcome"] == "xfail"],
        "skips": [c for c in results.cases if c["outcome"] == "skip"],
        "bad_scenarios": [s for s in results.scenarios if load.bad(s)],
        "plots": _plots(results),
    }


def html(ctx):
    return _environment().get_template("report.html").render(ctx)


def markdown(ctx):
    return _environment().get_template("summary.md").render(ctx)
