#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Trees that no path reaches to the bottom of, names as long as they can be, and directories of many files.

load helpers

setup() { require_run; }
teardown() { remove_all_containers; }

# By renaming, 5,000 directories in each other get made through short paths.
# shellcheck disable=SC2016
make_deep='mkdir -p $1 && cd $1; p=d; i=1; while [ $i -lt 1000 ]; do p=$p/d; i=$((i+1)); done
    mkdir -p $p; for n in 1 2 3 4; do mkdir -p n/$p && mv d n/$p/d && mv n d || exit; done; echo made'

@test "5,000 directories in each other: told of in one line, and removed" {
    local driver command
    for driver in fuse auto; do
        run_rpod --storage-driver "$driver" run --name deep --network none busybox sh -c "$make_deep" - /tmp
        is "$output" made "what the payload said"
        for command in "diff deep" "commit -q deep deep" "export -o $BATS_TEST_TMPDIR/tar deep" "cp deep:/tmp $BATS_TEST_TMPDIR/out"; do
            # shellcheck disable=SC2086
            run_rpod 125 $command
            like "$stderr" "^Error: '[^']*…' has files below it whose paths are longer than 4095 bytes$" "$command under $driver"
        done
        run_rpod ps -a --size
        like "$output" "deep" "the container"
        run_rpod rm deep
    done
    run_rpod images -q deep
    is "$output" "" "images"
    is "$(find "$RPOD_ROOT/containers" -mindepth 1 ! -name names)" "" "what is left of the containers"
}

@test "a volume with 5,000 directories in each other is removed" {
    run_rpod run --rm --network none -v deep:/v busybox sh -c "$make_deep" - /v
    run_rpod volume rm deep
    run_rpod volume ls -q
    is "$output" "" "volumes"
}

@test "names of 255 bytes go through run, diff, commit and cp" {
    local name driver
    name=$(printf 'n%.0s' {1..255})
    for driver in fuse auto; do
        run_rpod --storage-driver "$driver" run --name long --network none busybox sh -c \
            "mkdir /tmp/$name && echo x >/tmp/$name/$name && rm /tmp/$name/$name && echo y >/tmp/$name/$name"
        run_rpod diff long
        like "$output" "A /tmp/$name/$name" "diff"
        run_rpod commit -q long long
        run_rpod --storage-driver "$driver" run --rm --network none long sh -c "cat /tmp/$name/$name; rm -r /tmp/$name; ls /tmp"
        is "$output" y "the file"
        run_rpod cp "long:/tmp/$name" "$BATS_TEST_TMPDIR/$driver"
        is "$(cat "$BATS_TEST_TMPDIR/$driver/$name")" y "the copy"
        run_rpod 1 run --rm --network none long mkdir "/tmp/${name}n"
        like "$stderr" "File name too long" "the refusal of a longer one"
        run_rpod rm long
        run_rpod rmi long
    done
}

@test "a directory of 20,000 files" {
    # shellcheck disable=SC2016
    run_rpod --storage-driver fuse run --name wide --network none busybox sh -c 'mkdir /wide; cd /wide; seq 20000 | xargs touch
        ls | wc -l; ls | sort -un | wc -l; seq 1 2 20000 | xargs rm; ls | wc -l'
    is "$output" $'20000\n20000\n10000' "counts"
    run_rpod commit -q wide wide
    run_rpod --storage-driver fuse run --rm --network none wide sh -c 'ls /wide | wc -l; rm -r /wide; ls / | grep -c wide || :'
    is "$output" $'10000\n0' "counts in the image"
}
