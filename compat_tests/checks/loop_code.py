#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A preemptible loop (<preempt/loop.h>) has no more instructions per iteration than a plain one.

Compiles loop_code.c with and without the macros, with every compiler there is, finds the innermost
loop of each function and counts. With --show it prints the loops side by side.

usage: loop_code.py INCLUDE_DIR SAMPLE [--show]
"""
import platform
import re
import shutil
import subprocess
import sys

# Clang copies the body of a plain loop several times, which it can not do with one whose limit may
# change; what is compared is the code of an iteration.
COMPILERS = {'gcc': [], 'clang': ['-fno-unroll-loops']}
# Instructions more than in the plain loop: a subtraction tells by itself that it has passed zero,
# and a checkpoint is a load, a test and a jump.
MORE = {'horner_to_zero': 1, 'collatz_with_checkpoint': 3}
# Clang makes the counter 64 bits wide, so it has to widen the limit too.
MORE_WITH = {('clang', 'narrow_counter'): 2}
SKIP = 77


# With the x87 unit there are moves among its registers, more or less of them by chance.
MACHINE = {'x86_64': [], 'i686': ['-msse2', '-mfpmath=sse']}


def assembly(compiler, options, include, sample):
    command = [compiler, '-O2', '-S', '-o', '-', '-fno-asynchronous-unwind-tables', '-fno-pic',
               '-I', include, *options, sample]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def functions(text):
    """The lines of each function: labels and instructions."""
    name, lines = None, []
    for line in text.splitlines():
        line = line.split('#')[0].rstrip()
        started = re.match(r'([a-z_]\w*):$', line)
        if started:
            name, lines = started[1], []
        elif name and line.strip().startswith('.size'):
            yield name, lines
            name = None
        elif name and line.strip() and not re.match(r'\s+\.', line):
            lines.append(line.strip())


def innermost_loop(lines):
    """The instructions from a label to the jump back to it, where that is nearest."""
    labels = {line[:-1]: n for n, line in enumerate(lines) if line.endswith(':')}
    loops = []
    for n, line in enumerate(lines):
        jump = re.match(r'j\w+\s+(\S+)$', line)
        if jump and labels.get(jump[1], n) < n:
            body = [one for one in lines[labels[jump[1]]:n + 1] if not one.endswith(':')]
            loops.append(body)
    return min(loops, key=len)


def main():
    include, sample, *show = sys.argv[1:]
    machine = MACHINE.get(platform.machine())
    if machine is None:
        print('elsewhere than on x86 a comparison with memory is two instructions')
        return SKIP
    bad = False
    for compiler, options in COMPILERS.items():
        if not shutil.which(compiler):
            continue
        options = [*options, *machine]
        plain = dict(functions(assembly(compiler, [*options, '-DPLAIN'], include, sample)))
        ours = dict(functions(assembly(compiler, options, include, sample)))
        if not plain or plain.keys() != ours.keys():
            sys.exit(f'{compiler}: no functions found in its output')
        for name in plain:
            without, with_ = innermost_loop(plain[name]), innermost_loop(ours[name])
            more = len(with_) - len(without)
            allowed = MORE_WITH.get((compiler, name), MORE.get(name, 0))
            print(f'{compiler} {name}: {len(without)} plain, {len(with_)} preemptible')
            if show:
                for n in range(max(len(without), len(with_))):
                    left = without[n] if n < len(without) else ''
                    right = with_[n] if n < len(with_) else ''
                    print(f'    {left.expandtabs():36}{right.expandtabs()}'.rstrip())
            if more > allowed:
                print(f'    {more} more; {allowed} allowed')
                bad = True
    return 1 if bad else 0


sys.exit(main())
