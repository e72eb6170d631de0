#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Archives of images that attack their reader (hostile_image.py has them): each is refused, or makes a harmless image;
# nothing outside the store changes, nothing half-made stays in it.

load helpers

setup() {
    outside=$BATS_TEST_TMPDIR/outside
    mkdir "$outside"
    echo secret >"$outside/file"
    cp "$BUSYBOX_TAR" "$outside/layer.tar"
    before=$(tree_summary "$outside")
    store_before=$(tree_summary "$RPOD_ROOT/oci")
}

# attack CASE: makes its archive, $archive.
attack() {
    archive=$BATS_TEST_TMPDIR/$1.tar
    python3 "$BATS_TEST_DIRNAME/hostile_image.py" "$1" "$archive" "$BUSYBOX_TAR" "$outside"
}

cases() { python3 "$BATS_TEST_DIRNAME/hostile_image.py" | grep "$1"; }

expect_untouched() {
    is "$(tree_summary "$outside")" "$before" "$1: the directory outside"
    is "$(cat "$outside/file")" secret "$1: the file outside"
}

# From a file, and as a stream, which is read in another way.
expect_refused() {
    run_rpod 125 load -q -i "$archive"
    [ -n "$stderr" ] || fail "$1: no message"
    [ "$(wc -l <<<"$stderr")" -le 2 ] || fail "$1: more than one line"
    run_rpod 125 load -q <"$archive"
    is "$(tree_summary "$RPOD_ROOT/oci")" "$store_before" "$1: the store"
}

expect_harmless() {
    run_rpod load -q -i "$archive"
    run_rpod load -q <"$archive"
    if [ -n "$can_run" ]; then
        run_rpod run --rm --network none hostile:1 sh -c 'find / -xdev >/dev/null 2>&1; cat /*/file 2>/dev/null; echo seen'
        is "$output" seen "$1: what the container finds"
    fi
    run_rpod rmi hostile:1
    is "$(tree_summary "$RPOD_ROOT/oci")" "$store_before" "$1: the store"
}

try_all() {
    local name verdict
    can_run=
    (require_run) >/dev/null 2>&1 && can_run=1
    while read -r name verdict; do
        attack "$name"
        if [ "$verdict" = refused ]; then expect_refused "$name"; else expect_harmless "$name"; fi
        expect_untouched "$name"
        rm "$archive"
    done < <(cases "$1")
}

@test "names and links that lead out of the image (T1, T2, T3, T4)" { try_all '^t[1234]_'; }
@test "whiteouts that aim elsewhere (T5)" { try_all '^t5_'; }
@test "devices, owners and attributes that mean something to the host (T6)" { try_all '^t6_'; }
@test "headers that lie (T7)" { try_all '^t7_'; }
@test "names whose type changes (T8)" { try_all '^t8_'; }
@test "manifests, indexes and configurations that lie (T9)" { try_all '^t9_'; }
@test "manifest.json that names what is elsewhere (T10)" { try_all '^t10_'; }

@test "what the harmless ones look like inside" {
    require_run
    attack t1_dotdot
    run_rpod load -q -i "$archive"
    run_rpod run --rm --network none hostile:1 cat /x /y /z
    is "$output" $'evil\nevil\nevil' "names with .."
    attack t5_whiteout_as_hardlink
    run_rpod load -q -i "$archive"
    run_rpod run --rm --network none hostile:1 sh -c '[ ! -e /f ] && [ -e /bin/busybox ] && echo gone'
    is "$output" gone "a whiteout that is a hard link"
    attack t6_devices
    run_rpod load -q -i "$archive"
    run_rpod run --rm --network none --cap-add all hostile:1 sh -c \
        'for d in disk mem null; do head -c 1 /$d 2>/dev/null && echo "read $d"; (echo x >/$d) 2>/dev/null && echo "wrote $d"; done; true'
    is "$output" "" "devices of the image"
    attack t6_foreign_set_uid
    run_rpod load -q -i "$archive"
    run_rpod run --rm --network none hostile:1 stat -c '%u:%g' /suid
    is "$output" 65534:65534 "an owner outside the range"
    attack t6_overlay_attributes
    run_rpod load -q -i "$archive"
    run_rpod run --rm --network none hostile:1 sh -c 'ls /d; ls /bin | grep -c busybox'
    is "$output" $'f\n1' "directories with overlayfs's attributes"
    attack t8_types_change
    run_rpod load -q -i "$archive"
    run_rpod run --rm --network none hostile:1 ls /a
    is "$output" z "a name of many types"
    run_rpod rmi hostile:1
}

@test "compression bombs end at a bound or in little room (T7)" {
    require_command zstd xz
    local kind
    # A sparse layer of 2 GiB of zeros: the tar itself is not small, but its file in the store has no blocks.
    python3 - "$BATS_TEST_TMPDIR" <<'PY'
import sys, tarfile, io
class Zeros(io.RawIOBase):
    def readable(self): return True
    def readinto(self, into):
        into[:] = bytes(len(into)); return len(into)
with tarfile.open(sys.argv[1] + '/bomb.tar.gz', 'w:gz', compresslevel=1) as out:
    info = tarfile.TarInfo('zeros'); info.size = 1 << 29
    out.addfile(info, io.BufferedReader(Zeros(), 1 << 20))
PY
    run_rpod import -q "$BATS_TEST_TMPDIR/bomb.tar.gz" bomb
    local blocks
    blocks=$(du -sk "$RPOD_ROOT/oci" | cut -f1)
    [ "$blocks" -lt 50000 ] || fail "the store takes $blocks KiB"
    run_rpod rmi bomb
    for kind in gzip xz zstd; do
        # What follows a stream, and a second stream.
        $kind -c <"$BUSYBOX_TAR" >"$BATS_TEST_TMPDIR/a"
        { cat "$BATS_TEST_TMPDIR/a" && head -c 5000 /dev/urandom; } >"$BATS_TEST_TMPDIR/b"
        RPOD_TIMEOUT=30 run_rpod '?' import -q "$BATS_TEST_TMPDIR/b" garbage
        [ "$status" = 0 ] || [ "$status" = 125 ] || fail "$kind with trailing garbage: exit $status"
        [ "$status" != 0 ] || run_rpod rmi garbage
        head -c 20000 "$BATS_TEST_TMPDIR/a" >"$BATS_TEST_TMPDIR/c"
        RPOD_TIMEOUT=30 run_rpod 125 import -q "$BATS_TEST_TMPDIR/c" short
    done
    is "$(tree_summary "$RPOD_ROOT/oci")" "$store_before" "the store"
}
