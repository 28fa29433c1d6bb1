#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every function that the library exports has a manual page; pages that refer to another find it;
all pages are installed."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
man = root / 'docs' / 'man'
failures = []


def text(path):
    return re.sub(r'/\*.*?\*/', '', path.read_text(encoding='utf-8'), flags=re.S)


def exported():
    """The names in the version script, but for those that only inline forms use (lwpx_...), and
    those under which a dialect has its own form of a function (afs3_..., uthread_...)."""
    names = re.findall(r'^\s*([A-Za-z_]\w*)\s*;', text(root / 'lib' / 'lwp.map'), flags=re.M)
    return {name for name in names if not re.match('(lwpx|afs3|uthread)_', name)}


def variables():
    headers = [*(root / 'include').rglob('*.h'), root / 'lib' / 'base' / 'legacy_variables.h']
    return {name for header in headers
            for name in re.findall(r'\bextern\b[^;()]*?\b(\w+)\s*;', text(header))}


for name in sorted(exported() - variables()):
    if not (man / (name + '.3')).is_file():
        failures.append(f'{name}: no page docs/man/{name}.3')

# What a dialect's headers declare is told by the dialect's page.
dialects = root / 'include' / 'lwp' / 'dialect'
for page, headers in {'lwp-afs3': dialects.glob('afs3/*.h'), 'uthread': dialects.glob('*.h')}.items():
    told = (man / f'{page}.3').read_text(encoding='utf-8')
    for header in sorted(headers):
        names = re.findall(r'LWP_EXPORT\s[^;(]*?\b((?!afs3_)\w+)\(', text(header))
        failures += [f'{page}.3: does not name {name} of {header.name}'
                     for name in names if not re.search(rf'\b{name}\b', told)]

installed = set(re.findall(r"'([\w-]+)',", text(root / 'docs' / 'meson.build')))
for page in sorted(man.glob('*.3')):
    if page.stem not in installed:
        failures.append(f'{page.name}: not in docs/meson.build')
    link = re.match(r'\.so man3/(\S+)\n', page.read_text(encoding='utf-8'))
    if link is None:
        continue
    target = man / link[1]
    if not target.is_file() or target.read_text(encoding='utf-8').startswith('.so '):
        failures.append(f'{page.name}: refers to {link[1]}, which is no page of its own')
    elif not re.search(r'\b' + page.stem + r'\b', target.read_text(encoding='utf-8')):
        failures.append(f'{page.name}: refers to {link[1]}, which does not name it')

print('\n'.join(failures) or 'all functions have manual pages')
sys.exit(bool(failures))
