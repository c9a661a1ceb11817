# SPDX-License-Identifier: ISC
"""Time-sequence plots of TCP flows as inline SVG, byte-identical for identical results."""

import io

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "plumbline", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif"})

from markupsafe import Markup  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

STYLES = [  # kind, label, marker, colour: legible on light and dark ground
    ("seq", "data", ".", "#3b7dd8"),
    ("ack", "acknowledged", "_", "#3a9d5d"),
    ("retransmit", "retransmitted", "x", "#d9483b"),
]

RASTER_ABOVE = 600  # points: beyond it a picture is smaller than a drawing


def _axis_unit(peak, steps):
    return next(((f, u) for f, u in steps if peak >= f), steps[-1])


def time_sequence(series, title):
    """series: {"flow", "points": [[t_ns, value, kind]]}. None when there is nothing to draw."""
    points = [p for p in series.get("points", []) if len(p) == 3]
    if len(points) < 2:
        return None
    t_factor, t_unit = _axis_unit(max(p[0] for p in points), [(10**9, "s"), (10**6, "ms"), (10**3, "µs")])
    b_factor, b_unit = _axis_unit(max(p[1] for p in points), [(10**6, "MB"), (10**3, "kB"), (1, "bytes")])
    fig = Figure(figsize=(8.4, 3.4), dpi=144, layout="constrained")
    ax = fig.add_subplot()
    for kind, label, marker, colour in STYLES:
        chosen = [p for p in points if p[2] == kind]
        if chosen:
            ax.plot([p[0] / t_factor for p in chosen], [p[1] / b_factor for p in chosen], marker, color=colour,
                    rasterized=len(points) > RASTER_ABOVE, markersize=5 if kind == "retransmit" else 3, label=f"{label} ({len(chosen)})", zorder=3 if kind == "retransmit" else 2)
    ax.set_xlabel(f"virtual time ({t_unit})")
    ax.set_ylabel(f"sequence ({b_unit})")
    ax.set_title(title, loc="left", fontsize=10)
    ax.grid(True, alpha=0.25)
    ax.legend(loc="upper left", frameon=False)
    for item in [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels(), *ax.get_legend().get_texts()]:
        item.set_color("#6b7685")
    for spine in ax.spines.values():
        spine.set_color("#9aa4b1")
    ax.tick_params(colors="#9aa4b1")
    out = io.StringIO()
    fig.savefig(out, format="svg", dpi=144, transparent=True, metadata={"Date": None, "Creator": None})
    svg = out.getvalue()
    return Markup(svg[svg.index("<svg"):].replace("<svg", f'<svg role="img" aria-label="Time-sequence plot: {Markup.escape(title)}"', 1))
