#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs the library into an empty place and builds programs as its users would.

usage: install.py SOURCE_DIR BUILD_DIR MESON COMPILER...
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROJECT = '''project('consumer', 'c')
lwp = dependency('lwp', version: '>= 2.18', fallback: 'lwp')
executable('program', 'installed_program.c', dependencies: lwp)
'''


def run(*command, **kwargs):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **kwargs)
    if result.returncode != 0:
        sys.exit(f'{" ".join(map(str, command))}\n{result.stdout}{result.stderr}')
    return result.stdout.strip()


def expect(condition, what):
    if not condition:
        sys.exit(what)


def check_installed(root, program, meson, build, compiler):
    run(*meson, 'install', '-C', build, '--no-rebuild', '--destdir', root)
    pc_dir = next(root.rglob('lwp.pc')).parent
    lib_dir = pc_dir.parent
    environment = {**os.environ, 'PKG_CONFIG_PATH': str(pc_dir), 'PKG_CONFIG_LIBDIR': str(pc_dir),
                   'PKG_CONFIG_SYSROOT_DIR': str(root), 'LD_LIBRARY_PATH': str(lib_dir)}

    def flags(*options, module='lwp'):
        return run('pkg-config', *options, module, env=environment).split()

    version = run('pkg-config', '--modversion', 'lwp', env=environment)
    expect(tuple(map(int, version.split('.'))) >= (2, 18), f'version {version}')
    soname = re.search(r'\(SONAME\).*\[(.*)\]', run('readelf', '-dW', lib_dir / 'liblwp.so'))
    expect(soname.group(1) == 'liblwp.so.2', f'soname {soname.group(1)}')
    expect((lib_dir / 'liblwp.so.2').exists(), 'no liblwp.so.2')

    ways = {
        'shared': flags('--cflags', '--libs'),
        'static': ['-static', *flags('--cflags', '--libs', '--static')],
        'archive': [*flags('--cflags'), str(lib_dir / 'liblwp.a')],
    }
    for way, arguments in ways.items():
        binary = root / way
        run(*compiler, program, *arguments, '-o', binary)
        expect(run(binary, way, env=environment, timeout=60) == 'good', f'{way}: not good')

    binary = root / 'afs3'
    run(*compiler, program.with_name('installed_afs3_program.c'),
        *flags('--cflags', '--libs', module='lwp-afs3'), '-o', binary)
    expect(run(binary, env=environment, timeout=60) == 'good', 'afs3: not good')


def check_subproject(root, source, program, meson):
    (root / 'subprojects').mkdir()
    (root / 'subprojects/lwp').symlink_to(source)
    (root / 'meson.build').write_text(PROJECT, encoding='ascii')
    shutil.copy(program, root)
    environment = {**os.environ, 'PKG_CONFIG_LIBDIR': str(root)}
    run(*meson, 'setup', root / 'build', root, '-Dlwp:tests=false', '--wrap-mode=forcefallback',
        env=environment)
    run(*meson, 'compile', '-C', root / 'build', '-j', '2', 'program')
    expect(run(root / 'build/program', 'shared', timeout=60) == 'good', 'subproject: not good')


def main():
    source, build, meson, *compiler = sys.argv[1:]
    program = pathlib.Path(__file__).resolve().parent / 'installed_program.c'
    meson = meson.split()
    with tempfile.TemporaryDirectory() as root:
        check_installed(pathlib.Path(root), program, meson, build, compiler)
    with tempfile.TemporaryDirectory() as root:
        check_subproject(pathlib.Path(root), source, program, meson)


main()
