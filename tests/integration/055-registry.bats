#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Registries: Debian's docker-registry in clear text, with TLS, with a password and with a token server, skopeo as the
# other side; and a registry of the tests' own that does everything wrong. All of it on loopback.

load helpers
load registry

setup_file() {
    require_command docker-registry skopeo openssl
    # What the machine says about registries and logins is none of the tests' business.
    export HOME=$BATS_FILE_TMPDIR/home XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/home/.config DOCKER_CONFIG=$BATS_FILE_TMPDIR/home/.docker
    export XDG_RUNTIME_DIR=$BATS_FILE_TMPDIR/run CONTAINERS_REGISTRIES_CONF=$BATS_FILE_TMPDIR/registries.conf
    mkdir -p -m 700 "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR"
    echo 'unqualified-search-registries = []' >"$CONTAINERS_REGISTRIES_CONF"
    export RPOD_REGISTRY_TIMEOUT=2
    setup_store
    import_busybox
    start_registry plain
    export PLAIN=$REGISTRY_NAME PLAIN_DATA=$REGISTRY_DATA
    make_archive docker "$BATS_FILE_TMPDIR/two.tar" localhost/two:1 "$BUSYBOX_TAR" "$(upper_tar)"
    skopeo copy -q --dest-tls-verify=false "docker-archive:$BATS_FILE_TMPDIR/two.tar" "docker://$PLAIN/team/two:1"
    start_server faulty
    export FAULTY=$SERVER_NAME FAULTY_LOG=$SERVER_LOG
}

teardown_file() {
    stop_servers
    teardown_store
}

upper_tar() {
    mkdir -p "$BATS_FILE_TMPDIR/upper/etc"
    echo upper >"$BATS_FILE_TMPDIR/upper/etc/upper"
    tar -C "$BATS_FILE_TMPDIR/upper" --owner=0 --group=0 -cf "$BATS_FILE_TMPDIR/upper.tar" etc
    echo "$BATS_FILE_TMPDIR/upper.tar"
}

# A store without images, so that everything is fetched.
fresh_store() { export RPOD_ROOT=$BATS_TEST_TMPDIR/store; }

pull_plain() { run_rpod "${@:2}" pull --tls-verify=false "$1"; }

# No image, no blob, nothing half-made.
assert_store_clean() {
    run_rpod images -q
    is "$output" "" "no image"
    is "$(find "$RPOD_ROOT/oci/blobs/sha256" -type f | wc -l)" 0 "no blob"
    is "$(find "$RPOD_ROOT/oci" -name '.tmp-*' | wc -l)" 0 "nothing half-made"
}

# ------------------------------------------------------------------------------------------------------------- pulling

@test "pull by tag and by digest, and what skopeo says of it" {
    fresh_store
    run_rpod pull --tls-verify=false "$PLAIN/team/two:1"
    like "$output" '^[0-9a-f]{64}$' "standard output is the ID"
    like "$stderr" "Trying to pull $PLAIN/team/two:1..." "progress"
    like "$stderr" "Copying blob sha256:" "progress"
    local id=$output digest
    digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$PLAIN/team/two:1")
    run_rpod image inspect --format '{{.Digest}}' "$PLAIN/team/two:1"
    is "$output" "$digest" "digest"
    run_rpod pull -q --tls-verify=false "docker://$PLAIN/team/two@$digest"
    is "$output" "$id" "the same image by digest"
    run_rpod pull -q --tls-verify=false "$PLAIN/team/two@$digest"
    is "$stderr" "" "quiet"
}

@test "run pulls what is missing, and runs it" {
    require_run
    fresh_store
    run_rpod run --rm --network none --tls-verify=false -q "$PLAIN/team/two:1" cat /etc/upper
    is "$output" upper "output"
    run_rpod 125 run --rm --network none --pull never "$PLAIN/team/none" true
    like "$stderr" "image not known" "never"
    run_rpod 125 run --rm --network none --tls-verify=false "$PLAIN/team/none" true
    like "$stderr" "manifest unknown" "missing there too"
}

@test "what is here is not fetched again" {
    fresh_store
    run_rpod pull -q --tls-verify=false "$PLAIN/team/two:1"
    mv "$PLAIN_DATA/docker/registry/v2/blobs" "$PLAIN_DATA/docker/registry/v2/hidden"
    run_rpod '?' pull -q --tls-verify=false "$PLAIN/team/two:1"
    mv "$PLAIN_DATA/docker/registry/v2/hidden" "$PLAIN_DATA/docker/registry/v2/blobs"
}

@test "a registry without TLS is refused unless that is asked for" {
    run_rpod 125 pull --retry 0 "$PLAIN/team/two:1"
    like "$stderr" "HTTP response to HTTPS client" "the reason"
    like "$stderr" "tls-verify=false" "the hint"
    run_rpod 125 pull --retry 0 "127.0.0.1:1/x"
    like "$stderr" "connection refused" "nobody there"
}

# ------------------------------------------------------------------------------------------------------ a bad registry

@test "cuts: the layer goes on where it stopped, with and without ranges" {
    local fault
    for fault in cut norange cutmanifest storm; do
        RPOD_ROOT=$BATS_TEST_TMPDIR/$fault run_rpod pull --tls-verify=false --retry-delay 10ms "$FAULTY/$fault/image"
        like "$stderr" "retrying" "$fault"
    done
}

@test "what can never succeed fails, with its reason, and leaves nothing" {
    fresh_store
    local fault reason
    while read -r fault reason; do
        run_rpod 125 pull -q --tls-verify=false --retry 2 --retry-delay 10ms "$FAULTY/$fault/image"
        like "$stderr" "$reason" "$fault"
        assert_store_clean
    done <<'EOF'
alwayscut connection was cut
wrongdigest digest|corrupt
wrongconfig digest
short ended after
endless more than
hugemanifest larger than
loop redirects
badlocation no valid URL
toomany pull rate limit
badjson manifest
schema1 schema 1
garbage GET
EOF
}

@test "a dead server is given up" {
    fresh_store
    local fault started
    for fault in slow silent; do
        started=$SECONDS
        run_rpod 125 pull -q --tls-verify=false --retry 0 "$FAULTY/$fault/image"
        like "$stderr" "time-out" "$fault"
        [ $((SECONDS - started)) -lt 20 ] || fail "$fault took $((SECONDS - started)) seconds"
        assert_store_clean
    done
}

@test "a redirect to another host takes no credential along" {
    fresh_store
    run_rpod 125 pull -q --tls-verify=false --creds alice:secret --retry 0 "$FAULTY/away/image"
    like "$stderr" "401" "the other host's refusal"
    unlike "$stderr" "secret" "no credential in a message"
    like "$(grep 'away/image/blobs' "$FAULTY_LOG")" "Authorization: Basic" "the registry got it"
    is "$(grep -c '/leak Authorization: -' "$FAULTY_LOG")" 1 "the other host got none"
}
