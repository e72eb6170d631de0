#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Users and groups that the image does not know get an entry in the container's /etc/passwd and /etc/group.

load helpers

setup() { require_run; }

@test "keep-id: the caller has a name and a home" {
    run_rpod run --rm --network none --userns keep-id busybox sh -c 'whoami; id -un; id -gn; tail -n 1 /etc/passwd'
    local user group
    user=$(id -un) group=$(id -gn)
    if [ "$(id -u)" = 1000 ]; then user=app group=app; fi # the image's own entry
    like "$output" "^$user
$user
$group
" "who am I"
    run_rpod run --rm --network none --userns keep-id:uid=4242,gid=4243 -w /tmp busybox sh -c 'tail -n 1 /etc/passwd; tail -n 1 /etc/group; echo ~'
    like "$output" "^$(id -un):\*:4242:4243:[^:]*:/tmp:/bin/sh
$(id -gn):x:4243:$(id -un)
/tmp$" "entries of the caller"
}

@test "keep-id: the home is the caller's where it is mounted" {
    run_rpod run --rm --network none --userns keep-id:uid=4242,gid=4243 -v "$BATS_TEST_TMPDIR:$HOME" busybox sh -c 'echo ~'
    is "$output" "$HOME" "the home"
}

@test "a number that the image does not know gets an entry; one that it knows, or a name, does not" {
    run_rpod run --rm --network none --user 4321:8765 busybox sh -c 'tail -n 1 /etc/passwd; tail -n 1 /etc/group; whoami'
    is "$output" '4321:*:4321:8765:container user:/:/bin/sh
8765:x:8765:4321
4321' "entries"
    run_rpod run --rm --network none --user app busybox sh -c 'grep -c . /etc/passwd; whoami'
    is "$output" '4
app' "a known user"
}

@test "--passwd=false, --passwd-entry and --group-entry" {
    run_rpod run --rm --network none --passwd=false --user 4321 busybox grep -c 4321 /etc/passwd || :
    run_rpod 1 run --rm --network none --passwd=false --user 4321 busybox grep 4321 /etc/passwd
    run_rpod run --rm --network none --user 4321:99 --passwd-entry 'x$USERNAME:z:$UID:$GID:$NAME:$HOME:/bin/ash' \
        --group-entry 'g$GROUPNAME:z:$GID:$USERLIST' busybox sh -c 'tail -n 1 /etc/passwd; tail -n 1 /etc/group'
    is "$output" 'x4321:z:4321:99:container user:/:/bin/ash
g99:z:99:4321' "entries of one's own"
    run_rpod 125 run --rm --passwd-entry "$(printf 'a\nb')" busybox true
    like "$stderr" 'expected one line' "two lines"
}

@test "a mount on /etc/passwd decides; a read-only container has the entry, too" {
    echo 'root:x:0:0:root:/root:/bin/sh' >"$BATS_TEST_TMPDIR/passwd"
    run_rpod run --rm --network none --user 4321 -v "$BATS_TEST_TMPDIR/passwd:/etc/passwd" busybox cat /etc/passwd
    is "$output" 'root:x:0:0:root:/root:/bin/sh' "the mounted file"
    is "$(cat "$BATS_TEST_TMPDIR/passwd")" 'root:x:0:0:root:/root:/bin/sh' "the file of the host"
    run_rpod run --rm --network none --read-only --user 4321 busybox whoami
    is "$output" 4321 "in a read-only container"
}

# CVE-2024-9676: nothing of the image makes rpod wait, or reach outside.
@test "an /etc/passwd that is a fifo, a link outside or to a device is left alone" {
    local kind rootfs=$BATS_TEST_TMPDIR/root
    mkdir -p "$rootfs/etc" "$rootfs/bin"
    cp "$(command -v busybox)" "$rootfs/bin/busybox"
    echo untouched >"$BATS_TEST_TMPDIR/host"
    for kind in fifo link relative; do
        rm -f "$rootfs/etc/passwd"
        case $kind in
        fifo) mkfifo "$rootfs/etc/passwd" ;;
        link) ln -s "$BATS_TEST_TMPDIR/host" "$rootfs/etc/passwd" ;;
        relative) ln -s "../../../../../../../../../../$BATS_TEST_TMPDIR/host" "$rootfs/etc/passwd" ;;
        esac
        tar -C "$rootfs" -cf "$BATS_TEST_TMPDIR/hostile.tar" .
        run_rpod import "$BATS_TEST_TMPDIR/hostile.tar" "hostile-$kind"
        run_rpod run --rm --network none --user 4321 "hostile-$kind" /bin/busybox echo runs
        is "$output" runs "$kind"
        is "$(cat "$BATS_TEST_TMPDIR/host")" untouched "$kind: the host's file"
    done
}
