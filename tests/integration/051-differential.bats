#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# A container sees of an image what umoci unpacks of it: names, types, modes, owners, link counts, times, attributes,
# contents. Random images; DIFFERENTIAL_SEED=N starts with another one, DIFFERENTIAL_COUNT=N takes more of them.

load helpers

setup_file() { setup_store; }

setup() {
    require_run
    require_command umoci
    [ -x "$LIST_TREE" ] || skip "no $LIST_TREE"
}

# unpacked LAYOUT: the listing of what umoci makes of the image.
unpacked() {
    rm -f "$BATS_TEST_TMPDIR/expected"
    rpod unshare sh -c 'umoci --log=error unpack --image "$1:test" "$2" && "$3" "$2/rootfs/t" >"$4"; status=$?; rm -rf "$2"; exit $status' \
        sh "$1" "$BATS_TEST_TMPDIR/bundle" "$LIST_TREE" "$BATS_TEST_TMPDIR/expected"
}

# compare SEED: prints the difference and fails where there is one.
compare() {
    local layout=$BATS_TEST_TMPDIR/image-$1
    python3 "$BATS_TEST_DIRNAME/random_image.py" "$1" "$layout"
    unpacked "$layout" || fail "seed $1: umoci does not unpack it" || return
    run_rpod pull -q "oci:$layout:test"
    rpod run --rm --network none -v "$LIST_TREE:/list_tree:ro" "${output##*$'\n'}" /list_tree /t >"$BATS_TEST_TMPDIR/actual" ||
        fail "seed $1: rpod does not show it" || return
    diff -u "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/actual" || fail "seed $1: not the same tree" || return
    rm -rf "$layout"
}

@test "a container sees what umoci unpacks" {
    local first=${DIFFERENTIAL_SEED:-1} seed
    echo "# seeds $first to $((first + ${DIFFERENTIAL_COUNT:-20} - 1))"
    for ((seed = first; seed < first + ${DIFFERENTIAL_COUNT:-20}; seed++)); do compare "$seed"; done
}
