# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""How tests/bench/run measures: programs in turn, medians, ratios, and the CPU of all processes that took part.

CPU is also that of processes that outlive a command by less than half a second: this process is their subreaper and reaps them
before it looks.
"""
import ctypes
import os
import pathlib
import resource
import statistics
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_all(patience=0.5):
    """Until nobody is left, but not for ever: podman leaves a pause process behind."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.002)
        except ChildProcessError:
            return


class Sample:
    def __init__(self, wall, cpu):
        self.wall, self.cpu = wall, cpu

    def __sub__(self, other):
        return Sample(self.wall - other.wall, self.cpu - other.cpu)

    def __truediv__(self, by):
        return Sample(self.wall / by, self.cpu / by)


def timed(argv, **kwargs):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kwargs)
    wall = time.perf_counter() - start
    reap_all()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f'{argv[0]}: exit code {done.returncode}: {done.stderr.decode(errors="replace").strip()[-200:]}')
    return Sample(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def alternate(programs, rounds, before_each=None):
    """{name: argv or function} → {name: [Sample]}; who fails once is out, with the reason."""
    samples, failed = {name: [] for name in programs}, {}
    for number in range(rounds + 1):
        for name, program in programs.items():
            if name in failed:
                continue
            if before_each:
                before_each(name)
            try:
                sample = program() if callable(program) else timed(program)
            except (RuntimeError, OSError) as error:
                failed[name] = str(error)
                continue
            if number > 0:  # the first round warms caches
                samples[name].append(sample)
    for name, why in failed.items():
        print(f'  {name}: left out: {why}')
    return {name: got for name, got in samples.items() if name not in failed}


def report(samples, of='rpod'):
    """Medians, and what the first one takes of each other one's."""
    medians = {name: (statistics.median(s.wall for s in got), statistics.median(s.cpu for s in got))
               for name, got in samples.items()}
    for name, (wall, cpu) in medians.items():
        ratio = '' if of not in medians or name == of else f'   {of} takes {medians[of][0] / max(wall, 1e-9):.2f} × the wall, ' \
                                                           f'{medians[of][1] / max(cpu, 1e-9):.2f} × the CPU'
        print(f'  {name:28} wall {wall * 1e3:9.1f} ms   CPU {cpu * 1e3:9.1f} ms{ratio}')


def descendants(pid):
    parents = {}
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / 'stat').read_text().rsplit(')', 1)[1].split()[1])
            except OSError:
                pass
    found, queue = [], [pid]
    while queue:
        parent = queue.pop()
        children = [child for child, its in parents.items() if its == parent]
        found += children
        queue += children
    return found


def name_of(pid):
    return pathlib.Path(f'/proc/{pid}/comm').read_text().strip()


def fields_of(path):
    fields = {}
    for line in path.read_text().splitlines():
        key, _, value = line.partition(':')
        if value.strip().endswith('kB'):
            fields[key] = int(value.split()[0])
    return fields


def memory_of(pid):
    """KiB. Everybody may read what status says; PSS only who may trace the process (rpod's servers: root)."""
    status = fields_of(pathlib.Path(f'/proc/{pid}/status'))
    try:
        pss = fields_of(pathlib.Path(f'/proc/{pid}/smaps_rollup'))['Pss']
    except PermissionError:
        pss = None
    return {'RSS': status['VmRSS'], 'RssAnon': status['RssAnon'], 'PSS': pss}


def report_memory(rows):
    """[(name, memory_of)]"""
    total = {}
    for key in ('RSS', 'RssAnon', 'PSS'):
        values = [row[key] for _, row in rows]
        total[key] = None if None in values else sum(values)
    for name, row in rows + [('all', total)]:
        pss = 'only root may look' if row['PSS'] is None else f'{row["PSS"]:7}'
        print(f'  {name:28} RssAnon {row["RssAnon"]:7}   RSS {row["RSS"]:7}   PSS {pss}')
    return total


def peak_of(argv):
    """KiB: the largest resident set of the command and of what it waited for."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    error = child.stderr.read().decode(errors='replace')
    reap_all()
    if child.returncode != 0:
        raise RuntimeError(f'{argv[0]}: exit code {child.returncode}: {error.strip()[-200:]}')
    return usage.ru_maxrss
