#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All state belongs to a Runtime, but for what this list names; and nothing runs before main.

usage: static_state.py SOURCE_DIR OBJECT
"""
import pathlib
import re
import subprocess
import sys

# Mutable data that is not of a Runtime, each with its reason.
ALLOWED = {
    'lwpx_checkpoint_due': 'of the kernel thread, inline in loop.h',
    'lwpx_critical_word': 'of the kernel thread, inline in preempt.h',
    'lwp_thread': 'of the kernel thread',
    'lwp::(anonymous namespace)::tick_action': 'signal actions belong to the process',
    'lwp::(anonymous namespace)::fault_action': 'signal actions belong to the process',
    'lwp::(anonymous namespace)::owners': 'who catches which signal: actions belong to the process',
    'lwp::(anonymous namespace)::claimed_in': 'in which process that was said',
    'lwp::(anonymous namespace)::visitors': 'who is just catching a signal',
    'lwp::(anonymous namespace)::primary_exists': 'who keeps the historical variables',
    'lwp::(anonymous namespace)::runtimes_started': 'tells the handles of runtimes apart',
    'lwp::directory': 'how kernel threads find the runtimes of others',
    'lwp::(anonymous namespace)::registries_made': 'tells the handles of parents and children apart',
    'lwp::(anonymous namespace)::known_objects': 'program and C library, which stay loaded',
    'lwp::(anonymous namespace)::knowledge': 'whether they are known',
    'lwp::(anonymous namespace)::init_called': 'fast time is the process\'s, as it ever was',
    'lwp::(anonymous namespace)::version': 'counts forks for the whole process',
    'LWP_Name::none': 'an empty string that callers may not write to',
}
# Constructors, destructors, and the guards of statics that are initialised when first reached.
FORBIDDEN_SYMBOLS = re.compile(r'__cxa_guard_|__cxa_atexit|__cxa_thread_atexit|atexit')
FORBIDDEN_SECTIONS = re.compile(r'\.(init_array|fini_array|preinit_array|ctors|dtors)')


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported_variables(source):
    text = (source / 'lib/abi/exported_data.cc').read_text(encoding='utf-8')
    return set(re.findall(r'^\S.*?\b(\w+) = [^;]*;', text, flags=re.M))


def main():
    allowed = set(ALLOWED) | exported_variables(pathlib.Path(sys.argv[1]))
    bad = False
    for line in run('nm', '-C', sys.argv[2]).splitlines():
        words = line.split(maxsplit=2) if line[0] != ' ' else ['', *line.split(maxsplit=1)]
        kind, name = words[1], words[2]
        if kind in 'bBdDsSgGuC' and name not in allowed:
            print(f'{name}: mutable data that is not of a Runtime')
            bad = True
        if FORBIDDEN_SYMBOLS.search(name):
            print(f'{name}: runs at exit, or guards a static')
            bad = True
    for section in FORBIDDEN_SECTIONS.findall(run('readelf', '-SW', sys.argv[2])):
        print(f'.{section}: code that runs before main or after it')
        bad = True
    return 1 if bad else 0


sys.exit(main())
