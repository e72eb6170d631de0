#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# --userns in all its modes, and a user without subordinate IDs.

load helpers

@test "nomap: the caller's ID is not in the container" {
    require_run
    mkdir -m 0700 "$BATS_TEST_TMPDIR/data"
    run_rpod 1 run --rm --userns nomap -v "$BATS_TEST_TMPDIR/data:/data" busybox touch /data/f
    run_rpod run --rm --userns nomap busybox stat -c %u /etc/passwd
    is "$output" 0 "owner of an image's file"
}

@test "files of an image have the image's owners in each mode" {
    require_run
    local mode
    for mode in host keep-id nomap auto; do
        run_rpod run --rm --network none --userns "$mode" -u root busybox stat -c '%u:%g' /etc/passwd /home/app
        is "${lines[*]}" "0:0 1000:1000" "$mode"
    done
}

# bats test_tags=nosub
@test "without a range every file of an image shows as root's" {
    require_no_subids
    require_fuse
    run_rpod run --rm busybox stat -c '%u:%g' /home/app
    is "$output" "0:0" "owner"
}
