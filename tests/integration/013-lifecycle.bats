#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Containers that live on: create, start, stop, kill, restart, pause, wait, rm, rename, and what is left after kill -9.

load helpers

setup() { require_run; }
teardown() { rpod rm -af >/dev/null 2>&1 || :; }

# detached NAME [OPTION...] -- COMMAND...: sets $id.
detached() {
    local name=$1 options=()
    shift
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    shift
    run_rpod run -d --network none --name "$name" "${options[@]}" busybox "$@"
    id=$output
    like "$id" '^[0-9a-f]{64}$' "what run -d prints"
}
# Ends by SIGTERM with 7; tells when it is ready.
TRAP='trap "echo term; exit 7" TERM; echo up; while :; do sleep 0.05; done'
says() { grep -qs "$2" "$RPOD_ROOT/containers/$1/ctr.log"; }
state() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$RPOD_ROOT/containers/$1/state.json" "$2"; }
alive() { [ -n "$(store_processes)" ]; }
not_alive() { ! alive; }
no_containers() { [ -z "$(find "$RPOD_ROOT/containers" -mindepth 1 -maxdepth 1 ! -name names ! -name rm)" ]; }
gone() { [ ! -d "$RPOD_ROOT/containers/$1" ]; }

@test "run -d prints the ID and lives on; wait prints the exit code" {
    detached ctr1 -- sh -c 'sleep 0.5; exit 3'
    alive || fail "nothing runs"
    run_rpod wait ctr1
    is "$output" 3 "wait"
    run_rpod wait ctr1
    is "$output" 3 "wait for one that has ended"
    run_rpod rm ctr1
    is "$output" ctr1 "rm"
}

@test "run -d --rm: the monitor removes it" {
    detached ctr1 --rm -- sleep 0.3
    wait_for 10 gone "$id"
    run_rpod 1 container exists ctr1
}

@test "create, start, start again: the writable layer stays" {
    run_rpod create --name ctr1 --network none busybox sh -c 'cat /count 2>/dev/null; echo x >>/count'
    like "$output" '^[0-9a-f]{64}$' "create"
    run_rpod start -a ctr1
    is "$output" "" "first run"
    run_rpod start -a ctr1
    is "$output" x "second run"
    run_rpod start ctr1
    is "$output" ctr1 "start prints what was typed"
    run_rpod wait ctr1
    run_rpod start -a ctr1
    is "$output" $'x\nx\nx' "fourth run"
}

@test "start -a ends with the container's exit code, and passes input with -i" {
    run_rpod create -i --name ctr1 --network none busybox sh -c 'read x; echo "got $x"; exit 9'
    run bash -c 'echo words | "$RPOD" --root "$RPOD_ROOT" start -ai ctr1'
    is "$output" "got words" "output"
    is "$status" 9 "exit code"
}

@test "a container that was only created with --rm stays until it has run" {
    run_rpod create --rm --name ctr1 --network none busybox true
    id=$output
    run_rpod run --rm --network none busybox true
    run_rpod container exists ctr1
    run_rpod start -a ctr1
    wait_for 10 gone "$id"
}

@test "stop: the stop signal, then SIGKILL after the time" {
    detached ctr1 -- sh -c "$TRAP"
    wait_for 10 says "$id" up
    run_rpod stop ctr1
    is "$output" ctr1 "stop"
    run_rpod wait ctr1
    is "$output" 7 "the trap's exit code"
    says "$id" term || fail "no trap ran"
    run_rpod start ctr1
    run_rpod stop -t 0 ctr1
    run_rpod wait ctr1
    is "$output" 137 "with -t 0"
    detached ctr2 --stop-timeout 1 -- sleep 100
    run_rpod stop ctr2
    run_rpod wait ctr2
    is "$output" 137 "one that does not listen"
    detached c3 --stop-signal USR1 -- sh -c 'trap "exit 5" USR1; echo up; while :; do sleep 0.05; done'
    wait_for 10 says "$id" up
    run_rpod stop c3
    run_rpod wait c3
    is "$output" 5 "--stop-signal"
    run_rpod stop ctr1
    is "$output" ctr1 "stop of one that is stopped"
    not_alive || fail "something still runs"
}

@test "kill sends signals" {
    detached ctr1 -- sh -c 'trap "exit 11" USR2; echo up; while :; do sleep 0.05; done'
    wait_for 10 says "$id" up
    run_rpod kill -s SIGUSR2 ctr1
    is "$output" ctr1 "kill"
    run_rpod wait ctr1
    is "$output" 11 "exit code"
    run_rpod 125 kill ctr1
    like "$stderr" "can only kill running containers. $id is in state exited: container state improper" "message"
    detached ctr2 -- sleep 100
    run_rpod kill ctr2
    run_rpod wait ctr2
    is "$output" 137 "SIGKILL"
}

@test "restart makes a new process" {
    detached ctr1 -- sh -c "$TRAP"
    wait_for 10 says "$id" up
    local before
    before=$(state "$id" pid)
    run_rpod restart ctr1
    is "$output" ctr1 "restart"
    [ "$(state "$id" pid)" != "$before" ] || fail "the same process"
    is "$(state "$id" status)" running "state"
    run_rpod stop -t 0 -a
    run_rpod restart -t 0 ctr1
    run_rpod rm -f ctr1
}


@test "pause stops every process of the container, unpause lets them go on" {
    detached ctr1 -- sh -c 'for i in 1 2 3; do (while :; do echo $i; sleep 0.02; done) & done; wait'
    wait_for 10 says "$id" 3
    run_rpod pause ctr1
    is "$output" ctr1 "pause"
    is "$(state "$id" status)" paused "state"
    local size
    size=$(stat -c %s "$RPOD_ROOT/containers/$id/ctr.log")
    sleep 0.5
    is "$(stat -c %s "$RPOD_ROOT/containers/$id/ctr.log")" "$size" "the log grows"
    run_rpod 125 pause ctr1
    like "$stderr" "is not running, can't pause: container state improper" "message"
    run_rpod 125 stop ctr1
    like "$stderr" "can only stop created or running containers. $id is in state paused" "message"
    run_rpod 2 rm ctr1
    like "$stderr" "as it is paused - running or paused containers cannot be removed without force" "message"
    run_rpod unpause ctr1
    sleep 0.5
    [ "$(stat -c %s "$RPOD_ROOT/containers/$id/ctr.log")" -gt "$size" ] || fail "it does not go on"
    run_rpod pause -a
    run_rpod rm -f ctr1
    not_alive || fail "it lives"
}

@test "rm: running, forced, several, missing" {
    detached ctr1 -- sleep 100
    run_rpod 2 rm ctr1
    like "$stderr" "cannot remove container $id as it is running - running or paused containers cannot be removed without force: container state improper" "message"
    run_rpod 1 rm nosuch
    is "$stderr" 'Error: no container with name or ID "nosuch" found: no such container' "message"
    run_rpod rm -f nosuch
    run_rpod rm -i nosuch
    run_rpod create --name ctr2 --network none busybox true
    run_rpod 2 rm ctr2 ctr1
    is "$output" ctr2 "what can be removed is"
    run_rpod rm -f ctr1
    run_rpod rm -a
    is "$output" "" "rm -a of nothing"
    detached c3 -- sh -c "$TRAP"
    wait_for 10 says "$id" up
    run_rpod rm -f -t 5 c3
    not_alive || fail "it lives"
}

@test "messages and exit codes of podman for what is missing" {
    for verb in stop start kill wait pause unpause restart attach init; do
        run_rpod 125 "$verb" nope
        is "$stderr" 'Error: no container with name or ID "nope" found: no such container' "$verb"
    done
    run_rpod 125 stop
    is "$stderr" 'Error: you must provide at least one name or id' "stop without names"
    run_rpod stop -i nope
    run_rpod create --name ctr1 --network none busybox true
    id=$output
    run_rpod 125 create --name ctr1 --network none busybox true
    like "$stderr" "the container name \"ctr1\" is already in use by $id. You have to remove that container to be able to reuse that name" "name clash"
    run_rpod stop ctr1
    is "$output" ctr1 "stop of one that never ran"
    run_rpod 125 attach ctr1
    is "$stderr" "Error: you can only attach to running containers" "attach"
}

@test "rename, replace, cidfile, pidfile, latest" {
    detached ctr1 --cidfile "$BATS_TEST_TMPDIR/cid" --pidfile "$BATS_TEST_TMPDIR/pid" --conmon-pidfile "$BATS_TEST_TMPDIR/mon" -- sleep 100
    is "$(cat "$BATS_TEST_TMPDIR/cid")" "$id" "cidfile"
    is "$(cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/comm")" sleep "the process of the pidfile"
    is "$(cat "/proc/$(cat "$BATS_TEST_TMPDIR/mon")/comm")" rpod:monitor "the process of the conmon-pidfile"
    run_rpod rename ctr1 ctr2
    run_rpod 1 container exists ctr1
    run_rpod container exists ctr2
    local old=$id
    detached ctr2 --replace -- sleep 100
    gone "$old" || fail "the old one is there"
    run_rpod stop -t 0 -l
    is "$output" "$id" "the latest"
    run_rpod rm --cidfile "$BATS_TEST_TMPDIR/cid" -i
    run_rpod rm ctr2
}

@test "a restart policy starts it again, until it is stopped" {
    detached ctr1 --restart on-failure:2 -- sh -c 'echo run; exit 1'
    wait_for 20 not_alive
    is "$(grep -c run "$RPOD_ROOT/containers/$id/ctr.log")" 3 "how often it ran"
    is "$(state "$id" restarts)" 2 "restarts in its state"
    detached ctr2 --restart always -- sh -c 'echo run; exit 0'
    wait_for 10 sh -c "[ \$(grep -c run '$RPOD_ROOT/containers/$id/ctr.log') -ge 3 ]"
    run_rpod stop -t 1 ctr2
    wait_for 10 not_alive
    run_rpod start --all --filter restart-policy=always
    is "$output" "$id" "start by policy"
    run_rpod rm -f ctr2
    run_rpod 125 run --rm --restart always --network none busybox true
    like "$stderr" "conflicts with --restart" "message"
}

@test "init prepares, start runs" {
    run_rpod create --name ctr1 --network none busybox sh -c 'echo hello; exit 4'
    id=$output
    run_rpod init ctr1
    is "$(state "$id" status)" created "state"
    alive || fail "no monitor"
    run_rpod 4 start -a ctr1
    is "$output" hello "output"
    wait_for 10 not_alive
    run_rpod create --name ctr2 --network none busybox true
    run_rpod init ctr2
    run_rpod stop ctr2
    wait_for 10 not_alive
    run_rpod container prune -f
    not_alive || fail "it lives"
}

@test "anonymous volumes and the range of --userns=auto are the same at each start" {
    run_rpod create --name ctr1 --network none -v /data busybox sh -c 'echo y >>/data/x; cat /data/x'
    run_rpod start -a ctr1
    run_rpod start -a ctr1
    is "$output" $'y\ny' "the volume"
    run_rpod rm -v ctr1
    is "$(ls "$RPOD_ROOT/volumes")" "" "volumes"
    run_rpod create --name ctr2 --network none --userns=auto busybox sh -c 'echo y >>/z; cat /z'
    run_rpod start -a ctr2
    run_rpod start -a ctr2
    is "$output" $'y\ny' "what the range owns"
    run_rpod create --name c3 --network none -v /data busybox true
    run_rpod start -a c3
    run_rpod rm c3
    is "$(ls "$RPOD_ROOT/volumes" | wc -l)" 1 "volumes after rm without -v"
}

@test "kill -9 of the monitor at any moment: stopped, and startable again" {
    local seed=$RANDOM i pid
    echo "seed $seed"
    RANDOM=$seed
    run_rpod create --name ctr1 --network none busybox sh -c 'echo up; sleep 100'
    id=$output
    for i in $(seq 15); do
        rpod start ctr1 >/dev/null 2>&1 &
        sleep "0.0$((RANDOM % 10))"
        for pid in $(store_processes | cut -d' ' -f1); do kill -KILL "$pid" 2>/dev/null || :; done
        wait $! || :
        for pid in $(store_processes | cut -d' ' -f1); do kill -KILL "$pid" 2>/dev/null || :; done
    done
    wait_for 10 not_alive
    run_rpod start ctr1
    wait_for 10 alive
    is "$(state "$id" status)" running "state"
    run_rpod stop -t 0 ctr1
    run_rpod rm ctr1
}

@test "kill -9 of the command leaves the container running, or nothing" {
    local i
    for i in 0 1 2 3 4 5 6 7 8 9; do
        "$RPOD" --root "$RPOD_ROOT" run -d --network none --name "k$i" busybox sleep 100 >/dev/null 2>&1 &
        sleep "0.0$i"
        kill -KILL $! 2>/dev/null || :
        wait $! 2>/dev/null || :
    done
    run_rpod run --rm --network none busybox true
    run_rpod rm -af
    wait_for 10 not_alive
    run_rpod run --rm --network none busybox true
    wait_for 10 no_containers
}

@test "a runtime directory that was emptied: stop and rm work all the same" {
    run "$RPOD" --root "$RPOD_ROOT" --runroot "$BATS_TEST_TMPDIR/run" run -d --network none --name ctr1 busybox sleep 100
    is "$status" 0 "run"
    rm -rf "$BATS_TEST_TMPDIR/run"
    run_rpod 125 kill ctr1
    like "$stderr" "its socket in the runtime directory is gone" "message"
    run_rpod stop ctr1
    run_rpod wait ctr1
    is "$output" 137 "exit code"
    run_rpod rm ctr1
}
