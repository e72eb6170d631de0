#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Kernels before 5.12 and 5.9, and seccomp filters around rpod that know no newer system calls.

load helpers

setup_file() {
    require_command python3
    setup_store
    import_busybox
}

teardown_file() { teardown_store; }
setup() { require_run; }
teardown() { remove_containers_and_volumes; }

MOUNT_SETATTR=442
CLOSE_RANGE=436

# old_kernel ARG...: rpod without these two.
old_kernel() {
    run --separate-stderr timeout --kill-after=5 60 "$RPOD" --root "$RPOD_ROOT" unshare \
        "$BATS_TEST_DIRNAME/without_syscalls.py" "$MOUNT_SETATTR,$CLOSE_RANGE" "$RPOD" --root "$RPOD_ROOT" "$@"
    [ "$status" = 0 ] || fail "rpod $*: exit $status"
}

@test "a container runs, with the mounts that it should have" {
    mkdir "$BATS_TEST_TMPDIR/shared"
    old_kernel run --rm --network none --read-only -v "$BATS_TEST_TMPDIR/shared:/ro:ro,noexec" -v "$BATS_TEST_TMPDIR/shared:/rw" busybox sh -c '
        touch /rw/f || exit 1
        for path in /ro/f /bin/f /proc/sys/kernel/domainname; do ! true 2>/dev/null >>$path || exit 2; done
        cp /bin/busybox /rw/sh && ! /ro/sh true 2>/dev/null || exit 3
        grep " /ro " /proc/self/mounts'
    like "$output" 'ro,.*noexec' "the flags"
}

@test "what is mounted below a read-only volume is read-only" {
    mkdir -p "$BATS_TEST_TMPDIR/shared/below"
    run --separate-stderr timeout 60 "$RPOD" --root "$RPOD_ROOT" unshare sh -c 'mount -t tmpfs none "$1/below" && shift && exec "$@"' - \
        "$BATS_TEST_TMPDIR/shared" "$BATS_TEST_DIRNAME/without_syscalls.py" "$MOUNT_SETATTR,$CLOSE_RANGE" \
        "$RPOD" --root "$RPOD_ROOT" run --rm --network none -v "$BATS_TEST_TMPDIR/shared:/v:ro" busybox \
        sh -c 'for path in /v/f /v/below/f; do ! true 2>/dev/null >>$path || exit 1; done; grep -c " /v" /proc/self/mounts'
    is "$status $output" "0 2" "both mounts"
}

@test "no descriptor of ours reaches the payload" {
    old_kernel run --rm --network none busybox sh -c 'ls /proc/self/fd'
    # The last one is that of the directory itself.
    is "${lines[*]}" "0 1 2 3" "descriptors"
    exec 7</dev/null
    old_kernel run --rm --network none busybox sh -c 'ls /proc/self/fd'
    is "${lines[*]}" "0 1 2 3" "the caller's neither"
    exec 7<&-
    old_kernel run -d --network none --name sleeper busybox sleep 100
    run_rpod exec sleeper sh -c 'ls /proc/self/fd'
    is "${lines[*]}" "0 1 2 3" "exec"
    run_rpod rm -f -t 0 sleeper
}
