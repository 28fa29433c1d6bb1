#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every test that docs/safe-preemption.md names exists: programs, and the cases after them.

usage: hazards.py SOURCE_ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
tests = root / 'compat_tests'
programs = {path.stem: path.read_text(encoding='utf-8')
            for folder in ('contract', 'torture', 'unit') for path in (tests / folder).glob('*.c*')}
failures = []
cases = 0

page = (root / 'docs' / 'safe-preemption.md').read_text(encoding='utf-8')
# `program`: `case`, `case`; `program` ...
for program, names in re.findall(r'`((?:test|torture)_\w+)`(?::((?:[,\s]*`\w+`)+))?', page):
    if program not in programs:
        failures.append(f'no program {program}')
        continue
    for case in re.findall(r'`(\w+)`', names):
        cases += 1
        if f'cmocka_unit_test({case})' not in programs[program]:
            failures.append(f'{program} has no case {case}')
for script in re.findall(r'`(checks/\w+\.py)`', page):
    if not (tests / script).exists():
        failures.append(f'no script {script}')

for failure in failures:
    print('docs/safe-preemption.md:', failure)
print(cases, 'cases are named')
sys.exit(1 if failures or cases == 0 else 0)
