#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# What other container tools fell to: hostile images and options against `rpod run`.

load helpers

setup() {
    require_run
    # What an image must not reach.
    outside=$BATS_TEST_TMPDIR/outside
    mkdir "$outside"
    echo secret >"$outside/file"
    before=$(tree_summary "$outside")
}

teardown() { [ "$before" = "$(tree_summary "$outside")" ] || fail "changed outside: $(tree_summary "$outside")"; }

# hostile_image NAME CONFIG-JSON: busybox with a second layer of what lies in $layer.
hostile_image() {
    tar -C "$layer" --owner=0 --group=0 -cf "$BATS_TEST_TMPDIR/layer.tar" .
    make_archive --config "$2" docker "$BATS_TEST_TMPDIR/image.tar" "$1" "$BUSYBOX_TAR" "$BATS_TEST_TMPDIR/layer.tar"
    run_rpod load -i "$BATS_TEST_TMPDIR/image.tar"
}

new_layer() {
    layer=$BATS_TEST_TMPDIR/layer
    rm -rf "$layer"
    mkdir "$layer"
}

@test "a working directory in /proc/self/fd is no way out (CVE-2024-21626)" {
    local fd
    for fd in 3 5 7 8 10 12; do
        run_rpod 125 run --rm --network none -w "/proc/self/fd/$fd" busybox ls -la .
        is "$output" "" "output for descriptor $fd"
    done
    run_rpod '?' run --rm --network none -w /proc/self/cwd/../../../.. busybox pwd
    [ "$status" != 0 ] || is "$output" / "where /proc/self/cwd leads"
    new_layer
    hostile_image fdworkdir '{"config": {"WorkingDir": "/proc/self/fd/7"}}'
    run_rpod 125 run --rm --network none fdworkdir ls -la .
}

@test "a working directory through a link or .. stays in the container" {
    new_layer
    ln -s "$outside" "$layer/link"
    hostile_image linkworkdir "{\"config\": {\"WorkingDir\": \"/link/made\"}}"
    run_rpod '?' run --rm --network none linkworkdir pwd
    unlike "$(ls "$outside")" made "a directory on the host"
    hostile_image dotworkdir '{"config": {"WorkingDir": "/../../../../../../tmp"}}'
    run_rpod run --rm --network none dotworkdir pwd
    is "$output" /tmp "the directory"
}

@test "#!/proc/self/exe as entrypoint does not reach the program (CVE-2019-5736)" {
    local sum
    sum=$(sha256sum "$RPOD")
    new_layer
    printf '#!/proc/self/exe\n' >"$layer/evil"
    chmod 755 "$layer/evil"
    hostile_image selfexe '{"config": {"Entrypoint": ["/evil"]}}'
    run_rpod '?' run --rm --network none selfexe --version
    is "$(sha256sum "$RPOD")" "$sum" "the program"
    # The reaper of --init is the process of ours that stays.
    run_rpod run --rm --network none --init busybox sh -c \
        'for exe in /proc/1/exe /proc/self/exe; do (echo x >>$exe) 2>/dev/null && echo wrote $exe; done; true'
    unlike "$output" /proc/1/exe "what could be written"
    is "$(sha256sum "$RPOD")" "$sum" "the program"
}

@test "an image whose /dev, /proc, /sys, /etc and /run are links leads nowhere" {
    local target directory
    for target in "$outside" "../../../../../../../..$outside"; do
        new_layer
        for directory in dev proc sys etc run; do ln -s "$target" "$layer/$directory"; done
        hostile_image links '{}'
        run_rpod '?' run --rm --network none links ls /
        [ "$status" = 0 ] || is "$status" 125 "exit code"
        is "$(tree_summary "$outside")" "$before" "the directory outside"
    done
}

@test "an image whose /dev/null and /dev/pts are links leads nowhere (CVE-2025-31133)" {
    new_layer
    mkdir "$layer/dev"
    ln -s /proc/sys/kernel/core_pattern "$layer/dev/null"
    ln -s "$outside" "$layer/dev/pts"
    ln -s "$outside/file" "$layer/dev/console"
    hostile_image devlinks '{}'
    run_rpod run --rm --network none devlinks sh -c 'ls -l /dev/null; echo x >/dev/null'
    like "$output" '^crw-rw-rw-.* 1, +3 ' "/dev/null"
}

@test "masked paths show nothing, read-only paths refuse writes" {
    run_rpod run --rm --network none busybox sh -c \
        'for f in kcore keys timer_list latency_stats sched_debug; do cat /proc/$f 2>/dev/null; done | wc -c'
    is "$output" 0 "bytes in masked files"
    run_rpod run --rm --network none busybox sh -c 'ls -A /proc/acpi /proc/scsi /sys/firmware 2>/dev/null | grep -v "^$\|:$"; true'
    is "$output" "" "files in masked directories"
    run_rpod run --rm --network none busybox sh -c \
        'for f in sysrq-trigger sys/kernel/panic sys/vm/drop_caches irq/default_smp_affinity; do
             (echo 0 >/proc/$f) 2>/dev/null && echo "$f"; done
         mount -o remount,rw /proc/sys 2>/dev/null && echo remounted; true'
    is "$output" "" "what could be written"
}

@test "users beyond the range of IDs never become root (CVE-2024-40635)" {
    local user
    new_layer
    for user in 2147483648 4294967295 4294967296 -1 99999999999999:0; do
        run_rpod 125 run --rm --network none --user="$user" busybox id
        like "$stderr" "${user%%:*}" "the message"
    done
    hostile_image hugeuser '{"config": {"User": "4294967296"}}'
    run_rpod 125 run --rm --network none hugeuser id
    is "$output" "" "output"
}

@test "/etc/passwd as a link, a fifo or a directory is not followed, and nobody waits (CVE-2024-9676)" {
    echo "hostuser:x:77:77::/:" >"$outside/passwd"
    before=$(tree_summary "$outside")
    new_layer
    mkdir "$layer/etc"
    ln -s "../../../../../../..$outside/passwd" "$layer/etc/passwd"
    hostile_image passwdlink '{}'
    run_rpod 125 run --rm --network none --user hostuser passwdlink id
    new_layer
    mkdir "$layer/etc"
    mkfifo "$layer/etc/passwd"
    hostile_image passwdfifo '{}'
    RPOD_TIMEOUT=20 run_rpod 125 run --rm --network none --user hostuser passwdfifo id
}

@test "an environment entry of the image without = takes nothing from the host" {
    new_layer
    hostile_image bareenv '{"config": {"Env": ["PATH=/bin", "HOST_SECRET"]}}'
    HOST_SECRET=secret run_rpod '?' run --rm --network none bareenv env
    unlike "$output$stderr" =secret "the environment"
}

@test "a mount whose destination is a link stays in the container" {
    new_layer
    ln -s "$outside" "$layer/absolute"
    ln -s "../../../../../../../..$outside" "$layer/relative"
    hostile_image mountlink '{}'
    mkdir "$BATS_TEST_TMPDIR/vol"
    local link
    for link in absolute relative; do
        run_rpod '?' run --rm --network none -v "$BATS_TEST_TMPDIR/vol:/$link/y" mountlink true
        is "$(tree_summary "$outside")" "$before" "the directory outside"
    done
}

@test "a volume over /proc or below it is refused (CVE-2019-16884)" {
    local destination
    for destination in /proc /proc/sys /proc/self/attr /../proc /proc/; do
        run_rpod 125 run --rm --network none -v "$outside:$destination" busybox true
        like "$stderr" /proc "the message"
    done
}

@test "a link of the image leads no mount into /proc or /sys" {
    new_layer
    ln -s proc "$layer/alias"
    mkdir -p "$layer/etc" && ln -s ../sys "$layer/etc/alias"
    hostile_image procalias '{}'
    run_rpod 125 run --rm --network none -v "$outside:/alias/sys" procalias true
    like "$stderr" "leads into /proc" "the message"
    run_rpod 125 run --rm --network none -v "$outside:/etc/alias/kernel" procalias true
    like "$stderr" "leads into /sys" "the message"
}

@test "with the host's network no abstract socket of ours is in reach (CVE-2020-15257)" {
    run_rpod '?' run --rm --network host busybox grep -i '@.*rpod' /proc/net/unix
    is "$output" "" "abstract sockets"
}

@test "a sysctl cannot smuggle another one in (CVE-2022-0811)" {
    local value
    for value in 'kernel.core_pattern=|/evil' 'net/../kernel.core_pattern=x' 'kernel.shm_rmid_forced=1+kernel.core_pattern=x'; do
        run_rpod 125 run --rm --network none --sysctl "$value" busybox true
    done
}
