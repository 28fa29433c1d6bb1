#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library and the headers have what programs built for Coda's liblwp.so.2 rely on.

usage: legacy_abi.py FACTS SHARED_LIBRARY INCLUDE_DIR C_COMPILER...

The facts say what the original has, and how they are written. A program copies the variables it
names into itself, with the size that it was linked with: sizes must be exact.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
HEADERS = ['stddef.h', 'stdio.h', 'sys/time.h', 'lwp/lwp.h', 'lwp/lock.h', 'lwp/timer.h']


def read_facts(path):
    for line in path.read_text(encoding='utf-8').splitlines():
        words = line.split('#')[0].split()
        if words:
            yield words


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic_symbols(library):
    """name -> (type, binding, visibility, size) of all that the library defines."""
    symbols = {}
    for line in run('readelf', '--dyn-syms', '-W', library).splitlines():
        words = line.split()
        if len(words) >= 8 and words[0].rstrip(':').isdigit() and words[6] != 'UND':
            size = int(words[2], 0)
            symbols[words[7].split('@')[0]] = (words[3], words[4], words[5], size)
    return symbols


def wrong_symbols(facts, library):
    symbols = dynamic_symbols(library)
    for kind, name, *rest in facts:
        if kind == 'function':
            wanted = ('FUNC', 'GLOBAL', 'DEFAULT')
        elif kind == 'data':
            wanted = ('OBJECT', 'GLOBAL', 'DEFAULT', int(rest[0]))
        else:
            continue
        found = symbols.get(name, ('not defined',))
        if found[:len(wanted)] != wanted:
            yield f'{name}: {" ".join(map(str, wanted))}, but {" ".join(map(str, found))}'


def expression(kind, words):
    """What a C program prints for a fact, and the number it has to be."""
    if kind == 'size':
        return f'sizeof({" ".join(words[:-1])})', words[-1]
    if kind == 'offset':
        return f'offsetof({" ".join(words[:-2])}, {words[-2]})', words[-1]
    return words[0], words[1]


def program(facts):
    lines = [f'#include <{header}>' for header in HEADERS]
    numbers = []
    for kind, *words in facts:
        if kind in ('size', 'offset', 'constant'):
            numbers.append(expression(kind, words))
        elif kind == 'type':
            name, declarator = words[0], ' '.join(words[1:])
            sign = '&' if declarator.endswith('(*)') else ''  # a variable
            declaration = declarator.replace('(*)', f'(*check_{name})', 1)
            lines.append(f'{declaration} = {sign}{name};')
    lines.append('int main(void) {')
    for text, wanted in numbers:
        lines.append(f'  if ((long)({text}) != {wanted})'
                     f' printf("{text}: {wanted}, but %ld\\n", (long)({text}));')
    lines.append('  return 0;\n}')
    return '\n'.join(lines) + '\n'


def wrong_headers(facts, include, compiler):
    with tempfile.TemporaryDirectory() as folder:
        source, executable = pathlib.Path(folder, 'facts.c'), str(pathlib.Path(folder, 'facts'))
        source.write_text(program(facts), encoding='utf-8')
        # Nothing is called, so it need not be linked with the library.
        options = ['-std=gnu89', '-Werror', f'-I{include}', '-Wl,--unresolved-symbols=ignore-all']
        result = subprocess.run([*compiler, *options, str(source), '-o', executable],
                                capture_output=True, text=True, check=False)
        if result.returncode != 0:
            return [result.stderr]
        return run(executable).splitlines()


def main():
    facts = list(read_facts(pathlib.Path(sys.argv[1])))
    library, include, compiler = sys.argv[2], sys.argv[3], sys.argv[4:]
    if not re.search(r'Class: *ELF64', run('readelf', '-h', library)):
        print('the facts were recorded where pointers have 64 bits')
        return SKIPPED
    bad = [*wrong_symbols(facts, library), *wrong_headers(facts, include, compiler)]
    print('\n'.join(bad) or f'{len(facts)} facts hold')
    return 1 if bad else 0


sys.exit(main())
