#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Whatever is killed, whenever: nothing runs on, and the next command finds a clean store.

load helpers

setup() { require_run; }

# What the store holds of containers: directories, names, removal marks.
containers_left() { find "$RPOD_ROOT/containers" -mindepth 1 ! -path '*/containers/names' ! -path '*/containers/rm'; }
no_containers() { [ -z "$(containers_left)" ]; }
no_monitor() { [ -z "$(store_processes)" ]; }
monitor() { store_processes | cut -d' ' -f1 | head -n 1; }
is_up() { [ -n "$(monitor)" ]; }
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null; }
children() { cat "/proc/$1/task/$1/children" 2>/dev/null; }

# A container that sleeps: its command's pid in $command, its output in $out.
start_sleeper() {
    out=$BATS_TEST_TMPDIR/out
    : >"$out"
    "$RPOD" --root "$RPOD_ROOT" run --rm --network none busybox sh -c 'echo up; exec sleep 30' >"$out" 2>&1 &
    command=$!
}

# After a kill: every process of the pod is gone, the next command works and sweeps.
expect_clean() {
    local pid
    wait "$command" 2>/dev/null || :
    wait_for 10 no_monitor
    for pid in "$@"; do wait_for 10 gone "$pid"; done
    run_rpod run --rm --network none busybox echo works
    is "$output" works "the next run"
    wait_for 10 no_containers
}

@test "the monitor is killed: the pod goes with it" {
    start_sleeper
    wait_for 10 grep -q up "$out"
    local monitor pod
    monitor=$(monitor)
    pod=$(children "$monitor")
    [ -n "$pod" ] || fail "the monitor has no children"
    kill -KILL "$monitor"
    status=0
    wait "$command" || status=$?
    is "$status" 125 "exit code of run"
    like "$(cat "$out")" monitor "the message"
    # shellcheck disable=SC2086
    expect_clean "$monitor" $pod
}

@test "the container's first process is killed: run ends with 137" {
    start_sleeper
    wait_for 10 grep -q up "$out"
    local monitor pod
    monitor=$(monitor)
    pod=$(children "$monitor")
    kill -KILL "${pod%% *}"
    status=0
    wait "$command" || status=$?
    is "$status" 137 "exit code of run"
    # shellcheck disable=SC2086
    expect_clean "$monitor" $pod
}

@test "the monitor or the command is killed at any moment of the start" {
    local delay monitor
    for delay in 0 0.02 0.04 0.08; do
        start_sleeper
        wait_for 10 is_up
        sleep "$delay"
        monitor=$(monitor)
        kill -KILL "${monitor:?}"
        expect_clean "$monitor"
    done
    for delay in 0.01 0.03 0.06; do
        start_sleeper
        sleep "$delay"
        kill -KILL "$command"
        wait "$command" || :
        # Where the payload ran already it runs on, like any container whose client died.
        monitor=$(monitor)
        [ -z "$monitor" ] || kill -KILL "$monitor" 2>/dev/null || :
        expect_clean
    done
}

@test "two containers start and end at once, time after time" {
    local i a b
    for i in 1 2 3 4 5 6 7 8 9 10; do
        rpod run --rm --network none busybox sh -c 'exit 11' &
        a=$!
        rpod run --rm --network none busybox sh -c 'exit 12' &
        b=$!
        status=0
    wait "$a" || status=$?
        is "$status" 11 "round $i, the first"
        status=0
    wait "$b" || status=$?
        is "$status" 12 "round $i, the second"
    done
    wait_for 10 no_containers
}

# Containers, pods, volumes, secrets, health checks and mounts. RPOD_CHAOS_SEED repeats one run, RPOD_CHAOS_MOMENTS makes it longer.
@test "kill -9 at hundreds of moments" {
    local seed=${RPOD_CHAOS_SEED:-$RANDOM}
    run timeout 900 python3 "$BATS_TEST_DIRNAME/chaos.py" "$RPOD" "$BUSYBOX_TAR" "$seed" "${RPOD_CHAOS_MOMENTS:-200}"
    echo "seed $seed"
    [ "$status" = 0 ] || fail "seed $seed"
}
