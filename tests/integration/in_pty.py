#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""in_pty.py [--input TEXT] [--size COLSxROWS] COMMAND...: runs COMMAND on a new terminal and ends with its status.

What the terminal shows goes to standard output. TEXT (with Python escapes) is typed once the command has printed
something, or after a second.
"""
import argparse
import codecs
import fcntl
import os
import pty
import select
import struct
import sys
import termios


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument('--input', default='')
    parser.add_argument('--size', default='80x24')
    parser.add_argument('command', nargs=argparse.REMAINDER)
    return parser.parse_args()


def main():
    args = parse()
    columns, rows = map(int, args.size.split('x'))
    pid, master = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        os.execvp(args.command[0], args.command)
    typed = codecs.decode(args.input, 'unicode_escape').encode()
    while True:
        ready, _, _ = select.select([master], [], [], 1)
        if typed:
            os.write(master, typed)
            typed = b''
        if not ready:
            continue
        try:
            data = os.read(master, 65536)
        except OSError:  # EIO: the last holder of the other side is gone
            break
        if not data:
            break
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) % 256


if __name__ == '__main__':
    sys.exit(main())
