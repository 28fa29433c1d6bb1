#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program written for Coda 1.x compiles with no more than warnings, however strict the compilers
that are here can be about old C, and runs, preempted.

usage: old_style.py SOURCE INCLUDE_DIR SHARED_LIBRARY
"""
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

COMPILERS = ['gcc', 'gcc-14', 'clang', 'clang-16', 'clang-19']
STYLES = [['-std=gnu89'], ['-std=gnu99'], [], ['-pthread']]


def works(compiler, style, source, include, library, folder):
    # As pkg-config --cflags says.
    paths = [f'-I{include}', f'-I{include}/lwp']
    program = folder / 'old_style'
    result = subprocess.run([compiler, *style, *paths, source, library, '-o', program],
                            capture_output=True, text=True, check=False)
    if result.returncode == 0:
        environment = {**os.environ, 'LD_LIBRARY_PATH': str(pathlib.Path(library).parent)}
        result = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60,
                                env=environment)
    good = result.returncode == 0 and result.stdout == 'good\n'
    if not good:
        print(f'{compiler} {" ".join(style)}: {result.returncode}\n{result.stdout}{result.stderr}')
    return good


def main():
    compilers = [compiler for compiler in COMPILERS if shutil.which(compiler)]
    with tempfile.TemporaryDirectory() as folder:
        good = [works(*case, *sys.argv[1:], pathlib.Path(folder))
                for case in itertools.product(compilers, STYLES)]
    print(f'{sum(good)} of {len(good)} good')
    return 0 if good and all(good) else 1


sys.exit(main())
