#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Runs programs of this folder one after the other, and writes what they say into a page.

    run.py BUILD [NAME...]

BUILD/bench/results.md gets a table per program, with date and machine, and results.svg a plot.
Lines that are no results (bench.h tells what those look like) are quoted in the page.
"""

import datetime
import json
import pathlib
import re
import subprocess
import sys

import plot

FIGURE = re.compile(r'(.*?)\s+([\d.]+(?:e[+-]?\d+)?|inf|nan) (\S+)$')
SKIPPED = 77


class Figure:
    def __init__(self, text):
        self.name, number, self.unit = FIGURE.match(text).groups()
        self.value = float(number)

    def __str__(self):
        return f'{self.name}: {self.value:,.{2 if self.value < 1000 else 0}f} {self.unit}'


class Result:
    """One line: what | floor | ours | ratio."""

    def __init__(self, line):
        self.what, floor, ours, ratio = [part.strip() for part in line.split(' | ')]
        self.floor = None if floor == '-' else Figure(floor)
        self.ours = Figure(ours)
        self.ratio = None if ratio == '-' else float(ratio)

    def row(self):
        ratio = '' if self.ratio is None else f'{self.ratio:.2f}'
        return f'| {self.what} | {self.floor or ""} | {self.ours} | {ratio} |'


def introspect(build, what):
    command = ['meson', 'introspect', str(build), '--' + what]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def ask(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ''


def processor():
    names = re.findall(r'^model name\s*:\s*(.*)$', pathlib.Path('/proc/cpuinfo').read_text(), re.M)
    return f'{len(names)} x {names[0]}' if names else ask('uname', '-m')


def facts(build):
    project = introspect(build, 'projectinfo')
    commands = json.loads((build / 'compile_commands.json').read_text())
    compiler = next(each['command'] for each in commands if each['file'].endswith('.cc')).split()[0]
    options = {option['name']: option['value'] for option in introspect(build, 'buildoptions')}
    commit = ask('git', '-C', str(pathlib.Path(__file__).parent), 'describe', '--always', '--dirty')
    return [
        ('date', datetime.datetime.now().strftime('%Y-%m-%d %H:%M')),
        ('library', f'{project["version"]}{commit and ", commit " + commit}'),
        ('processor', processor()),
        ('kernel', ask('uname', '-sr')),
        ('compiler', f'{ask(compiler, "--version").splitlines()[0]}, {options["buildtype"]}'),
    ]


def run(program):
    """What a program says while it runs, also shown: results, and other lines."""
    results, others = [], []
    with subprocess.Popen(program['cmd'], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end='', flush=True)
            try:
                results.append(Result(line))
            except (ValueError, AttributeError):
                others.append(line.rstrip())
    if process.returncode == SKIPPED:
        others.append('Can not be measured here.')
    elif process.returncode != 0:
        sys.exit(f'run.py: {program["name"]} has failed')
    return results, others


def page(about, sections):
    lines = ['| | |', '|---|---|'] + [f'| {name} | {value} |' for name, value in about]
    lines += ['', 'Medians of at least nine runs; a ratio is the median of the ratios of pairs of runs, '
              'ours to the', 'floor. Of times and sizes less is better, of rates (/s) more.']
    for name, (results, others) in sections.items():
        lines += ['', f'### {name}', '']
        if results:
            lines += ['| operation | floor | ours | ratio |', '|---|---|---|---|']
            lines += [result.row() for result in results]
        if others:
            lines += ([''] if results else []) + ['    ' + line for line in others]
    return '\n'.join(lines) + '\n'


def main(build, *names):
    build = pathlib.Path(build)
    programs = {program['name']: program for program in introspect(build, 'benchmarks')}
    unknown = [name for name in names if name not in programs]
    if unknown:
        sys.exit(f'run.py: no benchmark {unknown[0]}; there are {", ".join(sorted(programs))}')
    chosen = names or sorted(programs)
    compiling = subprocess.run(['meson', 'compile', '-C', str(build), *chosen], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if compiling.returncode != 0:
        sys.exit(compiling.stdout)
    about = facts(build)
    sections = {}
    for name in chosen:
        print(f'\n{name}', flush=True)
        sections[name] = run(programs[name])
    where = build / 'bench'
    where.mkdir(exist_ok=True)
    (where / 'results.md').write_text(page(about, sections))
    (where / 'results.svg').write_text(
        plot.svg({name: results for name, (results, _) in sections.items()}, about))
    print(f'\nrun.py: see {where}/results.md and results.svg')


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
