#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# A store without room, loads and removals at once, and loads that are killed: the store works, and after the next
# command nothing half-made is left.

load helpers

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# What a command that did not end leaves behind. Nothing, once another one has passed.
half_made() { find "$RPOD_ROOT" \( -name '.tmp-*' -o -name .unfinished \) -print; }
is_clean() { [ -z "$(half_made)" ]; }

# big_layer OUT MEGABYTES: a layer of that much that no compression makes smaller.
big_layer() {
    mkdir -p big
    head -c "$(($2 << 20))" /dev/urandom >big/data
    tar -C big --owner=0 --group=0 -cf "$1" data
    rm -rf big
}

# in_small_disk KILOBYTES SCRIPT ARG...: the script, with $RPOD_ROOT on a tmpfs of that size, in namespaces of its own.
in_small_disk() {
    local size=$1
    shift
    mkdir -p disk
    RPOD_ROOT=$PWD/disk/store unshare --user --map-current-user --mount --keep-caps sh -eu -c '
        mount -t tmpfs -o "size=$1k,mode=0700" tmpfs disk
        rpod() { "$RPOD" --root "$RPOD_ROOT" "$@"; }
        script=$2
        shift 2
        eval "$script"' sh "$size" "$@"
}

require_small_disk() {
    in_small_disk 100 true 2>/dev/null || skip "no tmpfs can be mounted in a user namespace here"
}

@test "a full disk during a load, a pull or an import: a clear error, and the store works" {
    require_small_disk
    big_layer big.tar 8
    make_archive docker big-image.tar big:1 "$BUSYBOX_TAR" big.tar
    make_archive oci:gzip big-oci.tar big:1 "$BUSYBOX_TAR" big.tar
    run in_small_disk 6000 '
        rpod import -q "$BUSYBOX_TAR" busybox >/dev/null
        before=$(find "$RPOD_ROOT/oci" -type f -printf "%s %P\n" | sort)
        fails() {
            status=0
            "$@" >out 2>err </dev/null || status=$?
            [ "$status" = 125 ] || { echo "$*: exit $status"; cat err; exit 1; }
            grep -q "No space left on device" err || { echo "$*: the message:"; cat err; exit 1; }
            [ "$(wc -l <err)" -le 2 ] || { echo "$*: too many lines"; cat err; exit 1; }
            [ ! -s out ] || { echo "$*: said on standard output:"; cat out; exit 1; }
            rpod images >/dev/null
            after=$(find "$RPOD_ROOT/oci" -type f -printf "%s %P\n" | sort)
            [ "$after" = "$before" ] || { echo "$*: changed the store"; echo "$after"; exit 1; }
        }
        fails rpod load -q -i big-image.tar
        fails rpod load -q -i big-oci.tar
        fails rpod pull -q docker-archive:big-image.tar
        fails rpod pull -q oci-archive:big-oci.tar
        fails rpod import -q big.tar big:2
        cat big-image.tar | (status=0; rpod load -q 2>err >/dev/null || status=$?; [ "$status" = 125 ]; grep -q "No space left" err)
        # There is room again for what fits.
        rpod import -q "$BUSYBOX_TAR" again >/dev/null
        rpod rmi again >/dev/null
        [ "$(rpod images -q | wc -l)" = 1 ]
        [ -z "$(find "$RPOD_ROOT" -name ".tmp-*" -o -name .unfinished)" ]
        echo done'
    is "$status" 0 "exit code"
    like "$output" "done$" "the end"
}

@test "wherever the room ends, the store is as before or has the image" {
    require_small_disk
    make_archive oci image.tar fits:1 "$BUSYBOX_TAR"
    local need
    need=$(($(stat -c %s "$BUSYBOX_TAR") / 1024))
    # A few kilobytes around what it takes: the end comes in a layer, a small blob, the chain index, index.json.
    run in_small_disk "$((need + 200))" '
        rpod images >/dev/null
        free() { df --output=avail -k "$RPOD_ROOT" | tail -n 1; }
        for spare in 0 4 8 12 16 20 24 28 32 36 40 44 48 56 64; do
            want=$(($1 + spare - 8))
            have=$(free)
            head -c $(((have - want) * 1024)) /dev/zero >"$RPOD_ROOT/../ballast"
            status=0
            rpod load -q -i image.tar >/dev/null 2>err || status=$?
            rm "$RPOD_ROOT/../ballast"
            case $status in
            0) rpod image exists fits:1 && rpod rmi fits:1 >/dev/null ;;
            125) grep -q "No space left" err && ! rpod image exists fits:1 ;;
            *) false ;;
            esac || { echo "spare $spare: exit $status"; cat err; exit 1; }
            left=$(find "$RPOD_ROOT" -name ".tmp-*" -o -name .unfinished -o -path "*/blobs/sha256/*")
            [ -z "$left" ] || { echo "spare $spare: left $left"; exit 1; }
            echo "$spare $status"
        done' "$need"
    is "$status" 0 "exit code"
    like "$output" " 125" "too little room at first"
    like "$output" " 0" "enough in the end"
}

@test "two loads of one image at once, time after time" {
    big_layer big.tar 2
    make_archive oci:gzip image.tar twice:1 "$BUSYBOX_TAR" big.tar
    local i first
    for i in 1 2 3 4 5 6 7 8 9 10; do
        rpod load -q -i image.tar >/dev/null &
        first=$!
        run_rpod load -q -i image.tar
        wait "$first" || fail "round $i: the other load ended with $?"
        run_rpod image inspect --format '{{.ID}}' twice:1
        run_rpod rmi twice:1
        is "$(half_made)" "" "round $i: left"
    done
}

@test "a load and a removal of one image at once leave it whole or gone" {
    require_run
    make_archive oci image.tar race:1 "$BUSYBOX_TAR"
    local i load
    run_rpod load -q -i image.tar
    for i in 1 2 3 4 5 6 7 8 9 10; do
        rpod load -q -i image.tar >/dev/null &
        load=$!
        run_rpod '?' rmi race:1
        [ "$status" = 0 ] || [ "$status" = 1 ] || fail "round $i: rmi ended with $status"
        wait "$load" || fail "round $i: load ended with $?"
        run_rpod '?' image exists race:1
        if [ "$status" = 0 ]; then
            run_rpod run --rm --network none race:1 echo whole
            is "$output" whole "round $i"
        else
            run_rpod load -q -i image.tar
        fi
        is "$(half_made)" "" "round $i: left"
    done
}

@test "a container starts while its image is loaded again and tagged elsewhere" {
    require_run
    make_archive docker one.tar moving:1 "$BUSYBOX_TAR"
    big_layer big.tar 1
    make_archive docker two.tar moving:1 "$BUSYBOX_TAR" big.tar
    local i load
    run_rpod load -q -i one.tar
    for i in 1 2 3 4 5 6; do
        rpod load -q -i "$([ $((i % 2)) = 0 ] && echo one.tar || echo two.tar)" >/dev/null &
        load=$!
        run_rpod run --rm --network none moving:1 echo runs
        is "$output" runs "round $i"
        wait "$load" || fail "round $i: load ended with $?"
    done
}

# loads_killed ARG...: the command, killed after a while that grows from nothing to longer than it takes.
loads_killed() {
    local delay pid
    for delay in 0.001 0.004 0.008 0.012 0.016 0.02 0.03 0.04 0.06 0.08 0.12 0.2 0.35; do
        rpod rmi -f killed:1 >/dev/null 2>&1 || :
        "$RPOD" --root "$RPOD_ROOT" "$@" >/dev/null 2>&1 </dev/null &
        pid=$!
        sleep "$delay"
        kill -KILL "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
        run_rpod images -q
        is_clean || fail "after $delay s: left $(half_made)"
        run_rpod '?' image exists killed:1
        [ "$status" != 0 ] || run_rpod image inspect killed:1
        skopeo_reads
    done
    run_rpod "$@"
    run_rpod image exists killed:1
    run_rpod rmi killed:1
}

# What is left is a layout that others read, all blobs there.
skopeo_reads() {
    command -v skopeo >/dev/null || return 0
    skopeo inspect "oci:$RPOD_ROOT/oci:localhost/busybox:latest" >/dev/null || fail "skopeo does not read the store"
}

@test "kill -9 of a load, a pull or an import at any moment" {
    big_layer big.tar 4
    make_archive oci:gzip image.tar localhost/killed:1 "$BUSYBOX_TAR" big.tar
    gzip -1 -k big.tar
    loads_killed load -q -i image.tar
    loads_killed pull -q oci-archive:image.tar
    loads_killed import -q big.tar.gz killed:1
}

@test "kill -9 of a removal at any moment" {
    make_archive oci image.tar localhost/removed:1 "$BUSYBOX_TAR"
    local delay pid
    for delay in 0.001 0.003 0.005 0.008 0.012 0.016 0.024; do
        run_rpod load -q -i image.tar
        "$RPOD" --root "$RPOD_ROOT" rmi removed:1 >/dev/null 2>&1 &
        pid=$!
        sleep "$delay"
        kill -KILL "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
        run_rpod '?' image exists removed:1
        [ "$status" != 0 ] || run_rpod image inspect removed:1
        is_clean || fail "after $delay s: left $(half_made)"
        skopeo_reads
    done
}
