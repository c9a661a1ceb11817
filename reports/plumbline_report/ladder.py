# SPDX-License-Identifier: ISC
"""Ladder diagrams: the frames of a failed case between tester and stack, as inline SVG."""

from markupsafe import Markup, escape

from . import units

ROW = 34
LEFT, RIGHT, WIDTH = 130, 790, 920
WRAP = 104


def _short(text, limit=WRAP):
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _frame(f, y):
    outbound = f.get("dir", "").startswith("tester")
    x1, x2 = (LEFT, RIGHT) if outbound else (RIGHT, LEFT)
    tip = x2 - 8 if outbound else x2 + 8
    note = f.get("note")
    parts = [
        f'<g class="{"sent" if outbound else "came"}{" mismatch" if note else ""}"><title>{escape(f.get("summary", ""))}</title>',
        f'<text class="time" x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(units.time(f.get("t_ns")))}</text>',
        f'<line x1="{x1}" y1="{y}" x2="{tip}" y2="{y}"/><path d="M{x2},{y} L{tip},{y - 4} L{tip},{y + 4} Z"/>',
        f'<text x="{(LEFT + RIGHT) // 2}" y="{y - 6}" text-anchor="middle">{escape(_short(f.get("summary", "")))}</text>',
    ]
    if note:
        parts.append(f'<text class="note" x="{(LEFT + RIGHT) // 2}" y="{y + 14}" text-anchor="middle">{escape(_short(note))}</text>')
    parts.append("</g>")
    return "".join(parts)


def ladder(frames, stack):
    """SVG for a case's frames, oldest first; an empty list says so in words."""
    if not frames:
        return Markup('<p class="quiet">No frame was on the wire.</p>')
    y, rows = 52, []
    for f in frames:
        rows.append(_frame(f, y))
        y += ROW + (14 if f.get("note") else 0)
    head = (
        f'<text class="end" x="{LEFT}" y="18" text-anchor="middle">tester</text>'
        f'<text class="end" x="{RIGHT}" y="18" text-anchor="middle">{escape(stack)}</text>'
        f'<line class="rail" x1="{LEFT}" y1="26" x2="{LEFT}" y2="{y - 12}"/><line class="rail" x1="{RIGHT}" y1="26" x2="{RIGHT}" y2="{y - 12}"/>'
    )
    label = f"Ladder diagram of {len(frames)} frames between tester and {stack}"
    return Markup(f'<svg class="ladder" role="img" aria-label="{escape(label)}" viewBox="0 0 {WIDTH} {y}">{head}{"".join(rows)}</svg>')
