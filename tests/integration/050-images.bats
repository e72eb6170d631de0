#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Images in: archives and directories of all kinds, damaged ones, and what the store looks like afterwards.

load helpers

setup() { cp "$BUSYBOX_TAR" "$BATS_TEST_TMPDIR/base.tar"; }

# A second layer: one new file, one whiteout.
make_upper() {
    local tree=$BATS_TEST_TMPDIR/upper
    mkdir -p "$tree/etc"
    echo upper >"$tree/etc/upper"
    : >"$tree/etc/.wh.group"
    tar -C "$tree" --owner=0 --group=0 -cf "$BATS_TEST_TMPDIR/upper.tar" etc
}

@test "every format and compression loads, and the layers lie upon each other" {
    require_run
    require_command zstd
    make_upper
    local format n=0
    for format in docker docker:gzip oci oci:gzip oci:zstd oci:xz oci:bzip2; do
        make_archive "$format" "$BATS_TEST_TMPDIR/a.tar" "localhost/t$((++n)):1" "$BATS_TEST_TMPDIR"/{base,upper}.tar
        run_rpod load -q -i "$BATS_TEST_TMPDIR/a.tar"
        run_rpod run --rm --network none "t$n:1" sh -c 'cat /etc/upper; test ! -e /etc/group'
        is "$output" upper "$format"
    done
}

@test "load reads standard input, compressed as a whole too" {
    make_archive docker "$BATS_TEST_TMPDIR/a.tar" localhost/stdin:1 "$BATS_TEST_TMPDIR/base.tar"
    gzip "$BATS_TEST_TMPDIR/a.tar"
    run_rpod load -q <"$BATS_TEST_TMPDIR/a.tar.gz"
    like "$output" stdin "the name"
}

@test "an image is the same however it came" {
    local ids=() layout
    for layout in docker oci; do
        make_archive "$layout" "$BATS_TEST_TMPDIR/$layout.tar" localhost/same:1 "$BATS_TEST_TMPDIR/base.tar"
        run_rpod pull -q "$layout-archive:$BATS_TEST_TMPDIR/$layout.tar"
        ids+=("$output")
    done
    is "${ids[0]}" "${ids[1]}" "image ID"
}

@test "the store is an OCI layout that skopeo reads" {
    require_command skopeo
    skopeo inspect "oci:$RPOD_ROOT/oci:localhost/busybox:latest" >/dev/null
    skopeo copy -q "oci:$RPOD_ROOT/oci:localhost/busybox:latest" "docker-archive:$BATS_TEST_TMPDIR/out.tar:x:y"
    run_rpod load -q -i "$BATS_TEST_TMPDIR/out.tar"
}

@test "import applies its changes" {
    require_run
    run_rpod import -q -c 'ENV GREETING="hello world"' -c 'CMD ["sh", "-c", "echo $GREETING"]' "$BUSYBOX_TAR" changed:1
    like "$output" '^sha256:[0-9a-f]{64}$' "ID"
    run_rpod run --rm --network none changed:1
    is "$output" "hello world" "the command"
}

@test "damage is found, named, and leaves the store as it was" {
    local before damage
    before=$(tree_summary "$RPOD_ROOT/oci")
    make_upper
    for damage in layer diff-id short; do
        make_archive --damage "$damage" oci:gzip "$BATS_TEST_TMPDIR/bad.tar" localhost/bad:1 "$BATS_TEST_TMPDIR"/{base,upper}.tar
        run_rpod 125 load -q -i "$BATS_TEST_TMPDIR/bad.tar"
        is "$output" "" "$damage: standard output"
        [ -n "$stderr" ] || fail "$damage: no message"
        run_rpod 125 run --rm bad:1 true
        is "$(tree_summary "$RPOD_ROOT/oci")" "$before" "$damage: the store"
    done
}

@test "two loads of one image at once" {
    make_archive docker "$BATS_TEST_TMPDIR/a.tar" localhost/twice:1 "$BATS_TEST_TMPDIR/base.tar"
    rpod load -q -i "$BATS_TEST_TMPDIR/a.tar" &
    run_rpod load -q -i "$BATS_TEST_TMPDIR/a.tar"
    wait $! || fail "the other load ended with $?"
}

@test "everything in the store belongs to the caller, and there are few files" {
    is "$(find "$RPOD_ROOT" ! -user "$(id -un)")" "" "files of others"
    [ "$(find "$RPOD_ROOT" -type f | wc -l)" -lt 60 ] || fail "$(find "$RPOD_ROOT" -type f)"
}
