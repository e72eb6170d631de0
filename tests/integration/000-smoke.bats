#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# The program itself, before any container.

load helpers

setup_file() { setup_store; }

@test "--version is one line of three words, as kind and others parse it" {
    run_rpod --version
    like "$output" '^rpod version [0-9]+\.[0-9]+\.[0-9]+$' "the version"
    is "$stderr" "" "standard error"
}

@test "--help names the commands and goes to standard output" {
    run_rpod --help
    like "$output" 'run' "the help"
    like "$output" 'unshare' "the help"
    is "$stderr" "" "standard error"
}

@test "an unknown command is an error of rpod itself, 125" {
    run_rpod 125 frobnicate
    is "$output" "" "standard output"
    like "$stderr" frobnicate "the message names the command"
}

@test "an unknown option is refused by name, 125" {
    run_rpod 125 load --no-such-option
    is "$output" "" "standard output"
    like "$stderr" no-such-option "the message names the option"
}

@test "a full standard output is an error, not a success" {
    [ -w /dev/full ] || skip "no /dev/full"
    run bash -c '"$RPOD" --help >/dev/full'
    [ "$status" != 0 ] || fail "--help into /dev/full ended with 0"
}

@test "help and version make no store" {
    run_rpod --version
    run_rpod --help
    [ ! -e "$RPOD_ROOT" ] || fail "made: $(tree_summary "$RPOD_ROOT")"
}

@test "the program is no set-ID program and has no file capabilities" {
    is "$(stat -Lc '%a' "$RPOD" | tail -c 4)" "755" "mode"
    ! command -v getcap >/dev/null || is "$(getcap "$(realpath "$RPOD")")" "" "file capabilities"
}
