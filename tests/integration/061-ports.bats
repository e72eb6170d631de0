#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Published ports, seen from the host. Nothing here leaves the machine.

load helpers

setup() {
    require_run
    require_tun
    require_command python3
}

teardown() { rpod rm -af -t 0 >/dev/null 2>&1 || :; }

# detached NAME [OPTION...] -- COMMAND...
detached() {
    local name=$1 options=()
    shift
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    shift
    run_rpod run -d --name "$name" "${options[@]}" busybox "$@"
}

# A port of the host's that is free now.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# published NAME PORT[/PROTO]: the host's port, as rpod says.
published() { rpod port "$1" "$2" | sed 's/.*://'; }

# Sends $3 to address $1, port $2, ends its own side, and prints what comes back until the other side ends.
talk_tcp() {
    python3 - "$@" <<'PY'
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.sendall(sys.argv[3].encode())
s.shutdown(socket.SHUT_WR)
answer = b""
while data := s.recv(65536):
    answer += data
print(answer.decode(), end="")
PY
}

talk_udp() {
    python3 - "$@" <<'PY'
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(1)
s.connect((sys.argv[1], int(sys.argv[2])))
s.send(sys.argv[3].encode())
print(s.recv(65536).decode(), end="")
PY
}

# Asks until the service in the container is up.
wait_tcp() { wait_for 10 talk_tcp "$1" "$2" "${3:-up}" 2>/dev/null; }

# Nobody serves that port of the host's.
refused() { ! talk_tcp "$1" "$2" x 2>/dev/null; }

# The process of that name below the only monitor of the store.
server() {
    local pid monitor
    monitor=$(store_processes | cut -d' ' -f1 | head -n 1)
    for pid in $(cat "/proc/$monitor/task/$monitor/children"); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$1" ] || { echo "$pid" && return; }
    done
    return 1
}
is_other() { [ -n "$(server "$1")" ] && [ "$(server "$1")" != "$2" ]; }

# The host's python, inside.
HOST_PYTHON=(-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro)
require_host_python() { [ "$(readlink /lib64)" = usr/lib64 ] || skip "/usr alone does not hold what python needs"; }

GOT='x=$(cat); echo "got $x"'

@test "a connection passes bytes and ends both ways, over IPv4 and IPv6" {
    local port
    port=$(free_port)
    detached web -p "$port:80" -- nc -ll -p 80 -e sh -c "$GOT"
    wait_tcp 127.0.0.1 "$port"
    is "$(talk_tcp 127.0.0.1 "$port" hello)" "got hello" "IPv4"
    [ -e /proc/net/if_inet6 ] || return 0
    is "$(talk_tcp ::1 "$port" hello)" "got hello" "IPv6"
}

@test "an address alone is published where one is named" {
    local port
    port=$(free_port)
    detached web -p "127.0.0.2:$port:80" -- nc -ll -p 80 -e sh -c "$GOT"
    wait_tcp 127.0.0.2 "$port"
    refused 127.0.0.1 "$port"
}

@test "much data passes, and arrives as it was" {
    detached web -p 127.0.0.1::80 -- nc -ll -p 80 -e cat
    wait_tcp 127.0.0.1 "$(published web 80)"
    run -0 python3 - "$(published web 80)" <<'PY'
import hashlib, os, socket, sys, threading
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
data = os.urandom(1 << 20) * 24
def send():
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
seen = hashlib.sha256()
while chunk := s.recv(1 << 20):
    seen.update(chunk)
print("same" if seen.digest() == hashlib.sha256(data).digest() else "differs")
PY
    is "$output" same "24 MiB there and back"
}

@test "the service sees no local peer, and one bound to the loopback stays private" {
    detached web -p 127.0.0.1::80 -p 127.0.0.1::81 -- sh -c \
        'nc -ll -s 127.0.0.1 -p 81 -e echo private & nc -ll -p 80 -e sh -c "cat >/dev/null; netstat -tn | grep :80"'
    wait_tcp 127.0.0.1 "$(published web 80)"
    run -0 talk_tcp 127.0.0.1 "$(published web 80)" x
    unlike "$output" '127\.0\.0\.1' "addresses of the connection"
    like "$output" '10\.0\.2\.100' "addresses of the connection"
    run ! talk_tcp 127.0.0.1 "$(published web 81)" x
    unlike "$output" private "the service on the loopback"
}

@test "datagrams, and answers from the address that was asked" {
    local port
    require_host_python
    port=$(free_port)
    detached dns -p "$port:53/udp" "${HOST_PYTHON[@]}" -- /usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 53))
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(b"got " + data, peer)'
    wait_for 10 talk_udp 127.0.0.1 "$port" up 2>/dev/null
    is "$(talk_udp 127.0.0.1 "$port" hello)" "got hello" "answer"
    is "$(talk_udp 127.0.0.3 "$port" hello)" "got hello" "answer from another address of the host's"
    is "$(published dns 53/udp)" "$port" "port"
    [ ! -e /proc/net/if_inet6 ] || is "$(talk_udp ::1 "$port" hello)" "got hello" "IPv6"
}

@test "a port in use is an error before anything starts" {
    local port
    port=$(free_port)
    detached first -p "$port:80" -- nc -ll -p 80
    run_rpod 126 run --rm --name second -p "$port:80" busybox echo started
    like "$stderr" "^Error: listen tcp 0.0.0.0:$port: bind: address already in use" "message"
    is "$output" "" "the container's output"
    run_rpod 1 container exists second
    run_rpod create --name second -p "$port:80" busybox true
    run_rpod 126 start second
    like "$stderr" "bind: address already in use" "message of start"
    run_rpod stop -t 0 first
    # Whoever hears that the container has ended finds its ports free.
    run_rpod start -a second
}

@test "the port is free as soon as stop, kill or rm say that the container has ended" {
    local port i
    port=$(free_port)
    for i in 1 2 3 4 5; do
        detached web -p "$port:80" -p "$port:80/udp" -- sleep 100
        run_rpod rm -f -t 0 web
        run_rpod run --rm -p "$port:80" -p "$port:80/udp" busybox true
    done
}

@test "start and restart publish the same ports again, those that were free ones, too" {
    local port
    run_rpod create --name web -p 127.0.0.1::80 busybox nc -ll -p 80 -e sh -c "$GOT"
    port=$(published web 80)
    like "$port" '^[1-9][0-9]*$' "the port that create chose"
    refused 127.0.0.1 "$port"
    run_rpod start web
    wait_tcp 127.0.0.1 "$port"
    run_rpod restart -t 0 web
    wait_tcp 127.0.0.1 "$port"
    run_rpod stop -t 0 web
    refused 127.0.0.1 "$port"
    run_rpod start web
    wait_tcp 127.0.0.1 "$port"
    is "$(published web 80)" "$port" "the port"
}

@test "a container that its restart policy starts again has its ports again" {
    detached web --restart always -p 127.0.0.1::80 -- nc -l -p 80 -e sh -c "$GOT"
    local port
    port=$(published web 80)
    wait_tcp 127.0.0.1 "$port"
    # It ends after one connection.
    wait_tcp 127.0.0.1 "$port"
    wait_tcp 127.0.0.1 "$port"
}

@test "a killed rpod:net is replaced and the port still served" {
    local port old i
    detached web -p 127.0.0.1::80 -- nc -ll -p 80 -e sh -c "$GOT"
    port=$(published web 80)
    wait_tcp 127.0.0.1 "$port"
    for i in 1 2 3; do
        old=$(server rpod:net)
        kill -KILL "$old"
        wait_for 5 is_other rpod:net "$old"
        wait_for 5 talk_tcp 127.0.0.1 "$port" x
    done
}

@test "nobody but the monitor and rpod:net holds the port" {
    local port inode
    detached web --init -p 127.0.0.1::80 -- sleep 100
    port=$(published web 80)
    inode=$(python3 -c 'import sys
want = "0100007F:%04X" % int(sys.argv[1])
print([l.split()[9] for l in open("/proc/net/tcp") if l.split()[1] == want][0])' "$port")
    run -0 bash -c 'for fd in /proc/[0-9]*/fd/*; do
        [ "$(readlink "$fd" 2>/dev/null)" != "socket:['"$inode"']" ] || cat "${fd%/fd/*}/comm"; done | sort -u'
    # Those of rpod:net cannot be read, not even by us: it is not dumpable.
    like "$output" '^(rpod:monitor|rpod:monitor.rpod:net)?$' "who holds it"
}

@test "a range, and several of them" {
    local port
    port=$(free_port)
    ((port < 65000)) || port=45000
    detached web -p "127.0.0.1:$port-$((port + 2)):80-82" -p "127.0.0.2:$port:90" -- nc -ll -p 82 -e sh -c "cat >/dev/null; echo third"
    wait_tcp 127.0.0.1 "$((port + 2))"
    is "$(talk_tcp 127.0.0.1 "$((port + 2))" x)" third "the last of three"
    refused 127.0.0.1 "$port"
    run_rpod ps --format '{{.Ports}}'
    is "$output" "127.0.0.1:$port-$((port + 2))->80-82/tcp, 127.0.0.2:$port->90/tcp" "ps"
}

@test "-P publishes what --expose and the image name at free ports" {
    printf 'x' >"$BATS_TEST_TMPDIR/x"
    run_rpod import -c 'EXPOSE 7000' "$BUSYBOX_TAR" exposes
    run_rpod run -d --name web -P --expose 8080-8081 exposes nc -ll -p 8080 -e sh -c "cat >/dev/null; echo exposed"
    wait_tcp 127.0.0.1 "$(published web 8080)"
    is "$(talk_tcp 127.0.0.1 "$(published web 8080)" x)" exposed "answer"
    run_rpod port web
    is "$(cut -d' ' -f1 <<<"$output" | sort | tr '\n' ' ')" "7000/tcp 8080/tcp 8081/tcp " "what is published"
}

@test "port, ps and inspect show where" {
    local port
    port=$(free_port)
    detached web -p "127.0.0.1:$port:80" -p 127.0.0.1::53/udp --expose 99 -- sleep 100
    run_rpod port web 80
    is "$output" "127.0.0.1:$port" "port web 80"
    run_rpod port web 53/udp
    like "$output" '^127\.0\.0\.1:[1-9][0-9]+$' "port web 53/udp"
    run_rpod 125 port web 53
    run_rpod port --all
    like "$output" "80/tcp -> 127.0.0.1:$port" "port --all"
    run_rpod ps --format '{{.Ports}}'
    like "$output" "^127.0.0.1:$port->80/tcp, 127.0.0.1:[0-9]+->53/udp\$" "ps"
    run_rpod inspect --format '{{json (index .NetworkSettings.Ports "80/tcp")}} {{json (index .NetworkSettings.Ports "99/tcp")}}' web
    is "$output" "[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"$port\"}] null" "NetworkSettings.Ports"
    run_rpod inspect --format '{{range $k, $v := .HostConfig.PortBindings}}{{$k}} {{end}}' web
    is "$output" "53/udp 80/tcp 99/tcp " "HostConfig.PortBindings, with what is exposed, as podman has it"
}

@test "port add and port rm change a container that runs, and its record" {
    local port udp
    detached web -p 127.0.0.1::80 -- sh -c \
        'nc -ll -p 81 -e sh -c "cat >/dev/null; echo second" & nc -ll -p 80 -e sh -c "cat >/dev/null; echo first"'
    wait_tcp 127.0.0.1 "$(published web 80)"
    run_rpod port add web 127.0.0.1::81 127.0.0.1::53/udp
    like "$output" '^81/tcp -> 127\.0\.0\.1:[0-9]+.53/udp -> 127\.0\.0\.1:[0-9]+$' "what add prints"
    port=$(published web 81)
    udp=$(published web 53/udp)
    is "$(talk_tcp 127.0.0.1 "$port" x)" second "the new port"
    run_rpod 126 port add web "127.0.0.1:$port:82"
    like "$stderr" "address already in use" "message"
    run_rpod restart -t 0 web
    wait_tcp 127.0.0.1 "$port"
    is "$(talk_tcp 127.0.0.1 "$port" x)" second "the new port after a restart"
    run_rpod port rm web 81 80
    wait_for 5 refused 127.0.0.1 "$port"
    run_rpod port web
    is "$output" "53/udp -> 127.0.0.1:$udp" "what is left"
    run_rpod 125 port rm web 81
    like "$stderr" 'failed to find published port "81/tcp"' "message"
    run_rpod port add web "127.0.0.1:$port:81" 127.0.0.1::54/udp
    udp=$(published web 54/udp)
    run_rpod port rm web 54/udp
    wait_for 5 rpod run --rm -p "127.0.0.1:$udp:1/udp" busybox true
    is "$(talk_tcp 127.0.0.1 "$port" x)" second "the port, published again"
    run_rpod stop -t 0 web
    run_rpod port add web 127.0.0.1::82
    run_rpod port rm web 53/udp
    run_rpod start web
    run_rpod port web
    like "$output" "^81/tcp -> 127.0.0.1:$port.82/tcp -> 127.0.0.1:[0-9]+\$" "changed while it did not run"
    detached lone --network none -- sleep 100
    run_rpod 125 port add lone 80
    like "$stderr" "no network of its own" "message"
}

@test "wrong ports are refused by name" {
    run_rpod 125 run --rm -p 80/sctp busybox true
    like "$stderr" "SCTP is not supported" "sctp"
    run_rpod 125 run --rm -p 0:80 busybox true
    like "$stderr" "'0' is not a port number" "port 0"
    run_rpod 125 run --rm -p 1-2:80 busybox true
    like "$stderr" "2 ports of the host for 1" "lengths"
    run_rpod 125 run --rm -p nowhere:1:80 busybox true
    like "$stderr" "'nowhere' is not an IP address" "address"
    run_rpod 125 run --rm -p 8080:80 -p 8080:81 busybox true
    like "$stderr" "conflicting port mappings for host port 8080" "conflict"
    run_rpod 126 run --rm -p 192.0.2.1::80 busybox true
    like "$stderr" "cannot assign requested address" "an address that is not the host's"
}

@test "root's ports: the error names the sysctl, --publish-fallback moves them up" {
    (($(</proc/sys/net/ipv4/ip_unprivileged_port_start) > 79)) || skip "users may open port 79"
    run_rpod 126 run --rm -p 79:79 busybox true
    like "$stderr" "net.ipv4.ip_unprivileged_port_start=79" "hint"
    detached web --publish-fallback -p 79:79 -- nc -ll -p 79 -e sh -c "$GOT"
    like "$stderr" "published at [0-9]+" "warning"
    wait_tcp 127.0.0.1 "$(published web 79)"
    run_rpod restart -t 0 web
    wait_tcp 127.0.0.1 "$(published web 79)"
}

@test "without a network of its own ports are discarded with a warning" {
    local mode
    detached other -- sleep 100
    for mode in host none container:other; do
        run_rpod run --rm --network "$mode" -p 79:79 busybox true
        like "$stderr" "Port mappings have been discarded" "warning with $mode"
    done
}

@test "five hundred connections at once, twice, and nothing is left of them" {
    local port before
    require_host_python
    detached web -p 127.0.0.1::80 "${HOST_PYTHON[@]}" -- /usr/bin/python3 -c '
import select, socket
listener = socket.create_server(("", 80), backlog=1024)
poll = select.epoll()
poll.register(listener, select.EPOLLIN)
peers = {}
while True:
    for fd, _ in poll.poll():
        if fd == listener.fileno():
            peer = listener.accept()[0]
            peers[peer.fileno()] = peer
            poll.register(peer, select.EPOLLIN)
        elif data := peers[fd].recv(4096):
            peers[fd].sendall(data)
        else:
            peers.pop(fd).close()'
    port=$(published web 80)
    wait_tcp 127.0.0.1 "$port"
    (($(ulimit -Hn) >= 4096)) || skip "fewer than 4096 open files are allowed"
    run -0 python3 - "$port" <<'PY'
import resource, socket, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
for turn in range(2):
    all = [socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30) for _ in range(500)]
    for i, s in enumerate(all):
        s.sendall(b"%06d" % i)
    for i, s in enumerate(all):
        assert s.recv(6, socket.MSG_WAITALL) == b"%06d" % i
    for s in all:
        s.close()
print("good")
PY
    is "$output" good "all of them"
    wait_for 10 few_sockets
}
# What rpod:net holds in the pod, as the pod sees it.
few_sockets() { [ "$(rpod exec web netstat -tn | grep -c ESTABLISHED)" = 0 ]; }
