#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# run --volumes-from

load helpers

setup() { require_run; }

teardown() { remove_containers_and_volumes; }

@test "binds, named and anonymous volumes" {
    mkdir "$BATS_TEST_TMPDIR/d" && echo bound >"$BATS_TEST_TMPDIR/d/f"
    rpod run --network none --name a -v "$BATS_TEST_TMPDIR/d:/d" -v named:/n -v /anon --tmpfs /t busybox sh -c 'echo n >/n/f; echo a >/anon/f; echo t >/t/f'
    run_rpod run --rm --network none --volumes-from a busybox sh -c 'cat /d/f /n/f /anon/f; [ ! -e /t/f ]'
    is "${lines[*]}" "bound n a" "all but the tmpfs"
    run_rpod create --name b --volumes-from a:ro busybox true
    run_rpod inspect --format '{{json .HostConfig.VolumesFrom}}' b
    is "$output" '["a:ro"]' "inspect"
    run_rpod 1 run --rm --network none --volumes-from a:ro busybox sh -c 'echo >/n/f'
    run_rpod run --rm --network none --volumes-from a -v other:/n busybox sh -c 'ls /n; cat /anon/f'
    is "$output" a "its own mount goes first"
}

@test "several, and one that was never started" {
    rpod create --name a -v /x busybox
    rpod create --name b -v two:/y -v three:/x busybox
    run_rpod run --rm --network none --volumes-from a --volumes-from b busybox sh -c 'echo 1 >/x/f; echo 2 >/y/f'
    run_rpod run --rm --network none -v three:/three busybox cat /three/f
    is "$output" 1 "the last one counts"
    run_rpod run --rm --network none --volumes-from a busybox sh -c 'echo mine >/x/f'
    run_rpod run --rm --network none --volumes-from a busybox cat /x/f
    is "$output" mine "the volume of a container that never ran"
}

@test "a volume stays while others have it" {
    rpod run --network none --name a -v /x busybox sh -c 'echo kept >/x/f'
    rpod create --name b --volumes-from a busybox cat /x/f
    rpod rm -v a
    run_rpod start -a b
    is "$output" kept "after rm -v of the first"
    run_rpod run --rm --network none --name c -v /x busybox true
    rpod rm -v b
}

@test "errors are podman's" {
    run_rpod 125 create --volumes-from nope busybox
    is "$stderr" 'Error: looking up container "nope" for volumes-from: no container with name or ID "nope" found: no such container' "no container"
    rpod create --name a -v x:/x busybox
    run_rpod 125 create --volumes-from a:foo busybox
    like "$stderr" 'invalid option "foo" specified' "an option"
}
