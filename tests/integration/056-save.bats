#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Images out: archives and directories that others read, and what is left where that fails.

load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    run_rpod image inspect --format '{{.Id}}' busybox
    ID=$output
}

# loads_as PATH: into a store of its own, where busybox has the same ID.
loads_as() {
    local other=$BATS_TEST_TMPDIR/other-$RANDOM$RANDOM
    "$RPOD" --root "$other" load -q -i "$1" >/dev/null || fail "load '$1'"
    is "$("$RPOD" --root "$other" images -q --no-trunc)" "sha256:${ID#sha256:}" "$1: image ID"
    rm -rf "$other"
}

@test "every format loads again, with the same ID" {
    local format
    for format in docker-archive oci-archive oci-dir; do
        run_rpod save -q --format "$format" -o "out-$format" busybox
        is "$output" "" "$format: output"
        loads_as "out-$format"
    done
    run_rpod save -q --format oci-archive --uncompressed -o plain.tar busybox
    loads_as plain.tar
    [ "$(stat -c %s plain.tar)" -gt "$(stat -c %s out-oci-archive)" ] || fail "the layers are not compressed"
    is "$(find . -name '.tmp-*')" "" "what is left"
}

@test "skopeo reads every format" {
    require_command skopeo
    run_rpod save -q -o a.tar busybox
    run_rpod save -q --format oci-archive -o o.tar busybox
    run_rpod save -q --format oci-dir -o o busybox
    run_rpod save -q --format docker-dir -o d busybox
    run_rpod save -q --format docker-dir --compress -o dz busybox
    local source
    for source in docker-archive:a.tar oci-archive:o.tar oci:o dir:d dir:dz; do
        is "sha256:$(skopeo inspect --config --raw "$source" | sha256sum | cut -d ' ' -f 1)" "sha256:${ID#sha256:}" "$source"
        # Checks all digests.
        skopeo copy -q "$source" "oci:copy-${source%%:*}:x" || fail "copy $source"
    done
    is "$(skopeo inspect docker-archive:a.tar:localhost/busybox:latest --format '{{.Os}}')" linux "by its name"
}

@test "further names, and an image by its ID" {
    run_rpod save -q -o a.tar busybox more:1 example.org/x
    is "$(tar -xOf a.tar manifest.json | python3 -c 'import json, sys; print(*json.load(sys.stdin)[0]["RepoTags"])')" \
        "localhost/busybox:latest localhost/more:1 example.org/x:latest" "names"
    run_rpod save -q -o b.tar "$ID"
    is "$(tar -xOf b.tar manifest.json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["RepoTags"])')" "[]" "no name"
}

@test "several images share layers" {
    make_archive docker two.tar localhost/two:1 "$BUSYBOX_TAR"
    run_rpod load -q -i two.tar
    run_rpod save -q -m -o both.tar busybox two:1
    is "$(tar -tf both.tar | grep -c '\.tar$')" "$(tar -tf both.tar | grep '\.tar$' | sort -u | wc -l)" "each layer once"
    "$RPOD" --root "$PWD/other" load -q -i both.tar >out
    like "$(<out)" "busybox:latest" "first"
    like "$(<out)" "two:1" "second"
    rm -rf other
    run_rpod rmi two:1
}

@test "standard output: a file, a pipe, a file that is appended to" {
    run_rpod save -q -o a.tar busybox
    "$RPOD" --root "$RPOD_ROOT" save busybox >b.tar
    "$RPOD" --root "$RPOD_ROOT" save busybox | cat >c.tar
    "$RPOD" --root "$RPOD_ROOT" save busybox >>d.tar
    "$RPOD" --root "$RPOD_ROOT" save -q -o /dev/stdout busybox >e.tar
    local file
    for file in b c d e; do cmp a.tar "$file.tar" || fail "$file differs"; done
    mkfifo pipe
    cat pipe >f.tar &
    run_rpod save -q -o pipe busybox
    wait $!
    cmp a.tar f.tar || fail "the named pipe's differs"
    [ -p pipe ] || fail "the pipe was replaced"
}

@test "a file that is there is replaced through its link and keeps its mode" {
    echo old >real
    chmod 600 real
    ln -s real link
    run_rpod save -q -o link busybox
    [ -L link ] || fail "the link was replaced"
    is "$(stat -c %a real)" 600 "mode"
    loads_as real
}

@test "what cannot be saved leaves everything as it was" {
    echo old >there
    run_rpod 125 save -q -o there nope
    like "$stderr" "nope: image not known" "message"
    is "$(<there)" old "the file"
    run_rpod 125 save -q -o no/such/dir.tar busybox
    like "$stderr" "No such file or directory" "message"
    mkdir full && : >full/file
    run_rpod 125 save -q --format oci-dir -o full busybox
    like "$stderr" "the directory 'full' is not empty|/full' is not empty" "message"
    is "$(ls full)" file "the directory"
    run_rpod 125 save --format oci-dir busybox
    like "$stderr" "needs a directory" "message"
    run_rpod 125 save --compress -o x busybox
    like "$stderr" "docker-dir" "message"
    run_rpod 125 save --format tar -o x busybox
    like "$stderr" "unknown format" "message"
    is "$(find . -name '.tmp-*' -o -name x)" "" "what is left"
}

@test "a full disk is said, and leaves no part" {
    mkdir small
    local save='mount -t tmpfs -o size=200k tmpfs small || exit 77
        "$RPOD" --root "$RPOD_ROOT" save -q -o small/out.tar busybox; echo "exit $?"; ls -A small'
    run unshare --user --map-current-user --mount --keep-caps sh -c "$save"
    [ "$status" != 77 ] || skip "no tmpfs can be mounted in a user namespace here"
    like "$output" "No space left on device" "message"
    is "${lines[-1]}" "exit 125" "nothing is left"
}

@test "podman loads it with the same ID" {
    require_command podman
    run_rpod save -q -o a.tar busybox
    run podman --root "$PWD/podman" --runroot "$PWD/run" --storage-driver vfs load -q -i a.tar
    [ "$status" = 0 ] || skip "podman does not work here: $output"
    run podman --root "$PWD/podman" --runroot "$PWD/run" --storage-driver vfs images -q --no-trunc
    like "$output" "${ID#sha256:}" "image ID"
    podman --root "$PWD/podman" --runroot "$PWD/run" --storage-driver vfs rmi -af >/dev/null
    podman unshare rm -rf podman run
}
