# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
#
# What a bundle's config.json can ask for: it happens, or it is refused by name.

load helpers

setup() {
    bundle=$BATS_TEST_TMPDIR/bundle
    id=$(safename)
    mkdir -p "$bundle/rootfs"
    tar -C "$bundle/rootfs" -xf "$BUSYBOX_TAR"
    (cd "$bundle" && rpod oci spec)
    configure 'c["process"]["terminal"] = False; c["root"]["readonly"] = False; c["process"]["args"] = ["true"]'
    cp "$bundle/config.json" "$bundle/plain.json"
}

# configure PYTHON: changes config.json, which is `c`; `sh(SCRIPT)` sets the command.
configure() {
    BUNDLE=$bundle python3 - "$bundle/config.json" "$1" <<'EOF'
import json, os, sys
bundle = os.environ['BUNDLE']
with open(sys.argv[1]) as f:
    c = json.load(f)
p, l = c['process'], c['linux']
def sh(script):
    p['args'] = ['sh', '-c', script]
exec(sys.argv[2])
with open(sys.argv[1], 'w') as f:
    json.dump(c, f)
EOF
}

# From the plain configuration: configured PYTHON
configured() {
    cp "$bundle/plain.json" "$bundle/config.json"
    configure "$1"
}

run_bundle() { run_rpod "${1:-0}" oci run --bundle "$bundle" "$id"; }

# refused PYTHON REGEX: with that the bundle is refused by that message.
refused() {
    configured "$1"
    run_bundle 125
    like "$stderr" "^Error: $2" "message for $1"
}

@test "scheduler, I/O priority, OOM score, personality and limits are those of the process" {
    configured 'p["scheduler"] = {"policy": "SCHED_BATCH", "nice": 7, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}
p["ioPriority"] = {"class": "IOPRIO_CLASS_IDLE", "priority": 3}
p["oomScoreAdj"] = 321
p["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 5, "hard": 6}, {"type": "RLIMIT_NICE", "soft": 0, "hard": 0}]
l["personality"] = {"domain": "LINUX32"}
p["args"] = ["cat", "/proc/self/stat", "/proc/self/oom_score_adj", "/proc/self/limits", "/proc/self/personality"]'
    configure 'l["maskedPaths"] = []'
    run_bundle
    # Of stat: 19 is the nice value, 41 the policy (3: SCHED_BATCH).
    is "$(printf '%s\n' "$output" | awk 'NR == 1 { print $19, $41 }')" '7 3' 'nice and policy'
    is "$(printf '%s\n' "$output" | sed -n 2p)" 321 'OOM score'
    like "$output" 'Max core file size +5 +6' 'limit'
    like "$output" '00000008' 'personality'
    configured 'l["personality"] = {"domain": "LINUX32"}; p["args"] = ["uname", "-m"]'
    run_bundle
    is "$output" "$(setarch linux32 uname -m)" machine
}

@test "an I/O priority shows" {
    command -v ionice >/dev/null || skip 'no ionice here'
    configured 'p["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 6}; p["args"] = ["sleep", "60"]'
    "$RPOD" --root "$RPOD_ROOT" oci run --bundle "$bundle" "$id" &
    local command=$! pid=
    shows() { pid=$(pgrep -u "$(id -u)" -x sleep -n) && [ "$(ionice -p "$pid")" = 'best-effort: prio 6' ]; }
    wait_for 20 shows
    kill -KILL "$pid"
    wait "$command" || :
}

@test "what a user may not have is an error that says so" {
    refused 'p["scheduler"] = {"policy": "SCHED_OTHER", "nice": -20}' 'process.scheduler: set the scheduling policy: Operation not permitted'
    like "$stderr" 'hint: .*RLIMIT_NICE' hint
    refused 'p["ioPriority"] = {"class": "IOPRIO_CLASS_RT", "priority": 0}' 'process.ioPriority: set the I/O priority: Operation not permitted'
    refused 'p["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2**40}]' 'set RLIMIT_NOFILE'
    refused 'p["oomScoreAdj"] = -1000' '.*oom_score_adj'
}

@test "time offsets are those of a time namespace of its own" {
    configured 'l["namespaces"].append({"type": "time"}); l["timeOffsets"] = {"boottime": {"secs": 1000000000}, "monotonic": {"secs": 5, "nanosecs": 7}}
l["maskedPaths"] = []; sh("cat /proc/self/timens_offsets; cut -d. -f1 /proc/uptime")'
    run_bundle
    like "$output" 'monotonic +5 +7' monotonic
    like "$output" 'boottime +1000000000 +0' boottime
    [ "${lines[2]}" -gt 1000000000 ] || fail "uptime: ${lines[2]}"
    refused 'l["timeOffsets"] = {"boottime": {"secs": 1}}' '.*linux.timeOffsets: there is no new time namespace'
    refused 'l["namespaces"].append({"type": "time"}); l["timeOffsets"] = {"realtime": {"secs": 1}}' ".*there is no clock 'realtime'"
    refused 'l["namespaces"].append({"type": "time"}); l["timeOffsets"] = {"boottime": {"secs": -10**12}}' 'linux.timeOffsets: '
}

@test "devices are the host's nodes, and fifos" {
    configured 'l["devices"] = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666, "uid": 0, "gid": 0},
    {"path": "/dev/other/zero", "type": "c", "major": 1, "minor": 5}, {"path": "/run/pipe", "type": "p", "fileMode": 0o620}]
sh("head -c 3 /dev/other/zero | od -An -tx1; stat -c \"%F %a\" /run/pipe")'
    run_bundle
    is "${lines[0]# }" '00 00 00' 'the device'
    is "${lines[1]}" 'fifo 620' 'the fifo'
    # Again: what was left at its place is no obstacle.
    run_bundle
    refused 'l["devices"] = [{"path": "/dev/none", "type": "c", "major": 4095, "minor": 4095}]' "linux.devices: '/dev/none': the host has no node for the character device 4095:4095"
    refused 'l["devices"] = [{"path": "/dev/null", "type": "b", "major": 1, "minor": 3}]' "linux.devices: '/dev/null': the host has no node for the block device 1:3"
    refused 'l["devices"] = [{"path": "/etc/passwd", "type": "c", "major": 1, "minor": 3}]' "linux.devices: '/etc/passwd': there is something else"
    refused 'l["devices"] = [{"path": "/dev/zero", "type": "c", "major": 1, "minor": 3}]' "linux.devices: '/dev/zero': there is something else"
    refused 'l["devices"] = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o600}]' "linux.devices: '/dev/null': fileMode 600 is not supported"
    refused 'l["devices"] = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "uid": 7}]' "linux.devices: '/dev/null': uid and gid are not supported"
}

@test "mount options reach what is mounted" {
    mkdir -p "$bundle/data/below" "$bundle/rootfs/full"
    echo image >"$bundle/rootfs/full/file"
    configured 'c["mounts"] += [{"destination": "/d", "type": "none", "source": "data", "options": ["rbind", "rro", "rnosuid", "rnodev", "rnoexec", "rnosymfollow"]},
    {"destination": "/full", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "ro", "noatime"]},
    {"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["size=1m"]},
    {"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["remount", "ro", "nosuid", "size=2m"]}]
sh("grep -E \" /(d|full|t) \" /proc/self/mounts; cat /full/file; touch /d/x /t/x || :")'
    run_bundle
    like "$output" ' /d [^ ]+ ro,nosuid,nodev,noexec,[^ ]*nosymfollow' 'the bind'
    like "$output" ' /full tmpfs ro,[^ ]*noatime' 'the tmpfs'
    like "$output" ' /t tmpfs ro,nosuid,[^ ]*size=2048k' 'the remount'
    like "$output" 'image' 'what was copied up'
    is "$(printf '%s\n' "$stderr" | grep -c 'Read-only file system')" 2 'read-only'
    refused 'c["mounts"].append({"destination": "/d", "type": "none", "source": "data", "options": ["bind", "idmap"]})' ".*mounts\[7\].options: mount option 'idmap'"
    refused 'm = [{"containerID": 0, "hostID": 0, "size": 1}]
c["mounts"].append({"destination": "/d", "type": "bind", "source": "data", "uidMappings": m, "gidMappings": m})' '.*mounts\[7\].uidMappings is not supported'
    refused 'c["mounts"].append({"destination": "/d", "type": "tmpfs", "source": "x", "options": ["no-such-option"]})' "mount tmpfs on '/d': Invalid argument"
}

@test "the propagation of the root is what was asked for" {
    local kind
    for kind in shared slave private unbindable; do
        # shellcheck disable=SC2016 # for awk
        configured 'l["rootfsPropagation"] = "'"$kind"'"; p["args"] = ["awk", "$5 == \"/\"", "/proc/self/mountinfo"]'
        run_bundle
        case $kind in
        shared) like "$output" 'shared:' "$kind" ;;
        unbindable) like "$output" 'unbindable' "$kind" ;;
        private) unlike "$output" 'shared:|master:|unbindable' "$kind" ;;
        esac
    done
    refused 'l["rootfsPropagation"] = "public"' ".*linux.rootfsPropagation: there is no propagation 'public'"
}

@test "a seccomp section is taken in full or refused by name" {
    configured 'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"],
    "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
    "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
sh("mkdir /x; grep ^Seccomp: /proc/self/status")'
    run_bundle
    like "$stderr" 'No space left on device' errnoRet
    like "$output" 'Seccomp:.2' filter
    local base='l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}; s = l["seccomp"]; '
    refused "$base"'s["flags"] = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]' ".*the flag 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV' is not supported"
    refused "$base"'s["architectures"] = ["SCMP_ARCH_PDP11"]' ".*there is no architecture 'pdp11'"
    refused "$base"'s["defaultErrnoRet"] = 5' '.*SCMP_ACT_ALLOW takes no errno'
    refused "$base"'s["syscalls"][0]["action"] = "SCMP_ACT_NOTIFY"' '.*SCMP_ACT_NOTIFY is not supported'
    refused "$base"'s["syscalls"][0]["action"] = "SCMP_ACT_MAYBE"' ".*there is no action 'SCMP_ACT_MAYBE'"
    refused "$base"'s["syscalls"][0]["names"] = []' '.*a rule names no system call'
    refused "$base"'s["listenerPath"] = "/run/s"' '.*linux.seccomp.listenerPath is not supported'
    refused "$base"'s["listenerMetadata"] = "x"' '.*linux.seccomp.listenerMetadata: is there without listenerPath'
}

@test "limits that nobody would hold are refused, what limits nothing is taken" {
    configured 'l["resources"] = {"devices": [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}],
    "memory": {"limit": -1}, "cpu": {"shares": 0}, "pids": {"limit": -1}, "hugepageLimits": []}'
    run_bundle
    refused 'l["resources"] = {"memory": {"limit": 1000000}}' '.*linux.resources: memory.limit: no cgroup'
    refused 'l["resources"] = {"pids": {"limit": 10}}' '.*linux.resources: pids.limit: no cgroup'
    refused 'l["resources"] = {"cpu": {"quota": 10000}}' '.*linux.resources: cpu.quota: no cgroup'
    refused 'l["resources"] = {"unified": {"memory.high": "1M"}}' '.*linux.resources: unified.memory.high: no cgroup'
    refused 'l["resources"] = {"devices": [{"allow": False, "type": "c", "major": 1, "minor": 3, "access": "rwm"}]}' '.*linux.resources: devices\[0\]: no cgroup'
    refused 'l["cgroupsPath"] = "/x"' '.*linux.cgroupsPath is not supported'
}

@test "what rpod has not is refused by name" {
    refused 'l["intelRdt"] = {"closID": "x"}' '.*linux.intelRdt: not supported'
    refused 'l["netDevices"] = {"eth0": {}}' '.*linux.netDevices: not supported'
    refused 'l["memoryPolicy"] = {"mode": "MPOL_LOCAL"}' '.*linux.memoryPolicy: not supported'
    refused 'l["mountLabel"] = "x"' '.*linux.mountLabel is not supported'
    refused 'p["execCPUAffinity"] = {"initial": "0"}' '.*process.execCPUAffinity: not supported'
    refused 'p["selinuxLabel"] = "x"' '.*process.selinuxLabel is not supported'
    refused 'p["apparmorProfile"] = "x"' '.*process.apparmorProfile is not supported'
    refused 'p["scheduler"] = {"policy": "SCHED_ISO"}' ".*process.scheduler.policy: Linux has no 'SCHED_ISO'"
    refused 'p["ioPriority"] = {"class": "IOPRIO_CLASS_X", "priority": 0}' '.*process.ioPriority.class: there is no class'
    refused 'l["personality"] = {"domain": "LINUX64"}' ".*linux.personality.domain: there is no domain 'LINUX64'"
    refused 'l["personality"] = {"domain": "LINUX", "flags": ["X"]}' ".*linux.personality.flags: there is no flag 'X'"
    refused 'p["rlimits"] = [{"type": "RLIMIT_LUCK", "soft": 0, "hard": 0}]' ".*process.rlimits: there is no limit 'RLIMIT_LUCK'"
}
