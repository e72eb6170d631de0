#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""source_rules.py [TOP]: the rules of HACKING.md that a regular expression can hold, naming file:line.

A line that must break a rule says why and carries `lint: allow`.
"""
import pathlib
import re
import sys

MAX_LINES = 600  # a file that outgrows this has two subjects

SPDX = ['SPDX-License-Identifier: Apache-2.0', 'SPDX-FileCopyrightText: The rpod authors']

# (what, pattern, folders of src/ where it is allowed, reason)
RULES = [
    ('raw system call', r'(?<![\w.>])syscall\s*\(', {'sys'}, 'raw system calls have their home in sys/'),
    ('system() or popen()', r'(?<![\w.>])(?:::|std::)?(?:system|popen)\s*\(', set(), 'no shell between us and a program: sys/process'),
    ('remove_all', r'\bremove_all\s*\(', set(), 'it follows what a container left behind; use sys::RootedDir'),
    ('temporary-name race', r'(?<![\w.>])(?:tmpnam|tempnam|mktemp)\s*\(', set(), 'use an exclusive create'),
    ('using namespace', r'^\s*using\s+namespace\s+(?!\w+_literals\b|std::\w*literals)', set(), 'names say where they come from'),
    ('unsafe string call', r'(?<![\w.>:])(?:strcpy|strcat|sprintf|vsprintf|gets|alloca)\s*\(', set(), 'unbounded'),
    ('unfinished', r'\b(?:TODO|FIXME|XXX|HACK)\b', set(), 'finish it or leave it out'),
]
CODE_RULES = [(what, re.compile(pattern), where, why) for what, pattern, where, why in RULES]


def strip_comment(line):
    return re.sub(r'//.*', '', line)


def spdx_problem(path, lines):
    head = '\n'.join(lines[:3])
    missing = [s for s in SPDX if s not in head]
    return f'{path}:1: the two SPDX lines are missing' if missing else None


def check_cpp(path, lines):
    folder = path.parts[1] if path.parts[0] == 'src' and len(path.parts) > 2 else None
    if path.suffix == '.hh' and not any(line.strip() == '#pragma once' for line in lines[:8]):
        yield f'{path}:1: #pragma once is missing'
    if len(lines) > MAX_LINES:
        yield f'{path}:{MAX_LINES}: {len(lines)} lines; cut the file by phase'
    if path.parts[0] != 'src':
        return
    for number, line in enumerate(lines, 1):
        if 'lint: allow' in line:
            continue
        for what, pattern, where, why in CODE_RULES:
            text = line if what == 'unfinished' else strip_comment(line)
            if folder not in where and pattern.search(text):
                yield f'{path}:{number}: {what}: {why}'


def check_file(path: pathlib.PurePath, text: str):
    lines = text.splitlines()
    if problem := spdx_problem(path, lines):
        yield problem
    if path.suffix in ('.cc', '.hh'):
        yield from check_cpp(path, lines)


def is_checked(path):
    if path.suffix in ('.cc', '.hh', '.py', '.bash', '.bats', '.sh', '.scd'):
        return path.suffix != '.scd'
    return path.parts[0] == 'contrib' and path.suffix == ''


def unbuilt_tests(names, build_file):
    """Unit tests that no program has: they would never fail. NAMES are relative to the build file's directory."""
    return [f'tests/unit/{name}: is in no test program of tests/unit/meson.build'
            for name in sorted(names) if f"'{name}'" not in build_file]


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent.parent)
    count, problems = 0, []
    for directory in ('src', 'tests', 'contrib'):
        for path in sorted((top / directory).rglob('*')):
            relative = path.relative_to(top)
            if path.is_file() and is_checked(relative) and relative.parts[:2] != ('tests', 'data'):
                count += 1
                problems += check_file(relative, path.read_text(errors='replace'))
    unit = top / 'tests/unit'
    tests = [str(path.relative_to(unit)) for path in unit.rglob('*_test.cc')]
    problems += unbuilt_tests(tests, (unit / 'meson.build').read_text())
    for problem in problems:
        print(problem)
    print(f'source rules: {count} files, {len(problems)} broken')
    return 1 if problems or count == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
