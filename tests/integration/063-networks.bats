#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod network ..., --network NAME

load helpers
load background

teardown() {
    remove_containers_and_volumes
    rpod network prune -f >/dev/null 2>&1 || :
}

@test "create, ls, exists, inspect, rm" {
    run_rpod network create app
    is "$output" app "the name"
    run_rpod network create
    is "$output" podman1 "a name that nobody chose"
    run_rpod network ls
    is "${lines[0]}" "NETWORK ID    NAME        DRIVER" "headings"
    like "${lines[2]}" '^2f259bab93aa  podman      bridge$' "the default network"
    is "${#lines[@]}" 4 "lines"
    run_rpod network ls -q --filter name=app
    is "$output" app "names only"
    run_rpod network exists app
    run_rpod 1 network exists nope
    run_rpod network inspect --format '{{(index .Subnets 0).Subnet}} {{.Driver}} {{.DNSEnabled}}' app
    like "$output" '^10\.89\.[0-9]+\.0/24 bridge true$' "what was chosen"
    run_rpod network rm app podman1
    is "$output" "app
podman1" "what was typed"
    run_rpod 1 network exists app
}

@test "messages and exit codes are podman's" {
    run_rpod 1 network rm nope
    is "$stderr" "Error: unable to find network with name or ID nope: network not found" "rm of nothing"
    run_rpod network rm -f nope
    run_rpod network create app
    run_rpod 125 network create app
    is "$stderr" "Error: network name app already used: network already exists" "create of one that exists"
    run_rpod network create --ignore app
    run_rpod 125 network create host
    run_rpod 125 network rm podman
    run_rpod 125 network create --driver macvlan m
    run_rpod 125 network create --ipv6 six
    run_rpod 125 network create --opt isolate=true o
    run_rpod network rm app
}

@test "subnets do not overlap" {
    rpod network create --subnet 10.90.1.0/24 --gateway 10.90.1.9 --label a=b one
    run_rpod 125 network create --subnet 10.90.0.0/16 two
    like "$stderr" "already used" "a wider one"
    run_rpod 125 network create --subnet 10.0.2.0/24 two
    run_rpod 125 network create --subnet 10.91.1.0/24 --gateway 10.92.1.1 two
    run_rpod 125 network create --subnet 127.0.0.0/8 two
    run_rpod network inspect --format '{{(index .Subnets 0).Gateway}} {{.Labels.a}}' one
    is "$output" "10.90.1.9 b" "as asked for"
    run_rpod network prune --force --filter label=a=b
    is "$output" one "pruned"
}

@test "containers find one another by name, alias and short ID" {
    require_run
    rpod network create app
    local id
    id=$(rpod run -d --network app --name db --network-alias store busybox sh -c 'while :; do echo hello | nc -l -p 80; done')
    run_rpod run --rm --network app busybox sh -c \
        "for name in db store ${id:0:12}; do sleep 0.3; nc -w 5 \$name 80 </dev/null || exit; done; cat /etc/resolv.conf"
    is "${lines[*]:0:3}" "hello hello hello" "by each name"
    like "$output" "search dns.podman" "resolv.conf"
    run_rpod 1 run --rm --network app busybox nslookup nobody.dns.podman
}

@test "two networks do not see each other" {
    require_run
    rpod network create one
    rpod network create two
    rpod run -d --network one:ip="$(rpod network inspect --format '{{(index .Subnets 0).Gateway}}' one | sed 's/1$/77/')" --name a busybox sh -c 'while :; do echo hello | nc -l -p 80; done'
    local address
    address=$(rpod exec a ip -4 -o addr show eth0 | sed 's/.*inet //; s/\/.*//')
    like "$address" '^10\.89\.[0-9]+\.77$' "the address that was asked for"
    run_rpod run --rm --network one busybox nc -w 5 "$address" 80 </dev/null
    is "$output" hello "on the same network"
    run_rpod run --rm --network two busybox sh -c "nc -w 1 $address 80 </dev/null || :"
    is "$output" "" "nothing from the other network"
    run_rpod 2 network rm one
}

@test "the process of a network ends with its last container" {
    require_run
    rpod network create app
    rpod run --rm --network app busybox true
    rpod run --rm --network app busybox true
    run_rpod network rm app
}

@test "several networks, published ports, --internal" {
    require_run
    rpod network create --internal inner
    rpod network create outer
    rpod run -d --network outer --network inner --name w -p 127.0.0.1::80 busybox sh -c 'while :; do echo hello | nc -l -p 80; done'
    run_rpod exec w ip -o addr
    like "$output" "eth1 +inet 10\.89\." "the second one"
    local port
    port=$(rpod port w 80 | sed 's/.*://')
    sleep 0.5
    run timeout 5 bash -c "exec 5<>/dev/tcp/127.0.0.1/$port && head -1 <&5"
    is "$output" hello "the published port"
    run_rpod run --rm --network inner busybox ip route
    [[ $output != *default* ]] || fail "a way out: $output"
}

@test "a pod on a network has its name" {
    require_run
    rpod network create app
    rpod pod create --name p --network app
    rpod run -d --pod p busybox sh -c 'while :; do echo hello | nc -l -p 80; done'
    sleep 0.5
    run_rpod run --rm --network app busybox nc -w 5 p 80 </dev/null
    is "$output" hello "by the pod's name"
    rpod pod rm -f p
}
