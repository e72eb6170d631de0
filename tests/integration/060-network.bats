#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# The default network and its absence. Nothing here leaves the machine.

load helpers

setup() { require_run; }

# A web server of the host's on a free port of 127.0.0.1: sets $port and $server.
start_host_server() {
    echo "the host" >"$BATS_TEST_TMPDIR/index.html"
    python3 -u -m http.server --bind 127.0.0.1 --directory "$BATS_TEST_TMPDIR" 0 >"$BATS_TEST_TMPDIR/server" 2>&1 &
    server=$!
    wait_for 10 grep -q 'port [0-9]' "$BATS_TEST_TMPDIR/server"
    port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$BATS_TEST_TMPDIR/server" | head -n 1)
}

teardown() { [ -z "${server:-}" ] || kill "$server" 2>/dev/null || :; }

# What the host's server says to a container with these RUN-OPTION...s. (Debian's static busybox wget crashes everywhere.)
ask_server() {
    local address=$1
    shift
    run_rpod '?' run --rm "$@" busybox sh -c "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 10 nc $address $port"
}

@test "slirp4netns's address plan" {
    require_tun
    run_rpod run --rm busybox sh -c 'ip -4 address show tap0; ip route; ip -6 address show tap0; cat /sys/class/net/tap0/mtu'
    like "$output" 'inet 10\.0\.2\.100/24' "IPv4"
    like "$output" 'default via 10\.0\.2\.2' "route"
    like "$output" 'inet6 fd00::' "IPv6"
    is "${lines[-1]}" 65520 "MTU"
}

@test "resolv.conf names our DNS, hosts the container and the host" {
    require_tun
    run_rpod run --rm -h box busybox sh -c 'cat /etc/resolv.conf; cat /etc/hosts; cat /etc/hostname'
    like "$output" 'nameserver 10\.0\.2\.3' "resolv.conf"
    like "$output" 'box' "hosts"
    is "${lines[-1]}" box "hostname"
    run_rpod run --rm --dns 192.0.2.1 --dns-search example.org --add-host db:192.0.2.7 busybox cat /etc/resolv.conf /etc/hosts
    like "$output" 'nameserver 192\.0\.2\.1' "--dns"
    like "$output" 'search example\.org' "--dns-search"
    like "$output" '192\.0\.2\.7.db' "--add-host"
}

@test "the host's loopback is closed, and open when asked" {
    require_tun
    require_command python3
    start_host_server
    ask_server 10.0.2.2
    unlike "$output" "the host" "the host's loopback"
    ask_server 10.0.2.2 --network slirp4netns:allow_host_loopback=true
    like "$output" "the host" "with allow_host_loopback"
}

# serves ADDRESS:PORT TEXT
serves() {
    timeout 5 bash -c 'exec 3<>"/dev/tcp/${1%:*}/${1##*:}"; printf "GET / HTTP/1.0\r\n\r\n" >&3; cat <&3' - "$1" 2>/dev/null | grep -q "$2"
}

# Runs rpod where /dev/net/tun is not to be seen.
without_tun() {
    run --separate-stderr timeout --kill-after=5 60 "$RPOD" --root "$RPOD_ROOT" unshare \
        sh -c 'mount -t tmpfs none /dev/net && exec "$@"' - "$RPOD" --root "$RPOD_ROOT" "$@"
}

@test "without /dev/net/tun a pair of interfaces stands in for the tap" {
    require_command python3
    start_host_server
    without_tun run --rm busybox sh -c 'cat /sys/class/net/tap0/tun_flags; ip -4 address show tap0; ip route'
    unlike "$output" "0x" "no tap"
    like "$output" 'inet 10\.0\.2\.100/24' "IPv4"
    like "$output" 'default via 10\.0\.2\.2' "route"
    without_tun run --rm --network slirp4netns:allow_host_loopback=true busybox \
        sh -c "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 10 nc 10.0.2.2 $port"
    like "$output" "the host" "a connection"
    without_tun run -d --name web -p 127.0.0.1::80 busybox sh -c 'echo inside >/index.html; httpd -f -p 80'
    local published
    published=$(rpod port web 80)
    wait_for 10 serves "$published" inside
    run_rpod rm -f -t 0 web
    without_tun run --rm busybox sh -c 'sleep 0'
    is "$status" 0 "another one"
}

@test "a network that cannot be made: what is missing, and what would do" {
    run --separate-stderr timeout 60 "$RPOD" --root "$RPOD_ROOT" unshare \
        sh -c 'mount -t tmpfs none /dev/net && echo 1 >/proc/sys/user/max_net_namespaces && exec "$@"' - \
        "$RPOD" --root "$RPOD_ROOT" run --rm --network slirp4netns busybox true
    is "$status" 125 "exit code"
    like "$stderr" "/dev/net/tun.*instead of it: .*No space left" "what is missing"
    like "$stderr" "hint: .*--network none" "what would do"
}

@test "--network none has a loopback and nothing else" {
    run_rpod run --rm --network none busybox sh -c 'ls /sys/class/net; ip -4 address show lo'
    is "${lines[0]}" lo "interfaces"
    like "$output" '127\.0\.0\.1/8' "loopback is up"
}

@test "--network host is the host's" {
    require_command python3
    start_host_server
    ask_server 127.0.0.1 --network host
    like "$output" "the host" "page"
}

@test "low ports can be bound inside" {
    require_tun
    run_rpod run --rm -u app busybox cat /proc/sys/net/ipv4/ip_unprivileged_port_start
    is "$output" 0 "ip_unprivileged_port_start"
}

@test "an unknown option of a network is refused by name" {
    run_rpod 125 run --rm --network slirp4netns:frob=1 busybox true
    like "$stderr" frob "message"
}

@test "a host that moves to another network: its new resolvers are asked" {
    require_tun
    local dir=$BATS_TEST_TMPDIR
    echo 'nameserver 127.0.0.5' >"$dir/resolv.conf"
    cat >"$dir/world" <<'END'
set -eu
ip link set lo up
mount --bind "$1/resolv.conf" /etc/resolv.conf
python3 "$2/dns_server.py" 127.0.0.5=192.0.2.5 127.0.0.6=192.0.2.6 >"$1/ready" &
server=$!
trap 'kill $server' EXIT
until grep -q ready "$1/ready"; do sleep 0.05; done
"$RPOD" --root "$1/store" import "$BUSYBOX_TAR" busybox >/dev/null
"$RPOD" --root "$1/store" run --rm -v "$1:/shared" busybox sh -c '
    resolve() { nslookup -type=a any.test 10.0.2.3 | sed -n "s/^Address.*\(192.0.2.[0-9]*\)$/\1/p"; }
    resolve
    : >/shared/asked
    for i in $(seq 60); do
        [ "$(resolve)" = 192.0.2.6 ] && echo 192.0.2.6 && break
        sleep 0.5
    done' &
run=$!
until [ -e "$1/asked" ]; do sleep 0.05; done
echo "nameserver 127.0.0.6" >"$1/resolv.conf"
wait $run
END
    export XDG_RUNTIME_DIR=$dir/run
    mkdir -m 0700 "$dir/run"
    run --separate-stderr timeout 60 unshare -rmn bash "$dir/world" "$dir" "$BATS_TEST_DIRNAME"
    is "$status" 0 "exit code"
    is "$output" $'192.0.2.5\n192.0.2.6' "the answers"
}
