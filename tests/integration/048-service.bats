#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Containers as services of systemd: readiness messages (--sdnotify) and socket activation.

load helpers

setup() {
    require_run
    # The host's python, for what busybox cannot do.
    PYTHON=(-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro)
    [ -d /usr/lib64 ] && [ -x /usr/bin/python3 ] || skip "the host's python3 cannot be mounted"
}

teardown() { remove_containers_and_volumes; }

# as_service [STATUS] [OPTION...] -- ARG...: rpod ARG... as systemd starts it.
as_service() {
    local expected=0 options=()
    case $1 in
    [0-9]*) expected=$1 && shift ;;
    esac
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    shift
    run --separate-stderr timeout 60 python3 "$BATS_TEST_DIRNAME/service_manager.py" "${options[@]}" "$RPOD" --root "$RPOD_ROOT" "$@"
    [ "$status" = "$expected" ] || fail "rpod $*: exit $status instead of $expected"
}

messages() { grep '^notify: ' <<<"$output" || :; }

say() { printf 'import os, socket\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\ns.connect(os.environ["NOTIFY_SOCKET"])\n'; }

@test "sdnotify=container: the container says that it is ready, and nothing else" {
    as_service --until READY -- run -d --network none --name talks "${PYTHON[@]}" busybox python3 -c "$(say)"'
print(os.environ["NOTIFY_SOCKET"], flush=True)
s.send(b"MAINPID=1\nSTATUS=evil")
s.send(b"WATCHDOG=trigger")
s.send(b"READY=11")
s.send(b"X" * 60000)
import array
s.sendmsg([b"FDSTORE=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
s.send(b"STATUS=x\nREADY=1\nMAINPID=1")
import time; time.sleep(100)'
    is "$(messages)" $'notify: MAINPID=rpod:monitor\nnotify: READY=1' "what systemd hears"
    is "$(rpod logs talks)" /run/notify/notify.sock "its own socket"
    # Neither the directory nor the variable is in what exec runs, and nothing there can be changed.
    is "$(rpod exec talks sh -c 'echo "$NOTIFY_SOCKET"; touch /run/notify/x 2>/dev/null || echo no')" $'\nno' "exec"
    rpod restart -t 0 talks
    rpod rm -f -t 0 talks
    # Another user of the container may say it, too.
    as_service --until READY -- run -d --network none --user 1234 --read-only --name other "${PYTHON[@]}" busybox python3 -c "$(say)"'
s.send(b"READY=1")
import time; time.sleep(100)'
    is "$(messages)" $'notify: MAINPID=rpod:monitor\nnotify: READY=1' "another user"
}

@test "sdnotify=conmon, healthy, ignore" {
    as_service -- run -d --network none --sdnotify conmon --name one busybox sh -c 'echo "<$NOTIFY_SOCKET>"; ls /run; sleep 100'
    is "$(messages)" "notify: MAINPID=rpod:monitor READY=1" "conmon"
    logged() { [ "$(rpod logs one)" = "<>" ]; }
    wait_for 10 logged
    is "$(rpod inspect -f '{{.Config.SdNotifyMode}}' one)" conmon "inspect"
    rpod stop -t 0 one
    as_service -- start one
    is "$(messages)" "notify: MAINPID=rpod:monitor READY=1" "start"
    as_service -- run -d --network none --sdnotify ignore busybox sleep 100
    is "$(messages)" "" "ignore"
    as_service --until READY -- run -d --network none --sdnotify healthy --health-cmd 'test -e /tmp/well' --health-interval 1s --name sick busybox sh -c 'sleep 1.5; touch /tmp/well; sleep 100'
    is "$(messages)" $'notify: MAINPID=rpod:monitor\nnotify: READY=1' "healthy"
    is "$(rpod inspect -f '{{.State.Health.Status}}' sick)" healthy "and it is"
    run_rpod 125 create --sdnotify healthy busybox true
    like "$stderr" 'sdnotify policy "healthy" requires a healthcheck to be set' "no check"
    run_rpod 125 create --sdnotify sometimes busybox true
    like "$stderr" 'invalid sdnotify value "sometimes"' "no mode"
    # systemd that does not listen is no reason to stop.
    NOTIFY_SOCKET=$BATS_TEST_TMPDIR/nobody run_rpod run --rm --network none busybox echo ran
    is "$output" ran "nobody there"
}

serve='import os, socket
print(os.getpid(), os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"], os.environ["LISTEN_FDNAMES"], sorted(os.listdir("/proc/self/fd"))[:-1], flush=True)
for n in range(int(os.environ["LISTEN_FDS"])):
    c, _ = socket.socket(fileno=3 + n).accept()
    c.recv(1)
    c.sendall(b"served %d\n" % n)'

@test "socket activation" {
    local ours="2 name0:name1 ['0', '1', '2', '3', '4']"
    as_service --sockets 2 -- run --network none --name web "${PYTHON[@]}" busybox python3 -c "$serve"
    grep -qxF "1 1 $ours" <<<"$output" || fail "run: the variables, and no other descriptors"
    like "$output" $'answer: served 0.*\nanswer: served 1' "run"
    as_service --sockets 2 -- start web
    like "$output" $'answer: served 0\nanswer: served 1' "start"
    as_service --sockets 2 -- run -d --network none --init --name initial "${PYTHON[@]}" busybox python3 -c "$serve"
    like "$output" $'answer: served 0\nanswer: served 1' "run -d"
    is "$(rpod logs initial)" "2 2 $ours" "--init"
    # The monitor keeps them for the next run.
    rpod run -d --network none --name held "${PYTHON[@]}" busybox sleep 100 >/dev/null
    as_service --sockets 1 -- exec --preserve-fds 1 held python3 -c "$serve"
    like "$output" 'answer: served 0' "exec"
    like "$output" "name0 \['0', '1', '2', '3'\]" "exec gets what is to be passed alone"
    run --separate-stderr bash -c 'exec 3</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' - "$RPOD" --root "$RPOD_ROOT" exec held sh -c 'echo "<$LISTEN_FDS>"; ls /proc/self/fd | tr "\n" " "'
    like "$output" '^<>'$'\n''0 1 2 3 ' "exec without"
}

@test "socket activation and what cannot have it" {
    rpod pod create --name group >/dev/null
    LISTEN_FDS=1 run_rpod run --rm --network none busybox sh -c 'echo "<$LISTEN_FDS>"'
    is "$output" "<>" "not meant for us"
    run --separate-stderr bash -c 'exec 3</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' - "$RPOD" --root "$RPOD_ROOT" run --pod group busybox true
    is "$status" 125 "in a pod"
    like "$stderr" "LISTEN_FDS: sockets cannot be passed to a container of a pod" "why"
    run --separate-stderr bash -c 'exec 3<&-; export LISTEN_FDS=40 LISTEN_PID=$$; exec "$@"' - "$RPOD" --root "$RPOD_ROOT" run --network none busybox true
    is "$status" 125 "closed"
    like "$stderr" "LISTEN_FDS=40: file descriptor [0-9]+ is not open" "why"
    run --separate-stderr bash -c 'exec 3</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' - "$RPOD" --root "$RPOD_ROOT" run --init --pid host --network none busybox true
    is "$status" 125 "behind a reaper in the host's PID namespace"
    like "$stderr" "LISTEN_FDS: with --init, sockets are passed only into a PID namespace of the container's own" "why"
    rpod pod rm -f -t 0 group
}
