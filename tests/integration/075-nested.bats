#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod inside a container of rpod's: no /dev/fuse, no /dev/net/tun, one ID, and a seccomp profile around it.

load helpers

setup_file() {
    setup_store
    import_busybox
}

teardown_file() { teardown_store; }
setup() { require_run; }

# nested OPTION... -- SCRIPT: in a container that has this system's libraries and rpod; $rpod runs it.
nested() {
    local options=()
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    run --separate-stderr timeout --kill-after=5 120 "$RPOD" --root "$RPOD_ROOT" run --rm --network none "${options[@]}" \
        -v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro -v "$(dirname "$RPOD")":/program:ro \
        -v "$BUSYBOX_TAR:/busybox.tar:ro" --tmpfs /root --tmpfs /tmp busybox \
        sh -c "rpod=/program/$(basename "$RPOD"); \$rpod import -q /busybox.tar inner >/dev/null || exit 1; $2"
}

@test "a container within one that shows all of /proc" {
    nested --security-opt unmask=ALL -- '
        $rpod run --rm --network none inner sh -c "id -u; readlink /proc/self" || exit 2
        $rpod run --rm inner ip -4 address show tap0 || exit 3
        $rpod run -d --name one inner sleep 100 >/dev/null && $rpod exec one echo executed && $rpod rm -f -t 0 one || exit 4
        $rpod info --format "{{.Store.GraphDriverName}}"'
    is "$status" 0 "exit code"
    like "$output" '^0
[12]
' "the user and its own PID namespace"
    like "$output" 'inet 10\.0\.2\.100/24' "a network without /dev/net/tun"
    like "$output" executed "exec"
    like "${lines[-1]}" '^(unpacked|copy)$' "a root file system without /dev/fuse"
}

@test "a container within a privileged one" {
    nested --privileged -- '$rpod run --rm --network none inner echo inside'
    is "$status $output" "0 inside" "it runs"
}

@test "within one that does not, the error says how to start the outer one" {
    local network
    for network in none slirp4netns; do
        nested -- "\$rpod run --rm --network $network inner true"
        is "$status" 125 "exit code"
        like "$stderr" "hint: .*unmask=ALL" "$network"
    done
}
