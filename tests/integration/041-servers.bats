#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod:overlay and rpod:net are killed: others take their place, and the payload goes on.

load helpers

setup() {
    require_run
    out=$BATS_TEST_TMPDIR/out
    go=$BATS_TEST_TMPDIR/go
    mkdir -p "$go"
    : >"$out"
}

monitor() { store_processes | cut -d' ' -f1 | head -n 1; }
# The process of that name below the monitor, whoever it is by now.
server() {
    local pid monitor=${2:-$(monitor)}
    for pid in $(cat "/proc/$monitor/task/$monitor/children"); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$1" ] || { echo "$pid" && return; }
    done
    return 1
}
is_other() { [ -n "$(server "$1")" ] && [ "$(server "$1")" != "$2" ]; }

# run_payload SCRIPT RPOD-OPTION...: in the background, writing to $out; it sees $go as /go.
run_payload() {
    local script=$1
    shift
    "$RPOD" --root "$RPOD_ROOT" run --rm -v "$go:/go" "$@" busybox sh -c "$script" >"$out" 2>&1 &
    command=$!
    wait_for 10 grep -q up "$out"
}

expect_end() {
    status=0
    wait "$command" || status=$?
    is "$status" 0 "exit code ($(cat "$out"))"
    like "$(cat "$out")" "$1" "what the payload said"
}

@test "a killed rpod:overlay is replaced: the reader notices nothing" {
    # Reads what no cache has yet, again and again, and compares.
    run_payload 'want=$(md5sum /bin/busybox); echo up
        while [ ! -e /go/end ]; do
            [ "$(md5sum /bin/busybox)" = "$want" ] || { echo different; exit 1; }
            find / -xdev >/dev/null || exit 2
            echo 3 >/go/drop
        done; echo good' --network none
    local round old
    for round in 1 2 3 4 5; do
        old=$(server rpod:overlay)
        kill -KILL "$old"
        wait_for 5 is_other rpod:overlay "$old"
        sleep 0.1
    done
    : >"$go/end"
    expect_end good
}

@test "a request that the dead rpod:overlay had read is answered" {
    # Every entry of the image is looked up once; the server dies in between.
    run_payload 'echo up; while [ ! -e /go/start ]; do :; done; for f in /bin/* /etc/*; do
        [ -e "$f" ] || [ -L "$f" ] || { echo "lost $f"; exit 1; }; done; md5sum /bin/* >/dev/null || exit 2; echo good' --network none
    local old i
    : >"$go/start"
    for i in 1 2 3; do
        old=$(server rpod:overlay) || break
        kill -KILL "$old" 2>/dev/null || break
        sleep 0.02
    done
    expect_end good
}

@test "a killed rpod:net is replaced: the next connection works" {
    require_tun
    run_payload 'echo up; while [ ! -e /go/end ]; do usleep 10000; done
        for i in 1 2 3 4 5 6 7 8 9 10; do ping -c 1 -W 1 10.0.2.2 >/dev/null && { echo good; exit 0; }; done; exit 1' --cap-add net_raw
    local round old
    for round in 1 2 3; do
        old=$(server rpod:net)
        kill -KILL "$old"
        wait_for 5 is_other rpod:net "$old"
    done
    : >"$go/end"
    expect_end good
}

@test "one that dies again and again is given up, and the container can still be ended" {
    run_payload 'trap "echo ended; exit 0" TERM; echo up; while :; do read -t 1 x </go/none 2>/dev/null || :; done' --network none --init
    local i old monitor
    monitor=$(monitor)
    for i in $(seq 200); do
        old=$(server rpod:overlay "$monitor") || break
        kill -KILL "$old" 2>/dev/null || :
        sleep 0.02
    done
    wait_for 10 no_server
    kill -KILL "$(monitor)"
    wait "$command" || :
}
no_server() { ! server rpod:overlay; }

@test "killed at any moment of the start, a server does not keep the start from its end" {
    local i pid
    for i in 1 2 3 4 5 6 7 8; do
        "$RPOD" --root "$RPOD_ROOT" run --rm busybox true >"$out" 2>&1 &
        command=$!
        while kill -0 "$command" 2>/dev/null; do
            for name in rpod:overlay rpod:net; do
                pid=$(server "$name" 2>/dev/null) && kill -KILL "$pid" 2>/dev/null && break 2
            done
        done || :
        status=0
        wait "$command" || status=$?
        is "$status" 0 "round $i: exit code ($(cat "$out"))"
    done
}

@test "a killed rpod:fuse, which cannot be replaced, ends its container with a word" {
    require_fuse
    STORAGE_DRIVER=fuse run_payload 'echo up; while :; do sleep 1; done' --name files --network none
    kill -KILL "$(server rpod:fuse)"
    status=0
    wait "$command" || status=$?
    is "$status" 137 "exit code"
    like "$(cat "$out")" "rpod: the process that served the container's files has ended: the container is killed" "what it said"
}

@test "a container with a restart policy goes on with another rpod:fuse" {
    require_fuse
    local old
    run_rpod --storage-driver fuse run -d --name again --restart always --network none busybox sh -c 'echo x >>/starts; sync; sleep 1000'
    old=$(server rpod:fuse)
    kill -KILL "$old"
    wait_for 20 is_other rpod:fuse "$old"
    starts() { [ "$(rpod exec again cat /starts 2>/dev/null | wc -l)" = 2 ]; }
    wait_for 10 starts
    run_rpod rm -f again
}
