#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod system df|prune|check|reset, and the prune of each kind of thing

load helpers
load background

teardown() { remove_containers_and_volumes; }

@test "df: the table, the fields, the details" {
    require_run
    rpod volume create v1
    rpod run --network none --name a -v v1:/v busybox sh -c 'echo hello >/v/f; echo hi >/f'
    run_rpod system df
    is "$(sed 's/ [0-9.]*[kM]*B/ S/g' <<<"${lines[0]}")" "TYPE           TOTAL       ACTIVE      SIZE        RECLAIMABLE" "headings"
    like "${lines[1]}" '^Images         1           1           [0-9.]+[kM]B +0B \(0%\)$' "images"
    is "${lines[2]}" "Containers     1           0           3B          3B (100%)" "containers"
    is "${lines[3]}" "Local Volumes  1           1           6B          0B (0%)" "volumes"
    run_rpod system df --format '{{.Type}} {{.Total}} {{.Active}}'
    is "${lines[2]}" "Local Volumes 1 1" "a template"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" system df --format json | python3 -c "import json, sys; print([(l[\"Type\"], l[\"RawSize\"]) for l in json.load(sys.stdin)][1:])"'
    is "$output" "[('Containers', 3), ('Local Volumes', 6)]" "JSON"
    run_rpod system df -v
    like "$output" 'REPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS' "images"
    like "$output" 'CONTAINER ID +IMAGE +COMMAND +LOCAL VOLUMES +SIZE +CREATED +STATUS +NAMES' "containers"
    like "$output" 'v1 +1 +6B' "volumes"
    run_rpod 125 system df -v --format json
}

@test "prune: nothing that is used" {
    require_run
    rpod volume create v1
    rpod volume create v2
    rpod create --name gone busybox
    rpod run -d --network none --name up -v v1:/v busybox sleep 100
    run_rpod system prune -f
    like "$output" '^Deleted Containers
[0-9a-f]{64}
Total reclaimed space: 0B$' "containers"
    run_rpod volume exists v2
    run_rpod container exists up
    run_rpod system prune -f -a --volumes
    is "${lines[*]}" "Deleted Volumes v2 Total reclaimed space: 0B" "volumes"
    run_rpod image exists busybox
}

@test "prune: asks, and takes filters" {
    rpod create --name first --label keep=no busybox
    rpod create --name second busybox
    run bash -c 'echo n | "$RPOD" --root "$RPOD_ROOT" system prune -a --volumes'
    like "$output" "WARNING! This command removes:
.*- all stopped containers
.*- all volumes not used by at least one container
.*- all images without at least one container associated with them" "the question"
    run_rpod container exists first
    run bash -c '"$RPOD" --root "$RPOD_ROOT" container prune </dev/null'
    is "$status" 125 "no answer is no yes"
    run_rpod 125 system prune -f --filter name=first
    run_rpod system prune -f --filter label=keep
    run_rpod 1 container exists first
    run_rpod container exists second
    run_rpod container prune -f --filter until=1h
    run_rpod container exists second
    run_rpod container prune -f
    run_rpod 1 container exists second
}

@test "check finds what is missing, cut or changed, and repairs" {
    run_rpod system check
    is "$output" "" "nothing is wrong"
    local layer id
    # One file more, so that its layer is its own.
    mkdir -p "$BATS_TEST_TMPDIR/x"
    echo unique >"$BATS_TEST_TMPDIR/x/file"
    tar -C "$BATS_TEST_TMPDIR/x" -cf "$BATS_TEST_TMPDIR/x.tar" .
    run_rpod import "$BATS_TEST_TMPDIR/x.tar" damaged
    layer=$RPOD_ROOT/oci/blobs/sha256/$(rpod image inspect damaged --format '{{index .RootFS.Layers 0}}' | sed 's/sha256://')
    chmod u+w "$layer"
    printf X | dd of="$layer" bs=1 seek=600 conv=notrunc status=none
    run_rpod system check --quick
    run_rpod 125 system check
    like "$output" '^image localhost/damaged:latest: layer sha256:[0-9a-f]{64}: has another digest$' "changed"
    like "$stderr" "damage detected in local storage" "the error"
    truncate -s 10 "$layer"
    run_rpod 125 system check --quick
    like "$output" 'has 10 bytes instead of' "cut"
    rpod create --name user damaged 2>/dev/null || skip "no container could be made"
    run_rpod 125 system check --repair
    like "$stderr" "1 of 1 damaged images are used by containers" "in use"
    run_rpod system check --repair --force
    like "$output" "Removed image localhost/damaged:latest" "repaired"
    run_rpod 1 image exists damaged
    run_rpod 1 container exists user
    [ ! -e "$layer" ] || fail "the damaged layer is still there"
    run_rpod image exists busybox
    run_rpod system check
}

@test "check: a manifest that is no manifest" {
    mkdir -p "$BATS_TEST_TMPDIR/y"
    echo other >"$BATS_TEST_TMPDIR/y/file"
    tar -C "$BATS_TEST_TMPDIR/y" -cf "$BATS_TEST_TMPDIR/y.tar" .
    run_rpod import "$BATS_TEST_TMPDIR/y.tar" nomanifest
    local manifest
    manifest=$(python3 -c 'import json, sys
for m in json.load(open(sys.argv[1]))["manifests"]:
    if "nomanifest" in str(m): print(m["digest"].split(":")[1])' "$RPOD_ROOT/oci/index.json")
    chmod u+w "$RPOD_ROOT/oci/blobs/sha256/$manifest"
    echo '{' >"$RPOD_ROOT/oci/blobs/sha256/$manifest"
    run_rpod 125 system check
    like "$output" 'image localhost/nomanifest:latest: manifest sha256:[0-9a-f]{64}: has another digest' "damage"
    run_rpod system check --repair
    run_rpod system check
    run_rpod image exists busybox
}

@test "check: two manifests that are none" {
    local name manifest
    for name in one two; do
        mkdir -p "$BATS_TEST_TMPDIR/$name"
        echo "$name" >"$BATS_TEST_TMPDIR/$name/file"
        tar -C "$BATS_TEST_TMPDIR/$name" -cf "$BATS_TEST_TMPDIR/$name.tar" .
        run_rpod import "$BATS_TEST_TMPDIR/$name.tar" "broken-$name"
    done
    for manifest in $(python3 -c 'import json, sys
for m in json.load(open(sys.argv[1]))["manifests"]:
    if "broken-" in str(m): print(m["digest"].split(":")[1])' "$RPOD_ROOT/oci/index.json"); do
        chmod u+w "$RPOD_ROOT/oci/blobs/sha256/$manifest"
        echo '{' >"$RPOD_ROOT/oci/blobs/sha256/$manifest"
    done
    run_rpod system check --repair
    is "$(grep -c '^Removed image' <<<"$output")" 2 "both go"
    run_rpod system check
    [ ! -e "$RPOD_ROOT/oci/.unfinished" ] || fail "garbage is left"
    run_rpod image exists busybox
}

@test "migrate, renumber: nothing to do" {
    run_rpod system migrate
    run_rpod system renumber
    is "$output$stderr" "" "no word"
    run_rpod 125 system migrate --new-runtime runc
}

@test "reset empties the store and ends what runs" {
    require_run
    rpod run -d --network none --name up -v rv:/v busybox sh -c 'echo x >/v/f; chown 5:5 /v/f; exec sleep 100'
    wait_for 20 is_running up
    run bash -c 'echo n | "$RPOD" --root "$RPOD_ROOT" system reset'
    like "$output" "all containers" "the question"
    run_rpod container exists up
    run_rpod system reset -f
    run_rpod ps -aq
    is "$output" "" "containers"
    run_rpod images -q
    is "$output" "" "images"
    run_rpod volume ls -q
    is "$output" "" "volumes"
    # It is a store as before.
    import_busybox
    run_rpod run --rm --network none busybox echo again
    is "$output" again "a container"
}
