#!/usr/bin/env python3
"""Draws the README's chart and fills the tables of docs/performance.md, from what was measured.

    chart.py docs        reads benchmark.json and growth.json there, writes benchmark.svg and performance.md
"""

import json
import re
import sys
from html import escape
from pathlib import Path

import comparison
import growth
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


def chart(figures):
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
    return "\n".join(lines) + "\n"


def markdown(rows, words=1):
    """The first `words` columns to the left."""
    rule = ["---" if column < words else "---:" for column in range(len(rows[0]))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def fill(text, name, content):
    """The text with `content` between the comments of that name."""
    return re.sub(rf"(<!-- figures: {name} -->\n).*?(<!-- end -->)", lambda found: found[1] + content + "\n" + found[2],
                  text, flags=re.S)


def main():
    folder = Path(sys.argv[1])
    measured, grown = (json.loads((folder / name).read_text()) for name in ("benchmark.json", "growth.json"))
    (folder / "benchmark.svg").write_text(chart(measured))
    document = folder / "performance.md"
    tables = [f"{describe(grown['machine'])}."]
    for table in grown["tables"]:
        findings = "\n".join(f"- {finding}" for finding in table["findings"])
        tables.append(markdown(growth.cells(table), words=0) + "\n\n" + (findings or f"{growth.NO_FINDING.capitalize()}."))
    text = fill(document.read_text(), "bench", f"{describe(measured['machine'])}.\n\n"
                + markdown(comparison.cells(measured["results"])))
    document.write_text(fill(text, "growth", "\n\n".join(tables)))


if __name__ == "__main__":
    main()
