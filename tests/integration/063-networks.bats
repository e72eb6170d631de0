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
