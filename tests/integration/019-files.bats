#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# File trees of containers and volumes: rpod export, rpod volume export

load helpers

setup() { require_run; }
teardown() { remove_all_containers; }

# member ARCHIVE NAME: its line in tar's listing, owners as numbers.
member() { tar --numeric-owner -tvf "$1" "$2" 2>/dev/null; }

make_changed() {
    rpod "$@" busybox sh -c '
        echo hello > /root/new; chown 33:44 /root/new; chmod 4751 /root/new; ln /root/new /root/second
        ln -s /etc/passwd /root/link; mkfifo /root/fifo; rm -rf /bin/false
        mkdir -p /data/sub; touch /ready; exec sleep 100' >/dev/null
}

check_changed() {
    local archive=$1
    like "$(member "$archive" root/new)" '^-rws[r-]-x--x 33/44 +6 ' "owner and mode"
    is "$(tar -xOf "$archive" root/new)" hello "content"
    like "$(member "$archive" root/second)" 'link to root/new$' "hard link"
    like "$(member "$archive" root/link)" '-> /etc/passwd$' "symbolic link"
    like "$(member "$archive" root/fifo)" '^p' "fifo"
    is "$(member "$archive" bin/false)" "" "what was removed"
    like "$(member "$archive" bin/busybox)" ' 0/0 ' "what came with the image"
    like "$(member "$archive" data/sub/)" '^d' "a directory"
}

@test "export of a running and of a stopped container" {
    make_changed run -d --name c1
    wait_for 10 rpod exec c1 test -e /ready
    run_rpod export -o "$BATS_TEST_TMPDIR/running.tar" c1
    check_changed "$BATS_TEST_TMPDIR/running.tar"
    run_rpod kill c1
    run_rpod wait c1
    rpod container export c1 >"$BATS_TEST_TMPDIR/stopped.tar"
    check_changed "$BATS_TEST_TMPDIR/stopped.tar"
    cmp "$BATS_TEST_TMPDIR/running.tar" "$BATS_TEST_TMPDIR/stopped.tar" || fail "they differ"
    run_rpod start c1
    wait_for 10 rpod exec c1 test -e /ready
}

@test "what is mounted is not exported, what it covers is" {
    run_rpod volume create v1
    run_rpod run -d --name c1 -v v1:/root:nocopy busybox sh -c 'echo secret > /root/inside; touch /ready; exec sleep 100'
    wait_for 10 rpod exec c1 test -e /ready
    rpod export c1 >"$BATS_TEST_TMPDIR/a.tar"
    run tar -tf "$BATS_TEST_TMPDIR/a.tar"
    unlike "$output" 'root/inside' "what the volume holds"
    unlike "$output" 'proc/[0-9a-z]' "/proc"
    like "$output" 'root/' "the mount point"
}

@test "export of a container that was never started, and back" {
    run_rpod create --name c2 --userns keep-id busybox true
    rpod export c2 >"$BATS_TEST_TMPDIR/a.tar"
    like "$(member "$BATS_TEST_TMPDIR/a.tar" bin/busybox)" ' 0/0 ' "owner"
    run_rpod import "$BATS_TEST_TMPDIR/a.tar" again
    run_rpod run --rm again echo works
    is "$output" works "the image made of it"
}

@test "export refuses a terminal, a missing container, a full disk" {
    run_rpod create --name c1 busybox true
    run in_pty "$RPOD" --root "$RPOD_ROOT" export c1
    like "$output" 'refusing to export to terminal' "terminal"
    run_rpod 125 export nope
    like "$stderr" 'no container with name or ID "nope" found: no such container' "missing"
    run_rpod 125 export -o /dev/full c1
    like "$stderr" "'/dev/full'.*No space left" "full"
    run_rpod rm c1
}

@test "export follows no link of the container, whatever is renamed meanwhile" {
    mkdir "$BATS_TEST_TMPDIR/secret"
    echo host-secret >"$BATS_TEST_TMPDIR/secret/file"
    run_rpod run -d --name c1 busybox sh -c "
        mkdir -p /a/d; echo fine > /a/d/file; ln -s /proc/1/root$BATS_TEST_TMPDIR/secret /a/l; ln -s ../../../../..$BATS_TEST_TMPDIR/secret /a/m
        touch /ready
        while :; do mv /a/d /a/e; mv /a/l /a/d; mv /a/d /a/l; mv /a/e /a/d; done"
    wait_for 10 rpod exec c1 test -e /ready
    local i
    for i in 1 2 3 4 5 6 7 8; do
        rpod export c1 >"$BATS_TEST_TMPDIR/a.tar" || fail "export $i"
        ! grep -q host-secret "$BATS_TEST_TMPDIR/a.tar" || fail "export $i brought a file of the host"
        tar -tf "$BATS_TEST_TMPDIR/a.tar" >/dev/null || fail "archive $i"
    done
}

@test "export of a volume" {
    run_rpod run --rm -v v1:/v busybox sh -c 'mkdir /v/d; echo hello > /v/d/f; chown 33:44 /v/d/f; ln -s /etc/passwd /v/link'
    run_rpod volume export -o "$BATS_TEST_TMPDIR/v.tar" v1
    like "$(member "$BATS_TEST_TMPDIR/v.tar" d/f)" ' 33/44 +6 ' "owner"
    is "$(tar -xOf "$BATS_TEST_TMPDIR/v.tar" d/f)" hello "content"
    like "$(member "$BATS_TEST_TMPDIR/v.tar" link)" '-> /etc/passwd$' "a link is a link"
    run_rpod 125 volume export nope
    is "$stderr" 'Error: no volume with name "nope" found: no such volume' "missing"
    run in_pty "$RPOD" --root "$RPOD_ROOT" volume export v1
    like "$output" 'refusing to export to terminal' "terminal"
    mkdir "$BATS_TEST_TMPDIR/dir"
    echo mine >"$BATS_TEST_TMPDIR/dir/f"
    run_rpod volume create -o type=bind -o device="$BATS_TEST_TMPDIR/dir" -o o=bind v2
    rpod volume export v2 >"$BATS_TEST_TMPDIR/v.tar"
    is "$(tar -xOf "$BATS_TEST_TMPDIR/v.tar" f)" mine "a volume that stands for a directory"
    run_rpod volume rm -a
}

@test "import into a volume, and back" {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p in/d
    echo hello >in/d/f
    ln -s /etc/passwd in/link
    chmod 750 in
    tar --owner 33 --group 44 -C in -cJf in.tar.xz .
    run_rpod volume create v1
    run_rpod run --rm -v v1:/v busybox sh -c 'echo stays > /v/mine; mkdir /v/d; echo old > /v/d/f; echo old > /v/link'
    run_rpod volume import v1 in.tar.xz
    is "$output" "" "nothing is printed"
    run_rpod run --rm -v v1:/v busybox sh -c 'cat /v/mine /v/d/f; readlink /v/link; stat -c "%u:%g %a" /v /v/d/f'
    is "$output" "stays
hello
/etc/passwd
33:44 750
33:44 644" "what came"
    rpod volume create v2
    rpod volume export v1 | rpod volume import v2 -
    cmp <(rpod volume export v1) <(rpod volume export v2) || fail "export and import"
    run_rpod 125 volume import nope in.tar.xz
    is "$stderr" "Error: no such volume nope" "missing"
    run_rpod 125 volume import v1 /etc/passwd
    like "$stderr" "archive|header|tar" "no archive"
    run_rpod 125 volume import v1 nothing
    like "$stderr" "'nothing'.*No such file" "no file"
    run_rpod volume rm -a
}

@test "a file to export to is complete, or as it was" {
    run_rpod run --name c1 busybox truncate -s 30G /big
    cd "$BATS_TEST_TMPDIR" || return
    echo old >there
    local file export
    for file in there new; do
        "$RPOD" --root "$RPOD_ROOT" export -o "$file" c1 3>&- &
        export=$!
        wait_for 10 pgrep -u "$(id -u)" -x rpod:files
        kill -9 "$export"
        wait "$export" || :
    done
    is "$(cat there)" old "a file that was there"
    [ ! -e new ] || fail "half an archive"
    run_rpod create --name c2 busybox true
    ln -s there link
    chmod 600 there
    run_rpod export -o link c2
    tar -tf there bin/busybox >/dev/null || fail "the archive"
    is "$(readlink link) $(stat -c %a there)" "there 600" "a link and a mode stay"
    "$RPOD" --root "$RPOD_ROOT" export -o /dev/stdout c2 | cmp - there || fail "/dev/stdout"
    "$RPOD" --root "$RPOD_ROOT" export -o /dev/stdout c2 >plain
    cmp plain there || fail "/dev/stdout, a file"
    mkfifo fifo
    "$RPOD" --root "$RPOD_ROOT" export -o fifo c2 3>&- &
    export=$!
    cmp fifo there || fail "a fifo"
    wait "$export"
}

@test "a killed export leaves nobody at the container's files" {
    run_rpod create --name c1 busybox sleep 100
    mkfifo "$BATS_TEST_TMPDIR/out"
    exec 9<>"$BATS_TEST_TMPDIR/out" # never read: the export waits in its midst
    "$RPOD" --root "$RPOD_ROOT" export c1 >&9 3>&- &
    local export=$!
    wait_for 10 pgrep -u "$(id -u)" -x rpod:files
    kill -9 "$export"
    wait "$export" || :
    gone() { ! pgrep -u "$(id -u)" -x 'rpod:files|rpod:session' >/dev/null; }
    wait_for 10 gone
    exec 9>&-
    run_rpod start c1
    run_rpod exec c1 true
}
