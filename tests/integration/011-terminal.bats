#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# `rpod run -t`: the container's terminal.

load helpers

setup() { require_run; }

@test "the terminal has the caller's size from the start" {
    is "$(in_pty --size 97x31 "$RPOD" --root "$RPOD_ROOT" run --rm --network none -it busybox stty size)" "31 97" "size"
}

@test "what is typed reaches the command, and its exit code comes back" {
    run in_pty --input 'echo "seen $((6*7))"; exit 5\n' "$RPOD" --root "$RPOD_ROOT" run --rm --network none -it busybox sh
    like "$output" "seen 42" "the shell's output"
    run python3 "$BATS_TEST_DIRNAME/in_pty.py" "$RPOD" --root "$RPOD_ROOT" run --rm --network none -t busybox sh -c 'exit 5'
    is "$status" 5 "exit code"
}

@test "the container's streams are one terminal, and /dev/console is it" {
    run in_pty "$RPOD" --root "$RPOD_ROOT" run --rm --network none -t busybox sh -c 'test -t 0 && test -t 1 && test -t 2 && tty && test -c /dev/console && echo all'
    like "$output" "/dev/pts/0" "its name"
    like "$output" "all" "the tests"
}

@test "the caller's terminal is as before afterwards" {
    run in_pty sh -c 'stty -a >/tmp/before.$$; "$RPOD" --root "$RPOD_ROOT" run --rm --network none -it busybox true; stty -a | cmp - /tmp/before.$$ && echo same; rm /tmp/before.$$'
    like "$output" "same" "the settings"
}
