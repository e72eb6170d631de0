#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# How images become root file systems: --storage-driver

load helpers

setup_file() {
    setup_store
    import_busybox
    make_image
}

teardown_file() {
    rpod rm -fa >/dev/null
    # What was unpacked of it belongs to subordinate IDs and goes with it.
    rpod rmi -fa >/dev/null
    teardown_store
}

teardown() { rpod rm -fa >/dev/null; }

# An image of two layers with all sorts of files, owners and modes.
make_image() {
    rpod --storage-driver copy run --name made busybox sh -c '
        mkdir -p /data/sub /gone /deep/a/b/c/d; echo x > /data/sub/f; echo y > /gone/old; echo g > /etc/motd
        echo one > /data/one; ln /data/one /data/two; ln -s one /data/link; mkfifo -m 640 /data/fifo
        echo mine > /data/mine; chown 1000:1001 /data/mine; chmod 600 /data/mine
        echo s > /data/suid; chown 1000 /data/suid; chmod 4755 /data/suid
        mkdir /data/closed; echo c > /data/closed/c; chown -R 1000 /data/closed; chmod 700 /data/closed
        dd if=/dev/zero of=/data/sparse bs=1k seek=1000 count=1 2>/dev/null; chmod 1777 /deep
        touch -d "2001-02-03 04:05:06" /data/one /deep/a/b/c /data/sub' &&
        rpod commit -q made tree >/dev/null && rpod rm made >/dev/null
}

require_driver() {
    case $1 in
    overlay | fuse) require_fuse ;;
    esac
}

# What a container sees of /data and /deep: types, modes, owners, link counts, times and sizes.
# shellcheck disable=SC2016
look='cd /; find data deep ! -type d | sort | while read -r f; do stat -c "%n %f %u:%g %h %Y %s" "$f"; done
    find data deep -type d | sort | while read -r f; do stat -c "%n %f %u:%g %Y" "$f"; done
    cat data/one data/two data/link data/mine data/closed/c etc/motd; md5sum < data/sparse'

# What gives $changes.
script='mkdir -p /d/e; echo f > /d/e/f; chmod 700 /data; rm -r /data/sub; echo more >> /etc/motd; ln -s /new /link; touch /new
    echo u > /data/u; rm /data/u; rm -r /gone; mkdir /gone; echo n > /gone/new; echo two >> /data/two'
changes='A /d
A /d/e
A /d/e/f
C /data
C /data/one
D /data/sub
C /data/two
C /etc
C /etc/motd
C /gone
A /gone/new
D /gone/old
A /link
A /new'
# A link of several is copied up alone by overlays without an index, as the kernel's.
changes_of() {
    case $1 in
    copy) echo "$changes" ;;
    *) grep -v /data/one <<<"$changes" ;;
    esac
}

# with_driver DRIVER: all that a container goes through.
with_driver() {
    local driver=$1
    require_driver "$driver"
    export STORAGE_DRIVER=$driver
    run_rpod run --name c1 tree sh -c "$script"
    is "$(rpod inspect --format '{{.GraphDriver.Name}}' c1)" "$driver" "its driver"
    unset STORAGE_DRIVER
    run_rpod diff c1
    is "$output" "$(changes_of "$driver")" "diff"
    run_rpod cp c1:/d/e/f - && run_rpod cp c1:/etc/motd "$BATS_TEST_TMPDIR/motd"
    is "$(cat "$BATS_TEST_TMPDIR/motd")" $'g\nmore' "cp out"
    run_rpod cp "$BATS_TEST_TMPDIR/motd" c1:/d/copied
    run_rpod export -o "$BATS_TEST_TMPDIR/$driver.tar" c1
    run tar -xOf "$BATS_TEST_TMPDIR/$driver.tar" d/copied
    is "$output" $'g\nmore' "export"
    run_rpod commit -q c1 "of-$driver"
    run_rpod run --rm "of-$driver" sh -c 'cat /d/copied /gone/new /data/two; ls /gone /data; stat -c "%a %u" /data/mine /data'
    like "$output" $'^g\nmore\nn\none\ntwo\n/data:\nclosed\nfifo\nlink\nmine\none\nsparse\nsuid\ntwo\n\n/gone:\nnew\n600 1000\n700 0$' "commit"
    run_rpod start -a c1
    run_rpod '?' start -a c1
    run_rpod diff c1
    like "$output" $'A /d/copied\n' "it kept what it had"
    run_rpod rm c1
    run_rpod rmi "of-$driver"
}

@test "overlay: run, diff, cp, commit, export, start again" { with_driver overlay; }
@test "fuse: run, diff, cp, commit, export, start again" { with_driver fuse; }
@test "unpacked: run, diff, cp, commit, export, start again" { with_driver unpacked; }
@test "copy: run, diff, cp, commit, export, start again" { with_driver copy; }

@test "containers see the same under every driver" {
    require_fuse
    run_rpod --storage-driver overlay run --rm tree sh -c "$look"
    local expected=$output driver
    for driver in fuse unpacked copy; do
        run_rpod --storage-driver "$driver" run --rm tree sh -c "$look"
        is "$output" "$expected" "$driver"
    done
    for userns in keep-id auto:size=3000 nomap; do
        run_rpod --storage-driver overlay run --rm --userns "$userns" --user 0 tree sh -c "$look"
        expected=$output
        for driver in fuse unpacked copy; do
            run_rpod --storage-driver "$driver" run --rm --userns "$userns" --user 0 tree sh -c "$look"
            is "$output" "$expected" "$driver, $userns"
        done
    done
}

@test "other drivers see what nobody changed as unchanged" {
    local driver
    for driver in unpacked copy; do
        run_rpod --storage-driver "$driver" create --name "c-$driver" tree true
        run_rpod diff "c-$driver"
        is "$output" "" "$driver, never started"
        run_rpod start -a "c-$driver"
        run_rpod diff "c-$driver"
        is "$output" "" "$driver, it only ran"
    done
}

@test "copy: a change that keeps size and time is seen, a new time alone too" {
    run_rpod --storage-driver copy run --name c1 tree sh -c '
        printf two > /tmp/t; touch -r /data/one /tmp/r; printf "eno\n" > /data/one; touch -r /tmp/r /data/one; touch /etc/passwd'
    run_rpod diff c1
    like "$output" $'C /etc\nC /etc/passwd' "the new time"
    run_rpod commit -q c1 changed
    run_rpod run --rm changed cat /data/one
    is "$output" eno "the change"
    run_rpod rmi changed
}

@test "the driver of a container stays when the default changes" {
    run_rpod --storage-driver copy create --name c1 busybox sh -c 'echo again >> /file; cat /file'
    run_rpod --storage-driver unpacked start -a c1
    is "$output" again "first"
    run_rpod start -a c1
    is "$output" $'again\nagain' "second"
    is "$(rpod inspect --format '{{.GraphDriver.Name}}' c1)" copy "its driver"
    run_rpod --storage-driver unpacked container clone c1 c2
    is "$(rpod inspect --format '{{.GraphDriver.Name}}' c2)" unpacked "that of a clone, named"
    run_rpod container clone c1 c3
    is "$(rpod inspect --format '{{.GraphDriver.Name}}' c3)" copy "that of a clone"
}

@test "unpacked: one tree for all containers, until the image goes" {
    run_rpod --storage-driver unpacked run --name c1 tree true
    run_rpod --storage-driver unpacked run --name c2 tree true
    is "$(find "$RPOD_ROOT/trees" -mindepth 1 -maxdepth 1 -name '[0-9a-f]*' | wc -l)" 1 "trees"
    [ ! -e "$RPOD_ROOT/containers/$(rpod inspect --format '{{.Id}}' c1)/tree" ] || fail "a tree of its own"
    run_rpod tag tree other
    run_rpod rmi tree
    run_rpod --storage-driver unpacked run --rm other cat /etc/motd
    is "$output" g "after one name went"
    run_rpod tag other tree
    run_rpod rmi other
    run_rpod run --name c3 busybox true
    run_rpod commit -q c3 brief
    run_rpod --storage-driver unpacked run --rm brief true
    is "$(find "$RPOD_ROOT/trees" -mindepth 1 -maxdepth 1 -name '[0-9a-f]*' | wc -l)" 2 "with another image"
    run_rpod system df --format '{{.Type}} {{.RawSize}}'
    local before=${lines[0]#Images }
    run_rpod rmi brief
    is "$(find "$RPOD_ROOT/trees" -mindepth 1 -maxdepth 1 | wc -l)" 1 "when it is gone"
    run_rpod system df --format '{{.Type}} {{.RawSize}}'
    [ "${lines[0]#Images }" -lt "$before" ] || fail "df does not count trees"
}

@test "unpacked: killed while it unpacks, and then not" {
    local n
    # shellcheck disable=SC2016
    run_rpod run --name c1 busybox sh -c 'i=0; while [ $i -lt 3000 ]; do echo $i > /f$i; i=$((i+1)); done'
    run_rpod commit -q c1 many
    for n in 0.01 0.05 0.1; do
        command "$RPOD" --root "$RPOD_ROOT" --storage-driver unpacked run --rm many true &
        local command=$!
        sleep "$n"
        # Whoever unpacks is a child of the command.
        pkill -KILL -P "$command" || :
        kill -KILL "$command" 2>/dev/null || :
        wait "$command" || :
    done
    run_rpod --storage-driver unpacked run --rm many sh -c 'ls / | grep -c ^f[0-9]; cat /f2999'
    is "$output" $'3000\n2999' "all of it"
    wait_for 5 no_temporaries
    run_rpod rmi many
}
no_temporaries() {
    rpod ps -q >/dev/null
    rpod --storage-driver unpacked run --rm busybox true
    [ -z "$(find "$RPOD_ROOT/trees" -mindepth 1 -maxdepth 1 -name '.tmp-*')" ]
}

@test "copy: killed while it is made, it starts all the same" {
    local pid
    run_rpod --storage-driver copy create --name c1 tree cat /etc/motd
    rpod start c1 &
    pid=$!
    sleep 0.03
    for monitor in $(store_processes | cut -d' ' -f1); do kill -KILL "$monitor" || :; done
    wait "$pid" || :
    run_rpod start -a c1
    is "$output" g "after that"
}

@test "fuse: a commit has what is still in the kernel's cache" {
    require_fuse
    run_rpod --storage-driver fuse run -d --name c1 busybox sh -c 'exec 3>/held; echo kept >&3; touch /ready; exec sleep 100'
    wait_for 10 rpod exec c1 test -e /ready
    run_rpod commit -q c1 held
    run_rpod run --rm held cat /held
    is "$output" kept "an open file"
    run_rpod rmi held
}

@test "fuse: what its server served ends with it, and is back when the container starts again" {
    require_fuse
    run_rpod --storage-driver fuse run -d --name c1 busybox sh -c 'echo first >> /file; exec sleep 100'
    wait_for 10 rpod exec c1 test -e /file
    local server
    server=$(pgrep -u "$(id -u)" -x rpod:fuse -P "$(rpod inspect --format '{{.State.ConmonPid}}' c1)")
    kill -KILL "$server"
    run_rpod '?' exec c1 cat /file
    [ "$status" != 0 ] || fail "it is served by nobody"
    run_rpod stop -t 1 c1
    run_rpod start c1
    wait_for 10 rpod exec c1 grep -c first /file
    run_rpod exec c1 cat /file
    is "$output" $'first\nfirst' "after that"
}

@test "pods start their members under any driver" {
    local driver
    for driver in unpacked copy; do
        run_rpod --storage-driver "$driver" run --rm --pod "new:p-$driver" tree cat /etc/motd
        is "$output" g "$driver"
        run_rpod pod rm -f "p-$driver"
    done
}

@test "what has been asked for, and what is not there" {
    run_rpod 125 --storage-driver btrfs run --rm busybox true
    like "$stderr" "no storage driver 'btrfs'" "a driver of podman's"
    STORAGE_DRIVER=nonsense run_rpod 125 run --rm busybox true
    like "$stderr" "STORAGE_DRIVER: there is no storage driver 'nonsense'" "by the environment"
    run_rpod --storage-driver vfs create --name c1 busybox true
    is "$(rpod inspect --format '{{.GraphDriver.Name}}' c1)" copy "podman's word"
    run_rpod --storage-driver unpacked info --format '{{.Store.GraphDriverName}}'
    is "$output" unpacked "info"
}

@test "auto: overlay where all works" {
    require_fuse
    run_rpod info --format '{{.Store.GraphDriverName}}'
    is "$output" overlay "info"
    run_rpod create --name c1 busybox true
    is "$(rpod inspect --format '{{.GraphDriver.Name}}' c1)" overlay "a container"
}

# without_fuse ARG...: rpod as the root of a user namespace in which there is no /dev/fuse, on a store of its own.
without_fuse() {
    # shellcheck disable=SC2016
    unshare -Urm sh -c 'mount --bind /dev/null /dev/fuse && exec "$@"' - "$RPOD" --root "$BATS_TEST_TMPDIR/store" "$@"
}

@test "auto: unpacked without /dev/fuse" {
    require_fuse
    without_fuse import "$BUSYBOX_TAR" busybox
    run without_fuse info --format '{{.Store.GraphDriverName}} {{.Store.GraphStatus}}'
    like "$output" '^unpacked .*Driver overlay:does not work: ' "info"
    run without_fuse run --network none --rm busybox sh -c 'echo w > /f; cat /f; rm /bin/ls; ls /bin 2>&1 | wc -l'
    is "${lines[-2]}" w "it runs"
    run without_fuse rmi -fa
    chmod -R u+rwX "$BATS_TEST_TMPDIR/store" && rm -rf "$BATS_TEST_TMPDIR/store"
}

# bats test_tags=nosub
@test "with one ID everything is the caller's under every driver" {
    require_no_subids
    local driver
    for driver in unpacked copy fuse; do
        require_driver "$driver"
        run_rpod --storage-driver "$driver" run --network none --name "c-$driver" tree sh -c '
            stat -c "%u:%g %a" /data/mine /data/suid /data/closed; cat /data/closed/c; echo n > /new; rm /data/one; cat /data/two'
        is "$output" $'0:0 600\n0:0 4755\n0:0 700\nc\none' "$driver"
        run_rpod diff "c-$driver"
        like "$output" $'D /data/one\n' "diff, $driver"
        like "$output" $'A /new' "diff, $driver"
        run_rpod rm "c-$driver"
    done
}
