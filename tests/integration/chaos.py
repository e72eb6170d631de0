#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""chaos.py RPOD IMAGE_ARCHIVE SEED MOMENTS: kill -9 at random moments of commands on containers, pods, volumes, secrets,
health checks and mounts. The seed gives the same commands, victims and delays again; when things happen is the machine's.

After each kill the states that are told must be true, and no command may hang; every now and then all is removed, and then
no process, file or name may be left.
"""
import fcntl
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

LIMIT = 40  # seconds that a command may take
BATCH = 12  # moments between two clean-ups
RUN = ['run', '--network', 'none']
SCRIPT = 'i=0; while [ $i -lt 40 ]; do cat /bin/busybox >/dev/null; echo $i >/v; i=$((i+1)); sleep 0.05; done'
COMMANDS = [
    [*RUN, '--rm', 'busybox', 'sh', '-c', SCRIPT],
    [*RUN, '-d', '--name', '{new}', 'busybox', 'sh', '-c', SCRIPT],
    [*RUN, '-d', '--rm', '-v', 'shared:/data', '--secret', 'word', 'busybox', 'sh', '-c', 'cat /run/secrets/word >/data/x; sleep 3'],
    [*RUN, '-d', '--health-cmd', 'true', '--health-interval', '1s', '--restart', 'on-failure:1', 'busybox', 'sh', '-c', 'sleep 1; exit 1'],
    ['run', '-d', '--pod', 'new:{new}', 'busybox', 'sh', '-c', SCRIPT],
    ['run', '-d', '--pod', 'group', '--secret', 'word', 'busybox', 'sh', '-c', SCRIPT],
    ['pod', 'start', 'group'], ['pod', 'stop', '-t', '0', 'group'], ['pod', 'restart', 'group'],
    ['create', '-v', '/anonymous', '--name', '{new}', 'busybox', 'true'],
    ['start', '{some}'], ['stop', '-t', '0', '{some}'], ['restart', '-t', '0', '{some}'], ['rm', '-f', '-v', '-t', '0', '{some}'],
    ['exec', '{some}', 'sleep', '0.2'], ['cp', '{some}:/etc', '-'], ['commit', '-q', '{some}', 'made'],
    ['unshare', 'sh', '-c', '{rpod} mount {some}; sleep 0.2; {rpod} unmount {some}; {rpod} mount -a; sleep 0.1'],
    ['secret', 'create', '--replace', 'word', '/etc/hostname'], ['rename', '{some}', '{new}'],
]

class Failure(Exception):
    pass


class Chaos:
    def __init__(self, rpod, directory, seed):
        self.base = [rpod, '--root', f'{directory}/store', '--runroot', f'{directory}/run']
        self.directory = pathlib.Path(directory)
        self.random = random.Random(seed)
        self.names = 0

    def rpod(self, *args, check=True):
        try:
            done = subprocess.run([*self.base, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            raise Failure(f'hangs: rpod {" ".join(args)}') from None
        if check and done.returncode != 0:
            raise Failure(f'rpod {" ".join(args)}: exit {done.returncode}: {done.stderr}')
        return done.stdout

    def processes(self):
        """{pid: name} of all that came from our commands: a fork keeps the command line, a payload is a child of one."""
        mark, found, parents = f'{self.directory}/store'.encode(), {}, {}
        for entry in pathlib.Path('/proc').iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / 'stat').read_text(encoding='utf-8', errors='replace')
                line = (entry / 'cmdline').read_bytes()
            except OSError:
                continue
            name, rest = stat[stat.index('(') + 1:stat.rindex(')')], stat[stat.rindex(')') + 2:].split()
            if rest[0] in 'ZX':
                continue
            parents[int(entry.name)] = (int(rest[1]), name)
            if mark in line:
                found[int(entry.name)] = name
        for pid, (parent, name) in parents.items():
            if pid not in found and parent in found and found[parent].startswith('rpod:'):
                found[pid] = 'payload'
        return found

    def some(self):
        lines = self.rpod('ps', '-aq').split()
        return self.random.choice(sorted(lines)) if lines else 'nothing'

    def new(self):
        self.names += 1
        return f'made-{self.names}'

    def words(self, command):
        values = {'new': self.new(), 'some': self.some(), 'rpod': ' '.join(self.base)}
        return [word.format(**values) if '{' in word else word for word in command]

    def kill_one(self, command, kind, which):
        """A kind of process that there is now, then one of that kind; both are drawn before it is known what there is."""
        there = self.processes()
        kinds = ['command', *sorted({name for pid, name in there.items() if pid != command.pid})]
        victim = kinds[int(kind * len(kinds))]
        if victim == 'command':
            command.kill()
            return 'the command'
        targets = sorted(pid for pid, name in there.items() if name == victim and pid != command.pid)
        pid = targets[int(which * len(targets))]
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return f'nobody ({victim})'  # a payload with a subordinate ID
        return f'{victim} ({pid})'

    def moment(self, number):
        words = self.words(self.random.choice(COMMANDS))
        delay, kind, which = self.random.uniform(0, 0.25), self.random.random(), self.random.random()
        with subprocess.Popen([*self.base, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, start_new_session=True) as command:
            time.sleep(delay)
            killed = self.kill_one(command, kind, which)
            print(f'{number}: rpod {" ".join(words)[:90]}; after {delay * 1000:.0f} ms: {killed}', flush=True)
            try:
                command.wait(LIMIT)
            except subprocess.TimeoutExpired:
                command.kill()
                raise Failure('the command hangs') from None
        self.check_states()

    def is_locked(self, identity):
        try:
            with open(self.directory / 'store/containers' / identity / 'alive', 'rb') as file:
                asked = struct.pack('hhqqi', fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                return struct.unpack('hhqqi', fcntl.fcntl(file, fcntl.F_GETLK, asked))[0] != fcntl.F_UNLCK
        except FileNotFoundError:
            return False

    def check_states(self):
        """What is told to run has a monitor, and the other way round; what changes meanwhile is asked again."""
        for attempt in range(20):
            wrong = []
            for container in json.loads(self.rpod('ps', '-a', '--format', 'json') or '[]') or []:
                up = container['State'] in ('running', 'paused', 'stopping', 'restarting')
                if up != self.is_locked(container['Id']) and container['State'] not in ('created', 'initialized'):
                    wrong.append(f'{container["Names"]} is told to be {container["State"]}')
            if not wrong:
                return
            time.sleep(0.05 * (attempt + 1))
        raise Failure('; '.join(wrong))

    def clean(self):
        self.rpod('pod', 'rm', '-f', '-a', '-t', '0')
        self.rpod('rm', '-f', '-a', '-v', '-t', '0')
        self.rpod('volume', 'rm', '-a')
        self.rpod(*RUN, '--rm', 'busybox', 'true')
        deadline = time.monotonic() + 15
        while left := self.left():
            if time.monotonic() > deadline:
                raise Failure('left behind: ' + ', '.join(left))
            time.sleep(0.1)

    def left(self):
        left = [f'process {pid} {name}' for pid, name in self.processes().items()]
        store = self.directory / 'store'
        for folder in ('containers', 'pods'):
            left += [str(p.relative_to(store)) for p in (store / folder).glob('*') if p.name not in ('names', 'rm', 'lock')]
            left += [str(p.relative_to(store)) for p in (store / folder / 'names').glob('*')]
        left += [str(p.relative_to(store)) for p in (store / 'containers/rm').glob('*')]
        left += [str(p.relative_to(store)) for p in (store / 'volumes').glob('[!.]*')]
        return left + [f'run/{p.name}' for p in (self.directory / 'run').glob('*') if len(p.name) == 64]

    def prepare(self):
        self.rpod('secret', 'create', '--replace', 'word', '/etc/hostname')
        self.rpod('pod', 'create', '--name', 'group')
        self.rpod('run', '-d', '--pod', 'group', 'busybox', 'sleep', '1000')
        self.rpod('create', '--network', 'none', 'busybox', 'sh', '-c', SCRIPT)


def main():
    rpod, archive, seed, moments = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    print(f'seed {seed}', flush=True)
    directory = tempfile.mkdtemp(prefix='rpod-chaos-')
    chaos = Chaos(rpod, directory, seed)
    try:
        chaos.rpod('import', archive, 'busybox')
        for number in range(1, moments + 1):
            if number % BATCH == 1:
                chaos.prepare()
            chaos.moment(number)
            if number % BATCH == 0 or number == moments:
                chaos.clean()
    except Failure as e:
        print(f'seed {seed}: {e}', flush=True)
        print(f'kept: {directory}')
        return 1
    finally:
        for pid in chaos.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
    subprocess.run([*chaos.base, 'unshare', 'rm', '-rf', directory], check=False)
    shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
