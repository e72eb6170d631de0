#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# What has changed: rpod diff

load helpers

setup() { require_run; }
teardown() { remove_all_containers; }

changes='A /d
A /d/e
A /d/e/f
C /data
D /data/sub
C /etc
C /etc/motd
A /link
A /new
A /run/mine'

make_image() {
    run_rpod run --name "$1" busybox sh -c 'mkdir -p /data/sub /gone; echo x > /data/sub/f; echo y > /gone/old; echo g > /etc/motd'
    run_rpod commit -q "$1" tree
    run_rpod rm "$1"
}

# What gives $changes.
script='mkdir -p /d/e; echo f > /d/e/f; chmod 700 /data; rm -r /data/sub; echo more >> /etc/motd; ln -s /new /link; touch /new /run/mine
    echo kept > /vol/kept; echo u > /data/u; rm /data/u'

@test "diff of a stopped and of a running container" {
    make_image c0
    run_rpod run --name c1 -v v1:/vol tree sh -c "$script"
    run_rpod diff c1
    is "$output" "$changes" "stopped"
    run_rpod run -d --name c2 -v v1:/vol tree sh -c "$script; touch /ready; exec sleep 100"
    wait_for 10 rpod exec c2 test -e /ready
    run_rpod diff c2
    is "$output" "${changes/A \/run/A \/ready
A \/run}" "running"
    run_rpod container diff -l
    is "$output" "${changes/A \/run/A \/ready
A \/run}" "the latest"
    run_rpod volume rm -f v1
}

@test "a directory that was made anew shows nothing of the old one" {
    make_image c0
    run_rpod run --name c1 tree sh -c 'rm -rf /gone; mkdir /gone; echo n > /gone/new'
    run_rpod diff c1
    is "$output" "C /gone
A /gone/new
D /gone/old" "opaque"
    run_rpod diff --format json c1
    is "$(jq -c . <<<"$output")" '{"changed":["/gone"],"added":["/gone/new"],"deleted":["/gone/old"]}' "json"
}

@test "a container that changed nothing" {
    run_rpod create --name c1 busybox true
    run_rpod diff c1
    is "$output" "" "never started"
    run_rpod diff --format json c1
    is "$output" "{}" "json"
    run_rpod start -a c1
    run_rpod diff c1
    is "$output" "" "it only ran"
}

@test "two containers, two images, an image's last layer" {
    make_image c0
    run_rpod run --name c1 tree sh -c 'echo 1 > /one'
    run_rpod run --name c2 --userns keep-id tree sh -c 'echo 2 > /tmp/two 2>/dev/null; :'
    run_rpod diff c1 busybox
    like "$output" $'A /data/sub/f\n' "container and another image"
    run_rpod diff c1 c2
    like "$output" 'A /one' "two containers"
    run_rpod diff c2 c1
    like "$output" 'D /one' "the other way round"
    run_rpod diff tree busybox
    local whole=$output
    run_rpod image diff tree
    is "$output" "$whole" "the layer above busybox"
    run_rpod image diff busybox
    like "$output" 'A /bin/busybox' "the only layer"
}

@test "messages and exit codes are podman's" {
    run_rpod create --name c1 busybox true
    run_rpod 125 diff nope
    is "$stderr" "Error: nope not found: layer not known" "nothing of that name"
    run_rpod 125 image diff c1
    is "$stderr" "Error: c1 not found: c1: image not known" "no image"
    run_rpod 125 container diff busybox
    is "$stderr" "Error: busybox not found: container not known" "no container"
    run_rpod 125 diff --format table c1
    is "$stderr" "Error: only supported value for '--format' is 'json'" "format"
    run_rpod 125 diff
    like "$stderr" "must be provided" "no name"
    mkdir "$BATS_TEST_TMPDIR/root"
    run_rpod create --name c2 --rootfs "$BATS_TEST_TMPDIR/root" true
    run_rpod 125 diff c2
    like "$stderr" "made of a directory" "--rootfs"
}

@test "a user's names and marks of whiteouts do no harm" {
    run_rpod run --name c1 busybox sh -c 'mkdir /w; touch "/w/.wh.x" "/w/.wh..wh..opq" "/w/.wh." "/w/a
b" /.wh.bin; :'
    run_rpod diff c1
    is "$output" 'A /w
A /w/a\x0ab' "what a layer can hold"
    like "$stderr" "'w/\.wh\.x' is left out" "a warning"
    run_rpod commit -q c1 marks
    run_rpod run --rm marks ls -A /w
    is "$output" 'a?b' "and the image"
}
