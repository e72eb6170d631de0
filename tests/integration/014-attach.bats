#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Clients that come and go: attach, several at once, detach keys, one that does not read.

load helpers

setup() { require_run; }
teardown() { rpod rm -af >/dev/null 2>&1 || :; }

not_alive() { [ -z "$(store_processes)" ]; }
says() { grep -qs "$2" "$RPOD_ROOT/containers/$1/ctr.log"; }
start_it() {
    run_rpod run -d --network none --name c1 "$@"
    id=$output
}

@test "attach gets the output and ends with the exit code" {
    start_it busybox sh -c 'sleep 1; echo out; echo err >&2; exit 6'
    run_rpod 6 attach c1
    is "$output" out "output"
    is "$stderr" err "errors"
}

@test "several clients see the same" {
    start_it busybox sh -c 'sleep 1.5; seq 1000'
    local i clients=()
    for i in 1 2 3; do
        rpod attach c1 >"$BATS_TEST_TMPDIR/$i" &
        clients+=($!)
    done
    wait "${clients[@]}"
    for i in 1 2 3; do is "$(md5sum <"$BATS_TEST_TMPDIR/$i")" "$(seq 1000 | md5sum)" "client $i"; done
}

@test "input goes in by attach; --no-stdin keeps it out" {
    start_it -i busybox sh -c 'read x; echo "got $x"'
    rpod attach --no-stdin c1 >"$BATS_TEST_TMPDIR/out" </dev/null &
    local reader=$!
    sleep 0.3
    echo words | rpod attach c1
    wait "$reader"
    is "$(cat "$BATS_TEST_TMPDIR/out")" "got words" "output"
}

@test "detach keys leave the terminal and the container running" {
    start_it -it busybox sh
    run in_pty --input 'echo here\n\x10\x11' "$RPOD" --root "$RPOD_ROOT" attach c1
    is "$status" 0 "exit code"
    [ -n "$(store_processes)" ] || fail "it does not run"
    run in_pty --input 'echo again\nxy' "$RPOD" --root "$RPOD_ROOT" attach --detach-keys x,y c1
    [ -n "$(store_processes)" ] || fail "it does not run"
    run in_pty --input 'exit 3\n' "$RPOD" --root "$RPOD_ROOT" attach c1
    wait_for 10 not_alive
    run_rpod wait c1
    is "$output" 3 "exit code"
    run_rpod 125 attach --detach-keys ctrl-1 c1
    like "$stderr" "detach keys: 'ctrl-1'" "message"
}

@test "run -it detaches, too" {
    run in_pty --input '\x10\x11' "$RPOD" --root "$RPOD_ROOT" run -it --network none --name c1 busybox sh
    [ -n "$(store_processes)" ] || fail "it does not run"
    run_rpod rm -f c1
}

@test "a stopped client blocks nobody and costs the log nothing" {
    start_it busybox sh -c 'sleep 1; seq 300000; echo done'
    "$RPOD" --root "$RPOD_ROOT" attach c1 >"$BATS_TEST_TMPDIR/slow" 2>/dev/null &
    local slow=$!
    sleep 0.3
    kill -STOP "$slow"
    run_rpod wait c1
    is "$output" 0 "exit code"
    is "$(grep -c ' stdout F ' "$RPOD_ROOT/containers/$id/ctr.log")" 300001 "lines in the log"
    kill -KILL "$slow"
    wait_for 10 not_alive
}

@test "signals go through attach, and stay outside without --sig-proxy" {
    start_it busybox sh -c 'trap "exit 8" TERM; echo up; while :; do sleep 0.05; done'
    wait_for 10 says "$id" up
    "$RPOD" --root "$RPOD_ROOT" attach --sig-proxy=false c1 >/dev/null 2>&1 &
    sleep 0.3
    kill -TERM $!
    wait $! || :
    [ -n "$(store_processes)" ] || fail "the signal got through"
    "$RPOD" --root "$RPOD_ROOT" attach c1 >/dev/null 2>&1 &
    sleep 0.3
    kill -TERM $!
    status=0
    wait $! || status=$?
    is "$status" 8 "exit code of attach"
}

@test "no abstract socket, and nobody else can connect" {
    start_it busybox sleep 100
    ! grep -E '@.*(rpod|control)' /proc/net/unix || fail "an abstract socket"
    local run=${XDG_RUNTIME_DIR:-/tmp/rpod-run-$(id -u)}
    [ ! -d "$run/rpod" ] || run=$run/rpod
    is "$(stat -c %a "$run/$id/control")" 600 "mode of the socket"
}

@test "a runtime directory with a long path" {
    local long
    long=$BATS_TEST_TMPDIR/$(printf 'x%.0s' {1..120})
    run "$RPOD" --root "$RPOD_ROOT" --runroot "$long" run -d --network none --name c1 busybox sleep 100
    is "$status" 0 "run"
    run "$RPOD" --root "$RPOD_ROOT" --runroot "$long" stop -t 0 c1
    is "$status" 0 "stop"
}
