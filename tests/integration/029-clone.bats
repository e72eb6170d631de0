#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod container clone

load helpers

setup() { require_run; }
teardown() { remove_containers_and_volumes; }

@test "a copy of what was asked for" {
    rpod run --network none --name a -e A=b -l c=d -v data:/data --workdir /data busybox sh -c 'echo $A; pwd; touch /data/mine /root-file'
    run_rpod container clone a
    like "$output" '^[0-9a-f]{64}$' "the ID"
    run_rpod start -a a-clone
    is "${lines[*]}" "b /data" "environment and directory"
    run_rpod inspect --format '{{.Config.Labels.c}} {{.ImageName}}' a-clone
    is "$output" "d localhost/busybox:latest" "labels, image"
    run_rpod container clone a
    run_rpod container exists a-clone1
    run_rpod container clone a named
    run_rpod container clone --name other a
    run_rpod 125 container clone a named
    like "$stderr" "already in use" "a name that is taken"
    run_rpod ps -a --noheading --format '{{.Names}}'
    is "$(sort <<<"$output" | tr '\n' ' ')" "a a-clone a-clone1 named other " "all"
}

@test "another image, started at once, in the place of the original" {
    rpod tag busybox second
    rpod run -d --network none --name first busybox sleep 100
    run_rpod 125 container clone --force first
    run_rpod 2 container clone --destroy first copy
    rpod rm copy
    run_rpod container clone --destroy --force --run first copy localhost/second
    run_rpod 1 container exists first
    run_rpod inspect --format '{{.State.Status}} {{.ImageName}}' copy
    is "$output" "running localhost/second:latest" "the copy"
}

@test "the image stays the same when its name moves on" {
    rpod tag busybox moving
    rpod create --name a moving echo here
    echo other >"$BATS_TEST_TMPDIR/f"
    tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/o.tar" f
    rpod import "$BATS_TEST_TMPDIR/o.tar" moving
    run_rpod container clone a b
    run_rpod start -a b
    is "$output" here "the old image"
}

@test "limits are refused by name" {
    rpod create --name a busybox
    run_rpod 125 container clone --memory 1g a
    like "$stderr" "--memory is not supported yet" "the reason"
}
