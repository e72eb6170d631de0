#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# `rpod exec`: exit codes, streams, terminals, rights, and what a hostile container tries.

load helpers
load background

setup_file() {
    setup_store
    import_busybox
    (require_run) || return 0
    start_container box --env COLOR=red --cap-add NET_ADMIN --workdir /tmp -- sleep 1000
    start_container low --user 1000:1000 --security-opt no-new-privileges -- sleep 1000
    start_container bare --cap-drop ALL -- sleep 1000
}

teardown_file() {
    for name in box low bare; do end_container "$name"; done
    teardown_store
}

setup() { require_run; }

# status_line CONTAINER NAME EXEC-OPTION...: that line of the new process's /proc/self/status, without its name.
status_line() {
    local container=$1 name=$2
    shift 2
    run_rpod exec "$@" "$container" awk -v name="$name:" '$1 == name { print $2 }' /proc/self/status
}

# has_process CONTAINER REGEX: whether a command line in its PID namespace matches, told by the host.
has_process() { pgrep --ns "$(host_pid "$1")" --nslist pid -f "$2" >/dev/null; }
no_process() { ! has_process "$@"; }

@test "the exit code is the command's" {
    run_rpod exec box true
    run_rpod 7 exec box sh -c 'exit 7'
    is "$output$stderr" "" "output"
    run_rpod 137 exec box sh -c 'kill -KILL $$'
}

@test "126 for what cannot be executed, 127 for what is not there, 125 for nothing to do" {
    run_rpod 126 exec box /etc/passwd
    run_rpod 127 exec box nosuchcommand
    like "$stderr" nosuchcommand "the message"
    run_rpod 127 exec box /no/such/command
    run_rpod 125 exec box
    like "$stderr" "non-empty command" "the message"
    run_rpod 125 exec nope true
    is "$stderr" 'Error: no container with name or ID "nope" found: no such container' "the message"
}

@test "255 for a container that does not run, in podman's words" {
    run_rpod run --name over --network none busybox true
    run_rpod 255 exec over true
    is "$stderr" "Error: can only create exec sessions on running containers: container state improper" "the message"
    run_rpod rm over
}

@test "standard output and error stay apart, standard input comes with -i only" {
    run_rpod exec box sh -c 'echo one; echo two >&2'
    is "$output/$stderr" "one/two" "streams"
    run bash -c 'printf "in\nput" | "$RPOD" --root "$RPOD_ROOT" exec -i box cat'
    is "$output" $'in\nput' "what cat read"
    run bash -c 'echo input | "$RPOD" --root "$RPOD_ROOT" exec box cat'
    is "$output" "" "without -i"
}

@test "a megabyte comes through both ways, whole" {
    head -c 5000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
    "$RPOD" --root "$RPOD_ROOT" exec -i box cat <"$BATS_TEST_TMPDIR/data" >"$BATS_TEST_TMPDIR/copy"
    cmp "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/copy"
}

@test "a reader that leaves ends the command" {
    run timeout 20 bash -c '"$RPOD" --root "$RPOD_ROOT" exec box yes | head -n 1'
    is "$output" y "output"
    wait_for 10 no_process box '^yes$'
}

@test "environment: the container's, then --env-file and -e" {
    printf 'A=file\nB=file\n' >"$BATS_TEST_TMPDIR/env"
    run_rpod exec --env-file "$BATS_TEST_TMPDIR/env" -e B=flag box sh -c 'echo $COLOR $A $B $HOME $container'
    is "$output" "red file flag /root podman" "variables"
}

@test "the directory is the container's, or --workdir" {
    run_rpod exec box pwd
    is "$output" /tmp "default"
    run_rpod exec -w /etc box pwd
    is "$output" /etc "with -w"
    run_rpod '?' exec -w /no/such box pwd
    [ "$status" != 0 ] || fail "a directory that does not exist"
}

@test "it is in all of the container's namespaces" {
    local name pid
    pid=$(host_pid box)
    for name in cgroup ipc mnt net pid user uts; do
        run_rpod exec box readlink "/proc/self/ns/$name"
        is "$output" "$(readlink "/proc/$pid/ns/$name")" "namespace $name"
    done
    run_rpod exec box sh -c 'ps -o pid,comm | awk "\$1 == 1 { print \$2 }"'
    is "$output" sleep "PID 1"
}

@test "--user by name and number, with its groups and home" {
    run_rpod exec -u 1000:1001 box sh -c 'id -u; id -g; id -G'
    is "$output" $'1000\n1001\n1001' "numbers"
    run_rpod exec -u nobody box sh -c 'id -un'
    is "$output" nobody "name"
    run_rpod exec low id -u
    is "$output" 1000 "the container's own user"
    run_rpod 125 exec -u nosuchuser box true
    like "$stderr" nosuchuser "the message"
}

@test "capabilities: the container's, none for another user, nothing inheritable (CVE-2022-24769, CVE-2022-29162)" {
    local first
    first=$(awk '$1 == "CapEff:" { print $2 }' "/proc/$(host_pid box)/status")
    status_line box CapEff
    is "$output" "$first" "root's"
    status_line box CapInh
    is "$output" 0000000000000000 "inheritable"
    status_line box CapEff -u 1000
    is "$output" 0000000000000000 "another user's"
    status_line box CapAmb -u 1000
    is "$output" 0000000000000000 "another user's, ambient"
    status_line bare CapEff
    is "$output" 0000000000000000 "after --cap-drop ALL"
    status_line bare CapBnd
    is "$output" 0000000000000000 "bounding, after --cap-drop ALL"
    status_line bare CapEff --privileged
    unlike "$output" ^0000000000000000 "with --privileged"
    status_line bare CapInh --privileged
    is "$output" 0000000000000000 "inheritable with --privileged"
}

@test "the container's seccomp filter and no_new_privileges hold for exec too" {
    status_line box Seccomp
    is "$output" 2 "filter"
    status_line box NoNewPrivs
    is "$output" 0 "no_new_privileges where it was not asked for"
    status_line low NoNewPrivs
    is "$output" 1 "no_new_privileges"
    status_line low Seccomp
    is "$output" 2 "filter of an unprivileged user"
}

@test "a terminal: size, name, exit code, and the caller's own as before" {
    is "$(in_pty --size 97x31 "$RPOD" --root "$RPOD_ROOT" exec -it box stty size)" "31 97" "size"
    run in_pty "$RPOD" --root "$RPOD_ROOT" exec -t box sh -c 'test -t 0 && test -t 1 && test -t 2 && echo $TERM; tty'
    like "$output" xterm "TERM"
    like "$output" /dev/pts/ "name"
    run in_pty --input 'echo "seen $((6*7))"; exit 5\n' "$RPOD" --root "$RPOD_ROOT" exec -it box sh
    like "$output" "seen 42" "the shell's output"
    run python3 "$BATS_TEST_DIRNAME/in_pty.py" "$RPOD" --root "$RPOD_ROOT" exec -t box sh -c 'exit 5'
    is "$status" 5 "exit code"
    run in_pty sh -c 'stty -a >/tmp/before.$$; "$RPOD" --root "$RPOD_ROOT" exec -it box true; stty -a | cmp - /tmp/before.$$ && echo same; rm /tmp/before.$$'
    like "$output" same "the settings"
}

@test "a user that is not root can open its standard streams by name" {
    run_rpod exec -u 1000 box sh -c 'echo out >/dev/stdout; echo err >/dev/stderr'
    is "$output/$stderr" out/err "streams"
}

@test "the detach keys leave a terminal, and the command goes on" {
    run timeout 20 python3 "$BATS_TEST_DIRNAME/in_pty.py" --input '\x10\x11' \
        "$RPOD" --root "$RPOD_ROOT" exec -it box sh -c 'echo up; exec sleep 987'
    is "$status" 0 "exit code"
    has_process box '^sleep 987$' || fail "the command is gone"
    run_rpod 125 exec --detach-keys nonsense box true
    like "$stderr" "detach keys" "the message"
}

@test "-d leaves it running and prints an ID" {
    run_rpod exec -d box sh -c 'sleep 0.2; echo done >/tmp/detached'
    like "$output" '^[0-9a-f]{64}$' "the ID"
    wait_for 10 rpod exec box test -s /tmp/detached
    run_rpod exec -d -t box sh -c 'tty >/tmp/detached-tty; sleep 0.2; echo on the terminal; echo over >>/tmp/detached-tty'
    wait_for 10 rpod exec box grep -q over /tmp/detached-tty
    run_rpod exec box head -n 1 /tmp/detached-tty
    like "$output" /dev/pts/ "its terminal"
    run_rpod 127 exec -d box nosuchcommand
}

@test "signals reach the command" {
    "$RPOD" --root "$RPOD_ROOT" exec box sh -c 'trap "exit 42" TERM; echo up; while :; do sleep 0.1; done' \
        >"$BATS_TEST_TMPDIR/out" 3>&- &
    wait_for 10 grep -q up "$BATS_TEST_TMPDIR/out"
    kill -TERM $!
    status=0
    wait $! || status=$?
    is "$status" 42 "exit code after SIGTERM"
}

@test "--preserve-fds and --preserve-fd pass open files on, and nothing else" {
    echo three >"$BATS_TEST_TMPDIR/three"
    echo four >"$BATS_TEST_TMPDIR/four"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" exec --preserve-fds 1 box sh -c "cat <&3; cat <&4" 3<"$0/three" 4<"$0/four"' "$BATS_TEST_TMPDIR"
    like "$output" three "the third"
    unlike "$output" four "the fourth"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" exec --preserve-fd 4 box sh -c "cat <&4; cat <&3" 3<"$0/three" 4<"$0/four"' "$BATS_TEST_TMPDIR"
    like "$output" four "the fourth"
    unlike "$output" three "the third"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" exec --preserve-fds 7 box true 3>&-'
    is "$status" 125 "a descriptor that is not open"
}

@test "no descriptor of ours reaches the command" {
    run_rpod exec box sh -c 'ls /proc/self/fd | wc -l'
    # Three streams, and the directory that ls reads.
    is "$output" 4 "descriptors"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" exec box sh -c "ls -l /proc/self/fd" 7</etc/passwd'
    unlike "$output" ' 7 -> ' "the caller's own"
}

@test "--cidfile and --latest name the container" {
    container_id box >"$BATS_TEST_TMPDIR/cid"
    run_rpod exec --cidfile "$BATS_TEST_TMPDIR/cid" sh -c 'echo $COLOR'
    is "$output" red "by file"
    run_rpod exec --latest --no-session sh -c 'id -u'
    is "$output" 0 "the latest"
}

# ------------------------------------------------------------------------------------------- what a container may try

@test "a working directory in /proc/self/fd is no way out (CVE-2024-21626)" {
    local n
    for n in 3 4 5 6 7 8 9 10 11 12 15 20; do
        run_rpod '?' exec -w "/proc/self/fd/$n" box pwd
        [ "$status" != 0 ] || fail "descriptor $n: $output"
    done
}

@test "a watcher in the container never sees what exec holds (CVE-2016-9962, CVE-2019-5736)" {
    # It looks at every new process as fast as it can, and tries to read its memory's map, files and program.
    start_container watcher --cap-add SYS_PTRACE -- sh -c '
        while :; do
            for p in /proc/[0-9]*; do
                case ${p#/proc/} in 1 | $$) continue ;; esac
                exe=$(readlink $p/exe 2>/dev/null) || continue
                case $exe in
                */rpod) echo "SAW $exe"; ls -l $p/fd ;;
                esac
            done
        done'
    local i
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do run_rpod exec watcher true; done
    is "$(cat "$BATS_FILE_TMPDIR/watcher.out")" "" "what the watcher saw"
    end_container watcher
}

@test "#!/proc/self/exe does not reach the program (CVE-2019-5736)" {
    run_rpod exec box sh -c 'printf "#!/proc/self/exe\n" >/tmp/self && chmod +x /tmp/self'
    run_rpod '?' exec box /tmp/self
    [ "$status" != 0 ] || fail "it ran: $output"
    unlike "$output$stderr" "Usage" "the program's own words"
    run_rpod exec box sh -c 'for p in /proc/[0-9]*; do (echo x >>$p/exe) 2>/dev/null && echo "wrote $p"; done; true'
    is "$output" "" "programs that could be written to"
}

@test "a container that put something else where its terminals are gets no exec on it" {
    start_container noptys --cap-add SYS_ADMIN -- sh -c 'umount /dev/pts || mount -t tmpfs none /dev/pts; mkfifo /dev/pts/ptmx; sleep 1000'
    run timeout 20 python3 "$BATS_TEST_DIRNAME/in_pty.py" "$RPOD" --root "$RPOD_ROOT" exec -t noptys true
    is "$status" 125 "exit code"
    end_container noptys
}

@test "a stopped exec does not keep the container from ending" {
    start_container brief -- sleep 8
    "$RPOD" --root "$RPOD_ROOT" exec brief sleep 100 3>&- &
    local exec_pid=$!
    wait_for 10 has_process brief '^sleep 100$'
    kill -STOP "$exec_pid"
    wait_for 15 test -e "$RPOD_ROOT/containers/$(container_id brief)/exit.json"
    kill -CONT "$exec_pid"
    status=0
    wait "$exec_pid" || status=$?
    is "$status" 137 "exit code"
    end_container brief
}
