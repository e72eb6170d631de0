#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod network ..., --network NAME

load helpers
load background

require_network() {
    require_run
    require_tun
}

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
    run_rpod 125 network create ../x
    run_rpod 125 network create --driver ../x y
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

@test "a removal that was cut off is finished, and one right after the last container waits" {
    require_network
    rpod network create one
    rm "$RPOD_ROOT/networks/$(rpod network inspect --format '{{.ID}}' one)/network.json"
    run_rpod 1 network exists one
    run_rpod network create one
    local i
    for i in 1 2 3 4 5 6; do
        rpod run -d --network one --name w busybox sleep 100
        rpod rm -f -t 0 w
        run_rpod network rm one
        run_rpod network create one
    done
    is "$(rpod network ls -q | xargs)" "one podman" "networks"
}

@test "containers find one another by name, alias and short ID" {
    require_network
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
    require_network
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
    # By whatever it is called.
    rpod create --network "$(rpod network inspect --format '{{.ID}}' two | cut -c1-12)" --name by-id busybox true
    run_rpod 2 network rm two
    run_rpod 125 run --rm --network one --network one busybox true
}

@test "the process of a network ends with its last container" {
    require_network
    rpod network create app
    rpod run --rm --network app busybox true
    rpod run --rm --network app busybox true
    run_rpod network rm app
}

@test "several networks, published ports, --internal" {
    require_network
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
    require_network
    rpod network create app
    rpod pod create --name p --network app
    rpod run -d --pod p busybox sh -c 'while :; do echo hello | nc -l -p 80; done'
    sleep 0.5
    run_rpod run --rm --network app busybox nc -w 5 p 80 </dev/null
    is "$output" hello "by the pod's name"
    rpod pod rm -f p
}

# network_process NAME: the process of a network, as the kernel's lock table tells; nothing where there is none.
network_process() {
    local inode
    inode=$(stat -c %i "$RPOD_ROOT/networks/$(rpod network inspect --format '{{.ID}}' "$1")/alive")
    awk -v inode=":$inode\$" '$2 == "POSIX" && $4 == "WRITE" && $6 ~ inode { print $5; exit }' /proc/locks
}

has_no_process() { [ -z "$(network_process "$1")" ]; }

has_other_process() {
    local pid
    pid=$(network_process "$1")
    [ -n "$pid" ] && [ "$pid" != "$2" ]
}

says_hello() { [ "$(rpod exec "$1" nc -w 1 "$2" 80 </dev/null 2>&1)" = hello ]; }

serve_hello() { rpod run -d "$@" busybox sh -c 'while :; do echo hello | nc -l -p 80; done' >/dev/null; }

@test "nobody takes the name of another container" {
    require_network
    rpod network create app
    serve_hello --network app --name db
    local address
    address=$(rpod inspect --format '{{.NetworkSettings.Networks.app.IPAddress}}' db)
    rpod run -d --network app --name evil --network-alias DB --network-alias db busybox sleep 60
    run_rpod run --rm --network app busybox sh -c 'nslookup Db.dns.podman | grep -c ^Address; nslookup db.dns.podman'
    is "${lines[0]}" 2 "the server's and one more"
    like "$output" "$address" "its own address alone"
}

@test "inspect and ps tell of networks" {
    require_network
    rpod network create --subnet 10.91.7.0/24 app
    rpod network create other
    rpod run -d --network app:ip=10.91.7.9,mac=02:00:00:00:00:09,alias=x --network other --name w busybox sleep 60
    run_rpod inspect --format '{{with .NetworkSettings.Networks.app}}{{.IPAddress}}/{{.IPPrefixLen}} {{.Gateway}} {{.MacAddress}} {{.NetworkID}} {{index .Aliases 0}}{{end}} {{.NetworkSettings.Networks.other.IPPrefixLen}}' w
    is "$output" "10.91.7.9/24 10.91.7.1 02:00:00:00:00:09 app x 24" "where it is"
    run_rpod exec w cat /sys/class/net/eth0/address
    is "$output" 02:00:00:00:00:09 "what it has"
    run_rpod ps --format '{{.Names}} {{.Networks}}' --filter network=app
    is "$output" "w app,other" "ps"
    run_rpod ps -q --filter network=podman
    is "$output" "" "ps of another network"
    rpod stop -t 0 w
    run_rpod inspect --format '{{.NetworkSettings.Networks.app.IPAddress}}|{{.NetworkSettings.Networks.app.NetworkID}}' w
    is "$output" "|app" "where it is not now"
    run_rpod 125 run --rm --network app:ip=10.92.0.1 busybox true
    like "$stderr" "10.92.0.1 not in any subnet" "an address elsewhere"
    rpod rm -f w
    run_rpod run --rm --network podman --name d busybox ip -4 -o addr show eth0
    like "$output" "inet 10\.88\." "the default network"
}

@test "a container moves between networks" {
    require_network
    rpod network create one
    rpod network create two
    serve_hello --network two --name far
    rpod run -d --network one --name w busybox sleep 60
    run_rpod 125 network disconnect one w
    like "$stderr" "only one" "the last network"
    run_rpod network connect --alias mover two w
    run_rpod exec w ip -4 -o addr show eth1
    like "$output" "inet 10\.89\." "the second one"
    wait_for 5 says_hello w "$(rpod inspect --format '{{.NetworkSettings.Networks.two.IPAddress}}' far)"
    run_rpod exec far nslookup mover.dns.podman
    run_rpod 125 network connect two w
    like "$stderr" "already connected" "twice"
    run_rpod inspect --format '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{end}}' w
    is "$output" "one two " "its record"
    run_rpod network disconnect one w
    wait_for 5 has_no_eth0 w
    run_rpod 125 network disconnect one w
    run_rpod network disconnect -f one w
    rpod stop -t 0 w
    run_rpod network connect one w
    run_rpod start w
    run_rpod exec w ip -4 -o addr
    like "$output" "eth1 +inet 10\.89\." "both, after a start"
    rpod run -d --network none --name alone busybox sleep 60
    run_rpod 125 network connect one alone
    like "$stderr" "invalid network mode" "one without networks"
    run_rpod 125 network connect nope w
}

has_no_eth0() { ! rpod exec "$1" test -e /sys/class/net/eth0 2>/dev/null; }

@test "a network whose process is killed comes back with the same addresses" {
    require_network
    rpod network create app
    serve_hello --network app --name a1x
    rpod run -d --network app --name b1x busybox sleep 100
    wait_for 5 says_hello b1x a1x
    local before pid
    before=$(rpod inspect --format '{{.NetworkSettings.Networks.app.IPAddress}}' a1x b1x)
    pid=$(network_process app)
    kill -KILL "$pid"
    wait_for 10 has_other_process app "$pid"
    wait_for 20 says_hello b1x a1x
    is "$(rpod inspect --format '{{.NetworkSettings.Networks.app.IPAddress}}' a1x b1x)" "$before" "addresses"
    run_rpod run --rm --network app busybox nc -w 5 a1x 80 </dev/null
    is "$output" hello "one that came later"
    # Whichever monitor started it: both containers outlive the other's end.
    serve_hello --network app --name c1x
    rpod rm -f -t 0 a1x
    wait_for 20 says_hello b1x c1x
    rpod rm -f -t 0 b1x c1x
    wait_for 5 has_no_process app
}

@test "a killed monitor leaves its networks" {
    require_network
    rpod network create app
    serve_hello --network app --name a2x
    rpod run -d --network app --name b2x busybox sleep 100
    kill -KILL "$(store_processes | sed -n 1p | cut -d' ' -f1)"
    kill -KILL "$(store_processes | sed -n 1p | cut -d' ' -f1)"
    wait_for 5 has_no_process app
    run_rpod 1 run --rm --network app busybox nslookup a2x.dns.podman
    rpod rm -f a2x b2x
    run_rpod network rm app
}

@test "nothing outside is reached from an --internal network, not by names either" {
    require_network
    local address gateway
    address=$(ip -4 -o addr show scope global | sed -n '1s/.*inet \([0-9.]*\).*/\1/p')
    [ -n "$address" ] || skip "the host has no address but loopback"
    python3 -c 'import socket
listener = socket.create_server(("", 0))
print(listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].sendall(b"host\n")' >"$BATS_TEST_TMPDIR/port" 3>&- &
    local server=$! port
    wait_for 5 test -s "$BATS_TEST_TMPDIR/port"
    port=$(cat "$BATS_TEST_TMPDIR/port")
    rpod network create open
    rpod network create --internal closed
    run_rpod run --rm --network open busybox nc -w 5 "$address" "$port" </dev/null
    is "$output" host "through the uplink of an open one"
    gateway=$(rpod network inspect --format '{{(index .Subnets 0).Gateway}}' open)
    run_rpod run --rm --network open busybox sh -c "nc -w 2 $gateway $port </dev/null; :"
    is "$output" "" "the host's loopback, which the gateway does not stand for"
    gateway=$(rpod network inspect --format '{{(index .Subnets 0).Gateway}}' closed)
    # Even one that makes itself a route.
    run_rpod run --rm --cap-add NET_ADMIN --network closed busybox sh -c \
        "ip route add default via $gateway; nc -w 2 $address $port </dev/null; nc -w 2 $gateway 80; ping -c 1 -W 1 $gateway; nslookup example.org 2>&1; :"
    unlike "$output" host$ "the host's answer"
    like "$output" "NXDOMAIN" "names outside"
    kill "$server"
}

@test "forty containers find one another by name and alias" {
    require_network
    rpod network create many
    local i
    for i in $(seq 1 40); do
        rpod run -d --rm --network many --name "n${i}x" --network-alias "alias$i" --network-alias all busybox \
            sh -c 'echo hello | nc -l -p 80 >/dev/null; sleep 100' >/dev/null
    done
    run_rpod run --rm --network many busybox sh -c 'for i in $(seq 1 40); do
            a=$(nslookup n${i}x.dns.podman | sed -n "s/^Address: *\(10\.[0-9.]*\)$/\1/p" | tail -n 1)
            b=$(nslookup alias$i.dns.podman | sed -n "s/^Address: *\(10\.[0-9.]*\)$/\1/p" | tail -n 1)
            [ -n "$a" ] && [ "$a" = "$b" ] || echo "names $i: $a $b"
            echo "$a" >>/tmp/all
            [ "$(nc -w 5 $a 80 </dev/null)" = hello ] || echo "no answer $i"
        done; sort -u /tmp/all | wc -l'
    is "$output" 40 "as many addresses, and nothing else to say"
}

# bats test_tags=nosub
@test "without subordinate IDs containers are on networks, too" {
    require_no_subids
    require_fuse
    require_tun
    rpod network create app
    serve_hello --network app --name a3x
    run_rpod run --rm --network app busybox nc -w 5 a3x 80 </dev/null
    is "$output" hello "by name"
}
