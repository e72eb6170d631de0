#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""overlay_synced.py write DIR | check DIR <TOLD: writes files in ways of databases and editors until that fails, and tells of each
thing when it was synced; `check` looks whether all is there that was told."""
import mmap
import os
import sys


def sync_name(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def content(number):
    return f'{number:06}'.encode() * (1 + number % 1500)


def append(number):
    """A log: one record after the other, 16 bytes each."""
    with open('log', 'ab', buffering=0) as log:
        log.write(b'record %08d\n' % number)
        os.fdatasync(log.fileno())


def replace(number):
    """A file that takes another's place, one of a lower layer at first."""
    with open('both.new', 'wb') as new:
        new.write(content(number))
        new.flush()
        os.fsync(new.fileno())
    os.rename('both.new', 'both')
    sync_name('.')


def by_memory(number):
    with open('mapped', 'r+b') as file, mmap.mmap(file.fileno(), 1 << 16) as memory:
        memory[number % 4096 * 16:number % 4096 * 16 + 8] = b'%08d' % number
        memory.flush()


def synced_by_another(number):
    """As sync(1) does: by a descriptor that is open for reading."""
    with open(f'dir/file-{number}', 'wb') as new:
        new.write(content(number))
    sync_name(f'dir/file-{number}')
    sync_name('dir')


def write():
    with open('mapped', 'wb') as file:
        file.truncate(1 << 16)
        os.fsync(file.fileno())
    for number in range(1, 1 << 20):
        for way in (append, replace, by_memory, synced_by_another):
            way(number)
            os.write(1, f'{way.__name__} {number}\n'.encode())


def check():
    told = [line.split() for line in sys.stdin]
    last = {name: int(number) for name, number in told}
    log = open('log', 'rb').read()
    for number in range(1, last['append'] + 1):
        if log[16 * (number - 1):16 * number] != b'record %08d\n' % number:
            sys.exit(f'record {number} of the log is lost')
    # The next one may have been in its place already.
    if open('both', 'rb').read() not in (content(last['replace']), content(last['replace'] + 1)):
        sys.exit('the file that was replaced has the content of none')
    mapped = open('mapped', 'rb').read()
    for number in range(max(1, last['by_memory'] - 4000), last['by_memory'] + 1):
        if mapped[number % 4096 * 16:number % 4096 * 16 + 8] != b'%08d' % number:
            sys.exit(f'what was written by memory is lost: {number}')
    for number in range(1, last.get('synced_by_another', 0) + 1):
        if open(f'dir/file-{number}', 'rb').read() != content(number):
            sys.exit(f'file {number} is lost')


os.chdir(sys.argv[2])
if sys.argv[1] == 'write':
    try:
        write()
    except OSError as e:
        os.write(2, f'ended: {e.strerror}\n'.encode())
else:
    check()
