#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""summary.py RESULTS...: merges test results into one closing line, "N passed, N failed, N skipped".

RESULTS are TAP files (*.tap) and Meson build directories, whose last `meson test` is read (the JUnit file for the cases
of each program, the JSON log for programs that died before they could write theirs). Failures and the reasons of skips
are listed first. Ends with 1 when anything failed or when nothing ran.
"""
import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

TAP_LINE = re.compile(r'^(not )?ok\b\s*(\d+)?\s*(?:- )?(.*)$')
TAP_PLAN = re.compile(r'^1\.\.(\d+)(?:\s*#\s*skip\w*\s*(.*))?', re.IGNORECASE)
TAP_SKIP = re.compile(r'^(.*?)\s*# skip\w*\s*(.*)$', re.IGNORECASE)


class Results:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = collections.Counter()  # reason → how many

    def skip(self, reason, count=1):
        self.skipped[reason.strip() or 'no reason given'] += count

    def read_tap(self, name, text):
        planned, seen = None, 0
        for line in text.splitlines():
            if match := TAP_PLAN.match(line):
                planned = int(match[1])
                if match[2] is not None:
                    self.skip(match[2])
            elif match := TAP_LINE.match(line):
                seen += 1
                skip = TAP_SKIP.match(match[3])
                if match[1]:
                    self.failed.append(f'{name}: {match[3]}')
                elif skip:
                    self.skip(skip[2])
                else:
                    self.passed += 1
        if planned is None:
            self.failed.append(f'{name}: no plan: the run did not start or was cut off')
        elif seen < planned:
            self.failed.append(f'{name}: {planned - seen} of {planned} tests did not run')

    def read_meson(self, build):
        logs = build / 'meson-logs'
        try:
            tree = ElementTree.parse(logs / 'testlog.junit.xml')
            programs = [json.loads(line) for line in (logs / 'testlog.json').read_text().splitlines()]
        except (OSError, ElementTree.ParseError, ValueError) as error:
            self.failed.append(f'{build.name}: no test log: {error}')
            return
        before = len(self.failed)
        for suite in tree.iter('testsuite'):
            # "rpod.rpod:unit / sys.Channel" for a case of a program, "rpod" for a program that is one case.
            owner = suite.get('name', '').partition('.')[2]
            for case in suite.iter('testcase'):
                self.read_case(f"{build.name}: {owner + '.' if owner else ''}{case.get('name')}", case)
        accounted = [name + '.' for name in self.failed[before:]]
        for program in programs:
            if program['result'] not in ('OK', 'SKIP', 'EXPECTEDFAIL'):
                name = f"{build.name}: {program['name']}"
                if not any(failure.startswith(name + '.') for failure in accounted):
                    self.failed.append(f"{name}: {program['result']}")

    def read_case(self, name, case):
        skipped = case.find('skipped')
        if case.find('failure') is not None or case.find('error') is not None:
            self.failed.append(name)
        elif skipped is not None:
            text = skipped.get('message') or skipped.text or ''
            self.skip(text.strip().splitlines()[-1] if text.strip() else name)
        elif case.get('status') == 'notrun':
            self.skip('disabled')
        else:
            self.passed += 1

    def report(self):
        for reason, count in sorted(self.skipped.items()):
            print(f'skipped {count}: {reason}')
        for name in self.failed:
            print(f'FAILED {name}')
        if not self.passed and not self.failed:
            print('nothing ran')
        print(f'{self.passed} passed, {len(self.failed)} failed, {sum(self.skipped.values())} skipped')
        return 1 if self.failed or not self.passed else 0


def main():
    results = Results()
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        if path.is_dir():
            results.read_meson(path)
        else:
            try:
                results.read_tap(path.stem, path.read_text(errors='replace'))
            except OSError as error:
                results.failed.append(f'{path.name}: {error.strerror}')
    return results.report()


if __name__ == '__main__':
    sys.exit(main())
