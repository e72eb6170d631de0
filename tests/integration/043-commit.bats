#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Images made of containers: rpod commit

load helpers

setup() { require_run; }
teardown() { remove_all_containers; }

# layer IMAGE N: the tar of its N-th layer.
layer() { printf '%s/oci/blobs/sha256/%s\n' "$RPOD_ROOT" "$(rpod image inspect --format "{{index .RootFS.Layers $2}}" "$1" | cut -d: -f2)"; }
listing() { tar --numeric-owner -tvf "$(layer "$1" "$2")"; }
field() { rpod image inspect --format "{{$2}}" "$1"; }

make_changed() {
    rpod run --name base busybox sh -c 'mkdir -p /old /emptied; echo o > /old/o; echo e > /emptied/e; echo g > /gone'
    rpod commit -q base tree
    rpod rm base
    rpod run "$@" tree sh -c '
        echo hello > /new; chown 33:44 /new; chmod 4751 /new; ln /new /second; ln -s /etc/passwd /link; mkfifo /fifo
        rm /gone; rm -r /emptied; mkdir /emptied; chmod 700 /old; touch -d @1000000000 /new; touch /ready'
}

@test "the layer holds what has changed, with the container's owners" {
    make_changed --name c1 -v v1:/vol -v "$BATS_TEST_TMPDIR:/old/host"
    run_rpod commit c1 mine:1
    like "$output" '^[0-9a-f]{64}$' "the ID"
    like "$stderr" 'Copying blob sha256:' "progress"
    is "$(rpod image inspect --format '{{.Id}}' mine:1)" "$output" "the image of that ID"
    run listing mine:1 2
    like "$output" '-rws[r-]-x--x 33/44 +6 2001-09-09 [0-9:]+ new'$'\n' "owner, mode, time"
    like "$output" ' second link to new' "hard link"
    like "$output" ' link -> /etc/passwd' "symbolic link"
    like "$output" 'p[rwx-]+ 0/0 .* fifo' "fifo"
    like "$output" ' \.wh\.gone'$'\n' "whiteout"
    like "$output" ' emptied/\.wh\.\.wh\.\.opq'$'\n' "opaque"
    like "$output" 'drwx------ 0/0 .* old/'$'\n' "a mode"
    unlike "$output" 'vol|host|proc|dev/|sys/|hosts|resolv|containerenv| bin/' "mount points, and what has not changed"
    run_rpod run --rm mine:1 sh -c 'cat /new; ls /emptied; ls -d /gone; stat -c "%u:%g %a" /new /second'
    is "$output" "hello
33:44 4751
33:44 4751" "a container of it"
    is "$(rpod image diff mine:1)" "$(rpod diff c1)" "diff of the image and of the container"
    run_rpod volume rm -f v1
}

@test "other ID maps give the same layer" {
    make_changed --name c1
    run_rpod commit -q c1 first
    rpod run --name c2 --userns auto tree sh -c 'echo x > /x; chown 33:44 /x'
    run_rpod commit -q c2 second
    like "$(listing second 2)" ' 33/44 .* x'$ "owner"
    run_rpod run --rm second stat -c %u:%g /x
    is "$output" 33:44 "seen in the default map"
}

@test "of a running container, paused or not" {
    run_rpod run -d --name c1 busybox sh -c 'echo 1 > /one; touch /ready; exec sleep 100'
    wait_for 10 rpod exec c1 test -e /ready
    run_rpod commit -q c1 running
    run_rpod run --rm running cat /one
    is "$output" 1 "content"
    run_rpod commit -q --pause c1 paused
    is "$(rpod inspect --format '{{.State.Status}}' c1)" running "it goes on"
    run_rpod exec c1 true
}

@test "the configuration is the image's and the container's" {
    run_rpod create --name c1 -e A=1 -e B=2 -l k=v -u 7:8 -w /tmp -p 127.0.0.1::90 --expose 91/udp --entrypoint '["/bin/echo"]' \
        -v /anon -v v1:/named busybox x y
    run_rpod commit -q -a "A U Thor" -m "why" -c 'ENV B=3 C=4' -c 'CMD ["z"]' -c 'HEALTHCHECK --interval=5s CMD true' c1 mine
    is "$(field mine .Config.Env)" "$(field busybox .Config.Env | sed 's/\]$/ A=1 B=3 C=4]/; s/\[ /[/')" "environment"
    is "$(field mine .Config.Entrypoint)" "[/bin/echo]" "entrypoint"
    is "$(field mine .Config.Cmd)" "[z]" "command"
    is "$(field mine .Config.User) $(field mine .Config.WorkingDir)" "7:8 /tmp" "user, directory"
    is "$(field mine .Config.Labels.k)" v "label"
    is "$(rpod image inspect mine | jq -c '.[0].Config.ExposedPorts | keys')" '["90/tcp","91/udp"]' "ports"
    is "$(rpod image inspect mine | jq -c '.[0].Config.Volumes | keys')" '["/anon"]' "volumes"
    is "$(field mine .Author) $(rpod image inspect mine | jq -r '.[0].History[-1] | .author, .comment, .created_by' | paste -sd ' ')" \
        "A U Thor A U Thor why /bin/echo x y" "author, history"
    like "$(jq -c .config.Healthcheck "$RPOD_ROOT/oci/blobs/sha256/$(rpod image inspect --format '{{.Id}}' mine)")" '"CMD-SHELL","true"' "health check"
    run_rpod commit -q --include-volumes c1 mine2
    is "$(rpod image inspect mine2 | jq -c '.[0].Config.Volumes | keys')" '["/anon","/named"]' "with --include-volumes"
    run_rpod run --rm -u 0 mine
    is "$output" z "it runs"
    run_rpod volume rm -f v1
}

@test "squash makes one layer; a root directory of the host too" {
    make_changed --name c1
    run_rpod commit -q --squash c1 flat
    is "$(field flat 'len .RootFS.Layers')" 1 "layers"
    is "$(rpod image inspect flat | jq '.[0].History | length')" 1 "history"
    run listing flat 0
    unlike "$output" '\.wh\.| gone'$'\n' "what was removed"
    like "$output" ' bin/busybox' "what came with the image"
    run_rpod run --rm flat cat /new
    is "$output" hello "content"
    mkdir "$BATS_TEST_TMPDIR/root"
    tar -C "$BATS_TEST_TMPDIR/root" -xf "$BUSYBOX_TAR"
    run_rpod create --name c2 --rootfs "$BATS_TEST_TMPDIR/root" sh
    run_rpod commit -q c2 directory
    run_rpod run --rm directory echo works
    is "$output" works "of a directory"
}

@test "names, files, messages" {
    run_rpod create --name c1 busybox true
    cd "$BATS_TEST_TMPDIR" || return
    run_rpod container commit -q --iidfile iid c1
    is "$(cat iid)" "$output" "--iidfile"
    is "$(rpod image inspect --format '{{.RepoTags}}' "$output")" "[]" "without a name"
    run_rpod 125 commit nope
    is "$stderr" 'Error: no container with name or ID "nope" found: no such container' "missing"
    run_rpod 125 commit c1 UPPER
    like "$stderr" 'must be lowercase' "name"
    run_rpod 125 commit -c 'FROM x' c1
    like "$stderr" "'FROM' is not an instruction" "change"
    run_rpod commit -q -f docker c1 docker-format
    is "$(rpod image inspect --raw docker-format | grep -o 'vnd.docker.distribution.manifest.v2' | head -n 1)" \
        vnd.docker.distribution.manifest.v2 "docker's manifest"
    is "$(rpod image inspect --format '{{.ManifestType}}' docker-format)" application/vnd.docker.distribution.manifest.v2+json "inspect"
    run_rpod run --rm docker-format true
    run_rpod rmi docker-format
    run_rpod 125 commit -f other c1
    run_rpod rmi "$(cat iid)"
}

# A layer that takes its time: the container's file is large and mostly holes.
make_slow() { rpod run --name "$1" busybox truncate -s 30G /big; }

@test "a killed commit leaves nothing" {
    make_slow c1
    local before
    before=$(tree_summary "$RPOD_ROOT/oci")
    "$RPOD" --root "$RPOD_ROOT" commit -q c1 slow 3>&- &
    local commit=$!
    wait_for 10 pgrep -u "$(id -u)" -x rpod:files
    kill -9 "$commit"
    wait "$commit" || :
    gone() { ! pgrep -u "$(id -u)" -x 'rpod:files|rpod:session|rpod:pipe' >/dev/null; }
    wait_for 10 gone
    run_rpod images -q slow
    is "$output" "" "no image"
    run_rpod diff c1
    is "$output" "A /big" "the container is as it was"
    run_rpod import -q "$BUSYBOX_TAR" sweeps
    run_rpod rmi sweeps
    is "$(tree_summary "$RPOD_ROOT/oci" | grep -c '\.tmp-')" 0 "temporaries"
    is "$(tree_summary "$RPOD_ROOT/oci" | wc -l)" "$(wc -l <<<"$before")" "files of the store"
}

@test "a commit that cannot write its layer leaves nothing" {
    run_rpod run -d --name c1 busybox sh -c 'head -c 8000000 /dev/urandom >/big; touch /ready; exec sleep 100'
    wait_for 10 rpod exec c1 test -e /ready
    local before
    before=$(tree_summary "$RPOD_ROOT/oci")
    # shellcheck disable=SC2016  # for the inner shell
    run -125 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 2000; exec "$RPOD" --root "$RPOD_ROOT" commit -q c1 big'
    like "$stderr" "write the layer: 2[0-9]* bytes are written: File too large" "the message"
    is "$output" "" "no ID"
    is "$(tree_summary "$RPOD_ROOT/oci")" "$before" "the store"
    run_rpod commit -q c1 big
}
