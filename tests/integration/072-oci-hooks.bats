# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
#
# Hooks of OCI bundles: where, when and with what they run, and what their failure does.

load helpers

setup() {
    bundle=$BATS_TEST_TMPDIR/bundle
    seen=$BATS_TEST_TMPDIR/seen
    id=$(safename)
    mkdir -p "$bundle/rootfs" "$seen"
    tar -C "$bundle/rootfs" -xf "$BUSYBOX_TAR"
    (cd "$bundle" && rpod oci spec)
    configure 'c["process"]["terminal"] = False; c["root"]["readonly"] = False; c["process"]["args"] = ["true"]'
}

# configure PYTHON: changes config.json, which is `c`.
configure() {
    SEEN=$seen BUNDLE=$bundle python3 - "$bundle/config.json" "$1" <<'EOF'
import json, os, sys
q = chr(39)
seen, bundle = os.environ['SEEN'], os.environ['BUNDLE']
def sh(script, **more):
    return dict({'path': '/bin/sh', 'args': ['sh', '-c', script], 'env': ['PATH=/usr/bin:/bin']}, **more)
with open(sys.argv[1]) as f:
    c = json.load(f)
h = c.setdefault('hooks', {})
exec(sys.argv[2])
with open(sys.argv[1], 'w') as f:
    json.dump(c, f)
EOF
}

# state FILE KEY: of the state that a hook kept in $seen.
state() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], "none"))' "$seen/$1" "$2"; }

run_bundle() { run_rpod "${1:-0}" oci run --bundle "$bundle" "$id"; }

@test "all hooks run in the order of the specification, each with its state" {
    configure 'for p in ["prestart", "createRuntime", "poststart", "poststop"]:
        h[p] = [sh(f"cat >{seen}/{p}; echo {p}1 >>{seen}/order"), sh(f"echo {p}2 >>{seen}/order")]
h["createContainer"] = [sh(f"cat >{seen}/createContainer; echo createContainer >>{seen}/order")]
h["startContainer"] = [sh("cat >/startContainer; id -u >/start-uid")]
c["process"]["args"] = ["sh", "-c", "test -s /startContainer && echo payload"]
c["annotations"] = {"a.b": "c"}'
    run_bundle
    is "$output" payload "output"
    is "$(tr '\n' ' ' <"$seen/order")" \
        'prestart1 prestart2 createRuntime1 createRuntime2 createContainer poststart1 poststart2 poststop1 poststop2 ' order
    cp "$bundle/rootfs/startContainer" "$seen/startContainer"
    local hook
    for hook in prestart createRuntime createContainer startContainer poststart poststop; do
        is "$(state "$hook" id)" "$id" "id for $hook"
        is "$(state "$hook" bundle)" "$bundle" "bundle for $hook"
        is "$(state "$hook" annotations)" "{'a.b': 'c'}" "annotations for $hook"
    done
    is "$(state prestart status) $(state createContainer status) $(state startContainer status)" 'creating creating created' status
    is "$(state poststart status) $(state poststop status) $(state poststop pid)" 'running stopped none' status
    is "$(state createContainer pid) $(state startContainer pid)" '1 1' 'pid inside'
    is "$(state prestart pid)" "$(state poststart pid)" 'pid outside'
    [ "$(state prestart pid)" -gt 1 ] || fail "pid outside: $(state prestart pid)"
}

@test "the bundle is told as an absolute path" {
    local name
    configure 'h["prestart"] = [sh(f"cat >{seen}/state")]'
    cd "$bundle"
    for name in . ./ ../bundle "$bundle/"; do
        run_rpod oci run --bundle "$name" "$id"
        is "$(state state bundle)" "$bundle" "bundle of $name"
    done
}

@test "hooks of the runtime are outside and can enter the container, the others are inside" {
    configure 'ns = "for n in user mnt net pid uts; do readlink /proc/self/ns/$n; done"
h["prestart"] = [sh(f"{ns} >{seen}/prestart; pwd >{seen}/cwd; id -u >{seen}/uid")]
h["createRuntime"] = [sh("pid=$(sed \"s/.*pid.:\\([0-9]*\\).*/\\1/\"); "
    f"nsenter --user --net --uts --preserve-credentials --target $pid sh -c {q}{ns}{q} >{seen}/entered 2>{seen}/entered.err")]
h["createContainer"] = [sh(f"{ns} >{seen}/createContainer; : >{bundle}/rootfs/made; mkdir {bundle}/rootfs/m; "
    f"mount -t tmpfs x {bundle}/rootfs/m && : >{bundle}/rootfs/m/inside; ls {bundle}/rootfs/proc/1/comm >{seen}/proc")]
c["process"]["args"] = ["sh", "-c", "ls /made /m; for n in user mnt net pid uts; do readlink /proc/self/ns/$n; done"]'
    run_bundle
    local outside inside
    outside=$(for n in user mnt net pid uts; do readlink "/proc/self/ns/$n"; done)
    inside=$(printf '%s\n' "$output" | grep ':\[')
    is "$(cat "$seen/prestart")" "$outside" 'namespaces of prestart'
    is "$(cat "$seen/cwd")" "$bundle" 'directory of prestart'
    is "$(cat "$seen/uid")" "$(id -u)" 'user of prestart'
    is "$(cat "$seen/createContainer")" "$inside" 'namespaces of createContainer'
    is "$(grep net: "$seen/entered")" "$(printf '%s\n' "$inside" | grep net:)" "network entered: $(cat "$seen/entered.err")"
    like "$output" '/made' 'file made before the pivot'
    like "$output" 'inside' 'mount made before the pivot'
    [ ! -e "$bundle/rootfs/m/inside" ] || fail 'the mount of the hook is not its own'
    [ -s "$seen/proc" ] || fail 'the mounts of the container are not at the root of the bundle'
}

@test "startContainer hooks have no more than the payload" {
    configure 'c["process"]["user"] = {"uid": 0, "gid": 0}
h["startContainer"] = [{"path": "/bin/sh", "args": ["sh", "-c", "grep -E \"^(Cap|NoNewPrivs|Seccomp:)\" /proc/self/status >/hook"]}]
c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}
c["process"]["args"] = ["sh", "-c", "grep -E \"^(Cap|NoNewPrivs|Seccomp:)\" /proc/self/status"]'
    run_bundle
    is "$(cat "$bundle/rootfs/hook")" "$output" 'rights'
    like "$output" 'Seccomp:.2' 'seccomp'
}

@test "nothing of ours leaks to hooks" {
    local secret=do-not-pass
    export secret
    configure 'look = "for fd in /proc/self/fd/*; do echo ${fd##*/} $(readlink $fd); done; env"
for p in ["prestart", "createContainer", "poststart", "poststop"]:
    h[p] = [dict(sh(f"exec >{seen}/{p}; {look}"), env=["A=1", "PATH=/usr/bin:/bin"])]
h["startContainer"] = [{"path": "/bin/sh", "args": ["sh", "-c", "exec >/look; " + look]}]'
    run_bundle
    cp "$bundle/rootfs/look" "$seen/startContainer"
    local hook
    for hook in prestart createContainer startContainer poststart poststop; do
        # The shell's own listing of its directory is not one of them: it is gone when that is read.
        is "$(awk '$1 ~ /^[0-9]+$/ && $1 > 2 && NF > 1' "$seen/$hook" | grep -v "$seen/\|/look$" || :)" '' "descriptors of $hook"
        unlike "$(cat "$seen/$hook")" do-not-pass "environment of $hook"
    done
    like "$(cat "$seen/prestart")" 'A=1' environment
}

@test "a hook of the creation that fails ends the container, and poststop runs" {
    local hook
    for hook in prestart createRuntime createContainer startContainer; do
        rm -f "$seen"/*
        configure "h.clear()
h['$hook'] = [sh('exit 3'), sh(f'echo second >{seen}/second')]
h['poststop'] = [sh(f'cat >{seen}/stopped')]
c['process']['args'] = ['sh', '-c', 'echo payload']"
        run_bundle 125
        is "$output" '' "output with $hook"
        is "$stderr" "Error: $hook hook '/bin/sh': it ended with exit code 3" "message with $hook"
        [ ! -e "$seen/second" ] || fail "the hook after the failed $hook ran"
        is "$(state stopped status)" stopped "poststop after $hook"
    done
    configure 'h.clear(); h["prestart"] = [{"path": "/no/such"}]'
    run_bundle 125
    is "$stderr" "Error: prestart hook '/no/such': execute it: No such file or directory" message
    configure 'h.clear(); h["startContainer"] = [{"path": "/no/such"}]'
    run_bundle 125
    is "$stderr" "Error: startContainer hook '/no/such': execute it: No such file or directory" message
}

@test "a poststart hook that fails stops the container; one of poststop is a warning" {
    configure 'h["poststart"] = [sh("exit 1")]
h["poststop"] = [sh("exit 2"), sh(f"echo all >{seen}/all")]
c["process"]["args"] = ["sleep", "60"]'
    run_bundle 125
    like "$stderr" "poststart hook '/bin/sh': it ended with exit code 1" message
    like "$stderr" "poststop hook '/bin/sh': it ended with exit code 2" warning
    is "$(cat "$seen/all")" all 'the hooks after the failed one'
    configure 'del h["poststart"]; c["process"]["args"] = ["sh", "-c", "exit 7"]'
    run_bundle 7
}

@test "a hook that is late is killed with what it started" {
    configure 'h["createRuntime"] = [sh(f"sleep 61 & echo $! >{seen}/child; wait", timeout=1)]'
    run_bundle 125
    is "$stderr" "Error: createRuntime hook '/bin/sh': killed after its timeout of 1 s" message
    wait_for 5 eval "! kill -0 $(cat "$seen/child") 2>/dev/null"
    configure 'h["createRuntime"] = [sh("true", timeout=0)]'
    run_bundle 125
    like "$stderr" 'hooks.createRuntime: the timeout is not above 0' message
}

@test "poststop runs when the payload, the monitor or the command is killed" {
    local pid monitor command
    configure 'h["poststart"] = [sh(f"cat >{seen}/started")]
h["poststop"] = [sh(f"test ! -e /proc/$(cat {seen}/pid) && cat >{seen}/stopped")]
c["process"]["args"] = ["sleep", "60"]'
    for victim in payload monitor command; do
        rm -f "$seen"/*
        "$RPOD" --root "$RPOD_ROOT" oci run --bundle "$bundle" "$id-$victim" 2>/dev/null &
        command=$!
        wait_for 20 test -s "$seen/started"
        wait_for 5 state started pid >/dev/null
        pid=$(state started pid)
        echo "$pid" >"$seen/pid"
        monitor=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")
        case $victim in
        payload) kill -KILL "$pid" ;;
        monitor) kill -KILL "$monitor" ;;
        command)
            kill -KILL "$command"
            sleep 0.3
            [ ! -e "$seen/stopped" ] || fail 'poststop ran before the end'
            kill -KILL "$pid"
            ;;
        esac
        wait "$command" || :
        wait_for 10 test -s "$seen/stopped"
        is "$(state stopped id)" "$id-$victim" "poststop after the death of the $victim"
        # The ID is free again, whoever died.
        configure 'c["process"]["args"] = ["true"]'
        run_rpod oci run --bundle "$bundle" "$id-$victim"
        configure 'c["process"]["args"] = ["sleep", "60"]'
    done
}

@test "what cannot be created runs poststop only where there was something" {
    configure 'h["poststop"] = [sh(f"echo yes >{seen}/stopped")]; c["mounts"].append({"destination": "/x", "type": "no-such-type"})'
    run_bundle 125
    [ -s "$seen/stopped" ] || fail 'no poststop'
    rm "$seen/stopped"
    configure 'c["mounts"].pop(); c["root"]["path"] = "nothing"'
    run_bundle 125
    [ ! -e "$seen/stopped" ] || fail 'poststop for nothing'
}

@test "an image brings no hooks" {
    local bundled
    bundled=$BATS_TEST_TMPDIR/image
    mkdir "$bundled"
    tar -C "$bundled" -xf "$BUSYBOX_TAR"
    printf '{"hooks":{"prestart":[{"path":"/bin/sh","args":["sh","-c","echo >%s/ran"]}]}}' "$seen" |
        tee "$bundled/config.json" >"$bundled/hooks.json"
    mkdir -p "$bundled/usr/share/containers/oci/hooks.d"
    cp "$bundled/hooks.json" "$bundled/usr/share/containers/oci/hooks.d/"
    tar -C "$bundled" -c . | rpod import - with-hooks >/dev/null
    run_rpod run --rm --network none with-hooks true
    run_rpod run --rm --network none --rootfs "$bundled" true
    [ ! -e "$seen/ran" ] || fail 'it did'
}
