#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# What shows containers: ps, inspect, logs, port, top, stats, info, version.

load helpers
load background

setup_file() {
    setup_store
    import_busybox
    (require_run) || return 0
    rpod run --name old --network none --label kind=done busybox sh -c 'exit 3' || :
    start_container box --label kind=live --label role=web -v vol:/data -- sleep 1000
}

teardown_file() {
    for name in old box; do end_container "$name"; done
    [ ! -d "$RPOD_ROOT/volumes" ] || rpod volume rm -a
    teardown_store
}

setup() { require_run; }

@test "ps shows what runs, with -a all, as podman's table does" {
    local id
    id=$(container_id box)
    run_rpod ps
    is "${lines[0]}" "CONTAINER ID  IMAGE                     COMMAND     CREATED         STATUS      PORTS       NAMES" "headings" ||
        like "${lines[0]}" '^CONTAINER ID  IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$' "headings"
    is "${#lines[@]}" 2 "lines"
    like "${lines[1]}" "^${id:0:12}  localhost/busybox:latest  sleep 1000 +.* ago +Up .* +box$" "the row"
    run_rpod ps -a
    is "${#lines[@]}" 3 "lines with -a"
    like "${lines[1]}" "Exited \(3\) .* ago +old$" "the one that ended"
}

@test "ps: IDs, templates, JSON, no headings" {
    local id
    id=$(container_id box)
    run_rpod ps -q
    is "$output" "${id:0:12}" "-q"
    run_rpod ps -q --no-trunc
    is "$output" "$id" "-q --no-trunc"
    run_rpod ps -a --format '{{.ID}} {{.Names}} {{.State}}'
    is "$output" "$(container_id old | cut -c1-12) old exited
${id:0:12} box running" "a template, oldest first"
    run_rpod ps --format '{{.Label "role"}} {{index .Labels "kind"}} {{.Mounts}}'
    is "$output" "web live /data" "labels and mounts"
    run_rpod ps --noheading
    is "${#lines[@]}" 1 "lines without headings"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" ps --format json | python3 -c "
import json, sys
c, = json.load(sys.stdin)
print(c[\"Names\"], c[\"State\"], c[\"Image\"], c[\"Labels\"][\"role\"], c[\"Pid\"] > 0, len(c[\"Id\"]), c[\"Exited\"], c[\"Command\"])"'
    is "$output" "['box'] running localhost/busybox:latest web True 64 False ['sleep', '1000']" "JSON"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" ps -a --format "{{json .}}" | python3 -c "
import json, sys
print([json.loads(line)[\"Names\"] for line in sys.stdin])"'
    is "$output" "[['old'], ['box']]" "an object a line"
}

@test "ps: filters" {
    run_rpod ps -a --filter status=exited --format '{{.Names}}'
    is "$output" old "status"
    run_rpod ps --filter exited=3 --format '{{.Names}}'
    is "$output" old "exited"
    run_rpod ps -a --filter name=o --filter name=nothing --format '{{.Names}}'
    is "$output" $'old\nbox' "names"
    run_rpod ps -a --filter label=kind --filter label=role=web --format '{{.Names}}'
    is "$output" box "labels"
    run_rpod ps -a --filter 'label!=role' --format '{{.Names}}'
    is "$output" old "without a label"
    run_rpod ps -a --filter ancestor=busybox --filter volume=vol --format '{{.Names}}'
    is "$output" box "image and volume"
    run_rpod ps -a --filter since=old --format '{{.Names}}'
    is "$output" box "since"
    run_rpod ps -a --filter before=box --format '{{.Names}}'
    is "$output" old "before"
    run_rpod ps -a --filter "id=$(container_id old)" --format '{{.Names}}'
    is "$output" old "id"
    run_rpod 125 ps --filter nonsense=1
    like "$stderr" 'nonsense' "an unknown filter"
    run_rpod 125 ps --filter status=nonsense
}

@test "ps: the latest, the last, sizes, namespaces" {
    run_rpod ps -l --format '{{.Names}}'
    is "$output" box "-l"
    run_rpod ps --last 2 --format '{{.Names}}'
    is "$output" $'old\nbox' "--last 2"
    run_rpod exec box sh -c 'head -c 12000 /dev/zero >/file'
    run_rpod ps -s --format '{{.Size}}'
    like "$output" '^12kB \(virtual .*B\)$' "size"
    run_rpod ps --ns
    like "${lines[0]}" '^CONTAINER ID +NAMES +PID +CGROUPNS +IPC +MNT +NET +PIDNS +UTS +USERNS$' "headings"
    like "${lines[1]}" "$(readlink "/proc/$(host_pid box)/ns/pid" | tr -dc 0-9)" "the PID namespace"
}

@test "a container whose monitor was killed is shown as exited" {
    start_container killed -- sleep 1000
    local monitor
    monitor=$(ps -o ppid= -p "$(host_pid killed)" | tr -d ' ')
    kill -KILL "$monitor"
    wait_for 10 bash -c '! "$RPOD" --root "$RPOD_ROOT" ps --format "{{.Names}}" | grep -q killed'
    run_rpod ps -a --filter name=killed --format '{{.State}}'
    is "$output" exited "its state"
    run_rpod inspect --format '{{.State.Status}} {{.State.Running}} {{.State.Pid}}' killed
    is "$output" "exited false 0" "inspect"
    run_rpod 255 exec killed true
    run_rpod rm killed
}

@test "inspect: what tools read" {
    run_rpod inspect --format '{{.State.Status}} {{.State.Running}} {{.Name}} {{.ImageName}}' box
    is "$output" "running true box localhost/busybox:latest" "a template"
    run_rpod inspect --format '{{.Id}} {{.State.Pid}}' box
    is "$output" "$(container_id box) $(host_pid box)" "IDs"
    run_rpod inspect --format '{{.State.ExitCode}} {{.State.Status}}' old
    is "$output" "3 exited" "one that ended"
    run_rpod inspect --format '{{json .Config.Cmd}} {{index .Config.Labels "role"}} {{.HostConfig.NetworkMode}}' box
    is "$output" '["sleep","1000"] web none' "its configuration"
    run_rpod inspect --format '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}{{end}}' box
    is "$output" "volume vol /data true" "mounts"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" container inspect box old | python3 -c "
import json, sys
a, b = json.load(sys.stdin)
print(a[\"Path\"], a[\"Args\"], any(e.startswith(\"PATH=\") for e in a[\"Config\"][\"Env\"]), b[\"State\"][\"ExitCode\"], b[\"State\"][\"FinishedAt\"][:2])"'
    is "$output" "sleep ['1000'] True 3 20" "JSON"
    run_rpod inspect --type container --format '{{.Name}}' "$(container_id box | cut -c1-12)"
    is "$output" box "by the front of the ID"
    run_rpod inspect -l --format '{{.Name}}'
    is "$output" box "the latest"
}

@test "inspect of nothing, in podman's words" {
    run_rpod 125 inspect nope
    is "$output" "[]" "standard output"
    is "$stderr" 'Error: inspecting object: no such object: "nope"' "the message"
    run_rpod 125 container inspect nope
    is "$output" "[]" "standard output"
}

# write_log NAME TEXT: the log of a container, as its monitor writes it.
write_log() { printf '%s\n' "$2" >>"$RPOD_ROOT/containers/$(container_id "$1")/ctr.log"; }

@test "logs: streams, tail, times, partial lines, rotation" {
    local dir
    dir=$RPOD_ROOT/containers/$(container_id old)
    printf '%s\n' '2026-11-28T09:00:00.000000001+00:00 stdout F zero' >"$dir/ctr.log.1"
    printf '%s\n' '2026-11-28T09:00:01.000000001+00:00 stdout F one' '2026-11-28T09:00:02.5+00:00 stderr F two' \
        '2026-11-28T09:00:03.000000001+00:00 stdout P thr' '2026-11-28T09:00:03.000000002+00:00 stdout F ee' >"$dir/ctr.log"
    run_rpod logs old
    is "$output" $'zero\none\nthree' "standard output"
    is "$stderr" two "standard error"
    run_rpod logs --tail 2 old
    is "$output/$stderr" three/two "--tail 2"
    run_rpod logs --tail 0 old
    is "$output$stderr" "" "--tail 0"
    run_rpod logs -t --tail 1 old
    is "$output" "2026-11-28T09:00:03.000000001Z three" "-t"
    run_rpod logs --since 2026-11-28T09:00:02Z old
    is "$output/$stderr" three/two "--since"
    run_rpod logs --until 2026-11-28T09:00:01Z old
    is "$output" zero "--until"
    run_rpod logs -f old
    is "$output" $'zero\none\nthree' "-f of one that ended"
    run_rpod 125 logs nope
    is "$stderr" 'Error: no container with name or ID "nope" found: no such container' "the message"
    rm "$dir/ctr.log" "$dir/ctr.log.1"
}

@test "logs -f follows until the container ends, through a rotation" {
    start_container writer -- sleep 4
    local id out=$BATS_TEST_TMPDIR/out
    id=$(container_id writer)
    write_log writer '2026-11-28T09:00:00Z stdout F one'
    timeout 30 "$RPOD" --root "$RPOD_ROOT" logs -f writer >"$out" 3>&- &
    wait_for 5 grep -q one "$out"
    write_log writer '2026-11-28T09:00:01Z stdout F two'
    mv "$RPOD_ROOT/containers/$id/ctr.log" "$RPOD_ROOT/containers/$id/ctr.log.1"
    write_log writer '2026-11-28T09:00:02Z stdout F three'
    wait $!
    is "$(cat "$out")" $'one\ntwo\nthree' "what it showed"
    end_container writer
}

@test "logs of several containers name them" {
    write_log box '2026-11-28T09:00:01Z stdout F from box'
    write_log old '2026-11-28T09:00:00Z stdout F from old'
    run_rpod logs -n box old
    is "$output" $'box from box\nold from old' "with names"
    run_rpod logs box old
    like "${lines[0]}" "^$(container_id box | cut -c1-12) from box$" "with IDs"
    rm "$RPOD_ROOT"/containers/*/ctr.log
}

@test "top reads /proc, and runs nothing of the container (CVE-2022-1227)" {
    run_rpod exec box sh -c 'mkdir -p /usr/local/sbin; for n in ps nsenter sh; do printf "#!/bin/busybox sh\ntouch /tmp/ran\n" >/usr/local/sbin/$n; chmod +x /usr/local/sbin/$n; done'
    run_rpod top box
    like "${lines[0]}" '^USER +PID +PPID +%CPU +ELAPSED +TTY +TIME +COMMAND$' "headings"
    like "${lines[1]}" '^root +1 +0 +[0-9.]+ +.*s +\? +.*s +sleep 1000$' "the row"
    run_rpod top box hpid,huser comm capbnd seccomp
    like "${lines[1]}" "^$(host_pid box) +$(id -un) +sleep .*filter$" "other columns"
    run_rpod 125 top box nonsense
    run_rpod 125 top box -ef
    like "$stderr" "option of ps" "ps's options"
    run_rpod 125 top old
    run_rpod '?' exec box test -e /tmp/ran
    is "$status" 1 "whether anything ran"
}

@test "stats says where its numbers come from" {
    run_rpod stats --no-stream box
    like "$stderr" /proc "the note"
    like "${lines[0]}" '^ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET IO +BLOCK IO +PIDS +CPU TIME +AVG CPU %$' "headings"
    like "${lines[1]}" '^[0-9a-f]{12} +box ' "the row"
    run_rpod stats --no-stream --format '{{.Name}} {{.PIDS}}'
    is "$output" "box 1" "a template"
}

@test "info and version: what tools ask for" {
    run_rpod info --format '{{.Host.Security.Rootless}} {{.Store.GraphDriverName}}'
    is "$output" "true overlay" "templates"
    run bash -c '"$RPOD" --root "$RPOD_ROOT" info --format json | python3 -c "
import json, sys
i = json.load(sys.stdin)
print(i[\"host\"][\"security\"][\"rootless\"], i[\"store\"][\"graphDriverName\"], i[\"host\"][\"cgroupVersion\"][0],
      type(i[\"host\"][\"cgroupControllers\"]).__name__, len(i[\"store\"][\"graphStatus\"][\"Backing Filesystem\"]) > 0, i[\"store\"][\"containerStore\"][\"running\"])"'
    is "$output" "True overlay v list True 1" "JSON"
    run_rpod system info
    like "$output" "rootless: true" "YAML"
    run_rpod version --format '{{.Client.Version}}'
    run bash -c '"$RPOD" --root "$RPOD_ROOT" version --format json | python3 -c "import json, sys; print(sorted(json.load(sys.stdin)))"'
    is "$output" "['Client', 'Server']" "JSON"
}

@test "port of a container without any" {
    run_rpod port box
    is "$output" "" "ports"
    run_rpod 125 port nope
    is "$stderr" 'Error: no container with name or ID "nope" found: no such container' "the message"
    run_rpod 125 port box 80
}
