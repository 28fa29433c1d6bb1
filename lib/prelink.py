#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Links objects into one whose code is in the section lwp_text and whose only global symbols are
those of the version script (see lib/meson.build)."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile


def exported(version_script):
    """The names in the `global:` parts of a version script."""
    with open(version_script, encoding='ascii') as script:
        text = re.sub(r'/\*.*?\*/', '', script.read(), flags=re.S)
    return [name
            for part in re.findall(r'global:(.*?)(?:local:|\})', text, flags=re.S)
            for name in re.findall(r'(\w+)\s*;', part)]


def boost_context(dependencies):
    """The archive that meson has found, of which its language can not tell the name."""
    with open(dependencies, encoding='utf-8') as introspection:
        found = [argument for dependency in json.load(introspection)
                 for argument in dependency['link_args']
                 if re.fullmatch(r'libboost_context[^/]*\.a', os.path.basename(argument))]
    return found[0] if found else sys.exit(f'no archive of Boost.Context in {dependencies}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--cc', required=True)
    parser.add_argument('--objcopy', required=True)
    parser.add_argument('--dependencies', required=True)
    parser.add_argument('--map', required=True)
    parser.add_argument('--script', required=True)
    parser.add_argument('--output', required=True)
    parser.add_argument('objects', nargs='+')
    args = parser.parse_args()

    subprocess.run([*args.cc.split(), '-r', '-nostdlib', '-o', args.output,
                    '-Wl,-T,' + args.script, '-Wl,--force-group-allocation',
                    *args.objects, boost_context(args.dependencies)], check=True)
    with tempfile.NamedTemporaryFile('w', suffix='.symbols', delete=False) as keep:
        keep.write('\n'.join(exported(args.map)) + '\n')
    try:
        subprocess.run([args.objcopy, '--keep-global-symbols=' + keep.name, args.output],
                       check=True)
    finally:
        os.unlink(keep.name)


main()
