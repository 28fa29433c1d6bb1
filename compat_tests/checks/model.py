#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Has Spin search all states of a model for a broken assertion: none may be there, and one must be
found in each mutant, or the assertions would say nothing.

usage: model.py MODEL COMPILER...

Without Spin the test is skipped. model/README.md tells how to see the way to a failure.
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
# Safety only; no partial-order reduction, as the processes of one kernel thread exclude each other.
OPTIONS = ['-w', '-DSAFETY', '-DNOREDUCE']
SEARCH = ['-m1000000', '-w23']
# At once: some of them take half a gigabyte.
MOST = 3


def search(model, mutant, compiler):
    """What Spin says of the model, or of one of its mutants."""
    with tempfile.TemporaryDirectory() as directory:
        def run(*command):
            return subprocess.run(command, cwd=directory, capture_output=True, text=True,
                                  check=False)
        # In breadth, what a mutant does wrong is soon found, in less time than it takes to optimise
        # the search. To see all states, depth first is faster.
        define, how = ([f'-D{mutant}'], ['-O0', '-DBFS']) if mutant else ([], ['-O2'])
        for command in (['spin', *define, '-a', model],
                        [*compiler, *OPTIONS, *how, '-o', 'pan', 'pan.c']):
            result = run(*command)
            if result.returncode != 0:
                sys.exit(f'{" ".join(command)}\n{result.stdout}{result.stderr}')
        return run('./pan', *SEARCH).stdout


def complaint(mutant, said):
    """What is wrong with that, or nothing."""
    violated = re.search(r'assertion violated (.*)', said)
    finished = 'Search not completed' not in said and 'max search depth too small' not in said
    states = re.search(r'(\d+) states, stored', said)
    if states is None:
        return f'{mutant or "the model"}: no result\n{said}'
    print(f'{mutant or "the model"}: {states[1]} states,',
          f'violates {violated[1]}' if violated else 'holds', flush=True)
    if mutant:
        return None if violated else f'{mutant}: nothing goes wrong'
    return None if finished and 'errors: 0' in said else f'the model fails\n{said}'


def main():
    model = pathlib.Path(sys.argv[1]).resolve()
    compiler = sys.argv[2:]
    if shutil.which('spin') is None:
        print('spin is not installed')
        return SKIPPED
    text = model.read_text(encoding='utf-8')
    mutants = sorted(set(re.findall(r'\bMUTANT_\w*[A-Z]\b', text)))
    variants = ['', *mutants]
    with concurrent.futures.ThreadPoolExecutor(min(MOST, len(os.sched_getaffinity(0)))) as pool:
        results = pool.map(lambda mutant: search(str(model), mutant, compiler), variants)
        complaints = [text for text in map(complaint, variants, results) if text]
    print('\n'.join(complaints))
    return 1 if complaints or not mutants else 0


sys.exit(main())
