#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Health checks, which the container's monitor runs.

load helpers

setup() { require_run; }

teardown() {
    rpod pod rm -af -t 0 >/dev/null 2>&1 || :
    remove_containers_and_volumes
}

# Says what it thinks; /uh-oh makes it fail.
CHECK='echo fine; echo indeed >&2; test ! -e /uh-oh'

health() { rpod inspect --format '{{.State.Health.Status}}' "$1"; }
is_health() { [ "$(health "$1")" = "$2" ]; }
is_state() { [ "$(rpod inspect --format '{{.State.Status}}' "$1")" = "$2" ]; }
state() { rpod inspect --format '{{.State.Status}}' "$1"; }
monitor() { rpod inspect --format '{{.State.ConmonPid}}' "$1"; }
# The processes of a monitor that run checks.
helpers_of() { pgrep -P "$(monitor "$1")" | xargs -I{} cat /proc/{}/comm 2>/dev/null | grep -c '^rpod:health$' || :; }

@test "starting, healthy, unhealthy: inspect, ps, events" {
    rpod run -d --network none --name h --health-cmd "$CHECK" --health-interval 200ms --health-retries 2 busybox sleep 100
    run_rpod wait --condition healthy --interval 50ms h
    is "$output" -1 "wait"
    run_rpod ps --filter health=healthy --format '{{.Names}} {{.Status}}'
    like "$output" '^h Up .* \(healthy\)$' "ps"
    run_rpod inspect --format json h
    is "$(jq -c '.[0].State.Health | [.Status, .FailingStreak, .Log[-1].ExitCode, .Log[-1].Output]' <<<"$output")" \
        '["healthy",0,0,"fine\nindeed"]' "inspect"
    is "$(jq -c '.[0].Config.Healthcheck | [.Test, .Interval, .Timeout, .Retries]' <<<"$output")" \
        "[[\"CMD-SHELL\",\"$CHECK\"],200000000,30000000000,2]" "the configuration"
    rpod exec h touch /uh-oh
    run_rpod wait --condition unhealthy --interval 50ms h
    run_rpod ps --filter health=unhealthy --format '{{.Status}}'
    like "$output" '\(unhealthy\)$' "ps"
    run_rpod ps -q --filter health=healthy
    is "$output" "" "no longer healthy"
    # It keeps five, and goes on failing.
    streak_of() { [ "$(rpod inspect --format '{{.State.Health.FailingStreak}}' h)" -ge 6 ]; }
    wait_for 20 streak_of
    is "$(rpod inspect --format '{{len .State.Health.Log}}' h)" 5 "the results that are kept"
    rpod exec h rm /uh-oh
    wait_for 20 is_health h healthy
    run_rpod events --stream=false --filter container=h --filter event=health_status --format '{{.HealthStatus}}'
    is "$(uniq <<<"$output" | tr '\n' ' ')" "healthy unhealthy healthy " "events"
    run_rpod events --stream=false --filter container=h --filter event=health_status
    like "${lines[0]}" 'container health_status [0-9a-f]{64} \(image=localhost/busybox:latest, name=h, health_status=healthy\)$' "the line"
    run_rpod events --stream=false --filter container=h --filter event=exec_died
    is "${#lines[@]}" 2 "checks are no sessions of exec"
}

@test "healthcheck run" {
    rpod run -d --network none --name h --health-cmd "$CHECK" --health-interval disable --health-retries 1 busybox sleep 100
    is "$(health h)" starting "nothing runs by itself"
    run_rpod healthcheck run h
    is "$output" "" "a success"
    is "$(health h)" healthy "then"
    rpod exec h touch /uh-oh
    run_rpod 1 healthcheck run h
    is "$output" unhealthy "a failure"
    run_rpod 125 healthcheck run nope
    is "$stderr" 'Error: unable to look up nope to perform a health check: no container with name or ID "nope" found: no such container' "none"
    rpod run -d --network none --name plain busybox sleep 100
    run_rpod 125 healthcheck run plain
    like "$stderr" 'has no defined healthcheck' "without a check"
    run_rpod 125 wait --condition healthy plain
    like "$stderr" 'has no defined healthcheck' "waiting for what does not come"
    rpod stop -t 0 h
    run_rpod 125 healthcheck run h
    like "$stderr" 'is not running' "one that was stopped"
    is "$(health h)" unhealthy "its last word"
    run_rpod ps -a --format '{{.Status}}' --filter name=h
    unlike "$output" healthy "it is not shown"
    rpod start h
    is "$(health h)" starting "state begins anew"
}

@test "what a check is, and what it is not" {
    rpod run -d --network none --name words --health-cmd '["test", "-n", "a b"]' --health-interval disable busybox sleep 100
    run_rpod healthcheck run words
    rpod run -d --network none --name missing --health-cmd '["/no/such", "thing"]' --health-interval disable --health-retries 1 busybox sleep 100
    run_rpod 1 healthcheck run missing
    like "$(rpod inspect --format '{{(index .State.Health.Log 0).Output}}' missing)" '/no/such' "why"
    # As the container's user, in its directory, with its environment, without a terminal or input.
    rpod run -d --network none --name user --user 7:8 --workdir /tmp -e A=b --health-interval disable \
        --health-cmd 'echo $(id -u):$(id -g) $(pwd) $A $(cat | wc -c); test ! -t 0' busybox sleep 100
    run_rpod healthcheck run user
    is "$(rpod inspect --format '{{(index .State.Health.Log 0).Output}}' user)" "7:8 /tmp b 0" "who it is"
    run_rpod 125 run --health-cmd true --no-healthcheck busybox true
    is "$stderr" "Error: cannot specify both --no-healthcheck and --health-cmd" "both"
    run_rpod 125 create --health-on-failure=kill busybox
    is "$stderr" "Error: cannot set on-failure action to kill without a health check" "an action alone"
    run_rpod 125 create --health-cmd true --health-retries 0 busybox
    is "$stderr" "Error: healthcheck-retries must be greater than 0" "no retries"
    run_rpod 125 create --health-cmd true --health-interval often busybox
    like "$stderr" "invalid healthcheck-interval" "no time"
    run_rpod 125 create --health-cmd true --health-on-failure explode busybox
    like "$stderr" "none,kill,restart,stop" "no action"
}

@test "the check of an image" {
    rpod create --name c busybox true
    rpod commit -c 'HEALTHCHECK --interval=200ms --retries=4 CMD test -e /ok' c checked
    rpod run -d --network none --name i checked sleep 100
    wait_for 20 is_health i unhealthy
    is "$(rpod inspect --format '{{.Config.Healthcheck.Retries}} {{.Config.Healthcheck.Interval}}' i)" "4 200000000" "its configuration"
    rpod exec i touch /ok
    wait_for 20 is_health i healthy
    rpod run -d --network none --name off --no-healthcheck checked sleep 100
    is "$(health off)" "" "without it"
    rpod run -d --network none --name mine --health-interval disable --health-retries 1 checked sleep 100
    is "$(rpod inspect --format '{{.Config.Healthcheck.Retries}}' mine)" 1 "flags change it"
    run_rpod 1 healthcheck run mine
}

@test "failures of the beginning do not count" {
    rpod run -d --network none --name h --health-cmd 'test -e /ok' --health-interval disable --health-retries 1 --health-start-period 1h busybox sleep 100
    run_rpod 1 healthcheck run h
    is "$output" starting "its state"
    rpod exec h touch /ok
    run_rpod healthcheck run h
    is "$(health h)" healthy "a success does"
}

@test "--health-on-failure" {
    local action
    for action in none kill restart stop; do
        rpod run -d --network none --name "$action" --stop-timeout 1 --health-cmd "$CHECK" --health-interval disable \
            --health-retries 1 --health-on-failure $action busybox sh -c 'rm -f /uh-oh; exec sleep 100'
        run_rpod healthcheck run $action
        rpod exec $action touch /uh-oh
        run_rpod 1 healthcheck run $action
        is "$output" unhealthy "$action"
        is "$(rpod inspect --format '{{.Config.HealthcheckOnFailureAction}}' $action)" $action "inspect"
    done
    is "$(state none) $(state kill) $(state restart) $(state stop)" "running exited running exited" "what became of them"
    is "$(rpod inspect --format '{{.State.ExitCode}}' kill)" 137 "killed"
    is "$(rpod inspect --format '{{.RestartCount}}' restart)" 1 "started again"
    is "$(health restart)" starting "anew"
    run_rpod healthcheck run restart
    # Killed it comes back by its policy; stopped it does not.
    for action in kill stop; do
        rpod run -d --network none --name "always-$action" --restart always --stop-timeout 1 --health-cmd 'test ! -e /uh-oh' \
            --health-interval disable --health-retries 1 --health-on-failure $action busybox sh -c 'rm -f /uh-oh; exec sleep 100'
        rpod exec "always-$action" touch /uh-oh
        run_rpod 1 healthcheck run "always-$action"
    done
    wait_for 10 is_state always-kill running
    is "$(state always-stop)" exited "stopped"
}

@test "a startup check comes first" {
    rpod run -d --network none --name s --health-cmd 'echo regular' --health-interval 200ms --health-startup-cmd 'echo startup; test -e /up' \
        --health-startup-interval 100ms --health-startup-success 2 busybox sleep 100
    log() { rpod inspect --format '{{range .State.Health.Log}}{{.Output}} {{end}}' s; }
    failed_twice() { [[ $(log) == "startup startup "* ]]; }
    wait_for 20 failed_twice
    is "$(health s)" starting "until then"
    unlike "$(log)" regular "not yet"
    rpod exec s touch /up
    run_rpod wait --condition healthy --interval 50ms s
    regular() { [[ $(log) == *regular* ]]; }
    wait_for 20 regular
    # Too many failures start it again.
    rpod run -d --network none --name again --stop-timeout 1 --health-cmd true --health-startup-cmd false --health-startup-interval 100ms \
        --health-startup-retries 2 busybox sh -c 'trap "exit 0" TERM; sleep 100 & wait'
    restarted() { [ "$(rpod inspect --format '{{.RestartCount}}' again)" -ge 1 ]; }
    wait_for 20 restarted
    run_rpod 125 create --health-startup-cmd true busybox
    like "$stderr" "there is no health check" "without one to come before"
}

@test "in a pod" {
    rpod pod create --name p >/dev/null
    rpod run -d --pod p --name a --health-cmd "$CHECK" --health-interval 100ms --health-retries 1 busybox sleep 100
    rpod run -d --pod p --name b --health-cmd "$CHECK" --health-interval 100ms --health-retries 1 --health-on-failure kill busybox sleep 100
    wait_for 20 is_health a healthy
    wait_for 20 is_health b healthy
    rpod exec b touch /uh-oh
    wait_for 20 is_state b exited
    is "$(health a)" healthy "the other one"
    run_rpod events --stream=false --filter container=a --filter event=health_status --format '{{.PodID}}'
    is "${lines[0]}" "$(rpod pod inspect -f '{{.Id}}' p)" "the pod in its events"
}

@test "no checks while it is paused" {
    rpod run -d --network none --name h --health-cmd 'date +%N' --health-interval 50ms busybox sleep 100
    wait_for 20 is_health h healthy
    rpod pause h
    run_rpod 125 healthcheck run h
    local before
    before=$(rpod inspect --format '{{json .State.Health}}' h)
    sleep 0.5
    is "$(rpod inspect --format '{{json .State.Health}}' h)" "$before" "nothing new"
    rpod unpause h
    run_rpod healthcheck run h
    is "$(health h)" healthy "afterwards"
}

@test "a check that hangs is killed, with what it started" {
    rpod run -d --network none --name h --health-cmd 'sleep 1234 & echo begun; sleep 1234; :' --health-timeout 300ms --health-interval disable \
        --health-retries 1 busybox sleep 100
    run_rpod 125 healthcheck run h
    is "$stderr" "Error: healthcheck command exceeded timeout of 0.3s" "podman's words"
    is "$(rpod inspect --format '{{(index .State.Health.Log 0).ExitCode}}' h)" -1 "its code"
    gone() { ! rpod top h args | grep -q 'sleep 1234'; }
    wait_for 5 gone
    is "$(helpers_of h)" 0 "nothing waits for it"
    # One that does not mind signals.
    rpod run -d --network none --name deaf --health-cmd 'trap "" TERM INT HUP; while :; do sleep 1; done' --health-timeout 200ms \
        --health-interval 50ms --health-retries 1 busybox sleep 100
    wait_for 20 is_health deaf unhealthy
    # The monitor hears all the while.
    SECONDS=0
    run_rpod stop -t 0 deaf
    [ "$SECONDS" -lt 5 ] || fail "stop took $SECONDS s"
}

@test "a check that writes gigabytes, and escape codes" {
    rpod run -d --network none --name big --health-cmd 'yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' --health-timeout 500ms --health-interval disable busybox sleep 100
    local monitor before
    monitor=$(monitor big)
    before=$(awk '/VmRSS/ { print $2 }' "/proc/$monitor/status")
    run_rpod 125 healthcheck run big
    local kept
    kept=$(rpod inspect big | jq '.[0].State.Health.Log[0].Output | length')
    { [ "$kept" -le 500 ] && [ "$kept" -gt 400 ]; } || fail "kept: $kept"
    local after
    after=$(awk '/VmRSS/ { print $2 }' "/proc/$monitor/status")
    [ $((after - before)) -lt 2000 ] || fail "the monitor grew from $before to $after kB"
    rpod run -d --network none --name codes --health-interval disable \
        --health-cmd 'printf "\033[2J\033]0;owned\007\r\377"; printf "more\n\ttab"' busybox sleep 100
    run_rpod healthcheck run codes
    is "$(rpod inspect --format '{{(index .State.Health.Log 0).Output}}' codes)" \
        "$(printf '\\x1b[2J\\x1b]0;owned\\x07\\x0d\\xffmore\n\ttab')" "harmless"
}

@test "a check that leaves daemons behind" {
    rpod run -d --network none --name d --health-cmd '(while :; do echo more; sleep 0.01; done) & (setsid sleep 777 &) ; echo done' \
        --health-timeout 5s --health-interval disable busybox sleep 100
    SECONDS=0
    run_rpod healthcheck run d
    [ "$SECONDS" -lt 4 ] || fail "it waited for them: $SECONDS s"
    like "$(rpod inspect --format '{{(index .State.Health.Log 0).Output}}' d)" done "what it said itself"
    is "$(helpers_of d)" 0 "nothing waits"
    rpod stop -t 0 d
}

@test "the health check of a hostile image" {
    local giant
    giant=$(python3 -c 'print("x" * 120000)')
    make_archive --config "{\"config\": {\"Cmd\": [\"sleep\", \"100\"], \"Healthcheck\": {\"Test\": [\"CMD\", \"$giant\"], \"Interval\": 1, \"Timeout\": 9223372036854775807, \"StartPeriod\": 0, \"Retries\": 9223372036854775807}}}" \
        docker "$BATS_TEST_TMPDIR/image.tar" giant "$BUSYBOX_TAR"
    rpod load -q -i "$BATS_TEST_TMPDIR/image.tar"
    rpod run -d --network none --name g giant
    failed_often() { [ "$(rpod inspect --format '{{.State.Health.FailingStreak}}' g)" -ge 3 ]; }
    wait_for 20 failed_often
    [ "$(wc -c <"$(rpod inspect --format '{{.StaticDir}}' g)/health.json")" -lt 20000 ] || fail "a giant record"
    run_rpod ps --format '{{.Status}}'
    like "$output" '\(starting\)' "ps"
    # Every 100 ms at most, whatever it says.
    local before after
    before=$(rpod events --stream=false --filter container=g --filter event=health_status | wc -l)
    sleep 1
    after=$(rpod events --stream=false --filter container=g --filter event=health_status | wc -l)
    [ $((after - before)) -le 15 ] || fail "$((after - before)) checks in a second"
    # Times without sense are no image.
    make_archive --config '{"config": {"Healthcheck": {"Test": ["CMD", "true"], "Interval": -5}}}' \
        docker "$BATS_TEST_TMPDIR/image.tar" negative "$BUSYBOX_TAR"
    run_rpod 125 load -q -i "$BATS_TEST_TMPDIR/image.tar"
    # Strings that are none.
    make_archive --config '{"config": {"Cmd": ["sleep", "100"], "Healthcheck": {"Test": ["CMD", "a\u0000b"]}}}' \
        docker "$BATS_TEST_TMPDIR/image.tar" nul "$BUSYBOX_TAR"
    run_rpod 125 load -q -i "$BATS_TEST_TMPDIR/image.tar"
}

@test "a container without a check pays nothing" {
    rpod run -d --network none --name n busybox sleep 100
    local directory monitor
    directory=$(rpod inspect --format '{{.StaticDir}}' n)
    monitor=$(monitor n)
    [ ! -e "$directory/health.json" ] || fail "a record"
    run -0 ls -l "/proc/$monitor/fd"
    unlike "$output" timerfd "a timer"
    local before
    before=$(awk '/^voluntary/ { print $2 }' "/proc/$monitor/status")
    sleep 1
    is "$(awk '/^voluntary/ { print $2 }' "/proc/$monitor/status")" "$before" "it sleeps"
}

@test "a check whose helper is killed has failed, and the next one runs" {
    rpod run -d --network none --name k --health-cmd 'sleep 2' --health-interval 100ms --health-timeout 10s --health-retries 1 busybox sleep 100
    has_helper() { [ "$(helpers_of k)" = 1 ]; }
    wait_for 10 has_helper
    local pid
    for pid in $(pgrep -P "$(monitor k)"); do
        [ "$(cat "/proc/$pid/comm")" != rpod:health ] || kill -KILL "$pid"
    done
    wait_for 10 is_health k unhealthy
    wait_for 10 is_health k healthy
}
