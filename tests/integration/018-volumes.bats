#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod volume ...

load helpers
load background

teardown() { rpod volume rm -a >/dev/null 2>&1 || :; }

@test "create, ls, exists, rm" {
    run_rpod volume create v1
    is "$output" v1 "the name"
    run_rpod volume create
    like "$output" '^[0-9a-f]{64}$' "a random name"
    local other=$output
    run_rpod volume ls
    is "${lines[0]}" "DRIVER      VOLUME NAME" "headings"
    is "${#lines[@]}" 3 "lines"
    run_rpod volume ls -q --filter name=v1
    is "$output" v1 "names only"
    run_rpod volume exists v1
    run_rpod 1 volume exists v
    run_rpod volume rm v1 "${other:0:12}"
    is "$output" "v1
${other:0:12}" "what was typed"
    run_rpod 1 volume exists v1
}

@test "messages and exit codes are podman's" {
    run_rpod 1 volume rm nope
    is "$stderr" 'Error: no volume with name "nope" found: no such volume' "rm of nothing"
    run_rpod volume rm -f nope
    run_rpod volume create v1
    run_rpod 125 volume create v1
    like "$stderr" "volume already exists" "create of one that exists"
    run_rpod volume create --ignore v1
    is "$output" v1 "with --ignore"
    run_rpod 125 volume create --driver nfs v2
    run_rpod 125 volume create -o type=tmpfs v2
    run_rpod 125 volume create ../v2
    run_rpod 125 volume inspect nope
    is "$output" "[]" "inspect of nothing"
}

@test "labels, options, filters, inspect" {
    run_rpod volume create --label a=1 v1
    run_rpod volume create -o type=bind -o "device=$BATS_TEST_TMPDIR" -o o=bind v2
    run_rpod volume ls -q --filter label=a
    is "$output" v1 "by label"
    run_rpod volume ls -q --filter opt=type=bind
    is "$output" v2 "by option"
    run_rpod volume inspect --format '{{.Name}} {{.Driver}} {{.Labels.a}} {{.Mountpoint}}' v1
    is "$output" "v1 local 1 $RPOD_ROOT/volumes/v1/_data" "a template"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" volume inspect v1 v2 | python3 -c "
import json, sys
a, b = json.load(sys.stdin)
print(a[\"Labels\"], a[\"Scope\"], b[\"Options\"][\"type\"], a[\"CreatedAt\"][:2])"'
    is "$output" "{'a': '1'} local bind 20" "JSON"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" volume ls --format json | python3 -c "import json, sys; print([v[\"Name\"] for v in json.load(sys.stdin)])"'
    is "$output" "['v1', 'v2']" "ls as JSON"
}

@test "what containers write stays, and goes with the volume" {
    require_run
    run_rpod run --rm --network none -v data:/d busybox sh -c 'mkdir -m 700 /d/deep && echo hello >/d/deep/file && chown -R 1000:1000 /d/deep'
    run_rpod run --rm --network none -v data:/d busybox cat /d/deep/file
    is "$output" hello "what the next container reads"
    run_rpod volume rm data
    run_rpod 1 volume exists data
    [ -z "$(ls "$RPOD_ROOT/volumes")" ] || fail "left: $(ls "$RPOD_ROOT/volumes")"
}

@test "a bind volume is its directory, which outlives it" {
    require_run
    echo host >"$BATS_TEST_TMPDIR/file"
    run_rpod volume create -o type=bind -o "device=$BATS_TEST_TMPDIR" b
    run_rpod run --rm --network none -v b:/d busybox cat /d/file
    is "$output" host "what the container reads"
    run_rpod volume rm b
    is "$(cat "$BATS_TEST_TMPDIR/file")" host "the directory"
}

@test "--uid and --gid give it to an ID of containers" {
    require_run
    run_rpod volume create --uid 1000 --gid 1001 owned
    run_rpod run --rm --network none -v owned:/d busybox stat -c %u:%g /d
    is "$output" 1000:1001 "its owner"
}

@test "2 for a volume in use; --force takes the container, too" {
    require_run
    run_rpod run --name user --network none -v used:/d busybox true
    run_rpod 2 volume rm used
    like "$stderr" "volume used is being used by the following container" "the message"
    run_rpod volume ls -q --filter dangling=true
    is "$output" "" "dangling ones"
    run_rpod volume rm -f used
    run_rpod 1 container exists user
}

@test "prune removes what no container uses, after a question" {
    require_run
    run_rpod run --name keeper --network none -v kept:/d busybox true
    run_rpod volume create --label x loose
    run bash -c 'echo n | "$RPOD" --root "$RPOD_ROOT" volume prune'
    like "$output" "loose" "the question"
    run_rpod volume exists loose
    run_rpod volume prune --force --filter label=y
    is "$output" "" "with a filter"
    run_rpod volume prune --force
    is "$output" loose "what went"
    run_rpod volume exists kept
    run_rpod rm keeper
}
