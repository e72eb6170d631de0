#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# containers.conf: the defaults of new containers, and where they come from.

load helpers

setup() {
    conf=$BATS_TEST_TMPDIR/containers.conf
    export CONTAINERS_CONF=$conf
    : >"$conf"
}

teardown() {
    unset CONTAINERS_CONF CONTAINERS_CONF_OVERRIDE
    remove_containers_and_volumes
}

# set_conf TABLE LINE...
set_conf() { { printf '[%s]\n' "$1" && shift && printf '%s\n' "$@"; } >>"$conf"; }

in_container() { run_rpod run --rm --network none "$@"; }

@test "flags of the command line win over the file, the file over what is built in" {
    set_conf containers 'umask = "0077"' 'shm_size = "32m"' 'read_only = true'
    run_rpod 1 run --rm --network none busybox sh -c 'umask; df -m /dev/shm | tail -n 1; touch /new 2>&1'
    like "$output" '0077' "umask"
    like "$output" ' 32 ' "size of /dev/shm"
    like "$output" 'Read-only file system' "the root"
    in_container --umask 0027 --read-only=false busybox sh -c 'umask; touch /new && echo made'
    like "$output" '0027' "umask of the flag"
    like "$output" 'made' "the root with the flag"
}

@test "environment of the file is below the image's and the flags'" {
    set_conf containers 'env = ["PATH=/from-the-file", "FIRST=file", "SECOND=file"]'
    rpod import -c 'ENV PATH=/bin' -c 'ENV SECOND=image' "$BUSYBOX_TAR" with-env
    # shellcheck disable=SC2016
    in_container --env THIRD=flag with-env sh -c 'echo $PATH $FIRST $SECOND $THIRD'
    is "$output" "/bin file image flag" "the environment"
}

@test "mounts of the file, unless the command line mounts something there" {
    mkdir "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    echo a >"$BATS_TEST_TMPDIR/a/file"
    echo b >"$BATS_TEST_TMPDIR/b/file"
    set_conf containers "volumes = [\"$BATS_TEST_TMPDIR/a:/data\"]"
    in_container busybox cat /data/file
    is "$output" a "of the file"
    in_container -v "$BATS_TEST_TMPDIR/b:/data" busybox cat /data/file
    is "$output" b "of the command line"
}

@test "limits, sysctls, annotations and rights" {
    set_conf containers 'default_ulimits = ["nofile=512:512", "core=0"]' \
        'default_sysctls = ["net.ipv4.ping_group_range=0 7", "kernel.msgmax=9999"]' 'annotations = ["a.b=c"]' \
        'default_capabilities = ["CHOWN", "NET_RAW"]'
    in_container busybox sh -c 'ulimit -n; cat /proc/sys/net/ipv4/ping_group_range /proc/sys/kernel/msgmax; grep CapBnd /proc/self/status'
    is "${lines[0]}" 512 "nofile"
    is "$(tr -s '\t ' ' ' <<<"${lines[1]}")" "0 7" "ping_group_range"
    is "${lines[2]}" 9999 "msgmax"
    like "${lines[3]}" '0000000000002001' "capabilities"
    in_container --ulimit nofile=256 --cap-drop NET_RAW --cap-add KILL busybox sh -c 'ulimit -n; grep CapBnd /proc/self/status'
    is "${lines[0]}" 256 "nofile of the flag"
    like "${lines[1]}" '0000000000000021' "capabilities with flags"
    # What is another's namespace is left as it is.
    run_rpod run --rm --ipc host --network host busybox true
    rpod create --name annotated busybox true
    run_rpod inspect --format '{{index .Config.Annotations "a.b"}}' annotated
    is "$output" c "annotation"
}

@test "the network, and what leaves it no say" {
    set_conf containers 'netns = "none"' 'dns_servers = ["192.0.2.53"]' 'no_hosts = true'
    run_rpod run --rm busybox sh -c 'ls /sys/class/net'
    is "$output" lo "interfaces"
    rpod pod create --name casted
    run_rpod run --rm --pod casted busybox sh -c 'ls /sys/class/net'
    like "$output" tap0 "interfaces in a pod"
    rpod pod create --name named --pod-id-file "$BATS_TEST_TMPDIR/pod"
    run_rpod run --rm --pod-id-file "$BATS_TEST_TMPDIR/pod" busybox sh -c 'ls /sys/class/net'
    like "$output" tap0 "interfaces in a pod that a file names"
    rpod pod rm -f casted named
}

@test "the user namespace, unless flags or the environment speak of it" {
    require_subids
    set_conf containers 'userns = "keep-id"'
    in_container busybox id -u
    is "$output" "$(id -u)" "of the file"
    in_container --uidmap 0:0:100 --gidmap 0:0:100 busybox cat /proc/self/uid_map
    is "$(awk '{ sum += $3 } END { print sum }' <<<"$output")" 100 "with maps"
    PODMAN_USERNS=host in_container busybox id -u
    is "$output" 0 "of the environment"
}

@test "logs, stop time and pull policy" {
    set_conf containers 'log_driver = "json-file"' 'log_size_max = 20000'
    set_conf engine 'stop_timeout = 3' 'pull_policy = "never"'
    rpod create --name defaults busybox true
    run_rpod inspect --format '{{.HostConfig.LogConfig.Type}} {{.Config.StopTimeout}}' defaults
    is "$output" "json-file 3" "log driver and time"
    run_rpod 125 run --rm localhost:1/not/there true
    like "$stderr" 'image not known' "never pulled"
}

@test "log_driver = journald is no reason to run nothing" {
    set_conf containers 'log_driver = "journald"'
    in_container busybox echo works
    is "$output" works "output"
}

@test "show tells each value, and where it comes from" {
    set_conf containers '# a comment' 'netns = "none"' 'cgroups = "enabled"' 'no_such_key = 7'
    run_rpod config show --origin
    like "$output" "containers\.netns +none +$conf:3" "a value"
    like "$output" "containers\.cgroups +enabled +$conf:4 +not used: " "a value without use"
    like "$output" "containers\.no_such_key +7 +$conf:5 +not known to rpod" "an unknown key"
    like "$output" 'containers\.umask +0022 +built in' "a default"
    printf '[containers]\nnetns = "host"\n' >"$BATS_TEST_TMPDIR/last.conf"
    CONTAINERS_CONF_OVERRIDE=$BATS_TEST_TMPDIR/last.conf run_rpod config show --format '{{.Value}} {{.Origin}}' containers.netns
    is "$output" "host $BATS_TEST_TMPDIR/last.conf:2" "the override"
    run_rpod 125 config show containers.no_such
    like "$stderr" 'no key' "a key that nobody sets"
}

@test "the files of the user, the later over the earlier" {
    unset CONTAINERS_CONF
    export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
    mkdir -p "$XDG_CONFIG_HOME/containers/containers.conf.d"
    printf '[containers]\numask = "0001"\ntz = "UTC"\n' >"$XDG_CONFIG_HOME/containers/containers.conf"
    printf '[containers]\numask = "0002"\n' >"$XDG_CONFIG_HOME/containers/containers.conf.d/20-b.conf"
    printf '[containers]\numask = "0003"\n' >"$XDG_CONFIG_HOME/containers/containers.conf.d/10-a.conf"
    printf 'not TOML' >"$XDG_CONFIG_HOME/containers/containers.conf.d/readme"
    run_rpod config show --format '{{.Value}}' containers.umask containers.tz
    is "$output" $'UTC\n0002' "values"
    unset XDG_CONFIG_HOME
}

@test "a file that is wrong is an error with its place; help works all the same" {
    set_conf containers 'umask = 22'
    run_rpod 125 run --rm --network none busybox true
    is "$stderr" "Error: $conf:2: containers.umask: expected a string" "a wrong type"
    run_rpod run --help
    echo '= nothing' >>"$conf"
    run_rpod 125 run --rm --network none busybox true
    like "$stderr" "Error: '$conf': line 3" "not TOML"
    rm "$conf"
    run_rpod 125 run --rm --network none busybox true
    like "$stderr" 'No such file' "a file that was named and is not there"
}
