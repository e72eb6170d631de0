#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# search, with a server of the tests' own that knows docker's first API, and with docker-registry, which has only a
# catalog; and policy.json: which images may come in.

load helpers
load registry

setup_file() {
    require_command docker-registry skopeo jq
    own_settings
    export RPOD_REGISTRY_TIMEOUT=5
    setup_store
    start_registry plain
    export PLAIN=$REGISTRY_NAME
    start_server search
    export SEARCH=$SERVER_NAME
    printf 'unqualified-search-registries = ["%s", "%s"]\n[[registry]]\nlocation = "%s"\ninsecure = true\n[[registry]]\nlocation = "%s"\ninsecure = true\n' \
        "$SEARCH" "$PLAIN" "$PLAIN" "$SEARCH" >"$CONTAINERS_REGISTRIES_CONF"
    import_busybox
    local name
    for name in team/app team/app2 other/app tools; do rpod push -q busybox "$PLAIN/$name:1"; done
    for name in 2 3; do rpod push -q busybox "$PLAIN/team/app:$name"; done
    skopeo copy -q --src-tls-verify=false "docker://$PLAIN/team/app:1" "oci:$BATS_FILE_TMPDIR/layout:x"
    skopeo copy -q --src-tls-verify=false "docker://$PLAIN/team/app:1" "docker-archive:$BATS_FILE_TMPDIR/archive.tar:example.org/x:1"
}

teardown_file() {
    stop_servers
    teardown_store
}

@test "search: docker's first API" {
    run_rpod search "$SEARCH/app"
    is "$(head -n 1 <<<"$output" | xargs)" "NAME DESCRIPTION" "headings"
    like "$output" "$SEARCH/good/app +The application" "a result"
    like "$output" "$SEARCH/long/app +$(printf 'x%.0s' {1..44})\.\.\." "a long description"
    run_rpod search --no-trunc --format '{{.Index}} {{.Name}} {{.Stars}} {{.Official}} {{.Automated}} {{len .Description}}' "$SEARCH/app"
    is "$(head -n 1 <<<"$output")" "$SEARCH $SEARCH/good/app 7 [OK]  15" "fields"
    like "$output" " 100$" "a whole description"
    run_rpod search --limit 1 --format '{{.Name}}' "$SEARCH/app"
    is "$output" "$SEARCH/good/app" "limit"
    run_rpod search --compatible "$SEARCH/app"
    is "$(head -n 1 <<<"$output" | xargs)" "NAME DESCRIPTION STARS OFFICIAL AUTOMATED" "docker's columns"
    run_rpod search --filter stars=5 --format '{{.Name}}' "$SEARCH/app"
    is "$output" "$SEARCH/good/app" "stars"
    run_rpod search --filter is-official=false --filter is-automated --format '{{.Name}}' "$SEARCH/app"
    is "$output" "$SEARCH/long/app" "other filters"
    run_rpod 125 search --filter color=red "$SEARCH/app"
    run_rpod search --format json "$SEARCH/app"
    is "$(jq -r '.[0] | [.Name, .Stars, .Index] | join(" ")' <<<"$output")" "$SEARCH/good/app 7 $SEARCH" "JSON"
    run_rpod search "$SEARCH/nothing"
    is "$output" "" "nothing found"
}

@test "search: the catalog" {
    run_rpod search --format '{{.Name}}' "$PLAIN/app"
    is "$(sort <<<"$output" | xargs)" "$PLAIN/other/app $PLAIN/team/app $PLAIN/team/app2" "by a part of the name"
    run_rpod search --format '{{.Name}}' "$PLAIN/team/app2"
    is "$output" "$PLAIN/team/app2" "by the whole name"
    run_rpod search --format '{{.Name}}' "$PLAIN/"
    is "$(wc -l <<<"$output")" 4 "all"
    run_rpod search --limit 2 --format '{{.Name}}' "$PLAIN/"
    is "$(wc -l <<<"$output")" 2 "limit"
    run_rpod search --format '{{.Name}}' app
    is "$(wc -l <<<"$output")" 5 "in all registries of registries.conf"
    run_rpod 125 search --tls-verify=true "$PLAIN/app"
    run_rpod 125 search 127.0.0.1:1/app
    like "$stderr" "refused" "nobody there"
    CONTAINERS_REGISTRIES_CONF=/dev/null run_rpod 125 search app
    like "$stderr" "no registry is named" "no registries"
}

@test "search: pages, and answers that are wrong" {
    run_rpod search --limit 100 --format '{{.Name}}' "$SEARCH/paged"
    is "$(wc -l <<<"$output")" 30 "three pages"
    # What is no answer of the first API is none; the catalog has no such name.
    run_rpod search "$SEARCH/garbage"
    is "$output" "" "an answer that is cut"
    unlike "$stderr" $'\e' "no control characters"
}

@test "search: tags" {
    run_rpod search --list-tags "$PLAIN/team/app"
    is "$(head -n 1 <<<"$output" | xargs)" "NAME TAG" "headings"
    is "$(tail -n +2 <<<"$output" | tr -s ' ' | sort | xargs)" "$PLAIN/team/app 1 $PLAIN/team/app 2 $PLAIN/team/app 3" "the table"
    run_rpod search --list-tags --limit 2 --format '{{.Tag}}' "docker://$PLAIN/team/app"
    is "$(wc -l <<<"$output")" 2 "limit"
    run_rpod search --list-tags --format json "$PLAIN/team/app"
    is "$(jq -c '.[0].Tags | sort' <<<"$output")" '["1","2","3"]' "JSON"
    run_rpod 125 search --list-tags "$PLAIN/team/app:1"
    run_rpod 125 search --list-tags "$PLAIN/none"
}

# -------------------------------------------------------------------------------------------------------- policy.json

# policy JSON: the user's.
policy() {
    mkdir -p "$XDG_CONFIG_HOME/containers"
    echo "$1" >"$XDG_CONFIG_HOME/containers/policy.json"
}

teardown() { rm -f "$XDG_CONFIG_HOME/containers/policy.json"; }

ACCEPT='[{"type":"insecureAcceptAnything"}]'
REJECT='[{"type":"reject"}]'

@test "policy: reject by default, and what a scope permits" {
    policy "{\"default\":$REJECT,\"transports\":{\"docker\":{\"$PLAIN/team\":$ACCEPT}}}"
    run_rpod pull -q "$PLAIN/team/app:1"
    run_rpod 125 pull -q "$PLAIN/other/app:1"
    like "$stderr" "rejected by policy" "the reason"
    like "$stderr" "policy.json" "the hint names the file"
    run_rpod 125 pull -q "oci:$BATS_FILE_TMPDIR/layout:x"
    run_rpod 125 load -q -i "$BATS_FILE_TMPDIR/archive.tar"
    run_rpod 125 load -q <"$BATS_FILE_TMPDIR/archive.tar"
    run_rpod 125 load -q -i "$BATS_FILE_TMPDIR/layout"
    run_rpod 125 image copy "docker://$PLAIN/other/app:1" "dir:$BATS_TEST_TMPDIR/never"
    run_rpod 125 run --rm "$PLAIN/other/app:1" true
    like "$stderr" "rejected by policy" "run"
    run_rpod image copy -q "docker://$PLAIN/team/app:1" "dir:$BATS_TEST_TMPDIR/d"
}

@test "policy: the narrowest scope counts" {
    policy "{\"default\":$ACCEPT,\"transports\":{\"docker\":{\"\":$REJECT,\"$PLAIN\":$ACCEPT,\"$PLAIN/team\":$REJECT,\"$PLAIN/team/app:2\":$ACCEPT},
        \"oci\":{\"$BATS_FILE_TMPDIR\":$REJECT,\"$BATS_FILE_TMPDIR/layout:x\":$ACCEPT},\"docker-archive\":{\"\":$REJECT}}}"
    run_rpod pull -q "$PLAIN/other/app:1"
    run_rpod 125 pull -q "$PLAIN/team/app:1"
    run_rpod pull -q "$PLAIN/team/app:2"
    run_rpod 125 pull -q "docker://$SEARCH/x"
    like "$stderr" "rejected" "the transport's default"
    run_rpod pull -q "oci:$BATS_FILE_TMPDIR/layout:x"
    run_rpod 125 pull -q "oci:$BATS_FILE_TMPDIR/layout"
    run_rpod 125 load -q -i "$BATS_FILE_TMPDIR/archive.tar"
}

@test "policy: signatures are asked for, and refused by name" {
    policy "{\"default\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"/key\"}]}"
    run_rpod 125 pull -q "$PLAIN/team/app:1"
    like "$stderr" "signedBy" "the requirement"
    policy "{\"default\":[{\"type\":\"insecureAcceptAnything\"},{\"type\":\"sigstoreSigned\",\"keyPath\":\"/key\"}]}"
    run_rpod 125 pull -q "$PLAIN/team/app:1"
    like "$stderr" "sigstoreSigned" "all must be met"
}

@test "policy: what leaves the store is asked for, too" {
    rpod manifest create guarded:1 busybox
    policy "{\"default\":$REJECT}"
    run_rpod 125 push -q busybox "$PLAIN/never:1"
    like "$stderr" "rejected by policy" "push"
    run_rpod 125 manifest push -q guarded:1 "$PLAIN/never:1"
    like "$stderr" "rejected by policy" "manifest push"
    policy "{\"default\":$REJECT,\"transports\":{\"containers-storage\":{\"\":$ACCEPT}}}"
    run_rpod push -q busybox "$PLAIN/ours:1"
    run_rpod manifest push -q guarded:1 "$PLAIN/ours:2"
    policy "{\"default\":$REJECT}"
    echo "{\"default\":$ACCEPT}" >"$BATS_TEST_TMPDIR/open.json"
    run_rpod push -q --signature-policy "$BATS_TEST_TMPDIR/open.json" busybox "$PLAIN/ours:3"
    rm "$XDG_CONFIG_HOME/containers/policy.json"
    run_rpod manifest rm guarded:1
}

@test "policy: --signature-policy, and files that are wrong" {
    policy "{\"default\":$REJECT}"
    echo "{\"default\":$ACCEPT}" >"$BATS_TEST_TMPDIR/open.json"
    run_rpod pull -q --signature-policy "$BATS_TEST_TMPDIR/open.json" "$PLAIN/team/app:1"
    run_rpod load -q --signature-policy "$BATS_TEST_TMPDIR/open.json" -i "$BATS_FILE_TMPDIR/archive.tar"
    run_rpod image copy -q --signature-policy "$BATS_TEST_TMPDIR/open.json" "docker://$PLAIN/team/app:1" "dir:$BATS_TEST_TMPDIR/d"
    run_rpod 125 pull -q --signature-policy "$BATS_TEST_TMPDIR/none.json" "$PLAIN/team/app:1"
    local text
    for text in '' '{}' '[]' '{"default":[]}' '{"default":[{"type":"nonsense"}]}' '{"default":[{}]}' '{"default":[{"type":"reject"}],"more":1}' \
        '{"default":[{"type":"insecureAcceptAnything","more":1}]}' '{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"x":[]}}}'; do
        policy "$text"
        run_rpod 125 pull -q "$PLAIN/team/app:1"
    done
}
