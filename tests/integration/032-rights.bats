#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# What a container may not have, and races for where a mount goes: what other tools were broken by.

load helpers

setup() {
    require_run
    outside=$BATS_TEST_TMPDIR/outside
    mkdir "$outside"
    echo secret >"$outside/file"
}

# image_with NAME CONFIG COMMAND...: busybox and a layer that the command makes in an empty directory.
image_with() {
    local name=$1 config=$2 layer=$BATS_TEST_TMPDIR/layer
    shift 2
    rm -rf "$layer" && mkdir "$layer"
    (cd "$layer" && "$@")
    tar -C "$layer" --owner=0 --group=0 -cf "$layer.tar" .
    make_archive --config "$config" docker "$BATS_TEST_TMPDIR/image.tar" "$name" "$BUSYBOX_TAR" "$layer.tar"
    run_rpod load -q -i "$BATS_TEST_TMPDIR/image.tar"
}

@test "no inheritable or ambient capabilities, and none for another user (CVE-2022-24769, CVE-2021-20188)" {
    local user none=0000000000000000
    run_rpod run --rm --network none busybox grep -E '^Cap(Inh|Amb)' /proc/self/status
    like "$output" "CapInh:.$none"$'\n'"CapAmb:.$none" "root's"
    for user in 1000 1000:1000 daemon; do
        run_rpod run --rm --network none --user "$user" busybox grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status
        unlike "${output//$none/}" '[0-9a-f]{16}' "capabilities of $user"
    done
    run_rpod run --rm --network none --privileged --user 1000 busybox grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status
    unlike "${output//$none/}" '[0-9a-f]{16}' "capabilities of a privileged container's user"
}

@test "--user brings exactly the user's groups (CVE-2022-2989, CVE-2022-36109)" {
    run_rpod run --rm --network none --user 4242:4243 busybox id -G
    is "$output" 4243 "groups of a number"
    run_rpod run --rm --network none --user 4242 --group-add 7 busybox id -G
    is "$output" "0 7" "groups of a number with another"
    # A file that says "anybody but this group": the group must not get lost on the way.
    image_with negative '{}' sh -c 'echo x >f; chmod 0604 f'
    run_rpod '?' run --rm --network none --user 5:0 negative cat /f
    like "$stderr" "denied" "for a member of the group"
}

@test "a volume takes the image's files when it is new and empty, never again (CVE-2020-1726)" {
    image_with data '{}' sh -c 'mkdir data; echo image >data/f; ln -s /etc/passwd data/link'
    local volume
    volume=$(safename)
    run_rpod run --rm --network none -v "$volume:/data" data sh -c 'cat /data/f; readlink /data/link; echo mine >/data/f; rm /data/link'
    is "$output" $'image\n/etc/passwd' "the first time"
    run_rpod run --rm --network none -v "$volume:/data" data sh -c 'cat /data/f; ls /data'
    is "$output" $'mine\nf' "the second time"
}

@test "VOLUME and -v with .. or a link stay in the container (CVE-2021-41103's class)" {
    image_with dotvolume "{\"config\": {\"Volumes\": {\"/../..$outside\": {}, \"/v/../w\": {}}}}" true
    run_rpod '?' run --rm --network none dotvolume sh -c 'grep -c " /w " /proc/self/mounts'
    [ "$status" = 0 ] || is "$status" 125 "exit code"
    is "$(ls "$outside")" file "the directory outside"
    image_with linkvolume '{"config": {"Volumes": {"/v": {}}}}' ln -s "$outside" v
    run_rpod '?' run --rm --network none linkvolume sh -c 'echo x >/v/made'
    is "$(ls "$outside")" file "the directory outside"
}

@test "the control groups and /sys are read-only, and no version 1 hierarchy can be mounted (CVE-2023-25809, CVE-2022-0492)" {
    local mode
    for mode in private host; do
        run_rpod run --rm --network none --cgroupns "$mode" busybox sh -c \
            'mkdir /sys/fs/cgroup/x 2>/dev/null && echo made; (echo 1 >/sys/fs/cgroup/cgroup.procs) 2>/dev/null && echo wrote; true'
        is "$output" "" "--cgroupns=$mode"
    done
    run_rpod run --rm --network none busybox sh -c \
        'mkdir /tmp/c; unshare -UrmC mount -t cgroup -o rdma x /tmp/c 2>/dev/null && echo mounted
         mount -t cgroup -o rdma x /tmp/c 2>/dev/null && echo mounted; true'
    is "$output" "" "what could be mounted"
}

@test "no router can announce itself to the container (CVE-2020-13401)" {
    require_tun
    run_rpod run --rm busybox sh -c 'cat /proc/sys/net/ipv6/conf/tap0/accept_ra 2>/dev/null || echo 0'
    is "$output" 0 "accept_ra of tap0"
}

@test "the store is for its owner alone (CVE-2021-41103)" {
    is "$(stat -c %a "$RPOD_ROOT")" 700 "mode of the store"
    is "$(find "$RPOD_ROOT" -perm /022 ! -type l ! -perm -1000)" "" "what others could write"
}

@test "options of a mount are words that are known (CVE-2024-9407)" {
    local option
    for option in bind-propagation=rw,suid bind-propagation=private,exec,dev bind-propagation=xyz 'bind-propagation=rshared:dev'; do
        run_rpod 125 run --rm --network none --mount "type=bind,source=$outside,target=/x,$option,remount" busybox true
        [ -n "$stderr" ] || fail "no message"
    done
    run_rpod 125 run --rm --network none -v "$outside:/x:rw,upperdir=/etc" busybox true
}

@test "a container that swaps its links does not move another one's mount (CVE-2021-30465, CVE-2024-45310)" {
    local shared=$BATS_TEST_TMPDIR/shared i swapper
    mkdir "$shared" "$shared/real"
    ln -s "../../../../../../../../..$outside" "$shared/link"
    cp -P "$shared/link" "$shared/name"
    "$RPOD" --root "$RPOD_ROOT" run --rm --network none --name swapper -v "$shared:/s" busybox sh -c \
        'cd /s; touch up; while [ -e up ]; do
             rm -rf name; ln -s ../../../../../../../../../'"$outside"' name; rm -f name; mkdir name; done' &
    swapper=$!
    wait_for 20 test -e "$shared/up"
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        run_rpod '?' run --rm --network none -v "$shared:/v" --tmpfs "/v/name/deep$i" busybox sh -c 'cat /proc/self/mounts'
        [ "$status" = 0 ] || is "$status" 125 "exit code of round $i"
    done
    rm "$shared/up"
    wait "$swapper" || :
    is "$(ls -A "$outside")" file "the directory outside"
}

@test "a bundle whose directories are links leads nowhere (CVE-2026-41579, CVE-2023-27561)" {
    local bundle=$BATS_TEST_TMPDIR/bundle name
    mkdir -p "$bundle/rootfs"
    tar -C "$bundle/rootfs" -xf "$BUSYBOX_TAR"
    for name in dev proc sys; do
        rm -rf "${bundle:?}/rootfs/$name"
        ln -s "$outside" "$bundle/rootfs/$name"
    done
    (cd "$bundle" && rpod oci spec)
    run_rpod '?' oci run --bundle "$bundle" "$(safename)"
    is "$(ls -A "$outside")" file "the directory outside"
}
