#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Many layers, empty layers, layers that images share, and the order of all of them.

load helpers

setup_file() { setup_store; }

setup() {
    require_run
    cd "$BATS_TEST_TMPDIR" || return
}

# layer NAME COMMAND...: NAME.tar of what the command makes in an empty directory.
layer() {
    local name=$1 tree=$BATS_TEST_TMPDIR/tree-$1
    shift
    mkdir "$tree"
    (cd "$tree" && "$@")
    tar -C "$tree" --owner=0 --group=0 --sort=name --mtime=@1700000000 -cf "$name.tar" .
    rm -rf "$tree"
}

# numbered N: a file that every layer replaces, one of its own, and a whiteout of the one three layers below.
numbered() {
    echo "$1" >top
    mkdir -p "d/$(($1 % 7))"
    echo "content $1" >"d/$(($1 % 7))/$1"
    [ "$1" -ge 4 ] || return 0
    mkdir -p "d/$((($1 - 3) % 7))"
    : >"d/$((($1 - 3) % 7))/.wh.$(($1 - 3))"
}

# What numbered 1 to N leave: the files of the last three layers.
expected_files() {
    local i
    for ((i = $1 - 2; i <= $1; i++)); do echo "d/$((i % 7))/$i content $i"; done | sort
}

show_files='cat top; cd / && for f in d/*/*; do echo "$f $(cat $f)"; done | sort'

@test "an image of 120 layers runs, with the tree that they make" {
    local i layers=()
    for ((i = 1; i <= 119; i++)); do
        layer "$i" numbered "$i"
        layers+=("$i.tar")
    done
    make_archive oci image.tar many:120 "$BUSYBOX_TAR" "${layers[@]}"
    run_rpod load -q -i image.tar
    run_rpod run --rm --network none many:120 sh -c "$show_files"
    is "$output" "$(echo 119 && expected_files 119)" "the tree"
    run_rpod image inspect --format '{{len .RootFS.Layers}}' many:120
    is "$output" 120 "layers"
    # Written to as well: the upper layer lies on all of them.
    run_rpod run --rm --network none many:120 sh -c 'echo new >top; rm -r d; mkdir d; ls -A d; cat top'
    is "$output" new "what the container changed"
    # Another archive format brings nothing new.
    local before
    before=$(find "$RPOD_ROOT/oci/blobs" | wc -l)
    make_archive docker image.tar many:again "$BUSYBOX_TAR" "${layers[@]}"
    run_rpod load -q -i image.tar
    is "$(find "$RPOD_ROOT/oci/blobs" | wc -l)" "$before" "blobs"
    run_rpod run --rm --network none many:again cat top
    is "$output" 119 "the top layer"
}

put() { echo "$1" >"$2"; }

@test "the order of layers counts, not that of an archive's members" {
    layer one put one file
    layer two put two file
    local order
    for order in "one two" "two one"; do
        # shellcheck disable=SC2086
        set -- $order
        make_archive docker image.tar order:x "$BUSYBOX_TAR" "$1.tar" "$2.tar"
        # docker writes manifest.json last, podman first; a stream has the layers before it.
        run_rpod load -q -i image.tar
        run_rpod run --rm --network none order:x cat file
        is "$output" "$2" "$order"
        run_rpod load -q <image.tar
        run_rpod run --rm --network none order:x cat file
        is "$output" "$2" "$order, as a stream"
    done
}

@test "a layer that is there twice is applied twice" {
    layer one put one file
    layer two put two file
    make_archive oci image.tar twice:x "$BUSYBOX_TAR" one.tar two.tar one.tar
    run_rpod load -q -i image.tar
    run_rpod run --rm --network none twice:x cat file
    is "$output" one "the file"
    run_rpod image inspect --format '{{len .RootFS.Layers}}' twice:x
    is "$output" 4 "layers"
}

@test "empty layers change nothing" {
    layer empty true
    # Without even the root directory, and with nothing but the end of an archive.
    tar -cf nothing.tar -T /dev/null
    layer one put one file
    make_archive oci:gzip image.tar empty:x empty.tar "$BUSYBOX_TAR" nothing.tar one.tar empty.tar nothing.tar
    run_rpod load -q -i image.tar
    run_rpod run --rm --network none empty:x cat file
    is "$output" one "the file"
    # An image of nothing else can be had, though nothing runs in it.
    make_archive oci image.tar empty:only nothing.tar
    run_rpod load -q -i image.tar
    run_rpod '?' run --rm --network none empty:only true
    is "$status" 127 "exit code of a command that is not there"
}

@test "images share layers; removing one leaves the others whole" {
    layer common put common file
    layer mine put mine other
    layer yours put yours other
    make_archive oci image.tar share:mine "$BUSYBOX_TAR" common.tar mine.tar
    run_rpod load -q -i image.tar
    local blobs shared
    blobs=$(find "$RPOD_ROOT/oci/blobs" -type f | wc -l)
    make_archive docker image.tar share:yours "$BUSYBOX_TAR" common.tar yours.tar
    run_rpod load -q -i image.tar
    # One layer, one configuration and one manifest more.
    is "$(find "$RPOD_ROOT/oci/blobs" -type f | wc -l)" "$((blobs + 3))" "blobs"
    shared=$(sha256sum <common.tar | cut -d' ' -f1)
    run_rpod rmi share:mine
    [ -e "$RPOD_ROOT/oci/blobs/sha256/$shared" ] || fail "the shared layer is gone"
    [ ! -e "$RPOD_ROOT/oci/blobs/sha256/$(sha256sum <mine.tar | cut -d' ' -f1)" ] || fail "a layer of nobody is left"
    run_rpod run --rm --network none share:yours cat file other
    is "$output" $'common\nyours' "the other image"
    run_rpod rmi share:yours
    [ ! -e "$RPOD_ROOT/oci/blobs/sha256/$shared" ] || fail "the shared layer is left"
}
