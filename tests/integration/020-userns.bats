#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Which IDs a container has, and the user namespace that all of them share.

load helpers

# uid_map OPTION...: the payload's map in $output, one blank between the numbers.
uid_map() { run_rpod run --rm --network none "$@" busybox awk '{ print $1, $2, $3 }' /proc/self/uid_map; }

subuid_count() { awk -F: -v u="$(id -un)" '$1 == u { n += $3 } END { print n }' /etc/subuid; }

@test "root is the caller, the others are the subordinate range" {
    require_run
    uid_map
    is "$output" $'0 0 1\n1 1 '"$(subuid_count)" "the map"
    mkdir "$BATS_TEST_TMPDIR/vol"
    run_rpod run --rm --network none -v "$BATS_TEST_TMPDIR/vol:/v" busybox sh -c 'touch /v/root; touch /v/app; chown 1000 /v/app'
    is "$(stat -c %u "$BATS_TEST_TMPDIR/vol/root")" "$(id -u)" "owner of root's file"
    is "$(stat -c %u "$BATS_TEST_TMPDIR/vol/app")" "$(awk -F: -v u="$(id -un)" '$1 == u { print $2 + 999; exit }' /etc/subuid)" \
        "owner of another's file"
    rpod unshare rm -rf "$BATS_TEST_TMPDIR/vol"
}

@test "keep-id keeps the caller's ID, also on files" {
    require_run
    mkdir "$BATS_TEST_TMPDIR/vol"
    run_rpod run --rm --network none --userns=keep-id -v "$BATS_TEST_TMPDIR/vol:/v" busybox sh -c 'id -u; id -g; touch /v/file'
    is "$output" "$(id -u)"$'\n'"$(id -g)" "user and group"
    is "$(stat -c %u:%g "$BATS_TEST_TMPDIR/vol/file")" "$(id -u):$(id -g)" "owner of the file"
    run_rpod run --rm --network none --userns=keep-id:uid=200,gid=300 busybox sh -c 'id -u; id -g'
    is "$output" $'200\n300' "user and group"
}

@test "--uidmap lays the map out" {
    require_run
    uid_map --uidmap 0:1:10 --uidmap 10:0:1
    is "$output" $'0 1 10\n10 0 1' "the map"
}

@test "unshare runs a command as root of the session's namespace" {
    require_subids
    run_rpod unshare cat /proc/self/uid_map
    like "$output" "^ +0 +$(id -u) +1"$'\n' "the first line"
    run_rpod 7 unshare sh -c 'exit 7'
    run_rpod 127 unshare nosuchcommand
}

@test "two containers live below one user namespace" {
    require_run
    rpod run --rm -i --network none busybox sh -c 'echo up; cat' >"$BATS_TEST_TMPDIR/out" < <(sleep 8) &
    wait_for 10 grep -q up "$BATS_TEST_TMPDIR/out"
    local monitor session
    monitor=$(store_processes | cut -d' ' -f1)
    session=$(readlink "/proc/$monitor/ns/user")
    is "$(rpod unshare readlink /proc/self/ns/user)" "$session" "the namespace of unshare"
    run_rpod run --rm --network none busybox readlink /proc/self/ns/user
    [ "$output" != "$session" ] || fail "the container has no user namespace of its own"
    wait $!
}

# bats test_tags=nosub
@test "without subordinate IDs a container has the caller's own ID alone" {
    require_no_subids
    require_fuse
    run_rpod run --rm --network none busybox cat /proc/self/uid_map
    like "$output" "^ +0 +0 +1$" "the map"
    run_rpod 125 run --rm --network none --userns nomap busybox true
    like "$stderr" "usermod --add-subuids" "the hint"
}

@test "auto gives each container IDs of its own" {
    require_subids
    rpod run --rm -i --name first --userns auto --network none busybox sh -c 'cat /proc/self/uid_map; cat' \
        >"$BATS_TEST_TMPDIR/out" < <(sleep 6) &
    wait_for 10 grep -q 1024 "$BATS_TEST_TMPDIR/out"
    run_rpod run --rm --userns auto --network none busybox cat /proc/self/uid_map
    [ "$output" != "$(cat "$BATS_TEST_TMPDIR/out")" ] || fail "both have the same IDs: $output"
    wait $!
}
