#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""Replays a transcript of podman and compares exit codes, output and errors.

    replay_transcript.py TRANSCRIPT DIFFERENCES PODMAN ARG...

A transcript is "$ podman WORD...", "rc=N", then lines "  out| ..." and "  err| ...". DIFFERENCES has the same form:
the steps where rpod differs, with what rpod prints, below lines "# why". Such a step must differ from podman's: one
that does not is out of date. A step of which DIFFERENCES says "rc=skip" is not run. What changes from run to run
(IDs, times, widths of columns) is compared as words: see normal(). PODMAN ARG... is the command to run.
"""
import re
import subprocess
import sys


class Step:
    def __init__(self, command):
        self.command = command
        self.code = None
        self.lines = {"out": [], "err": []}

    def result(self):
        return (self.code, *(tuple(normal(line) for line in self.lines[name]) for name in ("out", "err")))


def read_steps(path):
    steps = []
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("$ podman "):
                steps.append(Step(line.removeprefix("$ podman ")))
            elif line.startswith("rc="):
                steps[-1].code = line.removeprefix("rc=")
            elif re.match("  (out|err)[|]", line):
                steps[-1].lines[line[2:5]].append(line[7:])
            elif line and not line.startswith("#"):
                sys.exit(f"{path}: cannot read {line!r}")
    return steps


def normal(line):
    """A line without what no two runs have in common. The transcript cut its lines at 193 characters."""
    line = line[:193]
    line = re.sub(r"\b[0-9a-f]{64}\b", "ID", line)
    line = re.sub(r"\b[0-9a-f]{12}\b", "SHORT-ID", line)
    line = re.sub(r"\b(Less than a|\d+) seconds? ago", "AGE", line)
    line = re.sub(r"\b\d+(\.\d+)? ?[kM]B", "SIZE", line)
    return re.sub(r"  +", "  ", line)


def words_of(command):
    """The transcript does not quote: a template is one word, with the spaces that are in it."""
    words = re.split(r" (?![^{}]*}})", command)
    for i, word in enumerate(words):
        if word == "--format":
            while words[i + 2 :] and words[i + 2].startswith("{{"):
                words[i + 1] += " " + words.pop(i + 2)
    return words


def run(step, program):
    done = subprocess.run(
        program + words_of(step.command), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    ours = Step(step.command)
    ours.code = str(done.returncode)
    ours.lines = {"out": done.stdout.splitlines(), "err": done.stderr.splitlines()}
    return ours


def show(title, step):
    print(f"  {title}: rc={step.code}")
    for name, lines in step.lines.items():
        for line in lines:
            print(f"    {name}| {line}")


def main():
    transcript, differences, *program = sys.argv[1:]
    known = {}
    for step in read_steps(differences):
        known.setdefault(step.command, []).append(step)
    bad = run_count = 0
    for theirs in read_steps(transcript):
        expected = known[theirs.command].pop(0) if known.get(theirs.command) else theirs
        if expected.code == "skip":
            continue
        if expected is not theirs and expected.result() == theirs.result():
            print(f"podman {theirs.command}: listed among the differences, and is none")
            bad += 1
        ours = run(theirs, program)
        run_count += 1
        if ours.result() != expected.result():
            bad += 1
            print(f"podman {theirs.command}")
            show("expected", expected)
            show("rpod", ours)
    for command, steps in known.items():
        if steps:
            print(f"podman {command}: among the differences, but not in the transcript")
            bad += 1
    print(f"{run_count} steps, {bad} bad")
    sys.exit(bad > 0)


main()
