#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the headers declare, the version script names and both libraries define must be the same.

usage: symbols.py SOURCE_DIR SHARED_LIBRARY STATIC_LIBRARY
"""
import pathlib
import re
import subprocess
import sys

# Exported for programs that name them though no header ever declared them.
UNDECLARED = 'lib/base/legacy_variables.h'
NEEDED = {'libc.so.6'}


def without_comments(text):
    return re.sub(r'/\*.*?\*/|//[^\n]*', '', text, flags=re.S)


def declared(path):
    """The name in each LWP_EXPORT declaration: that for assembly if there is one, else before the
    parameters, or the last word."""
    text = without_comments(path.read_text(encoding='utf-8'))
    for declaration in re.findall(r'LWP_EXPORT\s+([^;{]*);', text):
        if label := re.search(r'__asm__\s*\("(\w+)"\)', declaration):
            yield label[1]
            continue
        declaration = re.sub(r'__attribute__\s*\(\(.*\)\)', '', declaration, flags=re.S)
        head = declaration.split('(')[0] if '(' in declaration else declaration.split('[')[0]
        yield re.findall(r'\w+', head)[-1]


def in_version_script(path):
    text = without_comments(path.read_text(encoding='utf-8'))
    for part in re.findall(r'global:(.*?)(?:local:|\})', text, flags=re.S):
        yield from re.findall(r'(\w+)\s*;', part)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def defined(library, *options):
    for line in run('nm', '--defined-only', *options, library).splitlines():
        words = line.split()
        if len(words) == 3 and words[1] != 'A':  # A: the version node itself
            yield words[2].split('@')[0]


def main():
    source = pathlib.Path(sys.argv[1])
    headers = [*source.glob('include/**/*.h'), source / UNDECLARED]
    reference = set(in_version_script(source / 'lib/lwp.map'))
    others = {
        'the headers': {name for header in headers for name in declared(header)},
        'the shared library': set(defined(sys.argv[2], '-D')),
        'the static library': set(defined(sys.argv[3], '-g')),
    }
    bad = False
    for place, names in others.items():
        for name in sorted(names ^ reference):
            print(f'{name}: only in {place if name in names else "lwp.map, not in " + place}')
            bad = True
    needed = set(re.findall(r'\(NEEDED\).*\[(.*)\]', run('readelf', '-dW', sys.argv[2])))
    if not needed <= NEEDED:
        print('the shared library needs', ' '.join(sorted(needed - NEEDED)))
        bad = True
    return 1 if bad else 0


sys.exit(main())
