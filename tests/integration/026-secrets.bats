#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod secret, run --secret

load helpers

# Found nowhere where it should not be.
WORD=a1b2-the-secret-word

teardown() {
    rpod rm -fa >/dev/null 2>&1 || :
    rpod secret rm -a >/dev/null 2>&1 || :
}

make_secret() { printf %s "$WORD" | rpod secret create "$@" -; }

run_directory() { echo "${XDG_RUNTIME_DIR:-/tmp/rpod-run-$(id -u)}/rpod"; }

@test "create, ls, inspect, exists, rm" {
    run make_secret --label a=b s1
    like "$output" '^[0-9a-f]{25}$' "the ID"
    local id=$output
    echo from a file >"$BATS_TEST_TMPDIR/f"
    run_rpod secret create s2 "$BATS_TEST_TMPDIR/f"
    MYSECRET=v run_rpod secret create --env s3 MYSECRET
    run_rpod secret ls --format '{{.Name}} {{.Driver}}'
    is "${lines[*]}" "s1 file s2 file s3 file" "names"
    run_rpod secret ls
    like "${lines[0]}" '^ID +NAME +DRIVER +CREATED +UPDATED$' "headings"
    like "${lines[1]}" "^$id  s1 +file +(Less than a second|[0-9]+ seconds?) ago" "a line"
    run_rpod secret ls -q --filter name=1
    is "$output" "$id" "IDs"
    run_rpod secret inspect "${id:0:6}"
    unlike "$output" "$WORD" "what it holds"
    run -0 python3 -c 'import json, sys
s = json.loads(sys.argv[1])[0]
print(s["Spec"]["Name"], s["Spec"]["Labels"], s["Spec"]["Driver"]["Name"])' "$output"
    is "$output" "s1 {'a': 'b'} file" "JSON"
    run_rpod secret inspect --format '{{.Spec.Name}}' s2 s3
    is "${lines[*]}" "s2 s3" "a template"
    run_rpod secret exists s1
    run_rpod 1 secret exists nope
    run_rpod secret rm s1
    is "$output" "$id" "rm says the ID"
    run_rpod 1 secret exists s1
    run_rpod secret rm -a
    run_rpod secret ls -q
    is "$output" "" "all"
}

@test "replace keeps the ID, clashes are errors" {
    run make_secret s1
    local id=$output
    run_rpod 125 secret create s1 /dev/null
    like "$stderr" "larger than 0" "an empty one"
    run bash -c 'echo x | "$RPOD" --root "$RPOD_ROOT" secret create s1 -'
    is "$status" 125 "a clash"
    like "$output" "Error: s1: secret name in use" "a clash"
    run bash -c 'echo x | "$RPOD" --root "$RPOD_ROOT" secret create --replace s1 -'
    is "$output" "$id" "--replace"
    run_rpod secret create --ignore s1 /dev/null
    is "$output" "$id" "--ignore"
    local name
    for name in a/b .. . -x a- ''; do run_rpod 125 secret create -- "$name" /dev/null; done
    like "$stderr" "invalid secret name" "a name"
    head -c 512000 /dev/zero >"$BATS_TEST_TMPDIR/big"
    run_rpod 125 secret create big "$BATS_TEST_TMPDIR/big"
    run_rpod 125 secret create -d shell s9 /dev/null
    run_rpod 125 secret rm nope
    is "$stderr" 'Error: no secret with name or id "nope": no such secret' "rm of nothing"
    run_rpod 125 secret inspect nope
    is "$output" "[]" "inspect of nothing"
}

@test "as a file" {
    require_run
    make_secret s1
    run_rpod run --rm --network none --secret s1 busybox sh -c 'cat /run/secrets/s1; stat -c " %a %u %g" /run/secrets/s1; echo >/run/secrets/s1'  || :
    is "${lines[0]}" "$WORD 444 0 0" "the default"
    run_rpod run --rm --network none --secret s1,target=/etc/deep/er,uid=7,gid=8,mode=0400 busybox stat -c '%a %u %g' /etc/deep/er
    is "$output" "400 7 8" "owner and mode"
    run_rpod run --rm --network none --secret source=s1,target=other --user 7 busybox cat /run/secrets/other
    is "$output" "$WORD" "a user reads it"
    run_rpod 1 run --rm --network none --secret s1,mode=0400 --user 7 busybox cat /run/secrets/s1
    run_rpod run --rm --network none --userns keep-id --secret "s1,uid=$(id -u),mode=0400" busybox cat /run/secrets/s1
    is "$output" "$WORD" "with keep-id"
    [ ! -e "$(run_directory)/secrets" ] || is "$(ls "$(run_directory)/secrets")" "" "left behind"
}

@test "an image cannot send it elsewhere" {
    require_run
    make_secret s1
    local root=$BATS_TEST_TMPDIR/root outside=$BATS_TEST_TMPDIR/outside
    mkdir -p "$root/run" "$root/inside" "$outside"
    tar -C "$root" -xf "$BUSYBOX_TAR"
    rm -rf "$root/run/secrets"
    ln -s "$outside" "$root/run/secrets"
    # Whatever comes of it: the link means a place in the container's root.
    rpod run --rm --network none --secret s1 --rootfs "$root" /bin/sh -c 'cat /run/secrets/s1' || :
    is "$(ls "$outside")" "" "the host's directory"
    ln -sfn ../../../../../../../../inside "$root/run/secrets"
    run_rpod run --rm --network none --secret s1 --rootfs "$root" cat /inside/s1
    is "$output" "$WORD" "a link within the root"
    is "$(cat "$root/inside/s1")" "" "nothing stays in the directory"
}

@test "a restart has it, too" {
    require_run
    make_secret s1
    rpod run -d --network none --name again --restart on-failure:1 --secret s1 --secret s1,type=env,target=FOO busybox \
        sh -c 'cat /run/secrets/s1; echo "-$FOO"; exit 1'
    wait_for 20 eval '[ "$(rpod inspect --format "{{.State.Status}} {{.RestartCount}}" again)" = "exited 1" ]'
    run_rpod logs again
    is "${lines[*]}" "$WORD-$WORD $WORD-$WORD" "both times"
}

@test "as a variable" {
    require_run
    make_secret s1
    run_rpod run --rm --network none --secret s1,type=env -e s1=other busybox sh -c 'echo "$s1"'
    is "$output" "$WORD" "its own name"
    rpod run -d --network none --name v --secret s1,type=env,target=FOO busybox sleep 100
    run_rpod exec v sh -c 'echo "$FOO"'
    is "$output" "$WORD" "exec has it, too"
    rpod secret rm s1
    run_rpod exec v sh -c 'echo "<$FOO>"'
    is "$output" "<>" "exec without it"
    run_rpod 125 restart -t 0 v
    like "$stderr" "no such secret" "a start without it"
    printf 'a\0b' | rpod secret create zero -
    run_rpod 125 run --rm --network none --secret zero,type=env busybox true
    like "$stderr" "cannot hold a zero byte" "a zero byte"
}

@test "what it holds is in no record, no log, no output" {
    require_run
    make_secret s1
    rpod run -d --network none --name n --secret s1 --secret s1,type=env,target=FOO busybox sh -c 'cat /run/secrets/s1 >/dev/null; exec sleep 100'
    run rpod unshare grep -rlF "$WORD" "$RPOD_ROOT"
    is "$output" "" "the store"
    run rpod unshare grep -rlF "$(printf %s "$WORD" | base64)" "$RPOD_ROOT"
    is "$output" "$RPOD_ROOT/secrets/s1.json" "the secret itself"
    is "$(stat -c %a "$RPOD_ROOT/secrets/s1.json" "$RPOD_ROOT/secrets" | tr '\n' ' ')" "600 700 " "for nobody else"
    run_rpod inspect n
    unlike "$output" "$WORD" "inspect"
    run_rpod inspect --format '{{json .Config.Secrets}}' n
    like "$output" '^\[\{"Name":"s1","ID":"[0-9a-f]{25}","UID":0,"GID":0,"Mode":292\}\]$' "podman's fields"
    run_rpod events --stream=false
    unlike "$output" "$WORD" "events"
    run_rpod stop -t 0 n
    run_rpod export -o "$BATS_TEST_TMPDIR/n.tar" n
    run grep -cF "$WORD" "$BATS_TEST_TMPDIR/n.tar"
    is "$output" 0 "export"
}

@test "the end, and a kill, leave no file" {
    require_run
    make_secret s1
    local name pid directory
    directory=$(run_directory)/secrets
    rpod run -d --network none --name k --secret s1 busybox sleep 100
    is "$(ls "$directory" | wc -l)" 1 "while it runs"
    rpod stop -t 0 k
    is "$(ls "$directory" | wc -l)" 0 "when it has ended"
    rpod start k
    run_rpod exec k cat /run/secrets/s1
    is "$output" "$WORD" "started again"
    pid=$(store_processes | cut -d' ' -f1)
    kill -KILL "$pid"
    wait_for 10 eval '[ -z "$(store_processes)" ]'
    # Any command that makes or removes containers sweeps.
    rpod create --name other busybox
    is "$(ls "$directory" | wc -l)" 0 "after a kill"
    run_rpod 125 run --network none --name nope --secret s1,uid=4000000000 busybox true
    like "$stderr" "has no uid 4000000000" "an ID that is not mapped"
    is "$(ls "$directory" | wc -l)" 0 "after a failure"
}

@test "errors are podman's" {
    make_secret s1
    run_rpod 125 create --secret nope busybox
    is "$stderr" 'Error: no secret with name or id "nope": no such secret' "no such secret"
    run_rpod 125 create --secret s1,foo=1 busybox
    is "$stderr" "Error: option foo=1 invalid: parsing secret" "an option"
    run_rpod 125 create --secret s1,type=env,mode=1 busybox
    is "$stderr" "Error: UID, GID, Mode options cannot be set with secret type env: parsing secret" "a mode"
    run_rpod 125 create --secret s1,target=/proc/x busybox
    run_rpod 125 create --secret s1 -v /tmp:/run/secrets/s1 busybox
    like "$stderr" "is taken already" "the same place"
}
