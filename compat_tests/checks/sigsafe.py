#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The signal zone calls only what the list beside this file names.

usage: sigsafe.py ZONE_ARCHIVE ALLOWED_LIST
"""
import subprocess
import sys


def symbols(archive, option):
    listing = subprocess.run(['nm', option, '--format=posix', archive], check=True,
                             capture_output=True, text=True).stdout
    return {line.split()[0] for line in listing.splitlines() if line and not line.endswith(':')}


def main():
    archive, allowed_list = sys.argv[1:]
    with open(allowed_list, encoding='ascii') as file:
        allowed = {line.split('#')[0].strip() for line in file}
    called = symbols(archive, '--undefined-only') - symbols(archive, '--defined-only')
    for name in sorted(called - allowed):
        print(f'{name}: not in {allowed_list}, but the signal zone calls it')
    return 1 if called - allowed else 0


sys.exit(main())
