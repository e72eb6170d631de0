#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# cp and volume import against containers and archives that want the host's files (CVE-2018-15664, CVE-2019-14271,
# CVE-2019-10152, CVE-2019-18466)

load helpers

setup() {
    require_run
    cd "$BATS_TEST_TMPDIR" || return
    mkdir secret
    echo host-secret >secret/file
    echo file >file
}
teardown() { remove_all_containers; }

# Nothing of the host was read or written.
check_host() {
    is "$(cat secret/file)" host-secret "the host's file"
    is "$(ls secret)" file "the host's directory"
    [ ! -e "/tmp/rpod-cp-$UID" ] || fail "a file was made on the host"
}

@test "links of a container lead to its own files" {
    run_rpod run -d --name c1 busybox sh -c "
        ln -s $PWD/secret /absolute; ln -s ../../../../../../../../..$PWD/secret /relative
        ln -s /proc/1/root$PWD/secret /root; ln -s /proc/self/root$PWD/secret /self
        touch /ready; exec sleep 1000"
    wait_for 10 rpod exec c1 test -e /ready
    local link
    for link in absolute relative root self; do
        run_rpod '?' cp "c1:/$link/file" out
        [ ! -e out ] || fail "/$link was read"
        run_rpod '?' cp "c1:/$link" -
        unlike "$output" host-secret "/$link was sent"
        run_rpod '?' cp file "c1:/$link/planted"
        run_rpod '?' cp file "c1:/$link"
        check_host
    done
    run_rpod '?' cp c1:/proc/self/exe out
    run_rpod '?' cp c1:/proc/self/environ out
    check_host
}

@test "a path that is renamed meanwhile" {
    run_rpod run -d --name c1 busybox sh -c "
        mkdir -p /a/d; echo fine > /a/d/file; ln -s ../../../../..$PWD/secret /a/l
        touch /ready
        while :; do mv -T /a/d /a/e; mv -T /a/l /a/d; mv -T /a/d /a/l; mv -T /a/e /a/d; done"
    wait_for 10 rpod exec c1 test -e /ready
    local i
    for i in 1 2 3 4 5 6 7 8 9 10; do
        rm -rf out
        run_rpod '?' cp c1:/a/d/file out
        [ ! -e out ] || is "$(cat out)" fine "out $i"
        run_rpod '?' cp file c1:/a/d/file2
        run_rpod '?' cp c1:/a -
        unlike "$output" host-secret "archive $i"
        check_host
    done
}

@test "an archive's links stay in the container, or in the directory of the host" {
    run_rpod create --name c1 busybox true
    python3 - "$PWD" <<'PY'
import io, sys, tarfile
here = sys.argv[1]
with tarfile.open('evil.tar', 'w') as tar:
    def add(name, kind=tarfile.REGTYPE, link='', data=b'evil'):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode = kind, link, 0o6777
        info.size = len(data) if kind == tarfile.REGTYPE else 0
        tar.addfile(info, io.BytesIO(data) if kind == tarfile.REGTYPE else None)
    add('../../../../../../..' + here + '/secret/dots')
    add(here + '/secret/absolute')
    add('s', tarfile.SYMTYPE, here + '/secret')
    add('s/through')
    add('u', tarfile.SYMTYPE, '../../../../../..' + here + '/secret')
    add('u/through')
    add('h', tarfile.LNKTYPE, '../' * 9 + 'etc/passwd')
    add('dev', tarfile.CHRTYPE)
PY
    run_rpod '?' cp - c1:/tmp <evil.tar
    check_host
    rpod volume create v1
    rpod volume import v1 evil.tar || :
    check_host
    run_rpod run --name c2 -v v1:/v busybox true
    # What came to lie in the container goes out again.
    mkdir out
    run_rpod '?' cp c2:/v/. out
    check_host
    is "$(find out -perm /6000)" "" "set-ID bits"
    run_rpod rm c2
    run_rpod volume rm v1
}

@test "a destination that is a link is written where it leads to, inside" {
    run_rpod run -d --name c1 busybox sh -c "
        ln -s $PWD/secret/file /l; echo inner > /target; ln -s target /m; ln -s m /n; touch /ready; exec sleep 1000"
    wait_for 10 rpod exec c1 test -e /ready
    run_rpod cp file c1:/l
    run_rpod cp file c1:/n
    check_host
    is "$(rpod exec c1 sh -c 'cat /target; readlink /n')" "file
m" "through two links"
}

@test "a volume that is exported and imported while its links change" {
    run_rpod run -d --name c1 -v v1:/v busybox sh -c "
        mkdir -p /v/d; echo fine > /v/d/file; ln -s ../../../../../../../../..$PWD/secret /v/l
        touch /ready
        while :; do mv -T /v/d /v/e; mv -T /v/l /v/d; mv -T /v/d /v/l; mv -T /v/e /v/d; done"
    wait_for 10 rpod exec c1 test -e /ready
    mkdir -p d
    echo new >d/new
    tar -cf d.tar d/new
    local i
    for i in 1 2 3 4 5 6 7 8; do
        rpod volume export -o v.tar v1
        ! grep -q host-secret v.tar || fail "export $i"
        rpod volume import v1 d.tar || :
        check_host
    done
    run_rpod rm -f c1
    run_rpod volume rm v1
}

@test "no program and no library of the container is loaded" {
    # A container whose files are nothing but a trap for who runs or loads them.
    mkdir -p root/bin root/lib root/etc
    for file in bin/sh bin/tar lib/libnss_files.so.2 lib/libc.so.6 etc/nsswitch.conf; do
        printf '#!/bin/sh\ntouch %s/secret/ran\n' "$PWD" >"root/$file"
        chmod 755 "root/$file"
    done
    tar -C root -cf trap.tar .
    run_rpod import trap.tar trap
    run_rpod create --name c1 -u 5:6 trap /bin/none
    run_rpod cp file c1:/etc/new
    run_rpod cp c1:/etc out
    check_host
}
