#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# --ipc container:NAME and --privileged: what a container shares with another, and with its host.

load helpers

setup() { require_run; }

start_other() {
    "$RPOD" --root "$RPOD_ROOT" run --rm --name other --network none "$@" busybox sh -c \
        'echo from-other >/dev/shm/note; echo up; while [ ! -e /dev/shm/end ]; do usleep 20000; done; cat /dev/shm/answer' \
        >"$BATS_TEST_TMPDIR/other" 2>&1 &
    other=$!
    wait_for 20 grep -q up "$BATS_TEST_TMPDIR/other"
}

@test "--ipc container: shares /dev/shm both ways, and the IPC namespace" {
    start_other
    run_rpod run --rm --network none --ipc container:other busybox sh -c \
        'cat /dev/shm/note; echo answered >/dev/shm/answer; ls -d /dev/mqueue; readlink /proc/self/ns/ipc; : >/dev/shm/end'
    like "$output" '^from-other
/dev/mqueue
ipc:' "what is shared"
    wait "$other"
    like "$(cat "$BATS_TEST_TMPDIR/other")" answered "what the other one sees"
}

@test "--ipc container: a /dev/shm that the other one replaced by a link leads to nothing of the host's" {
    "$RPOD" --root "$RPOD_ROOT" run --rm --name evil --network none --privileged busybox sh -c \
        'umount /dev/shm; rm -rf /dev/shm; ln -s /proc/1/root /dev/shm; echo up; sleep 20' >"$BATS_TEST_TMPDIR/evil" 2>&1 &
    evil=$!
    wait_for 20 grep -q up "$BATS_TEST_TMPDIR/evil"
    run_rpod '?' run --rm --network none --ipc container:evil busybox ls /dev/shm
    unlike "$output" 'home' "the host's root"
    "$RPOD" --root "$RPOD_ROOT" rm -f evil >/dev/null
    wait "$evil" || :
}

@test "--ipc container: of one that does not run is an error" {
    run_rpod 125 run --rm --ipc container:nobody busybox true
    like "$stderr" 'nobody' "the message"
}

@test "--privileged shows the devices that the caller may open, and no terminal of the host" {
    require_fuse
    run_rpod run --rm --network none --privileged busybox sh -c 'ls -l /dev/fuse; ls /dev'
    like "$output" '^c.*/dev/fuse' "fuse"
    unlike "$output" 'tty[0-9]' "terminals"
    run_rpod 1 run --rm --network none busybox ls /dev/fuse
}
