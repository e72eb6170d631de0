#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod by the names of podman and docker: the probes of tools, and a transcript of podman replayed.

load helpers

setup() {
    mkdir "$BATS_TEST_TMPDIR/bin"
    for name in podman docker; do ln -s "$RPOD" "$BATS_TEST_TMPDIR/bin/$name"; done
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

teardown() { remove_containers_and_volumes; }

@test "a transcript of podman 4.3.1 differs only where the differences are named" {
    local store=$BATS_TEST_TMPDIR/store data=$BATS_TEST_DIRNAME/../data/transcript
    command podman --root "$store" import "$BUSYBOX_TAR" bb:1
    command podman --root "$store" tag bb:1 bb:2
    run python3 "$BATS_TEST_DIRNAME/replay_transcript.py" "$data/podman-4.3.1.txt" "$data/differences.txt" podman --root "$store"
    is "$status" 0 "the replay"
    like "$output" '^4[0-9] steps, 0 bad$' "steps"
    rm -rf "$store"
}

@test "the version that tools ask for" {
    run podman -v
    is "$output" "podman version 4.3.1" "podman's version"
    run docker --version
    like "$output" '^Docker version [0-9]+\.[0-9]+\.[0-9]+, build rpod-' "docker's version"
    unlike "$output" podman "docker's version"
    run docker version --format '{{.Server.APIVersion}} {{.Client.APIVersion}}'
    is "$output" "1.41 1.41" "docker's interface"
    run podman version -f '{{json .}}'
    is "$(jq -r '.Client.Version, .Client.APIVersion, .Server.Version' <<<"$output" | paste -sd' ')" "4.3.1 4.3.1 4.3.1" "podman's versions"
    run_rpod --version
    like "$output" '^rpod version ' "rpod's own"
    ln -s "$RPOD" "$BATS_TEST_TMPDIR/bin/other-name"
    run other-name --version
    is "$output" "$("$RPOD" --version)" "called by some other name"
}

@test "messages name the program as it was called" {
    run docker --root "$RPOD_ROOT" run --no-such-flag busybox
    is "$status" 125 "exit code"
    like "$output" "See 'docker run --help'" "the way to help"
    run podman --help
    like "$output" 'podman' "the help"
}

@test "info answers as docker's or podman's does" {
    run docker --root "$RPOD_ROOT" system info --format '{{json .}}'
    is "$(jq -r '.SecurityOptions[]' <<<"$output" | grep -c '^name=rootless$')" 1 "name=rootless"
    run podman --root "$RPOD_ROOT" info --format json
    is "$(jq -r '.host.security.rootless' <<<"$output")" true "rootless"
    like "$(jq -r '.store.graphDriverName' <<<"$output")" '.' "the storage driver"
}

@test "the same images and containers under each name" {
    run podman --root "$RPOD_ROOT" create --name same busybox true
    run docker --root "$RPOD_ROOT" ps -aq --no-trunc --filter name=same
    is "$output" "$(rpod ps -aq --no-trunc --filter name=same)" "the container"
    like "$output" '^[0-9a-f]{64}$' "its ID"
}
