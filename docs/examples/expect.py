#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs an example and holds what it prints against a file of regular expressions, line by line.

usage: expect.py [--network] PROGRAM EXPECTED

With --network, an example that talks to itself is skipped where there is no loopback interface.
"""
import re
import socket
import subprocess
import sys

SKIPPED = 77


def have_loopback():
    try:
        with socket.create_server(('127.0.0.1', 0)) as server:
            socket.create_connection(server.getsockname()).close()
    except OSError as error:
        print('no network here:', error)
        return False
    return True


*needs, program, expected = sys.argv[1:]
if needs and not have_loopback():
    sys.exit(SKIPPED)
with open(expected, encoding='utf-8') as file:
    patterns = file.read().splitlines()
result = subprocess.run([program], capture_output=True, text=True, check=False)
lines = result.stdout.splitlines()
print(result.stdout, result.stderr, sep='')
for number, pattern in enumerate(patterns):
    line = lines[number] if number < len(lines) else '(nothing)'
    if not re.fullmatch(pattern, line):
        sys.exit(f'line {number + 1} is not: {pattern}')
if len(lines) > len(patterns):
    sys.exit(f'there is more than the {len(patterns)} lines of {expected}')
sys.exit(result.returncode)
