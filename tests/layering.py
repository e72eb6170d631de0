#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""layering.py [TOP]: fails on an include that the architecture forbids, naming file:line.

A folder of src/ includes itself and the folders that its row names; the tests of a folder (tests/unit/FOLDER) obey
the same row. Headers of third-party libraries are fenced: only the folders named see them, so that a library can be
replaced, and its compile time is paid, in one place.
"""
import pathlib
import re
import sys

# Lowest layer first.
FOLDERS = {
    'base': '',
    'sys': 'base',
    'userns': 'base sys',
    'oci': 'base',
    'init_stub': '',
    'overlay': 'base sys userns',
    'net': 'base sys',
    'store': 'base sys',
    'registry': 'base sys oci',
    'image': 'base sys store userns oci registry overlay',
    'runtime': 'base sys userns oci overlay net',
    'container': 'base sys userns oci overlay net store registry image runtime',
    'pod': 'base sys userns oci overlay net store registry image runtime container',
    'build': 'base sys userns oci overlay net store registry image runtime container',
    'kube': 'base sys userns oci overlay net store registry image runtime container pod',
    'api': 'base sys userns oci overlay net store registry image runtime container pod build kube',
    'cli': 'base sys userns oci overlay net store registry image runtime container pod build kube api',
}

# Header pattern → the folders that may include it, and what to use elsewhere.
FENCES = [
    (r'spdlog/fmt/|fmt/', 'base', 'base/error.hh brings fmt::format'),
    (r'spdlog/', 'base', 'log through base/log.hh'),
    (r'nlohmann/', 'base oci', 'reach JSON through base/json.hh'),
    (r'toml\+\+/', 'base', 'read TOML through base/toml.hh'),
    (r'seccomp\.h$|libseccomp', 'sys', 'put the wrapper into sys/'),
    (r'shadow/subid\.h$', 'userns', 'ask userns/'),
    (r'fuse3?/|fuse\w*\.h$', 'overlay', 'libfuse belongs to overlay/'),
    (r'slirp/|libslirp', 'net', 'libslirp belongs to net/'),
    (r'curl/', 'registry', 'HTTP belongs to registry/'),
    (r'zlib\.h$|zstd\w*\.h$|lzma\.h$|bzlib\.h$|isa-l|igzip', 'image', 'compression belongs to image/'),
    (r'openssl/', 'image registry', 'hashing belongs to image/'),
    (r'yaml-cpp/', 'kube', 'YAML belongs to kube/'),
    (r'CLI/', 'cli', 'options belong to cli/'),
    (r'sys/syscall\.h$|asm/unistd', 'sys init_stub', 'raw system calls belong to sys/'),
]

# In src/FOLDER and its tests. <ranges> has no working views in clang 14; <format>, <expected> are absent in gcc 12.
BANNED = {'ranges': 'clang 14 cannot compile its views', 'format': 'use fmt::format', 'expected': 'use base/result.hh',
          'source_location': 'absent in clang 14', 'iostream': 'only main.cc knows the process-wide streams; take a std::ostream&'}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def folder_of(path: pathlib.PurePath):
    """The folder whose row a file obeys: src/X/..., tests/unit/X/...; None: above all layers."""
    parts = path.parts
    if parts[0] == 'src' and len(parts) > 2:
        return parts[1]
    if parts[:2] == ('tests', 'unit') and len(parts) > 3:
        return parts[2]
    return None


def check_include(folder, in_tests, quote, header):
    """What is wrong with this include in a file of `folder`, or None."""
    target = header.split('/')[0] if '/' in header else None
    if quote == '"':
        if target is None:  # beside the test that includes it
            return None if in_tests or not folder else f'"{header}": name the folder: "{folder}/{header}"'
        if target not in FOLDERS:
            return f'"{header}": no such folder in the table; third-party headers take <>'
        if folder and target != folder and target not in FOLDERS[folder].split():
            return f'"{header}": {folder}/ may include only itself and: {FOLDERS[folder] or "nothing"}'
        return None
    if folder and header in BANNED:
        return f'<{header}>: {BANNED[header]}'
    for pattern, owners, instead in FENCES:
        if re.match(pattern, header):
            if folder not in owners.split():
                return f'<{header}>: only {owners.replace(" ", "/ and ")}/ may see it; {instead}'
            return None
    return None


def check_file(path: pathlib.PurePath, text: str):
    folder = folder_of(path)
    if folder is not None and folder not in FOLDERS:
        yield f'{path}:1: folder {folder}/ is not in the table of tests/layering.py'
        return
    if path.parts[0] == 'tests' and folder is None:
        return  # fuzzers and benchmarks stand above all layers
    for number, line in enumerate(text.splitlines(), 1):
        if match := INCLUDE.match(line):
            if problem := check_include(folder, path.parts[0] == 'tests', *match.groups()):
                yield f'{path}:{number}: {problem}'


def check_tree(top: pathlib.Path):
    count, problems = 0, []
    for directory in ('src', 'tests'):
        for path in sorted((top / directory).rglob('*')):
            if path.suffix in ('.cc', '.hh', '.h', '.c') and path.is_file():
                count += 1
                problems += check_file(path.relative_to(top), path.read_text(errors='replace'))
    return count, problems


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    count, problems = check_tree(top)
    for problem in problems:
        print(problem)
    if count == 0:
        print(f'layering: no source file below {top}')
    else:
        print(f'layering: {count} files, {len(problems)} forbidden includes')
    return 1 if problems or count == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
