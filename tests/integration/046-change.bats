#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# What can be changed of containers and pods that exist: update, ports of pods; and pods made after others.

load helpers

setup() { require_run; }

teardown() {
    rpod pod rm -af -t 0 >/dev/null 2>&1 || :
    remove_containers_and_volumes
}

policy() { rpod inspect --format '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}' "$1"; }
restarts() { rpod inspect --format '{{.RestartCount}}' "$1"; }
is_state() { [ "$(rpod inspect --format '{{.State.Status}}' "$1")" = "$2" ]; }

@test "update --restart" {
    run_rpod run -d --network none --name u busybox sleep 100
    local id=$output
    run_rpod update --restart on-failure:2 u
    is "$output" "$id" "the ID"
    is "$(policy u)" on-failure:2 "the record"
    # At once: it would stay down else.
    rpod run -d --network none --name v busybox sh -c 'trap "exit 3" USR1; while :; do sleep 0.1; done'
    rpod update --restart on-failure:2 v
    rpod kill -s USR1 v
    restarted() { [ "$(restarts v)" -ge 1 ]; }
    wait_for 20 restarted
    rpod update --restart no v
    is "$(policy v)" ":0" "and back"
    rpod stop -t 0 u
    run_rpod container update --restart always u
    run_rpod ps -aq --no-trunc --filter restart-policy=always
    is "$output" "$id" "one that does not run"
    run_rpod 125 update --restart sometimes u
    like "$stderr" "always and unless-stopped are known" "no policy"
    rpod run -d --rm --network none --name gone busybox sleep 100
    run_rpod 125 update --restart always gone
    like "$stderr" "conflicts with --restart" "one with --rm"
    run_rpod 125 update --memory 1g u
    like "$stderr" "--memory is not supported yet" "limits"
    run_rpod 125 update nope --restart no
    like "$stderr" "no such container" "none"
    run_rpod 125 update u
    like "$stderr" "nothing is to be changed" "no change"
}

@test "update in a pod" {
    rpod pod create --name p >/dev/null
    rpod run -d --pod p --name m busybox sh -c 'sleep 0.7; exit 1'
    rpod update --restart on-failure:1 m
    restarted() { [ "$(restarts m)" = 1 ]; }
    wait_for 20 restarted
    wait_for 20 is_state m exited
}

@test "pod clone" {
    rpod pod create --name web -l a=b --share net --exit-policy stop >/dev/null
    rpod create --pod web --name app -e A=b --health-cmd true busybox sh -c 'echo $A; sleep 100' >/dev/null
    rpod create --pod web --name side busybox sleep 100 >/dev/null
    run_rpod pod clone --start web
    like "$output" '^[0-9a-f]{64}$' "the ID"
    local copy=$output
    is "$(rpod pod inspect -f '{{.Name}} {{.State}} {{.NumContainers}} {{.ExitPolicy}} {{.Labels.a}}' "$copy")" "web-clone Running 2 stop b" "the pod"
    is "$(rpod ps --filter pod=web-clone --format '{{.Names}}' | sort | tr '\n' ' ')" "app-clone side-clone " "its containers"
    logged() { [ "$(rpod logs app-clone)" = b ]; }
    wait_for 10 logged
    rpod exec app-clone true
    is "$(rpod pod inspect -f '{{.State}}' web)" Created "the original"
    run_rpod pod clone --destroy --name other web
    run_rpod 1 pod exists web
    is "$(rpod ps -a --filter pod=other --format '{{.Names}}' | sort | tr '\n' ' ')" "app-clone1 side-clone1 " "names that are free"
    run_rpod --storage-driver copy pod clone --name copied other
    is "$(rpod inspect -f '{{.GraphDriver.Name}}' "$(rpod ps -aq --filter pod=copied | head -n 1)")" copy "the storage driver that was asked for"
    run_rpod 125 pod clone other other
    like "$stderr" 'name "other" is in use' "a name that is taken"
    run_rpod 125 pod clone nope
    like "$stderr" 'no such pod' "none"
}

@test "ports of a pod" {
    require_tun
    require_command python3
    rpod pod create --name p >/dev/null
    run_rpod port add p 8080
    like "$output" '^8080/tcp -> 0\.0\.0\.0:[0-9]+$' "one that does not run"
    local first=${output##*:}
    rpod run -d --pod p --name a busybox sh -c 'while :; do echo first | nc -l -p 8080; done'
    rpod run -d --pod p --name b busybox sh -c 'while :; do echo second | nc -l -p 8081; done'
    talk() { python3 -c 'import socket, sys; print(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).recv(100).decode().strip())' "$1"; }
    says() { [ "$(talk "$1" 2>/dev/null)" = "$2" ]; }
    wait_for 10 says "$first" first
    run_rpod port add p 8081/tcp
    local second=${output##*:}
    wait_for 10 says "$second" second
    run_rpod port p
    is "${#lines[@]}" 2 "both"
    is "$(rpod port a)" "$output" "of a member"
    run_rpod 125 port add a 8082
    like "$stderr" "no network of its own" "they are the pod's"
    run_rpod port rm p 8081
    run ! talk "$second"
    says "$first" first
    run_rpod port p
    is "$output" "8080/tcp -> 0.0.0.0:$first" "the other one"
    run_rpod 125 port rm p 9
    like "$stderr" "failed to find published port" "none"
    rpod pod create --name alone --share none >/dev/null
    run_rpod 125 port add alone 80
    like "$stderr" "do not share a network" "no network"
}
