#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# `rpod run` with the command attached: exit codes, streams, options of the command, rights.

load helpers

setup() { require_run; }

# The container directories of the store, without the two that hold names and removal marks.
containers_left() { find "$RPOD_ROOT/containers" -mindepth 1 -maxdepth 1 ! -name names ! -name rm; }

# The container of a run ends a moment after the run itself.
no_containers() { [ -z "$(containers_left)" ]; }

# status_line NAME RUN-OPTION...: that line of the payload's /proc/self/status, without its name.
status_line() {
    local name=$1
    shift
    run_rpod run --rm --network none "$@" busybox awk -v name="$name:" '$1 == name { print $2 }' /proc/self/status
}

@test "the exit code is the command's" {
    run_rpod 7 run --rm --network none busybox sh -c 'exit 7'
    is "$output$stderr" "" "output"
}

@test "125 for an image, an option or a user that does not exist" {
    run_rpod 125 run --rm nosuchimage true
    like "$stderr" nosuchimage "the message"
    run_rpod 125 run --rm --no-such-flag busybox true
    like "$stderr" no-such-flag "the message"
    run_rpod 125 run --rm --network none --user nosuchuser busybox true
    like "$stderr" nosuchuser "the message"
}

@test "126 for what cannot be executed, 127 for what is not there" {
    run_rpod 126 run --rm --network none busybox /etc/passwd
    like "$stderr" /etc/passwd "the message"
    run_rpod 127 run --rm --network none busybox nosuchcommand
    like "$stderr" nosuchcommand "the message"
    run_rpod 127 run --rm --network none busybox /no/such/command
    like "$stderr" /no/such/command "the message"
}

@test "128+N for a signal, the payload's own and one that run receives" {
    run_rpod 137 run --rm --network none --init busybox sh -c 'kill -KILL $$'
    # A trap, because PID 1 ignores what it does not handle.
    "$RPOD" --root "$RPOD_ROOT" run --rm --network none busybox sh -c 'trap "exit 42" TERM; echo up; while :; do sleep 0.1; done' \
        >"$BATS_TEST_TMPDIR/out" &
    wait_for 10 grep -q up "$BATS_TEST_TMPDIR/out"
    kill -TERM $!
    status=0
    wait $! || status=$?
    is "$status" 42 "exit code after SIGTERM"
}

@test "standard output and error stay apart" {
    run_rpod run --rm --network none busybox sh -c 'echo one; echo two >&2'
    is "$output" one "standard output"
    is "$stderr" two "standard error"
}

@test "-i passes a MiB on unchanged; without it there is no input" {
    head -c 1048576 /dev/urandom >"$BATS_TEST_TMPDIR/data"
    rpod run --rm -i --network none busybox cat <"$BATS_TEST_TMPDIR/data" >"$BATS_TEST_TMPDIR/copy"
    cmp "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/copy"
    is "$(echo typed | rpod run --rm --network none busybox cat)" "" "input without -i"
}

@test "a reader that leaves ends the writer" {
    run timeout 20 bash -c '"$RPOD" --root "$RPOD_ROOT" run --rm --network none busybox yes 2>/dev/null | head -n 1'
    is "$status" 0 "exit code"
    is "$output" y "output"
    wait_for 10 no_containers
}

@test "--env, --env-file and --unsetenv make the environment" {
    printf '# comment\nA=file\nB=file two\n' >"$BATS_TEST_TMPDIR/env"
    FROM_HOST=host run_rpod run --rm --network none --env-file "$BATS_TEST_TMPDIR/env" -e A=flag --env FROM_HOST \
        -e ABSENT_ON_HOST --unsetenv PATH busybox /bin/env
    like "$output" $'(^|\n)A=flag(\n|$)' "--env above --env-file"
    like "$output" $'(^|\n)B=file two(\n|$)' "--env-file"
    like "$output" $'(^|\n)FROM_HOST=host(\n|$)' "the host's value"
    like "$output" $'(^|\n)container=podman(\n|$)' "container="
    unlike "$output" 'ABSENT_ON_HOST|PATH=' "absent variables"
}

@test "--workdir, --entrypoint and --hostname" {
    run_rpod run --rm --network none -w /usr/bin --hostname some-host busybox sh -c 'pwd; hostname; cat /etc/hostname'
    is "$output" $'/usr/bin\nsome-host\nsome-host' "directory and names"
    run_rpod run --rm --network none --entrypoint '["/bin/echo","a  b"]' busybox c
    is "$output" "a  b c" "entrypoint"
    run_rpod 125 run --rm --network none -w /missing busybox true
    like "$stderr" /missing "the message"
}

@test "--user takes names and numbers" {
    run_rpod run --rm --network none -u app busybox id
    is "$output" "uid=1000(app) gid=1000(app) groups=29(audio)" "by name"
    run_rpod run --rm --network none --passwd=false -u 1234:5678 busybox id
    is "$output" "uid=1234 gid=5678" "by number"
    run_rpod run --rm --network none -u 1234:5678 busybox id
    is "$output" "uid=1234(1234) gid=5678(5678)" "by number, with entries"
}

@test "--read-only, --read-only-tmpfs and --tmpfs" {
    run_rpod run --rm --network none --read-only busybox sh -c 'touch /x 2>/dev/null || touch /tmp/x'
    run_rpod 1 run --rm --network none --read-only --read-only-tmpfs=false busybox touch /tmp/x
    run_rpod run --rm --network none --tmpfs /t:size=1m,mode=0700 busybox sh -c 'grep " /t " /proc/mounts; stat -c %a /t'
    like "$output" '^tmpfs /t tmpfs rw,nosuid,nodev.*size=1024k.*700$' "the tmpfs"
}

@test "-v binds a directory, :ro read-only" {
    mkdir "$BATS_TEST_TMPDIR/vol"
    echo data >"$BATS_TEST_TMPDIR/vol/file"
    run_rpod run --rm --network none -v "$BATS_TEST_TMPDIR/vol:/v" busybox sh -c 'cat /v/file; touch /v/new'
    is "$output" data "the file"
    is "$(stat -c %u "$BATS_TEST_TMPDIR/vol/new")" "$(id -u)" "owner of the new file"
    run_rpod 1 run --rm --network none -v "$BATS_TEST_TMPDIR/vol:/v:ro" busybox touch /v/file
    like "$stderr" "Read-only" "the message"
    run_rpod 125 run --rm --network none -v "$BATS_TEST_TMPDIR/absent:/v" busybox true
    like "$stderr" absent "the message"
}

@test "--cidfile gets the ID, and must not exist" {
    local file=$BATS_TEST_TMPDIR/cid
    run_rpod run --rm --network none --cidfile "$file" busybox true
    like "$(cat "$file")" '^[0-9a-f]{64}$' "the ID"
    run_rpod 125 run --rm --network none --cidfile "$file" busybox true
    like "$stderr" "$file" "the message"
    run_rpod 127 run --rm --network none --cidfile "$file.new" busybox nosuchcommand
    [ ! -e "$file.new" ] || fail "the file of a container that never ran stays"
    wait_for 10 no_containers
}

@test "--rm leaves nothing, after failures neither" {
    run_rpod run --rm --network none busybox true
    run_rpod 127 run --rm --network none busybox nosuchcommand
    run_rpod 125 run --rm --network none -w /missing busybox true
    wait_for 10 no_containers
    is "$(ls "$RPOD_ROOT/containers/names" "$RPOD_ROOT/containers/rm" | grep -v : | tr -d '\n')" "" "names and marks"
}

@test "a name is unique while its container exists" {
    local name
    name=$(safename)
    rpod run --rm -i --network none --name "$name" busybox cat < <(sleep 5) &
    wait_for 10 test -L "$RPOD_ROOT/containers/names/$name"
    run_rpod 125 run --rm --network none --name "$name" busybox true
    like "$stderr" "the container name \"$name\" is already in use by [0-9a-f]{64}" "the message"
    wait $!
    run_rpod run --rm --network none --name "$name" busybox true
}

@test "--timeout kills" {
    run_rpod 137 run --rm --network none --timeout 1 busybox sleep 20
}

@test "--init reaps and ends with the command's code" {
    run_rpod 3 run --rm --network none --init busybox sh -c \
        '(sleep 0.1 &); sleep 0.5; for f in /proc/[0-9]*/stat; do cut -d" " -f3 <$f; done | grep -c Z; exit 3'
    is "$output" 0 "zombies"
}

@test "--ulimit, --umask and --sysctl" {
    run_rpod run --rm --ulimit nofile=100:200 --umask 077 --sysctl net.ipv4.ip_forward=1 --network none busybox \
        sh -c 'ulimit -n; ulimit -Hn; umask; cat /proc/sys/net/ipv4/ip_forward'
    is "$output" $'100\n200\n0077\n1' "limits, mask, sysctl"
}

@test "no descriptor of ours reaches the payload" {
    # 3 is the directory that ls lists.
    run_rpod run --rm --network none busybox ls /proc/self/fd
    is "$output" $'0\n1\n2\n3' "descriptors"
    run_rpod run --rm --network none --init busybox ls /proc/self/fd
    is "$output" $'0\n1\n2\n3' "descriptors with --init"
}

@test "the default capabilities, --cap-add and --cap-drop" {
    status_line CapEff
    is "$output" 00000000800405fb "CapEff"
    status_line CapInh
    is "$output" 0000000000000000 "CapInh"
    status_line CapEff --cap-drop all
    is "$output" 0000000000000000 "CapEff without any"
    status_line CapBnd --cap-add net_admin --cap-drop CAP_CHOWN
    is "$output" 00000000800415fa "CapBnd"
    status_line CapEff --user app
    is "$output" 0000000000000000 "CapEff of a user"
}

@test "the seccomp filter, without it, and no-new-privileges" {
    status_line Seccomp
    is "$output" 2 "Seccomp"
    status_line Seccomp --security-opt seccomp=unconfined
    is "$output" 0 "Seccomp, unconfined"
    status_line NoNewPrivs
    is "$output" 0 "NoNewPrivs"
    status_line NoNewPrivs --security-opt no-new-privileges
    is "$output" 1 "NoNewPrivs, asked for"
}
