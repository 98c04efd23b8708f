#!/usr/bin/env python3
"""Draws the README's chart from the figures of `bench.py --json`.

    chart.py docs/benchmark.json > docs/benchmark.svg
"""

import json
import sys
from html import escape
from pathlib import Path

from workbench import describe, short

MEASURE = "HS512 sign, 4 × 64"
WIDTH, LABELS, BAR, GAP, TOP = 760, 250, 22, 12, 62
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.note { font-size: 11px; fill: #57606a }
.own { fill: #bf4b1b } .other { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #8d96a0 } .own { fill: #e8743b } .other { fill: #6e7681 }
}"""


def bars(figures):
    """Names and rates, the fastest first; the constant floor is off the scale of the others, and left to the table."""
    rows = [row for row in figures["results"] if row["what"] == MEASURE and "constant" not in row["against"]]
    found = [("Signet, over its socket", rows[0]["signet"], "own")]
    found += [(row["against"], row["reference"], "other") for row in rows]
    return sorted(found, key=lambda bar: -bar[1])


def main():
    figures = json.loads(Path(sys.argv[1]).read_text())
    found = bars(figures)
    longest = max(rate for _, rate, _ in found)
    height = TOP + len(found) * (BAR + GAP) + 26
    summary = escape(", ".join(f"{name}: {short(rate, '/s')}" for name, rate, _ in found))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{summary}">',
        f"<style>{STYLE}\n</style>",
        '<text class="title" x="0" y="18">Tokens a second, HS512</text>',
        '<text class="note" x="0" y="38">Daemons: 4 connections with 64 requests in flight each, the load on the same '
        "machine; MUNGE: 8 threads. In process: one thread.</text>",
    ]
    for number, (name, rate, kind) in enumerate(found):
        y = TOP + number * (BAR + GAP)
        length = (WIDTH - LABELS - 80) * rate / longest
        lines += [
            f'<text x="{LABELS - 8}" y="{y + 16}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR}" rx="3"/>',
            f'<text x="{LABELS + length + 8:.1f}" y="{y + 16}">{short(rate, "/s")}</text>',
        ]
    lines += [f'<text class="note" x="0" y="{height - 8}">{escape(describe(figures["machine"]))}</text>', "</svg>"]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
