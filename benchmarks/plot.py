# SPDX-License-Identifier: MIT
"""plot.py - results as a picture: time per operation, the floor and ours, on one logarithmic axis."""

import html
import math

FLOOR, OURS, LINE = '#8a94a6', '#1f5fbf', '#c3cad6'
INK, FAINT, GRID, BAND = '#1d2430', '#667084', '#e3e7ee', '#f5f7fa'
NS = {'ns': 1, 'us': 1e3, 'ms': 1e6, 's': 1e9}

WIDTH, LABELS, MARGIN = 1000, 330, 24
LEFT, RIGHT = MARGIN + LABELS, WIDTH - 150
HEAD, ROW, TITLE = 92, 21, 30


def ns(figure):
    """Time per operation, also of what is told per second; None of what is no time."""
    if figure is None or not 0 < figure.value < math.inf:
        return None
    if figure.unit == '/s':
        return 1e9 / figure.value
    return figure.value * NS[figure.unit] if figure.unit in NS else None


def in_words(value, decimals=0):
    for unit in ('ns', 'µs', 'ms'):
        if value < 1000:
            break
        value /= 1000
    else:
        unit = 's'
    return f'{value:.{0 if value >= 100 else decimals}f} {unit}'


def text(x, y, words, size=12, colour=INK, anchor='start', more=''):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}"{more}>{html.escape(words)}</text>')


def dot(x, y, full):
    style = f'fill="{OURS}"' if full else f'fill="#fff" stroke="{FLOOR}" stroke-width="2"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{5 if full else 4.5}" {style}/>'


class Axis:
    def __init__(self, values):
        self.low = math.floor(math.log10(min(values)) - 0.05)
        self.high = max(math.ceil(math.log10(max(values)) + 0.05), self.low + 1)

    def x(self, value):
        return LEFT + (math.log10(value) - self.low) / (self.high - self.low) * (RIGHT - LEFT)

    def decades(self):
        return [10.0**power for power in range(self.low, self.high + 1)]


def head(about):
    facts = dict(about)
    return [
        text(MARGIN, 34, 'Time per operation', 19, more=' font-weight="600"'),
        text(MARGIN, 54, ' · '.join(facts[name] for name in ('processor', 'kernel', 'compiler')),
             11.5, FAINT),
        text(MARGIN, 70, f'liblwp {facts["library"]} · {facts["date"]}', 11.5, FAINT),
        dot(RIGHT - 270, 30, False),
        text(RIGHT - 258, 34, 'floor', 12),
        dot(RIGHT - 200, 30, True),
        text(RIGHT - 188, 34, 'what is measured', 12),
        text(WIDTH - MARGIN, 34, 'median · ratio to the floor', 11.5, FAINT, 'end'),
    ]


def row(result, axis, y):
    floor, ours = ns(result.floor), ns(result.ours)
    at = axis.x(ours)
    parts = [text(LEFT - 14, y + 4, result.what, 12, anchor='end')]
    if floor is not None:
        parts += [f'<line x1="{axis.x(floor):.1f}" x2="{at:.1f}" y1="{y}" y2="{y}" '
                  f'stroke="{LINE}" stroke-width="3"/>', dot(axis.x(floor), y, False)]
    parts += [dot(at, y, True), text(WIDTH - MARGIN - 52, y + 4, in_words(ours, 1 if ours >= 1 else 2), 12, anchor='end')]
    if result.ratio is not None:
        parts.append(text(WIDTH - MARGIN, y + 4, f'× {result.ratio:.2f}', 12, FAINT, 'end'))
    return parts


def svg(sections, about):
    """sections: results by the name of their program. What is no time is left out."""
    sections = {name: [result for result in results if ns(result.ours) is not None]
                for name, results in sections.items()}
    sections = {name: results for name, results in sections.items() if results}
    times = [time for results in sections.values() for result in results
             for time in (ns(result.floor), ns(result.ours)) if time is not None]
    axis = Axis(times or [1, 10])
    rows, y = [], HEAD + 18
    for number, (name, results) in enumerate(sections.items()):
        height = TITLE + len(results) * ROW + 6
        if number % 2 == 0:
            rows.append(f'<rect x="0" y="{y}" width="{WIDTH}" height="{height}" fill="{BAND}"/>')
        rows.append(text(MARGIN, y + 20, name, 12.5, more=' font-weight="600"'))
        y += TITLE + ROW / 2
        for result in results:
            rows += row(result, axis, y)
            y += ROW
        y += 6 - ROW / 2
    grid = []
    for decade in axis.decades():
        at = axis.x(decade)
        grid.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{HEAD + 18}" y2="{y}" '
                    f'stroke="{GRID}"/>')
        grid += [text(at, level, in_words(decade, 0 if decade >= 1 else 1), 11.5, FAINT, 'middle')
                 for level in (HEAD + 10, y + 18)]
    bands = [part for part in rows if part.startswith('<rect')]
    rest = [part for part in rows if not part.startswith('<rect')]
    return '\n'.join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 34:.0f}" '
         'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">',
         '<title>Time per operation of liblwp, beside the floor</title>',
         '<rect width="100%" height="100%" fill="#fff"/>'] +
        bands + grid + head(about) + rest + ['</svg>', ''])
