#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the includes of lib/ against the table of layers, and the first lines against the style.

usage: layers.py LIB_DIR
"""
import pathlib
import re
import sys

# Who may include whom, besides itself, the system and the public headers. A new arrow is a change
# of this table.
ALLOWED = {
    'base': set(),
    'arch': {'base'},
    'sigsafe': {'base/attributes.h', 'base/cache_line.h', 'base/clock.h', 'base/memcheck.h',
                'base/own_descriptor.h'},
    'core': {'arch', 'sigsafe', 'base'},
    'time': {'base'},
    'preempt': {'core', 'sigsafe', 'base'},
    'lock': {'core', 'sigsafe', 'base'},
    'iomgr': {'core', 'sigsafe', 'time', 'base'},
    'diag': {'core', 'arch', 'base'},
    'runtimes': {'arch', 'core', 'iomgr', 'preempt', 'sigsafe', 'base'},
    'abi': {'arch', 'base', 'core', 'diag', 'iomgr', 'lock', 'preempt', 'runtimes', 'sigsafe',
            'time'},
}
# The only file that may name Boost.
BOOST = 'arch/context.h'
PUBLIC = 'lwp'
SPDX = '// SPDX-License-Identifier: MIT'


def complaints(lib):
    for path in sorted(lib.glob('*/*')):
        if path.suffix not in ('.h', '.cc'):
            continue
        name = path.relative_to(lib).as_posix()
        folder = name.split('/')[0]
        lines = path.read_text(encoding='utf-8').splitlines()
        if folder not in ALLOWED:
            yield f'{name}: the folder {folder} is not in the table of layers'
            continue
        if lines[0] != SPDX:
            yield f'{name}:1: not "{SPDX}"'
        if path.suffix == '.h' and not lines[1].startswith(f'// {path.name} - '):
            yield f'{name}:2: does not say what the file is for ("// {path.name} - ...")'
        for number, line in enumerate(lines, 1):
            if 'boost' in line and line.startswith('#') and name != BOOST:
                yield f'{name}:{number}: names Boost'
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not found:
                continue
            target = found.group(1)
            owner = target.split('/')[0]
            if '/' not in target:
                yield f'{name}:{number}: "{target}" does not begin with a folder of lib/'
            elif owner not in {folder, PUBLIC} | ALLOWED[folder] and target not in ALLOWED[folder]:
                yield f'{name}:{number}: {folder} must not include {target}'


def main():
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print('\n'.join(found))
    return 1 if found else 0


sys.exit(main())
