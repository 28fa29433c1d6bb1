#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each public header compiles alone and twice, in every dialect a consumer may use.

usage: headers.py INCLUDE_DIR
"""
import itertools
import pathlib
import shutil
import subprocess
import sys

WARNINGS = ['-Wall', '-Wextra', '-pedantic', '-Werror', '-fsyntax-only']
COMPILERS = {'gcc': ['c89', 'c11', 'gnu89'], 'clang': ['c89', 'c11'],
             'g++': ['c++17', 'c++98'], 'clang++': ['c++17']}


def works(compiler, standard, include, options):
    language = 'c++' if standard.startswith('c++') else 'c'
    # c++98 has no long long, which the system's own headers use.
    relaxed = ['-Wno-long-long'] if standard == 'c++98' else []
    text = f'#include {include}\n#include {include}\nint main(void) {{ return 0; }}\n'
    result = subprocess.run(
        [compiler, f'-std={standard}', '-x', language, *WARNINGS, *relaxed, *options, '-'],
        input=text, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        print(f'{compiler} -std={standard}: {include}\n{result.stderr}')
    return result.returncode == 0


def main():
    root = pathlib.Path(sys.argv[1])
    # The second form is that of older sources, which name no folder.
    forms = [(f'<{path.relative_to(root).as_posix()}>', [f'-I{root}'])
             for path in sorted(root.rglob('*.h'))]
    forms += [(f'"{path.name}"', [f'-I{root}', f'-I{root}/lwp'])
              for path in sorted(root.glob('lwp/*.h'))]
    # A dialect is a folder in the path before ours.
    forms += [(form, [f'-I{path.parent}', f'-I{root}'])
              for path in sorted(root.glob('lwp/dialect/*/*.h'))
              for form in (f'<{path.name}>', f'"{path.name}"')]
    cases = [(compiler, standard) for compiler, standards in COMPILERS.items()
             if shutil.which(compiler) for standard in standards]
    good = [works(*case, *form) for case, form in itertools.product(cases, forms)]
    print(f'{sum(good)} of {len(good)} good')
    return 0 if all(good) else 1


sys.exit(main())
