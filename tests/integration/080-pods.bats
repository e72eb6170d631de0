#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Pods: what members share, how they live and end together.

load helpers

setup() { require_run; }

teardown() {
    rpod pod rm -af -t 0 >/dev/null 2>&1 || :
    rpod rm -af -t 0 >/dev/null 2>&1 || :
}

# member POD NAME COMMAND...: a detached one.
member() {
    local pod=$1 name=$2
    shift 2
    run_rpod run -d --pod "$pod" --name "$name" busybox "$@"
}

# The processes of the pod's monitor, by their names: "rpod:monitor rpod:net …".
roles() {
    local monitor
    monitor=$(rpod inspect -f '{{.State.ConmonPid}}' "$1")
    echo "$monitor" | xargs -I{} pgrep -P {} | xargs -I{} cat /proc/{}/comm | sort | uniq -c |
        awk '{ print $2 "=" $1 }' | tr '\n' ' '
}

pod_status() { rpod pod inspect -f '{{.State}}' "$1"; }
is_status() { [ "$(pod_status "$1")" = "$2" ]; }
has_roles() { [ "$(roles "$1")" = "$2" ]; }
# has_logged NAME TEXT COUNT: so many lines of it.
has_logged() { [ "$(rpod logs "$1" | grep -c "$2")" = "$3" ]; }

@test "create, ps, inspect, exists, rm: as podman's" {
    run_rpod pod create --name p1
    like "$output" '^[0-9a-f]{64}$' "the ID"
    local id=$output
    run_rpod pod ps --format '{{.Id}} {{.Name}} {{.Status}} {{.NumberOfContainers}}'
    is "$output" "${id:0:12} p1 Created 0" "the list"
    run_rpod pod ps
    like "${lines[0]}" '^POD ID +NAME +STATUS +CREATED +INFRA ID +# OF CONTAINERS$' "the headings"
    run_rpod pod inspect -f '{{.Id}} {{.Hostname}} {{.SharedNamespaces}} {{.ExitPolicy}}' "${id:0:6}"
    is "$output" "$id p1 [ipc net uts] continue" "inspect"
    run_rpod pod exists p1
    run_rpod 1 pod exists p2
    run_rpod 125 pod create --name p1
    like "$stderr" 'name "p1" is in use: pod already exists' "a name that is taken"
    run_rpod pod create --replace --name p1
    unlike "$output" "$id" "another one"
    local other=$output
    run_rpod pod rm p1
    is "$output" "$other" "its ID"
    run_rpod 1 pod rm nope
    is "$stderr" "Error: no pod with name or ID nope found: no such pod" "podman's words"
    run_rpod pod rm -f nope
    run_rpod pod ps -q
    is "$output" "" "none is left"
}

@test "names of pods and containers are one space" {
    run_rpod create --name taken busybox true
    run_rpod 125 pod create taken
    like "$stderr" 'container already exists' "a container's name"
    run_rpod pod create --name pod1
    run_rpod 125 create --name pod1 busybox true
    like "$stderr" 'name "pod1" is in use: pod already exists' "a pod's name"
    run_rpod 125 rename taken pod1
    # A file that was to get the ID is not left behind.
    run_rpod 125 pod create --name pod1 --pod-id-file "$BATS_TEST_TMPDIR/id"
    [ ! -e "$BATS_TEST_TMPDIR/id" ] || fail "the ID file is there"
}

@test "members talk over 127.0.0.1 and share the host name and /etc/hosts" {
    run_rpod pod create --name web
    member web server sh -c 'mkdir /w; echo hello >/w/i; exec httpd -f -p 8080 -h /w'
    wait_for 5 rpod exec server wget -qO /dev/null http://127.0.0.1:8080/i
    run_rpod run --rm --pod web busybox wget -qO- http://127.0.0.1:8080/i
    is "$output" hello "what the neighbour serves"
    run_rpod run --rm --pod web busybox sh -c 'hostname; cat /etc/hostname; readlink /proc/self/ns/net'
    is "${lines[0]} ${lines[1]}" "web web" "the pod's name"
    is "${lines[2]}" "$(rpod exec server readlink /proc/self/ns/net)" "one network"
    is "$(rpod exec server cat /etc/hosts)" "$(rpod run --rm --pod web busybox cat /etc/hosts)" "one hosts file"
    # Not shared by default.
    run_rpod run --rm --pod web busybox ps
    unlike "$output" httpd "the neighbour's processes"
}

@test "one monitor and one rpod:net serve all members" {
    require_tun
    run_rpod pod create --name many
    local n
    for n in 1 2 3; do member many "m$n" sleep 60; done
    wait_for 5 has_roles m1 "rpod:net=1 rpod:overlay=3 sleep=3 "
    is "$(rpod inspect -f '{{.State.ConmonPid}}' m1 m2 m3 | sort -u | wc -l)" 1 "one monitor"
}

@test "ports belong to the pod" {
    require_tun
    require_command python3
    local port
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    run_rpod pod create --name front -p "127.0.0.1:$port:80"
    member front server sh -c 'mkdir /w; echo outside >/w/i; exec httpd -f -p 80 -h /w'
    wait_for 5 python3 -c "import urllib.request as u; assert u.urlopen('http://127.0.0.1:$port/i').read() == b'outside\n'"
    run_rpod ps --format '{{.Ports}}'
    is "$output" "127.0.0.1:$port->80/tcp" "each member shows them"
    run_rpod port server
    is "$output" "80/tcp -> 127.0.0.1:$port" "so does port"
    run_rpod port --all
    like "$output" "80/tcp -> 127.0.0.1:$port" "and port --all"
    rpod pod create --share none --name apart >/dev/null
    run_rpod create --pod apart --name alone -p "127.0.0.1:$port:81" busybox true
    run_rpod port alone
    is "$output" "81/tcp -> 127.0.0.1:$port" "one that does not share the pod's network has its own"
    run_rpod 125 run --pod front -p 81:81 busybox true
    like "$stderr" 'ports must be defined when the pod is created' "not a member's"
    # Free again as soon as the pod has stopped, and bound again with it.
    run_rpod pod stop -t 0 front
    python3 -c "import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', $port))"
    run_rpod pod start front
    wait_for 5 python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/i')"
}

@test "--share: what is said, and no more" {
    run_rpod pod create --name some --share ipc
    member some one sh -c 'echo here >/dev/shm/note; sleep 60'
    wait_for 5 rpod exec one test -s /dev/shm/note
    run_rpod run --rm --pod some busybox cat /dev/shm/note
    is "$output" here "/dev/shm is one"
    run_rpod run --rm --pod some busybox sh -c 'hostname; readlink /proc/self/ns/net'
    unlike "${lines[0]}" some "a host name of its own"
    unlike "${lines[1]}" "$(rpod exec one readlink /proc/self/ns/net)" "a network of its own"
    run_rpod pod create --name none --share none
    run_rpod pod inspect -f '{{.SharedNamespaces}}' none
    is "$output" "[]" "nothing"
    run_rpod 125 pod create --share net,bogus
    like "$stderr" "'bogus'" "an unknown one"
}

@test "--share +pid: members see each other, and the reaper, whose root is empty" {
    run_rpod pod create --name seen --share +pid
    member seen one sleep 1234
    run_rpod run --rm --pod seen busybox ps
    like "$output" 'sleep 1234' "the neighbour's process"
    like "$output" 'rpod-init rest|rpod:reaper' "PID 1"
    # Even to a member with all rights it shows no file of the host.
    run_rpod run --rm --privileged --pod seen busybox sh -c 'ls -A /proc/1/root/ 2>/dev/null | wc -l'
    is "$output" 0 "the reaper's root"
    # An orphan is reaped.
    run_rpod exec one sh -c '(sleep 0.1 &) ; sleep 0.5; ps | grep -c "\[sleep\]" || :'
    is "$output" 0 "no zombie"
    run_rpod pod stop -t 0 seen
    wait_for 5 is_status seen Exited
}

@test "volumes of the pod are in all members; each has its own image and files" {
    mkdir -p "$BATS_TEST_TMPDIR/shared"
    run_rpod pod create --name vol -v "$BATS_TEST_TMPDIR/shared:/srv/somevolume"
    member vol writer sh -c 'echo "from the main container" >/srv/somevolume/log; touch /mine; sleep 60'
    wait_for 5 test -s "$BATS_TEST_TMPDIR/shared/log"
    run_rpod run --rm --pod vol busybox sh -c 'cat /srv/somevolume/log; ls /mine'  || :
    [ "$status" -ne 0 ] || fail "a file of another member's root is seen"
    like "$output" 'from the main container' "the shared volume"
}

@test "new:NAME makes the pod, with the container's network" {
    require_tun
    run_rpod run -d --name main --pod new:fresh -p 127.0.0.1::80 busybox sleep 60
    run_rpod pod inspect -f '{{.NumContainers}} {{.State}}' fresh
    is "$output" "1 Running" "its pod"
    run_rpod ps --pod --format '{{.Names}} {{.PodName}} {{.Ports}}'
    like "$output" '^main fresh 127\.0\.0\.1:[0-9]+->80/tcp$' "the port is the pod's"
    run_rpod ps -a --filter pod=fresh --format '{{.Names}}'
    is "$output" main "the filter"
    # One that does not come to be leaves no pod.
    run_rpod 125 create --name main --pod new:half busybox true
    run_rpod 1 pod exists half
}

@test "stop, start, restart, kill, pause: the members together" {
    run_rpod pod create --name life
    member life one sleep 60
    member life two sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
    is "$(pod_status life)" Running "all run"
    run_rpod pod pause life
    is "$(pod_status life)" Paused "paused"
    run_rpod pod unpause life
    run_rpod kill one
    wait_for 5 is_status life Degraded
    run_rpod pod stop -t 2 life
    is "$(pod_status life)" Exited "stopped"
    run_rpod inspect -f '{{.State.ExitCode}}' two
    is "$output" 3 "by its own word"
    run_rpod pod start life
    is "$(pod_status life)" Running "again"
    run_rpod pod restart -t 0 life
    is "$(rpod ps -q --filter pod=life | wc -l)" 2 "both"
    run_rpod pod kill life
    wait_for 5 is_status life Exited
    is "$(rpod ps -q | wc -l)" 0 "none"
    run_rpod 125 pod kill life
}

@test "a member lives and ends for itself" {
    run_rpod pod create --name flat
    member flat stays sleep 60
    run_rpod 7 run --rm --pod flat busybox sh -c 'exit 7'
    member flat goes sleep 60
    run_rpod stop -t 0 goes
    run_rpod start goes
    run_rpod restart -t 0 goes
    run_rpod 2 rm goes
    run_rpod rm -f -t 0 goes
    run_rpod create --name kept --pod flat busybox sh -c 'echo started'
    run_rpod start -a kept
    is "$output" started "created, then started"
    run_rpod logs kept
    is "$output" started "its log"
    run_rpod rm kept
    run_rpod inspect -f '{{.State.Status}}' stays
    is "$output" running "the other one"
    run_rpod 2 pod rm flat
    like "$stderr" 'cannot be removed without force' "it runs"
    run_rpod pod rm -f -t 0 flat
    run_rpod ps -aq
    is "$output" "" "its containers went with it"
}

@test "a terminal, input and signals reach a member" {
    run_rpod pod create --name talk
    is "$(echo through | rpod run -i --rm --pod talk busybox cat)" through "standard input"
    run in_pty --size 77x33 "$RPOD" --root "$RPOD_ROOT" run -it --rm --pod talk busybox stty size
    like "$output" '33 77' "the window"
    "$RPOD" --root "$RPOD_ROOT" run --name sig --pod talk busybox sh -c 'trap "exit 9" USR1; while :; do sleep 0.1; done' 3>&- &
    local client=$!
    wait_for 5 rpod exec sig true
    kill -USR1 "$client"
    local code=0
    wait "$client" || code=$?
    is "$code" 9 "its exit code"
}

@test "much output of one member does not hold up the others" {
    run_rpod pod create --name noisy
    member noisy flood sh -c 'yes | head -c 50000000; sleep 60'
    run_rpod run --rm --pod noisy busybox echo quick
    is "$output" quick "its neighbour"
    run_rpod exec flood true
}

@test "the pod's exit policy" {
    run_rpod pod create --name ends --exit-policy stop
    run_rpod run --rm --pod ends busybox true
    wait_for 5 is_status ends Exited
    run_rpod pod create --name stays
    run_rpod run --pod stays --rm busybox true
    is "$(pod_status stays)" Running "its monitor lives on"
}

@test "the restart policy of the pod is its members'" {
    run_rpod pod create --name again --restart on-failure:2
    run_rpod run -d --name fails --pod again busybox sh -c 'echo run; exit 1'
    wait_for 10 has_logged fails run 3
    run_rpod wait fails
    run_rpod inspect -f '{{.RestartCount}}' fails
    is "$output" 2 "its restarts"
}

@test "kill -9 of the pod's monitor ends everything, and it starts again" {
    run_rpod pod create --name dies
    member dies one sleep 60
    member dies two sleep 60
    local monitor
    monitor=$(rpod inspect -f '{{.State.ConmonPid}}' one)
    kill -9 "$monitor"
    wait_for 5 is_status dies Exited
    run_rpod ps -a --format '{{.Names}} {{.State}}'
    like "$output" 'one exited' "the state"
    is "$(store_processes)" "" "no process is left"
    run_rpod pod start dies
    is "$(pod_status dies)" Running "again"
}

@test "a killed rpod:net or rpod:overlay is back, and the members go on" {
    require_tun
    run_rpod pod create --name hurt
    member hurt one sleep 60
    member hurt two sleep 60
    local monitor
    monitor=$(rpod inspect -f '{{.State.ConmonPid}}' one)
    local servers
    servers=$(pgrep -P "$monitor" 'rpod:(net|overlay)')
    kill -9 $servers
    replaced() { [ "$(pgrep -P "$monitor" 'rpod:(net|overlay)')" != "$servers" ] && has_roles one "$1"; }
    wait_for 5 replaced "rpod:net=1 rpod:overlay=2 sleep=2 "
    for server in $servers; do [ ! -d "/proc/$server" ] || fail "$server lives on"; done
    run_rpod exec two ls /bin/busybox
}

@test "two members that start at once start one monitor" {
    run_rpod pod create --name race
    local n pids=()
    for n in 1 2 3 4; do
        "$RPOD" --root "$RPOD_ROOT" run -d --name "r$n" --pod race busybox sleep 60 >/dev/null 3>&- &
        pids+=($!)
    done
    for n in "${pids[@]}"; do wait "$n"; done
    is "$(rpod inspect -f '{{.State.ConmonPid}}' r1 r2 r3 r4 | sort -u | wc -l)" 1 "one monitor"
    is "$(pod_status race)" Running "all run"
}

@test "what a member cannot have is refused by name" {
    run_rpod pod create --name strict
    run_rpod 125 run --pod strict --network none busybox true
    like "$stderr" 'networks must be defined when the pod is created' "--network"
    run_rpod 125 run --pod strict --hostname h busybox true
    like "$stderr" 'cannot set hostname when joining the pod UTS namespace' "--hostname"
    run_rpod 125 run --pod strict --userns keep-id busybox true
    like "$stderr" 'user namespace' "--userns"
    run_rpod 125 run --pod nope busybox true
    like "$stderr" 'no pod with name or ID nope found' "no such pod"
    run_rpod 125 run --pid pod busybox true
    like "$stderr" 'belongs to no pod' "--pid pod alone"
    run_rpod 125 pod create --infra-image x
    like "$stderr" 'no infra container' "--infra-image"
}

@test "--userns of a pod: its members have it" {
    require_subids
    run_rpod pod create --name mapped --userns keep-id
    run_rpod run --rm --pod mapped busybox id -u
    is "$output" "$(id -u)" "the caller's own ID"
}

@test "prune removes what has ended" {
    run_rpod pod create --name old
    run_rpod pod start old
    run_rpod pod stop old
    run_rpod pod create --name young
    run_rpod pod prune -f
    run_rpod pod ps --format '{{.Name}}'
    is "$output" young "never started, so kept"
}

@test "init containers run first, one after the other; a sidecar starts before the others and stops after them" {
    local shared=$BATS_TEST_TMPDIR/shared
    mkdir "$shared"
    run_rpod pod create --name boot -v "$shared:/srv"
    run_rpod create --pod boot --name app busybox sh -c 'cat /srv/one /srv/two >/srv/seen; test -e /srv/side && echo yes >>/srv/seen; trap "sleep 0.5; echo app >>/srv/ends; exit" TERM; while :; do sleep 0.1; done'
    run_rpod create --pod boot --init-ctr always --name one busybox sh -c 'echo 1 >/srv/one'
    run_rpod create --pod boot --init-ctr once --name two busybox sh -c 'sleep 0.3; cat /srv/one >/dev/null && echo 2 >/srv/two'
    run_rpod create --pod boot --init-ctr always --restart always --name side busybox \
        sh -c 'touch /srv/side; trap "echo side >>/srv/ends; exit" TERM; while :; do sleep 0.1; done'
    run_rpod pod start boot
    wait_for 5 grep -q yes "$shared/seen"
    is "$(tr '\n' ' ' <"$shared/seen")" "1 2 yes " "what the container found"
    run_rpod 1 container exists two
    run_rpod inspect -f '{{.State.Status}}' side
    is "$output" running "the sidecar"
    run_rpod pod stop boot
    is "$(tr '\n' ' ' <"$shared/ends")" "app side " "the order of the ends"
    run_rpod 125 create --init-ctr always busybox true
    like "$stderr" 'must specify pod value with init-ctr' "without a pod"
}

@test "an init container that fails keeps the others from starting" {
    run_rpod pod create --name bad
    run_rpod create --pod bad --init-ctr always --name first busybox false
    run_rpod create --pod bad --name main busybox sleep 60
    run_rpod 125 pod start bad
    like "$stderr" 'init container first exited with code 1' "why"
    run_rpod inspect -f '{{.State.Status}}' main
    is "$output" created "the other one"
}

@test "logs, exec, rsh, top and stats take a pod" {
    run_rpod pod create --name p
    member p one sh -c 'echo from one; exec sleep 60'
    run_rpod exec p hostname
    is "$output" p "its only container"
    member p two sh -c 'echo from two; exec sleep 61'
    wait_for 5 has_logged one 'from one' 1
    wait_for 5 has_logged two 'from two' 1
    run_rpod logs p -c two
    is "$output" "from two" "one of them"
    run_rpod pod logs -n p
    like "$output" 'one from one' "all of them"
    like "$output" 'two from two' "all of them"
    run_rpod exec -c one p echo here
    is "$output" here "exec"
    run_rpod 125 exec p true
    like "$stderr" 'hint: name one with -c: one, two' "which?"
    run_rpod 125 exec -c three p true
    like "$stderr" 'no container with name or ID "three"' "none of that name"
    is "$(echo 'echo $0' | rpod rsh -c one p)" /bin/sh "a shell"
    run_rpod rsh -c two p echo command
    is "$output" command "or a command"
    run_rpod pod top p args
    like "$output" 'sleep 60' "top"
    like "$output" 'sleep 61' "top"
    run_rpod pod stats --no-stream --format '{{.Pod}} {{.Name}}' p
    is "$(echo "$output" | wc -l)" 2 "stats"
}

@test "system prune and reset know pods" {
    run_rpod pod create --name old
    run_rpod run --pod old --name ended busybox true
    run_rpod pod stop old
    run_rpod pod create --name up
    member up runs sleep 60
    run_rpod system prune -f
    like "$output" 'Deleted Pods' "what has ended"
    run_rpod 1 container exists ended
    run_rpod 1 pod exists old
    is "$(pod_status up)" Running "what runs stays"
    # In a store of its own: it takes the images, too.
    local root=$BATS_TEST_TMPDIR/other
    "$RPOD" --root "$root" pod create --name gone >/dev/null
    "$RPOD" --root "$root" pod start gone >/dev/null
    "$RPOD" --root "$root" system reset -f
    is "$("$RPOD" --root "$root" pod ps -q)" "" "no pod"
}

@test "a member has its secrets, and they go with it" {
    printf hidden | rpod secret create token - >/dev/null
    run_rpod pod create --name safe
    run_rpod run --rm --pod safe --secret token busybox cat /run/secrets/token
    is "$output" hidden "the file"
    run_rpod run --rm --pod safe --secret token,type=env,target=TOKEN busybox sh -c 'echo $TOKEN'
    is "$output" hidden "the variable"
    run_rpod secret rm token
}

# What a random kill leaves is put right by the next command; the seed is printed.
@test "kill -9 of a command, the monitor or a server of a pod at any moment" {
    local seed=${RPOD_SEED:-$RANDOM} round first second victim
    echo "seed $seed"
    RANDOM=$seed
    for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
        run_rpod pod create --name "k$round"
        "$RPOD" --root "$RPOD_ROOT" run -d --pod "k$round" --name "a$round" busybox sleep 100 >/dev/null 2>&1 3>&- &
        first=$!
        "$RPOD" --root "$RPOD_ROOT" run --rm --pod "k$round" --name "b$round" busybox sleep 0.05 >/dev/null 2>&1 3>&- &
        second=$!
        sleep "0.0$((RANDOM % 9))"
        case $((RANDOM % 3)) in
            0) kill -9 "$first" || : ;;
            1) kill -9 "$second" || : ;;
            2)
                victim=$(store_processes | head -n 1 | cut -d' ' -f1)
                [ -z "$victim" ] || kill -9 "$victim" || :
                ;;
        esac
        wait "$first" "$second" || :
        run_rpod pod start "k$round"
        run_rpod pod rm -f -t 0 "k$round"
    done
    run_rpod ps -aq
    is "$output" "" "no container is left"
    is "$(store_processes)" "" "no process is left"
}
