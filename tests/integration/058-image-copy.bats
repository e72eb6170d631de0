#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# image copy between registries, layouts, archives, directories and the store; push to all of these; inspect --raw.
# skopeo does the same, and the results are compared.

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
    echo arm >"$BATS_FILE_TMPDIR/file"
    tar -C "$BATS_FILE_TMPDIR" -cf "$BATS_FILE_TMPDIR/arm.tar" file
    rpod import -q --arch arm64 "$BATS_FILE_TMPDIR/arm.tar" arm:1 >/dev/null
    rpod push -q busybox "$PLAIN/src/oci:1"
    rpod push -q --format v2s2 busybox "$PLAIN/src/docker:1"
    rpod manifest create list:1 busybox arm:1 >/dev/null
    rpod manifest push -q list:1 "$PLAIN/src/list:1"
    rpod manifest push -q --format v2s2 list:1 "$PLAIN/src/dlist:1"
}

teardown_file() {
    stop_servers
    teardown_store
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# raw TRANSPORT:REF: its manifest's digest, as skopeo sees it.
raw() { skopeo inspect --raw --tls-verify=false "$1" | sha256sum | cut -d' ' -f1; }

copy() { run_rpod image copy -q "$@"; }

@test "byte for byte from a registry to everything, and from there back" {
    local kind form
    for kind in oci docker; do
        local digest
        digest=$(raw "docker://$PLAIN/src/$kind:1")
        for form in "oci:$kind-layout:x" "oci-archive:$kind.tar:x" "dir:$kind-dir"; do
            copy --preserve-digests --digestfile digest "docker://$PLAIN/src/$kind:1" "$form"
            is "$(cat digest)" "sha256:$digest" "digest of $form"
            is "$(rpod image inspect --raw "$form" | sha256sum | cut -d' ' -f1)" "$digest" "manifest of $form"
            copy "$form" "docker://$PLAIN/back/$kind:${form%%:*}"
            is "$(raw "docker://$PLAIN/back/$kind:${form%%:*}")" "$digest" "back from $form"
            # Reads and checks all blobs; of a layout, skopeo reads only what is OCI's.
            rm -rf check
            [ "$kind ${form%%:*}" = "docker oci" ] || [ "$kind ${form%%:*}" = "docker oci-archive" ] || skopeo copy -q "$form" dir:check
        done
    done
}

@test "docker's manifests become OCI's in a layout" {
    run_rpod image copy "docker://$PLAIN/src/docker:1" oci:l:x
    like "$stderr" "the digest changes" "it says so"
    skopeo copy -q --src-tls-verify=false "docker://$PLAIN/src/docker:1" oci:theirs:x
    is "$(skopeo inspect --raw oci:l:x | jq -cS '[.mediaType, .config, .layers]')" "$(skopeo inspect --raw oci:theirs:x | jq -cS '[.mediaType, .config, .layers]')" \
        "as skopeo converts it"
    copy --all "docker://$PLAIN/src/dlist:1" oci:l:list
    skopeo copy -q --all oci:l:list dir:check
    is "$(skopeo inspect --raw oci:l:list | jq -r '[.mediaType, .manifests[].mediaType] | unique | join(" ")')" \
        "application/vnd.oci.image.index.v1+json application/vnd.oci.image.manifest.v1+json" "an index"
}

@test "from one repository of a registry to another, blobs are mounted" {
    run_rpod image copy "docker://$PLAIN/src/oci:1" "docker://$PLAIN/mounted/oci:1"
    like "$stderr" "skipped: already exists" "progress"
    is "$(raw "docker://$PLAIN/mounted/oci:1")" "$(raw "docker://$PLAIN/src/oci:1")" "manifest"
}

@test "an index: all of it, or one platform" {
    local kind form
    for kind in list dlist; do
        for form in "oci:$kind-layout:x" "oci-archive:$kind.tar:x" "dir:$kind-dir" "docker://$PLAIN/all/$kind:1"; do
            case "$kind $form" in dlist\ oci*) continue ;; esac
            copy --all "docker://$PLAIN/src/$kind:1" "$form"
            is "$(raw "$form")" "$(raw "docker://$PLAIN/src/$kind:1")" "index at $form"
            rm -rf check && skopeo copy -q --all --src-tls-verify=false "$form" dir:check
        done
        copy --all "dir:$kind-dir" "docker://$PLAIN/again/$kind:1"
        is "$(raw "docker://$PLAIN/again/$kind:1")" "$(raw "docker://$PLAIN/src/$kind:1")" "again"
    done
    copy "docker://$PLAIN/src/list:1" oci:one:x
    is "$(skopeo inspect --config oci:one:x | jq -r .architecture)" "$(rpod image inspect --format '{{.Architecture}}' busybox)" "this machine's"
    copy --arch arm64 "docker://$PLAIN/src/list:1" oci:one:arm
    is "$(skopeo inspect --config oci:one:arm | jq -r .architecture)" arm64 "another's"
    is "$(jq '.manifests | length' one/index.json)" 2 "added to the layout"
    run_rpod 125 image copy --all "docker://$PLAIN/src/list:1" docker-archive:l.tar
    like "$stderr" "holds no indexes" "docker-archive"
    [ ! -e l.tar ] || fail "something was written"
}

@test "docker archives" {
    copy "docker://$PLAIN/src/oci:1" docker-archive:a.tar:example.org/x:1
    skopeo copy -q --src-tls-verify=false "docker://$PLAIN/src/oci:1" docker-archive:b.tar:example.org/x:1
    is "$(skopeo inspect --config --raw docker-archive:a.tar | sha256sum)" "$(skopeo inspect --config --raw docker-archive:b.tar | sha256sum)" "configuration"
    is "$(tar -xOf a.tar manifest.json | jq -c '.[0].RepoTags')" '["example.org/x:1"]' "name"
    run_rpod 125 image copy "docker://$PLAIN/src/oci:1" docker-archive:a.tar
    like "$stderr" "is there already" "it is not overwritten"
    copy docker-archive:b.tar oci:from:x
    copy docker-archive:a.tar:example.org/x:1 dir:d
    is "$(skopeo inspect --config --raw oci:from:x | sha256sum)" "$(skopeo inspect --config --raw docker-archive:b.tar | sha256sum)" "and back"
    gzip a.tar
    copy docker-archive:a.tar.gz dir:dz
    is "$(raw dir:dz)" "$(raw dir:d)" "a compressed archive"
}

@test "another format, and digests that must not change" {
    copy --format v2s2 "docker://$PLAIN/src/oci:1" "docker://$PLAIN/format/x:1"
    is "$(skopeo inspect --raw --tls-verify=false "docker://$PLAIN/format/x:1" | jq -r '.mediaType + " " + .layers[0].mediaType')" \
        "application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.image.rootfs.diff.tar.gzip" "docker's"
    copy --format oci "docker://$PLAIN/src/docker:1" oci:o:x
    is "$(skopeo inspect --raw oci:o:x | jq -r .mediaType)" application/vnd.oci.image.manifest.v1+json "OCI's"
    copy --all --format v2s2 "docker://$PLAIN/src/list:1" dir:dlist
    is "$(jq -r '.mediaType, .manifests[].mediaType' dlist/manifest.json | sort -u | wc -l)" 2 "an index and its images"
    run_rpod 125 image copy --preserve-digests --format v2s2 "docker://$PLAIN/src/oci:1" dir:never
    like "$stderr" "its digest would change" "refused"
    [ ! -e never ] || fail "something was written"
}

@test "from the store and into it" {
    run_rpod image copy rpod:busybox "docker://$PLAIN/store/new:1"
    like "$stderr" "the manifest is a new one" "it says so"
    copy "docker://$PLAIN/store/new:1" rpod:came:1
    is "$(rpod image inspect --format '{{.Id}}' came:1)" "$(rpod image inspect --format '{{.Id}}' busybox)" "the same image"
    copy --preserve-digests rpod:came:1 "docker://$PLAIN/store/new:2"
    is "$(raw "docker://$PLAIN/store/new:2")" "$(raw "docker://$PLAIN/store/new:1")" "its own manifest, where its blobs can be had"
    run_rpod 125 image copy --preserve-digests rpod:came:1 oci:new:x
    like "$stderr" "digest would change" "refused"
    copy rpod:busybox rpod:again:1
    is "$(rpod image inspect --format '{{.Id}}' again:1)" "$(rpod image inspect --format '{{.Id}}' busybox)" "within the store"
    copy "docker://$PLAIN/src/oci:1" oci:l:x
    copy oci:l:x rpod:layout:1
    run_rpod image exists layout:1
    copy --preserve-digests rpod:came:1 oci:l:y
    is "$(jq '[.manifests[].digest] | unique | length' l/index.json)" 1 "a layout that has the blobs"
    run_rpod 125 image copy --all "docker://$PLAIN/src/list:1" rpod:list:2
    like "$stderr" "one platform" "no indexes into the store"
    copy --all rpod:list:1 oci:lists:x
    is "$(skopeo inspect --raw oci:lists:x | jq '.manifests | length')" 2 "a list of the store"
    rpod rmi came:1 again:1 layout:1 >/dev/null
}

@test "push to files, as podman" {
    run_rpod push -q --digestfile digest busybox oci:o:tag
    is "$(skopeo inspect oci:o:tag --format '{{.Digest}}')" "$(cat digest)" "oci"
    run_rpod push -q busybox oci-archive:oa.tar:x
    run_rpod push -q busybox docker-archive:da.tar:localhost/x:1
    run_rpod push -q busybox dir:d
    run_rpod push -q --compress busybox dir:dz
    local place id
    id=$(rpod image inspect --format '{{.Id}}' busybox)
    for place in oci:o:tag oci-archive:oa.tar:x docker-archive:da.tar dir:d dir:dz; do
        is "$(skopeo inspect --config --raw "$place" | sha256sum | cut -d' ' -f1)" "${id#sha256:}" "$place"
        rm -rf check && skopeo copy -q "$place" dir:check
    done
    [ "$(du -s dz | cut -f1)" -lt "$(du -s d | cut -f1)" ] || fail "not compressed"
    run_rpod push -q --format v2s2 busybox oci:o:docker
    run_rpod 125 push --compress busybox oci:o:x
    run_rpod 125 push busybox dir:d
    run_rpod 125 push --format oci busybox docker-archive:never.tar
    like "$stderr" "has no manifest" "an archive in OCI's format"
    run_rpod 125 image copy --preserve-digests "docker://$PLAIN/src/oci:1" docker-archive:never.tar
    run_rpod 125 image copy --format oci "docker://$PLAIN/src/oci:1" docker-archive:never.tar
    copy --format v2s2 "docker://$PLAIN/src/oci:1" docker-archive:always.tar
    [ ! -e never.tar ] || fail "an archive was written"
    run_rpod 125 push busybox ostree:x@/y
    like "$stderr" "not supported" "an unknown transport"
}

@test "inspect --raw and --config, as skopeo" {
    copy "docker://$PLAIN/src/oci:1" oci:l:x
    copy "docker://$PLAIN/src/oci:1" docker-archive:a.tar
    copy --all "docker://$PLAIN/src/list:1" dir:d
    local place
    for place in "docker://$PLAIN/src/docker:1" "docker://$PLAIN/src/list:1" oci:l:x dir:d; do
        rpod image inspect --raw "$place" >mine
        skopeo inspect --raw --tls-verify=false "$place" >theirs
        cmp mine theirs
        rpod image inspect --raw --config "$place" >mine
        skopeo inspect --raw --config --tls-verify=false "$place" >theirs
        cmp mine theirs
    done
    rpod image inspect --raw --config docker-archive:a.tar >mine
    skopeo inspect --raw --config docker-archive:a.tar >theirs
    cmp mine theirs
    run_rpod image inspect --config "docker://$PLAIN/src/oci:1"
    is "$(jq -cS . <<<"$output")" "$(skopeo inspect --config --tls-verify=false "docker://$PLAIN/src/oci:1" | jq -cS .)" "the configuration"
    rpod image inspect --raw rpod:busybox >mine
    is "$(jq -r .config.digest mine)" "sha256:$(rpod image inspect --format '{{.Id}}' busybox)" "of the store"
    run_rpod 125 image inspect --raw oci:l:none
    run_rpod 125 image inspect --raw "docker://$PLAIN/src/none"
}

@test "inspect of a place, as skopeo" {
    copy "docker://$PLAIN/src/oci:1" oci:l:x
    copy "docker://$PLAIN/src/oci:1" docker-archive:a.tar
    local place
    local fields='del(.LayersData, .Tag)'
    for place in "docker://$PLAIN/src/docker:1" "docker://$PLAIN/src/list:1" oci:l:x docker-archive:a.tar; do
        # It has no manifest: each tool makes one of its own.
        [ "$place" != docker-archive:a.tar ] || fields+=' | del(.Digest)'
        run_rpod image inspect "$place"
        is "$(jq -cS ".[0] | $fields" <<<"$output")" \
            "$(skopeo inspect --tls-verify=false "$place" | jq -cS "$fields")" "$place"
    done
    run_rpod image inspect --format '{{.Name}} {{.RepoTags}}' "docker://$PLAIN/src/list:1"
    is "$output" "$PLAIN/src/list [1]" "a template"
    run_rpod image inspect --no-tags --format '{{len .RepoTags}}' "docker://$PLAIN/src/list:1"
    is "$output" 0 "the tags are not asked for"
    run_rpod image inspect --arch arm64 --os linux --format '{{.Architecture}}' "docker://$PLAIN/src/list:1"
    is "$output" arm64 "the platform"
    run_rpod image inspect --format '{{.Os}}' busybox "docker://$PLAIN/src/oci:1"
    is "$output" $'linux\nlinux' "together with one of the store"
    run_rpod 125 image inspect "docker://$PLAIN/src/none"
    run_rpod 125 image inspect oci:l:none
    run_rpod 125 inspect oci:l:x
    like "$stderr" "no such object" "only image inspect looks elsewhere"
}

@test "what cannot be copied is refused, and leaves nothing" {
    run_rpod 125 image copy busybox dir:x
    like "$stderr" "expected colon-separated transport:reference" "no transport"
    copy "docker://$PLAIN/src/oci:1" oci:l:x
    local blob
    blob=$(jq -r '.layers[0].digest' <(skopeo inspect --raw oci:l:x))
    printf x | dd of="l/blobs/sha256/${blob#sha256:}" bs=1 seek=20 conv=notrunc status=none
    for place in dir:bad oci:bad:x oci-archive:bad.tar docker-archive:bad.tar "docker://$PLAIN/bad/x:1"; do
        run_rpod 125 image copy --retry 0 oci:l:x "$place"
        like "$stderr" "digest|corrupt|checksum|data" "$place"
    done
    [ ! -e bad.tar ] || fail "an archive was written"
    [ ! -e bad/index.json ] || fail "a layout names it"
    is "$(find . -name '.tmp-*')" "" "nothing half-made"
    ln -s /etc/passwd link
    mkdir evil && cp -r l/. evil/ && rm -r evil/blobs && mkdir out && ln -s ../out evil/blobs
    run_rpod 125 image copy "docker://$PLAIN/src/oci:1" oci:evil:y
    is "$(find out -type f)" "" "nothing behind a link"
}

@test "credentials of both sides" {
    echo 'alice:$2b$05$bJoASYHK90PlGBH2PpaVUOIL1P/JJ4PIiOdljkGKrXmTqr4un5fVe' >"$BATS_FILE_TMPDIR/htpasswd"
    start_registry password "auth: {htpasswd: {realm: basic-realm, path: $BATS_FILE_TMPDIR/htpasswd}}"
    run_rpod 125 image copy --dest-tls-verify=false "docker://$PLAIN/src/oci:1" "docker://$REGISTRY_NAME/x:1"
    like "$stderr" "unauthorized" "no credentials"
    copy --dest-tls-verify=false --dest-creds alice:secret "docker://$PLAIN/src/oci:1" "docker://$REGISTRY_NAME/x:1"
    run_rpod 125 image copy --src-tls-verify=false --src-no-creds "docker://$REGISTRY_NAME/x:1" dir:never
    copy --src-tls-verify=false --src-creds alice:secret "docker://$REGISTRY_NAME/x:1" dir:d
    is "$(raw dir:d)" "$(raw "docker://$PLAIN/src/oci:1")" "manifest"
}
