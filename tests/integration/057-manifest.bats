#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Manifest lists: made of images of the store, of registries and of layouts; pushed, with skopeo as the reader; and what
# other commands do with them. All registries are on loopback.

load helpers
load registry

setup_file() {
    require_command docker-registry skopeo jq
    own_settings
    export RPOD_REGISTRY_TIMEOUT=5
    setup_store
    start_registry plain
    export PLAIN=$REGISTRY_NAME
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$PLAIN" >"$CONTAINERS_REGISTRIES_CONF"
    import_busybox
    mkdir "$BATS_FILE_TMPDIR/arm"
    echo arm >"$BATS_FILE_TMPDIR/arm/file"
    tar -C "$BATS_FILE_TMPDIR/arm" -cf "$BATS_FILE_TMPDIR/arm.tar" file
    rpod import -q --arch arm64 --variant v8 "$BATS_FILE_TMPDIR/arm.tar" arm:1 >/dev/null
}

teardown_file() {
    stop_servers
    teardown_store
}

teardown() {
    local id
    for id in $(rpod images -q --no-trunc --filter manifest=true 2>/dev/null | sort -u); do rpod rmi -f "${id#sha256:}" >/dev/null || :; done
}

inspect() {
    run_rpod manifest inspect "$1"
    jq -r "$2" <<<"$output"
}

digest_of() { rpod image inspect --format '{{.Digest}}' "$1"; }

@test "create, add, annotate, inspect, remove" {
    local id digest
    run_rpod manifest create list:1
    like "$output" '^[0-9a-f]{64}$' "the ID"
    id=$output
    run_rpod 125 manifest create list:1
    like "$stderr" 'image name "localhost/list:1" is already associated with image "'"$id"'"' "the name is taken"
    run_rpod manifest inspect list:1
    is "$output" "$(printf '{\n    "schemaVersion": 2,\n    "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",\n    "manifests": null\n}')" \
        "an empty list, in podman's words"
    run_rpod manifest add list:1 busybox
    is "$output" "$id" "the ID stays"
    run_rpod manifest add list:1 arm:1
    is "$(inspect list:1 '[.manifests[].platform | .os + "/" + .architecture + "/" + (.variant // "")] | join(" ")')" "linux/$(go_arch)/ linux/arm64/v8" \
        "platforms of the images"
    run_rpod manifest add list:1 arm:1
    is "$(inspect list:1 '.manifests | length')" 2 "an image is there once"
    digest=$(digest_of arm:1)
    run_rpod manifest annotate --arch riscv64 --os linux --variant v9 --os-version 7 --features f1,f2 list:1 "$digest"
    is "$(inspect list:1 '.manifests[1].platform | tojson')" \
        '{"architecture":"riscv64","os":"linux","os.version":"7","variant":"v9","features":["f1","f2"]}' "changed"
    run_rpod manifest annotate --annotation left=right list:1 arm:1
    is "$(inspect list:1 .mediaType)" application/vnd.oci.image.index.v1+json "annotations are OCI's"
    is "$(inspect list:1 '.manifests[1].annotations | tojson')" '{"left":"right"}' "annotation"
    run_rpod 125 manifest annotate --arch x list:1 sha256:0000
    like "$stderr" 'invalid image digest "sha256:0000"' "no digest"
    run_rpod manifest remove list:1 "$digest"
    is "$(inspect list:1 '.manifests | length')" 1 "removed"
    run_rpod 125 manifest remove list:1 "$digest"
    like "$stderr" "removing from manifest list list:1: no instance matching digest \"$digest\" found in manifest list" "removed already"
    run_rpod 125 manifest add list:1 "$PLAIN/none"
    run_rpod 125 manifest add none busybox
    like "$stderr" "none: image not known" "no such list"
}

go_arch() { rpod image inspect --format '{{.Architecture}}' busybox; }

@test "exists, rm, and images that are no lists" {
    run_rpod manifest create list:1
    run_rpod manifest exists list:1
    run_rpod 1 manifest exists none
    run_rpod 125 manifest exists busybox
    like "$stderr" "is not a manifest list" "an image"
    run_rpod 125 manifest add busybox arm:1
    run_rpod 125 manifest inspect busybox
    run_rpod image exists list:1
    run_rpod manifest rm list:1
    like "$output" "Untagged: localhost/list:1" "output"
    run_rpod 1 manifest rm list:1
    like "$stderr" "list:1: image not known" "it is gone"
    run_rpod 1 manifest rm busybox
    run_rpod image exists busybox
}

@test "create with images, and again" {
    run_rpod manifest create list:1 busybox
    is "$(inspect list:1 '.manifests | length')" 1 "one image"
    run_rpod 125 manifest create list:1 arm:1
    run_rpod manifest create --amend list:1 arm:1
    is "$(inspect list:1 '.manifests | length')" 2 "two"
    run_rpod manifest create --all --annotation a=b copy:1 list:1
    is "$(inspect copy:1 '.manifests | length')" 2 "the images of a list"
    is "$(inspect copy:1 .annotations.a)" b "the list's annotation"
    run_rpod manifest create one:1 list:1
    is "$(inspect one:1 '.manifests | length')" 1 "this machine's image of a list"
    run_rpod 125 manifest create bad:1 busybox "$PLAIN/none"
    run_rpod 1 image exists bad:1
}

@test "lists in images, tag, untag, rmi" {
    run_rpod manifest create list:1 busybox
    local id=$output
    run_rpod images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}'
    like "$output" "localhost/list:1 sha256:$id" "the list"
    run_rpod images -q --filter manifest=true
    is "$output" "${id:0:12}" "the lists alone"
    run_rpod tag list:1 list:2
    run_rpod manifest add list:2 arm:1
    is "$(inspect list:1 '.manifests | length')" 2 "two names of one list"
    run_rpod untag list:1 list:1
    run_rpod 1 image exists list:1
    run_rpod rmi list:2
    like "$output" "Deleted: $id" "rmi"
    run_rpod 1 image exists list:2
    run_rpod image exists arm:1
}

@test "what a list has stays" {
    rpod tag busybox kept:1
    rpod untag busybox busybox
    run_rpod manifest create list:1 kept:1
    run_rpod rmi kept:1
    is "$output" "Untagged: localhost/kept:1" "only the name goes"
    run_rpod image prune -f
    run_rpod manifest push -q --all list:1 "oci:$BATS_TEST_TMPDIR/layout:x"
    local id
    id=$(rpod images -q --filter dangling=true)
    run_rpod 125 rmi "$id"
    like "$stderr" "in use by manifest list localhost/list:1" "by its ID"
    rpod tag "$id" busybox
    require_run
    run_rpod run --rm --network none list:1 echo ran
    is "$output" ran "run takes this machine's"
}

@test "run, create and inspect take the image for this machine" {
    run_rpod manifest create list:1 busybox arm:1
    run_rpod image inspect --format '{{.Architecture}} {{.Id}}' list:1
    is "$output" "$(rpod image inspect --format '{{.Architecture}} {{.Id}}' busybox)" "inspect"
    require_run
    run_rpod run --rm --network none list:1 echo hello
    is "$output" hello "run"
    run_rpod manifest create other:1 arm:1
    run_rpod 125 image inspect other:1
    like "$stderr" "no image for platform linux/$(go_arch) in the index" "none for this machine"
    run_rpod save -q -o "$BATS_TEST_TMPDIR/a.tar" list:1
    is "$(tar -xOf "$BATS_TEST_TMPDIR/a.tar" manifest.json | jq -r '.[0].RepoTags[0]')" localhost/list:1 "save"
}

@test "push to a registry: skopeo reads the list, and each image" {
    run_rpod manifest create list:1 busybox arm:1
    run_rpod manifest push --digestfile "$BATS_TEST_TMPDIR/digest" list:1 "docker://$PLAIN/team/list:1"
    is "$output" "" "standard output"
    like "$stderr" "Copying image sha256:[0-9a-f]+ \(2/2\)" "progress"
    local raw=$BATS_TEST_TMPDIR/raw
    skopeo inspect --raw --tls-verify=false "docker://$PLAIN/team/list:1" >"$raw"
    is "sha256:$(sha256sum <"$raw" | cut -d' ' -f1)" "$(cat "$BATS_TEST_TMPDIR/digest")" "digest"
    is "$(jq -r '[.manifests[].platform.architecture] | join(" ")' "$raw")" "$(go_arch) arm64" "platforms"
    is "$(jq -r .mediaType "$raw")" application/vnd.oci.image.index.v1+json "format"
    unlike "$(cat "$raw")" "rpod" "nothing of ours goes out"
    skopeo copy -q --all --src-tls-verify=false "docker://$PLAIN/team/list:1" "dir:$BATS_TEST_TMPDIR/dir"
    run_rpod manifest inspect "$PLAIN/team/list:1"
    is "$(jq -cS . <<<"$output")" "$(jq -cS . "$raw")" "inspect of the registry's"
    run_rpod manifest push -q --format v2s2 list:1 "$PLAIN/team/docker:1"
    is "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/team/docker:1" | jq -r '[.mediaType, .manifests[].mediaType] | unique | join(" ")')" \
        "application/vnd.docker.distribution.manifest.list.v2+json application/vnd.docker.distribution.manifest.v2+json" "docker's format"
    RPOD_ROOT=$BATS_TEST_TMPDIR/other run_rpod pull -q --tls-verify=false "$PLAIN/team/docker:1"
    is "$output" "$(rpod image inspect --format '{{.Id}}' busybox)" "the same image comes back"
    run_rpod push -q list:1 "$PLAIN/team/pushed:1"
    is "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/team/pushed:1" | jq '.manifests | length')" 2 "push of a list"
    run_rpod manifest push list:1 "dir:$BATS_TEST_TMPDIR/plain"
    is "$(jq -r '.layers[].mediaType' "$BATS_TEST_TMPDIR/plain/"*.manifest.json | sort -u)" application/vnd.oci.image.layer.v1.tar "a directory has layers as they are"
    run_rpod 125 image copy --all --preserve-digests rpod:list:1 "dir:$BATS_TEST_TMPDIR/never"
    like "$stderr" "digest would change" "new manifests"
    run_rpod manifest push -q --rm list:1 "$PLAIN/team/list:2"
    run_rpod 1 manifest exists list:1
    run_rpod 125 manifest push busybox "$PLAIN/team/none"
    run_rpod 125 manifest push none "$PLAIN/team/none"
}

@test "images that are only in a registry, or in a layout" {
    run_rpod manifest create here:1 busybox arm:1
    run_rpod manifest push -q here:1 "$PLAIN/remote/list:1"
    run_rpod manifest push -q here:1 "oci:$BATS_TEST_TMPDIR/layout:l"
    run_rpod manifest rm here:1
    export RPOD_ROOT=$BATS_TEST_TMPDIR/empty
    run_rpod manifest create far:1
    run_rpod manifest add far:1 "docker://$PLAIN/remote/list:1"
    is "$(inspect far:1 '.manifests | length')" 1 "this machine's"
    run_rpod manifest add --all far:1 "$PLAIN/remote/list:1"
    is "$(inspect far:1 '.manifests | length')" 2 "all"
    is "$(inspect far:1 '.manifests | tojson')" \
        "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/remote/list:1" | jq -c '.manifests | map({mediaType, size, digest, platform})')" "as the registry has them"
    run_rpod images -q --filter manifest=false
    is "$output" "" "no image was pulled"
    run_rpod manifest push -q far:1 "$PLAIN/elsewhere/list:1"
    is "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/elsewhere/list:1" | jq -c '[.manifests[].digest]')" \
        "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/remote/list:1" | jq -c '[.manifests[].digest]')" "with their digests"
    (cd "$BATS_TEST_TMPDIR" && rpod manifest create files:1 >/dev/null && rpod manifest add --all files:1 oci:layout:l >/dev/null)
    run_rpod manifest push -q files:1 "oci-archive:$BATS_TEST_TMPDIR/out.tar:x"
    skopeo copy -q --all "oci-archive:$BATS_TEST_TMPDIR/out.tar:x" "dir:$BATS_TEST_TMPDIR/out"
    run_rpod manifest push -q --all=false far:1 "$PLAIN/remote/list:alone"
    is "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/remote/list:alone" | jq '.manifests | length')" 2 "the list alone"
    require_run
    run_rpod run --rm -q --network none far:1 echo pulled
    is "$output" pulled "run fetches the image of a list"
}

@test "two commands that change a list at the same time" {
    run_rpod manifest create list:1
    local i
    for i in 1 2 3 4; do
        echo "$i" >"$BATS_TEST_TMPDIR/f"
        tar -C "$BATS_TEST_TMPDIR" -cf "$BATS_TEST_TMPDIR/$i.tar" f
        rpod import -q --arch "a$i" "$BATS_TEST_TMPDIR/$i.tar" "many:$i" >/dev/null
    done
    local adding=()
    for i in 1 2 3 4; do
        rpod manifest add list:1 "many:$i" >/dev/null 3>&- &
        adding+=($!)
    done
    # Not for all: bats has a child that watches the time.
    for i in "${adding[@]}"; do wait "$i"; done
    is "$(inspect list:1 '.manifests | length')" 4 "nothing is lost"
    run_rpod rmi list:1 many:1 many:2 many:3 many:4
}
