#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod events

load helpers

# The statuses of a container's events, in one line.
statuses() { rpod events --stream=false --filter "container=$1" --format '{{.Status}}' | tr '\n' ' '; }

@test "the life of a container" {
    require_run
    rpod run --network none --name zoe -l x=y --rm busybox sh -c 'exit 3' || :
    is "$(statuses zoe)" "create init start attach died cleanup remove " "run --rm"
    run_rpod events --stream=false --filter container=zoe --filter event=died --format json
    run -0 python3 -c 'import json, sys
e = json.loads(sys.argv[1])
print(e["ContainerExitCode"], e["Image"], e["Name"], e["Status"], e["Type"], e["Attributes"], len(e["ID"]))' "$output"
    is "$output" "3 localhost/busybox:latest zoe died container {'x': 'y'} 64" "JSON"
    run_rpod events --stream=false --filter container=zoe --filter event=create
    like "$output" '^[0-9-]{10} [0-9:.]+ \+0000 UTC container create [0-9a-f]{64} \(image=localhost/busybox:latest, name=zoe, x=y\)$' "the line"
    run_rpod events --stream=false --no-trunc=false --filter container=zoe --filter event=create
    like "$output" 'container create [0-9a-f]{12} \(' "a short ID"
}

@test "what is done to a running container" {
    require_run
    rpod run -d --network none --name tom busybox sleep 100
    rpod exec tom false || :
    rpod pause tom && rpod unpause tom
    rpod kill -s USR1 tom
    rpod rename tom tim
    rpod restart -t 0 tim
    rpod stop -t 0 tim
    rpod rm tim
    # Those before the new name have the old one.
    run_rpod events --stream=false --filter container=tom --filter container=tim --format '{{.Status}}'
    is "${lines[*]}" "create init start exec exec_died pause unpause kill rename restart stop died cleanup init start stop died cleanup remove" "all"
    run_rpod events --stream=false --filter event=exec_died --filter container=tom --format '{{.ContainerExitCode}}'
    is "$output" 1 "how the command ended"
}

@test "a start that fails" {
    require_run
    run_rpod 125 run --rm --name zorro --network none -v /nonexistent:/x busybox true
    run_rpod 125 run --name zeppo --network none -v /nonexistent:/x busybox true
    is "$(statuses zorro)" "create remove " "with --rm"
    is "$(statuses zeppo)" "create remove " "without"
}

@test "a restart policy" {
    require_run
    rpod run -d --network none --name r --restart on-failure:1 busybox false
    wait_for 20 eval '[ "$(rpod inspect --format "{{.State.Status}}" r)" = exited ]'
    is "$(statuses r)" "create init start died restart init start died cleanup " "twice"
    rpod rm r
}

@test "a container made of an ID has its image's name" {
    require_run
    rpod create --name id "$(rpod image inspect --format '{{.Id}}' busybox)"
    run_rpod events --stream=false --filter container=id --format '{{.Image}}'
    is "$output" "localhost/busybox:latest" "the name"
    run_rpod ps -a --filter name=id --format '{{.Image}}'
    is "$output" "localhost/busybox:latest" "ps"
    rpod rm id
}

@test "images and volumes" {
    rpod tag busybox bb2
    rpod untag bb2 localhost/bb2:latest || rpod untag bb2
    run_rpod events --stream=false --filter type=image --format '{{.Status}} {{.Name}}'
    like "$output" 'import busybox
tag localhost/bb2:latest
untag localhost/bb2:latest' "an image"
    rpod volume create v1
    rpod volume rm v1
    rpod volume create v2
    rpod volume prune -f
    run_rpod events --stream=false --filter type=volume --filter volume=v1 --filter volume=v2
    is "$(sed 's/.* UTC //' <<<"$output")" "volume create v1
volume remove v1
volume create v2
volume remove v2
volume prune v2" "volumes"
}

@test "a stream, a time to begin and to end with" {
    local out=$BATS_TEST_TMPDIR/out
    "$RPOD" --root "$RPOD_ROOT" events --filter type=volume --format '{{.Status}} {{.Name}}' >"$out" 3>&- &
    local stream=$!
    wait_for 10 eval 'grep -q inotify "/proc/'"$stream"'/fdinfo/"* 2>/dev/null'
    sleep 0.1
    rpod volume create s1
    wait_for 10 grep -qx 'create s1' "$out"
    rpod volume rm s1
    wait_for 10 grep -qx 'remove s1' "$out"
    kill "$stream"
    wait "$stream" || :
    is "$(cat "$out")" "create s1
remove s1" "nothing of before"
    run_rpod events --stream=false --until 1h --filter type=volume
    is "$output" "" "nothing was an hour ago"
    run_rpod events --stream=false --since "$(date +%s -d '+1 hour')"
    is "$output" "" "nothing will be"
    # A time in the future is waited for.
    run_rpod events --since 1h --until "$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%SZ)" --filter volume=s1 --format '{{.Status}}'
    is "${lines[*]}" "create remove" "until then"
}

@test "rubbish in the log is passed over, and labels cannot write to the terminal" {
    require_run
    printf '{"time":\n\xff\xff\n' >>"$RPOD_ROOT/events/log"
    rpod create --name l --label $'a=\e[2J\nfake' busybox
    rpod rm l
    run_rpod events --stream=false --filter container=l --filter event=create
    is "${#lines[@]}" 1 "lines"
    unlike "$output" $'\e' "an escape sequence"
}

@test "errors name what is wrong" {
    run_rpod 125 events --filter nope=1 --stream=false
    like "$stderr" '"nope" is an invalid filter' "a filter"
    run_rpod 125 events --filter nope --stream=false
    run_rpod 125 events --since nonsense --stream=false
    run_rpod 125 events --format '{{.Nope}}' --stream=false
    like "$stderr" "can't evaluate field Nope" "a template"
}

@test "a log that cannot be written fails no command" {
    mv "$RPOD_ROOT/events" "$RPOD_ROOT/events.off"
    : >"$RPOD_ROOT/events"
    run_rpod volume create w1
    run_rpod volume rm w1
    is "$stderr" "" "nobody hears of it"
    rm "$RPOD_ROOT/events"
    mv "$RPOD_ROOT/events.off" "$RPOD_ROOT/events"
}

@test "what happens to a pod" {
    require_run
    rpod pod create --name p >/dev/null
    rpod pod create --name q >/dev/null
    rpod run -d --pod p --name a busybox sleep 100 >/dev/null
    rpod pod pause p && rpod pod unpause p
    rpod pod kill -s USR1 p
    rpod pod stop -t 0 p && rpod pod start p
    rpod pod rm -f -t 0 p
    run_rpod events --stream=false --filter type=pod --filter pod=p --format '{{.Status}}'
    is "${lines[*]}" "create pause unpause kill stop start stop remove" "all"
    run_rpod events --stream=false --filter pod=p --filter event=create
    like "$output" '^[0-9-]{10} [0-9:.]+ \+0000 UTC pod create [0-9a-f]{64} \(image=, name=p\)$' "the line"
    run_rpod events --stream=false --filter pod=p --filter event=create --format json
    is "$(jq -c '[.Name, .Status, .Type, .Attributes]' <<<"$output")" '["p","create","pod",null]' "JSON"
    run_rpod events --stream=false --filter container=a --filter event=create
    like "$output" 'name=a, pod_id=[0-9a-f]{64}' "its containers"
    rpod pod rm q
}

@test "a pod that ends with its last container" {
    require_run
    rpod pod create --name p --exit-policy stop >/dev/null
    rpod run --pod p --name a --rm busybox true
    stopped() { [ "$(rpod events --stream=false --filter pod=p --format '{{.Status}}' | tail -n 1)" = stop ]; }
    wait_for 10 stopped
    rpod pod rm -f p
}
