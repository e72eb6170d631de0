#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""service_manager.py [--sockets N] [--until TEXT] COMMAND...: starts a command as systemd starts a service of Type=notify.

It gets NOTIFY_SOCKET, and N listening sockets from descriptor 3 on. Each message that arrives is printed, with the name of
the process in place of its ID ("MAINPID=rpod:monitor"), until one holds TEXT or, without --until, the command has ended and
half a second has passed; with sockets, none is. Then one byte is sent to each socket, and what is answered is printed. Ends with the
command's code.
"""
import argparse
import os
import re
import select
import socket
import sys
import tempfile
import time

LIMIT = 40


def name_pids(message):
    def comm(match):
        try:
            with open(f'/proc/{match[1]}/comm', encoding='ascii') as file:
                return 'MAINPID=' + file.read().strip()
        except OSError:
            return 'MAINPID=nobody'
    return re.sub(r'MAINPID=(\d+)', comm, message)


def prepare(count):
    """In the child: the sockets lie above all numbers that they are to have."""
    for number in range(count):
        os.dup2(100 + number, 3 + number)
    if count:
        os.environ['LISTEN_PID'] = str(os.getpid())


def run(args, directory):
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(directory + '/notify')
    os.environ['NOTIFY_SOCKET'] = directory + '/notify'
    listeners = []
    for number in range(args.sockets):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(f'{directory}/socket{number}')
        listener.listen()
        os.dup2(listener.fileno(), 100 + number)
        listeners.append(listener)
    if args.sockets:
        os.environ['LISTEN_FDS'] = str(args.sockets)
        os.environ['LISTEN_FDNAMES'] = ':'.join(f'name{n}' for n in range(args.sockets))
    pid = os.fork()
    if pid == 0:
        prepare(args.sockets)
        os.execvp(args.command[0], args.command)
    for listener in listeners:
        listener.close()
    # Who connects to a socket waits for whoever takes it.
    code, ended, deadline = None, None, time.monotonic() + (0 if args.sockets else LIMIT)
    while time.monotonic() < deadline:
        if select.select([notify], [], [], 0.05)[0]:
            message = notify.recv(65536).decode()
            print('notify:', name_pids(message).replace('\n', ' '), flush=True)
            if args.until and args.until in message:
                break
            continue
        if code is None:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                code, ended = os.waitstatus_to_exitcode(status), time.monotonic()
        elif not args.until and time.monotonic() > ended + 0.5:
            break
    for number in range(args.sockets):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(10)
        client.connect(f'{directory}/socket{number}')
        client.sendall(b'?')
        print('answer:', client.makefile().readline().strip(), flush=True)
    if code is None:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--sockets', type=int, default=0)
    parser.add_argument('--until')
    parser.add_argument('command', nargs=argparse.REMAINDER)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        return run(args, directory)


if __name__ == '__main__':
    sys.exit(main())
