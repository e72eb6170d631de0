#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Registries: Debian's docker-registry in clear text, with TLS, with a password and with a token server, skopeo as the
# other side; and a registry of the tests' own that does everything wrong. All of it on loopback.

load helpers
load registry

setup_file() {
    require_command docker-registry skopeo openssl
    own_settings
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
    run_rpod pull --tls-verify=false "$PLAIN/team/two:1"
    is "$(grep -c 'Copying blob .* skipped: already exists' <<<"$stderr")" 2 "layers that are here"
}

@test "a terminal gets a line for each layer" {
    fresh_store
    run in_pty "$RPOD" --root "$RPOD_ROOT" pull --tls-verify=false "$PLAIN/team/two:1"
    is "$status" 0 "exit code"
    like "$output" "Copying blob [0-9a-f]{12} done" "a layer"
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

# ------------------------------------------------------------------------------------------------------ authentication

# The user `alice` with the password `secret`.
htpasswd_line() { echo 'alice:$2b$05$bJoASYHK90PlGBH2PpaVUOIL1P/JJ4PIiOdljkGKrXmTqr4un5fVe'; }

start_password_registry() {
    htpasswd_line >"$BATS_FILE_TMPDIR/htpasswd"
    start_registry "password-$BATS_TEST_NUMBER" "auth: {htpasswd: {realm: basic-realm, path: $BATS_FILE_TMPDIR/htpasswd}}"
}

@test "login, pull, push and logout with a password" {
    fresh_store
    start_password_registry
    local registry=$REGISTRY_NAME auth=$XDG_RUNTIME_DIR/containers/auth.json
    skopeo copy -q --dest-tls-verify=false --dest-creds alice:secret "docker-archive:$BATS_FILE_TMPDIR/two.tar" "docker://$registry/x"
    run_rpod 125 pull -q --tls-verify=false "$registry/x"
    like "$stderr" "unauthorized" "without a login"
    like "$stderr" "rpod login $registry" "the hint"
    run_rpod 125 login --tls-verify=false -u alice --password-stdin "$registry" <<<wrong
    like "$stderr" "invalid username/password" "a wrong password"
    unlike "$stderr$output" "wrong" "it is not shown"
    [ ! -e "$auth" ] || fail "a refused login was kept"
    run_rpod 125 login --get-login "$registry"
    run_rpod login --tls-verify=false -u alice --password-stdin "$registry" <<<secret
    like "$output" "Login Succeeded!" "standard output"
    is "$(stat -c %a "$auth")" 600 "mode of auth.json"
    run_rpod login --get-login "$registry"
    is "$output" alice "get-login"
    run_rpod pull -q --tls-verify=false "$registry/x"
    run_rpod push -q --tls-verify=false "$registry/x" "$registry/y:2"
    is "$(skopeo inspect --tls-verify=false --authfile "$auth" --format '{{.Digest}}' "docker://$registry/y:2")" \
        "$(skopeo inspect --tls-verify=false --authfile "$auth" --format '{{.Digest}}' "docker://$registry/x")" "digest"
    run_rpod logout "$registry"
    like "$output" "Removed login credentials for $registry" "logout"
    run_rpod 125 logout "$registry"
    run_rpod 125 pull -q --tls-verify=false "$registry/x"
    run_rpod pull -q --tls-verify=false --creds alice:secret "$registry/x"
}

@test "a credential helper is asked" {
    fresh_store
    start_password_registry
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    cat >"$BATS_TEST_TMPDIR/bin/docker-credential-test" <<EOF
#!/bin/sh
[ "\$1" = get ] && [ "\$(cat)" = "$REGISTRY_NAME" ] || { echo credentials not found in native keychain; exit 1; }
echo '{"ServerURL": "x", "Username": "alice", "Secret": "secret"}'
EOF
    chmod +x "$BATS_TEST_TMPDIR/bin/docker-credential-test"
    echo "{\"credHelpers\": {\"$REGISTRY_NAME\": \"test\"}}" >"$BATS_TEST_TMPDIR/auth.json"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
    run_rpod 125 pull -q --tls-verify=false --authfile "$BATS_TEST_TMPDIR/auth.json" "$REGISTRY_NAME/none"
    like "$stderr" "manifest unknown|name unknown|not found" "past the login"
}

make_ca() {
    local dir=$BATS_TEST_TMPDIR
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=rpod tests' -keyout "$dir/ca.key" -out "$dir/ca.crt" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1' -keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null
    openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo subjectAltName=IP:127.0.0.1) -out "$dir/server.crt" 2>/dev/null
}

@test "tokens: their scopes, and what they do not permit" {
    fresh_store
    make_ca
    start_server token "$BATS_TEST_TMPDIR/server.key" "$BATS_TEST_TMPDIR/server.crt"
    start_registry token "auth: {token: {realm: 'http://$SERVER_NAME/token', service: rpod-tests, issuer: rpod-tests, rootcertbundle: $BATS_TEST_TMPDIR/server.crt}}"
    local registry=$REGISTRY_NAME
    run_rpod load -q -i "$BATS_FILE_TMPDIR/two.tar"
    run_rpod push -q --tls-verify=false --creds alice:secret localhost/two:1 "$registry/public/two:1"
    run_rpod pull -q --tls-verify=false "$registry/public/two:1"
    run_rpod 125 push -q --tls-verify=false localhost/two:1 "$registry/public/other:1"
    like "$stderr" "unauthorized|denied" "push without a login"
    run_rpod 125 pull -q --tls-verify=false "$registry/private/two:1"
    like "$stderr" "unauthorized|denied" "another repository"
    run_rpod 125 login --tls-verify=false -u alice --password-stdin "$registry" <<<wrong
    like "$stderr" "invalid username/password" "the token server refuses"
    run_rpod push -q --tls-verify=false --creds alice:secret localhost/two:1 "$registry/private/two:1"
    unlike "$(cat "$SERVER_LOG")" "secret" "passwords are not in URLs"
}

@test "TLS: the authority of certs.d, and none" {
    fresh_store
    make_ca
    export REGISTRY_TLS_CERT=$BATS_TEST_TMPDIR/server.crt REGISTRY_TLS_KEY=$BATS_TEST_TMPDIR/server.key
    start_registry tls
    skopeo copy -q --dest-tls-verify=false "docker-archive:$BATS_FILE_TMPDIR/two.tar" "docker://$REGISTRY_NAME/x"
    run_rpod 125 pull -q --retry 0 "$REGISTRY_NAME/x"
    like "$stderr" "certificate" "an unknown authority"
    like "$stderr" "certs.d/$REGISTRY_NAME" "the hint"
    run_rpod pull -q --tls-verify=false "$REGISTRY_NAME/x"
    mkdir -p "$XDG_CONFIG_HOME/containers/certs.d/$REGISTRY_NAME"
    cp "$BATS_TEST_TMPDIR/ca.crt" "$XDG_CONFIG_HOME/containers/certs.d/$REGISTRY_NAME/"
    run_rpod pull -q "$REGISTRY_NAME/x"
    run_rpod push -q "$REGISTRY_NAME/x" "$REGISTRY_NAME/y"
    mkdir "$BATS_TEST_TMPDIR/certs"
    run_rpod 125 pull -q --retry 0 --cert-dir "$BATS_TEST_TMPDIR/certs" "$REGISTRY_NAME/x"
    SSL_CERT_FILE=$BATS_TEST_TMPDIR/ca.crt run_rpod pull -q --cert-dir "$BATS_TEST_TMPDIR/certs" "$REGISTRY_NAME/x"
}

# ------------------------------------------------------------------------------------------------------------- pushing

@test "skopeo reads what was pushed, in every form" {
    require_command zstd
    fresh_store
    run_rpod load -q -i "$BATS_FILE_TMPDIR/two.tar"
    local id form n=0
    run_rpod image inspect --format '{{.Id}}' two:1
    id=$output
    for form in '' '--format v2s2' '--compression-format zstd' '--compression-format zstd --compression-level 9' '--compression-level 1'; do
        # shellcheck disable=SC2086
        run_rpod push --tls-verify=false $form --digestfile "$BATS_TEST_TMPDIR/digest" two:1 "$PLAIN/push/two:$((++n))"
        is "$output" "" "standard output"
        like "$stderr" "Writing manifest to image destination" "progress"
        is "$(cat "$BATS_TEST_TMPDIR/digest")" \
            "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$PLAIN/push/two:$n")" "digest of '$form'"
        rm -rf "$BATS_TEST_TMPDIR/dir"
        skopeo copy -q --src-tls-verify=false "docker://$PLAIN/push/two:$n" "dir:$BATS_TEST_TMPDIR/dir"
        RPOD_ROOT=$BATS_TEST_TMPDIR/store$n run_rpod pull -q "dir:$BATS_TEST_TMPDIR/dir"
        is "$output" "$id" "the image of '$form'"
    done
    run_rpod 125 push --tls-verify=false --format v2s2 --compression-format zstd two:1 "$PLAIN/push/no"
    run_rpod 125 push --tls-verify=false --compression-level 11 two:1 "$PLAIN/push/no"
    run_rpod 125 push two:1
    like "$stderr" "not a registry" "localhost/ is nobody's"
}

@test "what came from a registry goes there with its digest, and its blobs are mounted" {
    fresh_store
    run_rpod pull -q --tls-verify=false "$PLAIN/team/two:1"
    run_rpod push --tls-verify=false --digestfile "$BATS_TEST_TMPDIR/digest" "$PLAIN/team/two:1" "$PLAIN/mounted/two:1"
    like "$stderr" "skipped: already exists" "layers"
    is "$(cat "$BATS_TEST_TMPDIR/digest")" "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$PLAIN/team/two:1")" "digest"
}

# --------------------------------------------------------------------------------------------------------------- names

@test "registries.conf: short names, aliases, mirrors, blocked" {
    fresh_store
    local conf=$BATS_TEST_TMPDIR/registries.conf
    cat >"$conf" <<EOF
unqualified-search-registries = ["$PLAIN"]
[aliases]
"short" = "example.invalid/team/two"
[[registry]]
location = "example.invalid"
[[registry.mirror]]
location = "$PLAIN"
insecure = true
[[registry]]
location = "$PLAIN"
insecure = true
[[registry]]
location = "evil.invalid"
blocked = true
EOF
    export CONTAINERS_REGISTRIES_CONF=$conf
    run_rpod pull -q team/two:1
    run_rpod pull -q short:1
    run_rpod images --format '{{.Repository}}'
    like "$output" "example.invalid/team/two" "the name is that of the registry, not the mirror's"
    run_rpod 125 pull -q evil.invalid/x
    like "$stderr" "blocked" "blocked"
    CONTAINERS_REGISTRIES_CONF=$BATS_FILE_TMPDIR/registries.conf run_rpod 125 pull -q debian
    like "$stderr" "short-name \"debian\" did not resolve" "no registry to search"
}

@test "all tags; an index and its platforms" {
    fresh_store
    skopeo copy -q --dest-tls-verify=false "docker-archive:$BATS_FILE_TMPDIR/two.tar" "docker://$PLAIN/many/x:1"
    skopeo copy -q --dest-tls-verify=false "docker-archive:$BATS_FILE_TMPDIR/two.tar" "docker://$PLAIN/many/x:2"
    run_rpod pull -q -a --tls-verify=false "$PLAIN/many/x"
    run_rpod images --format '{{.Tag}}' "$PLAIN/many/x"
    is "$(sort <<<"$output" | xargs)" "1 2" "tags"
    python3 - "$PLAIN" <<'EOF'
import json, sys, urllib.request
base = f'http://{sys.argv[1]}/v2/many/x/manifests/'
kind = 'application/vnd.docker.distribution.manifest.v2+json'
with urllib.request.urlopen(urllib.request.Request(base + '1', headers={'Accept': kind})) as answer:
    digest, size = answer.headers['Docker-Content-Digest'], len(answer.read())
entry = {'mediaType': kind, 'digest': digest, 'size': size}
index = {'schemaVersion': 2, 'mediaType': 'application/vnd.docker.distribution.manifest.list.v2+json',
         'manifests': [{**entry, 'platform': {'os': 'linux', 'architecture': a}} for a in ('amd64', 'arm64')]}
urllib.request.urlopen(urllib.request.Request(base + 'index', json.dumps(index).encode(), method='PUT',
                                              headers={'Content-Type': index['mediaType']}))
EOF
    run_rpod pull -q --tls-verify=false "$PLAIN/many/x:index"
    run_rpod pull -q --tls-verify=false --platform linux/arm64 "$PLAIN/many/x:index"
    run_rpod 125 pull -q --tls-verify=false --arch s390x "$PLAIN/many/x:index"
    like "$stderr" "linux/s390x" "a platform that is not there"
}

@test "two pulls at once, and one that is killed, leave a whole store" {
    fresh_store
    rpod pull -q --tls-verify=false "$PLAIN/team/two:1" >/dev/null 3>&- &
    local first=$!
    rpod pull -q --tls-verify=false "$PLAIN/team/two:1" >/dev/null 3>&- &
    wait "$first"
    wait $!
    # Not through the helper: its subshell would be killed, and the program go on.
    "$RPOD" --root "$RPOD_ROOT" pull -q --tls-verify=false --retry 0 "$FAULTY/slow/image" >/dev/null 2>&1 3>&- &
    local slow=$!
    wait_for 5 grep -q "slow/image/blobs" "$FAULTY_LOG"
    kill -TERM "$slow" # a job in the background ignores SIGINT
    wait "$slow" || :
    run_rpod images -q
    is "$(find "$RPOD_ROOT/oci" -name '.tmp-*' | wc -l)" 0 "nothing half-made"
    run_rpod run --rm --network none "$PLAIN/team/two:1" cat /etc/upper
}
