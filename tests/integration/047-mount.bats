#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# mount and unmount: the root file systems of containers within `rpod unshare`.

load helpers

setup() { require_run; }

teardown() { remove_containers_and_volumes; }

teardown_file() {
    # What was unpacked of it belongs to subordinate IDs and goes with it.
    rpod rmi -fa >/dev/null
    teardown_store
}

# in_unshare [STATUS] SCRIPT ARG...: a shell script in which `rpod` is the program under test.
in_unshare() {
    local expected=0
    case $1 in
    [0-9]*) expected=$1 && shift ;;
    esac
    local script=$1
    shift
    run_rpod "$expected" unshare bash -euc 'r=$1 s=$2; shift 2; rpod() { "$r" --root "$s" "$@"; }; '"$script" - "$RPOD" "$RPOD_ROOT" "$@"
}

holders() { pgrep -u "$(id -u)" -r D,R,S -x rpod:mount >/dev/null; }
no_holders() { ! holders; }

@test "mount outside of unshare" {
    rpod create --network none --name plain busybox true >/dev/null
    run_rpod 125 mount plain
    is "$stderr" 'Error: cannot run command "rpod mount" in rootless mode, must execute `rpod unshare` first' "podman's words"
    run_rpod 125 container unmount plain
    like "$stderr" 'must execute `rpod unshare` first' "unmount"
}

# Where a driver does not work here, its containers cannot be made.
@test "mount under every storage driver" {
    for driver in overlay fuse unpacked copy; do
        rpod --storage-driver $driver create --network none --name "$driver-0" busybox sh -c 'cat /of-mount; echo made >/of-run' >/dev/null ||
            continue
        in_unshare 'm=$(rpod mount "$1"); test -x $m/bin/busybox; echo data >$m/of-mount; stat -c %u $m/of-mount; rpod unmount "$1" >/dev/null; ls $m' "$driver-0"
        is "$output" 0 "root's under $driver, and nothing after the unmount"
        run_rpod start -a "$driver-0"
        is "$output" data "what was written is the container's ($driver)"
        in_unshare 'cat $(rpod mount "$1")/of-run' "$driver-0"
        is "$output" made "what the container wrote ($driver)"
        run_rpod diff "$driver-0"
        like "$output" "A /of-mount" "the difference ($driver)"
    done
    no_holders || fail "a holder is left"
}

@test "mount of one that runs" {
    for driver in overlay unpacked copy; do
        rpod --storage-driver $driver run -d --network none --name up -v data:/data busybox sh -c 'echo in >/made; touch /data/hidden; while :; do sleep 0.1; done' >/dev/null ||
            continue
        wait_for 10 rpod exec up test -e /data/hidden
        in_unshare 'm=$(rpod mount up); cat $m/made; ls $m/data $m/proc; echo out >$m/given; rpod exec up cat /given; rpod stop -t 0 up; for i in 1 2 3 4 5 6 7 8 9; do test -e $m/bin || break; sleep 0.2; done; ls $m; rpod start up; rpod mount up >/dev/null; cat $m/given; rpod rm -f -t 0 up'
        like "$output" "^in"$'\n'".*/data:"$'\n\n'".*/proc:"$'\n'"out"$'\n'"up"$'\n'"up"$'\n'"out"$'\n'"up$" "the root alone, as long as it runs ($driver)"
        rpod volume rm data >/dev/null
    done
    rpod --storage-driver fuse run -d --network none --name fused busybox sleep 100 || return 0
    in_unshare 125 'rpod mount fused'
    like "$stderr" "storage driver fuse, whose files the kernel shows in its own user namespace" "why not"
}

@test "mounts are counted and listed" {
    local id other
    id=$(rpod create --network none --name first busybox true)
    other=$(rpod create --network none --name second busybox true)
    in_unshare 'rpod mount first second; rpod mount first >/dev/null; rpod mount; rpod mount --format json'
    like "$output" "/$id/merged"$'\n'".*/$other/merged"$'\n' "the paths"
    like "$output" "${id:0:12}  /.*/merged" "the list"
    like "$output" "\"id\": \"$id\"" "JSON"
    like "$output" '"Names": \[' "names"
    like "$output" "\"mountpoint\": \".*/$other/merged\"" "where"
    in_unshare 'm=$(rpod mount first); rpod mount first >/dev/null; rpod unmount first; test -e $m/bin; rpod umount first; ! test -e $m/bin; rpod unmount first || echo failed'
    is "$output" "$id"$'\n'"$id"$'\n'"failed" "twice"
    like "$stderr" "error unmounting container $id: layer is not mounted" "a third time"
    in_unshare 'm=$(rpod mount first); rpod mount first >/dev/null; rpod unmount -f first; ! test -e $m/bin; rpod mount -a | wc -l; rpod unmount -a | wc -l; rpod mount'
    is "$output" "$id"$'\n2\n2' "force and all"
    in_unshare 125 'rpod mount --format yaml'
    like "$stderr" "unknown --format argument: yaml" "a format"
}

@test "nothing is left of mounts" {
    rpod create --network none --name kept busybox true >/dev/null
    in_unshare 'rpod mount kept >/dev/null'
    no_holders || fail "the end of unshare"
    rpod unshare bash -c '"$1" --root "$2" mount kept; echo "$PPID" >"$3"; sleep 100' - "$RPOD" "$RPOD_ROOT" "$BATS_TEST_TMPDIR/pid" 3>&- &
    local job=$!
    wait_for 10 test -s "$BATS_TEST_TMPDIR/pid"
    # Only its own process tells that it is mounted: others are refused, not deceived.
    run_rpod 125 start kept
    like "$stderr" "is mounted by rpod mount" "start"
    run_rpod 125 export -o /dev/null kept
    like "$stderr" "is mounted by rpod mount" "export"
    in_unshare 125 'rpod mount kept'
    like "$stderr" "is mounted in another rpod unshare already" "two at once"
    kill -KILL "$(cat "$BATS_TEST_TMPDIR/pid")"
    wait_for 10 no_holders
    run_rpod start -a kept
    pkill -P "$job" sleep || :
    wait "$job" || :
    # A holder that is killed takes its servers with it; the next start detaches what is still attached.
    in_unshare 'm=$(rpod mount kept); pkill -KILL -x rpod:mount; sleep 0.3; rpod mount; rpod start -a kept; ls $m; rpod mount kept >/dev/null; ls -d $m/bin; rpod rm kept; ! test -e $m'
    like "$output" "^/.*/merged/bin"$'\n'"kept$" "killed"
    no_holders
    [ -z "$(ls -A "$RPOD_ROOT/containers" | grep -v -e '^names$' -e '^rm$')" ]
}

@test "a hostile tree leads nowhere" {
    rpod create --network none --name evil busybox true >/dev/null
    mkdir "$BATS_TEST_TMPDIR/links"
    ln -s /etc "$BATS_TEST_TMPDIR/links/up"
    tar -C "$BATS_TEST_TMPDIR/links" -c up | rpod cp - evil:/
    in_unshare 'm=$(rpod mount evil); readlink $m/up; ls -d $m/../config.json; grep -c " $m " /proc/self/mountinfo; grep " $m " /proc/self/mountinfo | grep -o nosuid,nodev'
    like "$output" "^/etc"$'\n'"/.*/config.json"$'\n1\nnosuid,nodev$' "a plain mount"
    # What the container mounts at its own root is not the host's business.
    rpod run -d --network none --privileged --name over busybox sh -c 'mount -t tmpfs none /home && touch /home/there && sleep 100' >/dev/null
    wait_for 10 rpod exec over test -e /home/there
    in_unshare 'ls $(rpod mount over)/home'
    is "$output" app "its mounts"
}

@test "rpod itself within unshare" {
    rpod run -d --network none --name inner busybox sleep 100 >/dev/null
    in_unshare 'rpod cp inner:/etc/passwd - | tar -t; rpod run --rm --network none busybox echo ran; rpod unshare id -u'
    is "$output" $'passwd\nran\n0' "commands that work in the session"
}
