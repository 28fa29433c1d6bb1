#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tells the conductor what to do, from a script and at a terminal, and looks at what it shows.

usage: test_conductor.py CONDUCTOR
"""
import os
import pty
import re
import select
import subprocess
import sys
import time

SCRIPT = '''# two equals, and one below them
spawn
spawn 2
spawn 1
wait 2500
# now it ranks above
priority 3 3
wait 1500
bogus
s
kill 7
kill 0
kill x
kill 99999999999999999999
kill
kill 1 2
priority 1
priority 1 4
spawn five
slice 5
slice 100
suspend 3
suspend 2
resume 3
resume 3
   kill	2
kill 2
spawn 0
spawn
spawn
spawn
spawn
spawn
spawn
spawn
wait 300
quit
never'''

ANSWERS = [
    '1: new, priority 2', '2: new, priority 2', '3: new, priority 1', 'changed',
    'there is no command "bogus"; try help', '"s" may be spawn or slice',
    'there is no LWP number 7', 'number: 0 is not in 1 .. 9', 'number: "x" is not a number',
    'number: 99999999999999999999 is not in 1 .. 9', 'usage: kill N', 'usage: kill N',
    'usage: priority N PRIORITY', 'priority: 4 is not in 0 .. 3',
    'priority: "five" is not a number', 'a slice has 20 microseconds or more', 'changed',
    'suspended', 'suspended', 'goes on', 'it is not suspended', 'gone', 'there is no LWP number 2',
    '2: new, priority 0', '4: new, priority 2', '5: new, priority 2', '6: new, priority 2',
    '7: new, priority 2', '8: new, priority 2', '9: new, priority 2',
    'there is no room for another LWP',
]


def expect(condition, what):
    if not condition:
        sys.exit(f'not so: {what}')


def run_script(conductor):
    """Returns what was not as it should be about the shares of the processor."""
    result = subprocess.run([conductor], input=SCRIPT, capture_output=True, text=True, check=False)
    print(result.stdout, result.stderr)
    lines = result.stdout.splitlines()
    expect(result.returncode == 0 and result.stderr == '', 'it ends well')
    answers = [line for line in lines
               if not line.startswith('>') and not re.match(r'\d priority', line)]
    expect(answers == ANSWERS, f'the answers\n{answers}\nare\n{ANSWERS}')
    expect('> never' not in lines, 'nothing comes after quit')
    rows = {line[0]: line[line.index('[') + 1:line.rindex(']')]
            for line in lines if re.match(r'\d priority', line)}
    expect(sorted(rows) == list('123456789'), 'nine LWPs play in the end')
    # The first shared with the second while the third waited; then it had nothing any more.
    first, third = rows['1'].rstrip(), rows['3'].rstrip()
    began_late = len(third) - len(third.lstrip())
    wrong = [what for what, so in [
        ('the first had about half for a while', re.search('[-=]', first)),
        ('the third had everything in the end', '#' in third),
        ('it began when the first ended', len(first) <= began_late + 1),
    ] if not so]
    return wrong


# Who had what is sampled ten times a second. Where other programs leave this one a few slices in
# that time, or none, it may look otherwise, but hardly again and again.
TRIES = 6


def last_frame(output):
    """The text of the last frame that is complete."""
    frames = re.findall(rb'\033\[H(.*?)\033\[J', output, flags=re.S)
    return re.sub(rb'\033\[[0-9;]*[a-zA-Z]|\r', b'', frames[-1]).decode() if frames else ''


def use_terminal(conductor):
    try:
        pid, terminal = pty.fork()
    except OSError as error:
        print('no terminals here:', error)
        return
    if pid == 0:
        os.execve(conductor, [conductor], {**os.environ, 'LC_ALL': 'C.UTF-8'})
    output = b''

    def wait_for(pattern):
        nonlocal output
        deadline = time.monotonic() + 240
        while not re.search(pattern, last_frame(output)):
            expect(time.monotonic() < deadline, f'{pattern} in\n{last_frame(output)}')
            if select.select([terminal], [], [], 0.2)[0]:
                output += os.read(terminal, 65536)

    wait_for(r'\n > $')
    os.write(terminal, b'spaxn\x7f\x7f\x7f')
    wait_for(r'\n > sp$')
    os.write(terminal, b'awn 3\n')
    wait_for(r'1: new, priority 3\s+> $')
    os.write(terminal, b'spawn 3\n')
    wait_for(r' 1 +3 .*[▃▄▅]{3}.*\n +2 +3 .*[▃▄▅]{3}')
    os.write(terminal, b'suspend 1\n')
    wait_for(r' 1 +3 z .*[▃▄▅]{3}.* 0 %\n +2 +3 .*█ 100 %')
    print(last_frame(output))
    os.write(terminal, b'nonsense\x15kill 9\n')
    wait_for(r'there is no LWP number 9')
    os.write(terminal, b'\x03')
    try:
        while True:
            output += os.read(terminal, 65536)
    except OSError:  # the other end is closed
        pass
    expect(os.waitpid(pid, 0)[1] == 0, 'it ends well')
    expect(output.rstrip().endswith(b'\033[?1049l'), 'the screen is as it was')


for tries in range(TRIES):
    wrong = run_script(sys.argv[1])
    if not wrong:
        break
expect(not wrong, '; '.join(wrong))
use_terminal(sys.argv[1])
