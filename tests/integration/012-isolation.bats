#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# What a container has for itself.

load helpers

setup() { require_run; }

@test "changes stay in their container" {
    run_rpod run --rm --network none busybox sh -c 'rm /etc/passwd; echo new >/etc/group; mkdir /new; chmod 0 /bin'
    run_rpod run --rm --network none busybox sh -c 'test -s /etc/passwd && ! grep -q new /etc/group && ! test -e /new'
}

@test "namespaces are the container's own, the host's when asked" {
    local kind
    for kind in cgroup ipc mnt net pid user uts; do
        run_rpod run --rm busybox readlink "/proc/self/ns/$kind"
        unlike "$output" "^$(readlink "/proc/self/ns/$kind")$" "$kind"
    done
    for kind in ipc net uts; do
        run_rpod run --rm "--${kind/net/network}" host busybox readlink "/proc/self/ns/$kind"
        is "$output" "$(readlink "/proc/self/ns/$kind")" "the host's $kind"
    done
}

@test "the payload is PID 1 and sees only its own processes" {
    run_rpod run --rm --network none busybox sh -c 'echo $$; echo /proc/[0-9]*'
    is "${lines[0]}" 1 "PID"
    like "${lines[1]}" '^/proc/1$' "processes"
}

@test "ten at once" {
    local pids=() pid i
    for i in {0..9}; do
        rpod run --rm --network none busybox sh -c "echo $i" >"$BATS_TEST_TMPDIR/$i" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || fail "one ended with $?"; done
    is "$(cat "$BATS_TEST_TMPDIR"/[0-9] | sort | tr -d '\n')" 0123456789 "outputs"
}
