#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""man_test.py RPOD MAN_DIRECTORY: each command has a page, and page and --help name the same options.

The page of `rpod image load` is rpod-image-load.1.scd, else that of its group, rpod-image.1.scd, else rpod-load.1.scd.
"""
import pathlib
import re
import subprocess
import sys

HELP_OPTION = re.compile(r'^ {2,}(?:-\w, |    )?(--[a-z][a-z0-9-]*)((?:, --[a-z][a-z0-9-]*)*)', re.MULTILINE)
HELP_COMMAND = re.compile(r'^  ([a-z][a-z-]*)(?:  |$)', re.MULTILINE)
PAGE_OPTION = re.compile(r'\*(--[a-z][a-z0-9-]*)\*')
ALIASES = {'container exists': 'rm', 'container list': 'ps', 'container ls': 'ps', 'logout': 'login', 'umount': 'unmount', 'container umount': 'unmount',
           'image ls': 'images', 'image list': 'images', 'image rm': 'rmi', 'image remove': 'rmi', 'system events': 'events',
           'system info': 'info'}


def run_help(rpod, words):
    return subprocess.run([rpod, *words, '--help'], stdout=subprocess.PIPE, text=True, check=True).stdout


def section(text, title):
    match = re.search(rf'^{title}:\n(.*?)(?:^\S|\Z)', text, re.MULTILINE | re.DOTALL)
    return match[1] if match else ''


def help_options(text):
    options = set()
    for first, others in HELP_OPTION.findall(text):
        options |= {first, *re.findall(r'--[a-z0-9-]+', others)}
    return options - {'--help'}


def page_options(page):
    """Those that a page describes: at the start of a line. What its prose mentions does not count."""
    lines = [line for line in page.read_text().splitlines() if line.startswith('*-')]
    return set(PAGE_OPTION.findall('\n'.join(lines))) - {'--help'}


def find_page(directory, words):
    name = ALIASES.get(' '.join(words), '-'.join(words))
    # `image load` is `load`; `oci run` is not `run`.
    order = (words[-1], words[0]) if words[:1] in (('image',), ('container',)) else (words[0], words[-1]) if words else ()
    for candidate in (name, *order) if words else ():
        page = directory / f'rpod-{candidate}.1.scd'
        if page.exists():
            return page
    return None if words else directory / 'rpod.1.scd'


def commands(rpod, words=()):
    """(words, help) of every command that runs something, and of rpod itself."""
    text = run_help(rpod, words)
    below = HELP_COMMAND.findall(section(text, 'Commands'))
    if not below or not words:
        yield words, text
    for word in below:
        yield from commands(rpod, (*words, word))


def main():
    rpod, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    problems, wanted, count = [], {}, 0
    for words, text in commands(rpod):
        count += 1
        page = find_page(directory, words)
        if page is None:
            problems.append(f'rpod {" ".join(words)}: no man page')
            continue
        missing = help_options(text) - page_options(page)
        wanted.setdefault(page, set()).update(help_options(text))
        problems += [f'{page.name}: {option} of rpod {" ".join(words)} is not described' for option in sorted(missing)]
    for page in sorted(directory.glob('*.scd')):
        if page not in wanted:
            problems.append(f'{page.name}: there is no such command')
            continue
        problems += [f'{page.name}: {option} is no option' for option in sorted(page_options(page) - wanted[page])]
    print('\n'.join(problems + [f'man pages: {count} commands, {len(problems)} differences']))
    return 1 if problems or count < 2 else 0


if __name__ == '__main__':
    sys.exit(main())
