#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# What containers write reaches their log: every byte of it, in the format of the driver, within its limit.

load helpers

setup() { require_run; }
teardown() { rpod rm -af >/dev/null 2>&1 || :; }

log_of() { echo "$RPOD_ROOT/containers/$1/ctr.log"; }

# The bytes that a k8s-file log keeps of a stream.
k8s_bytes() {
    python3 - "$1" "$2" <<'EOF'
import sys
out = sys.stdout.buffer
for line in open(sys.argv[1], 'rb'):
    time, stream, tag, text = line[:-1].split(b' ', 3)
    if stream.decode() == sys.argv[2]:
        out.write(text + (b'\n' if tag == b'F' else b''))
EOF
}

@test "k8s-file: the lines that conmon writes" {
    run_rpod run --network none --name c1 busybox sh -c 'echo one; sleep 0.1; echo two >&2; sleep 0.1; printf part'
    local id
    id=$(readlink "$RPOD_ROOT/containers/names/c1")
    id=${id##*/}
    local t='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}[+-][0-9]{2}:[0-9]{2}'
    like "$(sed -n 1p "$(log_of "$id")")" "$t stdout F one\$" "first"
    like "$(sed -n 2p "$(log_of "$id")")" "$t stderr F two\$" "second"
    like "$(sed -n 3p "$(log_of "$id")")" "$t stdout P part\$" "third"
    is "$(stat -c %a "$(log_of "$id")")" 600 "mode"
}

@test "k8s-file: 50 MB of anything, every byte" {
    head -c 50000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
    run_rpod run -d --network none --name c1 -v "$BATS_TEST_TMPDIR/data:/data:ro" busybox cat /data
    local id=$output
    run_rpod wait c1
    k8s_bytes "$(log_of "$id")" stdout | cmp - "$BATS_TEST_TMPDIR/data" || fail "the log differs"
}

@test "json-file: docker's lines" {
    run_rpod run --network none --name c1 --log-driver json-file busybox sh -c 'printf "a\"b\\\\\\tc\303\251\n"; sleep 0.1; printf "\377x" >&2'
    local id
    id=$(basename "$(readlink "$RPOD_ROOT/containers/names/c1")")
    is "$(python3 -c '
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    e = json.loads(line)
    print(e["stream"], ascii(e["log"]), e["time"][-1])' "$(log_of "$id")")" "stdout 'a\"b\\\\\\tc\\xe9\\n' Z
stderr '\\ufffdx' Z" "entries"
}

@test "rotation holds its limit and loses nothing of the newest" {
    run_rpod run -d --network none --name c1 --log-opt max-size=100k busybox seq 100000
    local id=$output
    run_rpod wait c1
    local file
    for file in "$(log_of "$id")" "$(log_of "$id").1"; do
        [ "$(stat -c %s "$file")" -le 102400 ] || fail "$file is too large"
    done
    is "$(ls "$RPOD_ROOT/containers/$id" | grep -c '^ctr.log')" 2 "files"
    local lines
    cat "$(log_of "$id").1" "$(log_of "$id")" >"$BATS_TEST_TMPDIR/both"
    # The first one may be the rest of a line.
    lines=$(k8s_bytes "$BATS_TEST_TMPDIR/both" stdout | tail -n +2)
    is "$(tail -n 1 <<<"$lines")" 100000 "the last line"
    is "$lines" "$(seq "$(head -n 1 <<<"$lines")" 100000)" "the lines"
}

@test "none keeps nothing, passthrough hands the streams on" {
    run_rpod run --network none --name c1 --log-driver none busybox echo seen
    is "$output" seen "output"
    is "$(find "$RPOD_ROOT/containers" -name 'ctr.log*')" "" "log files"
    run_rpod run --network none --name c2 --log-driver passthrough busybox readlink /proc/self/fd/0
    is "$output" /dev/null "standard input"
    is "$(echo in | rpod run -i --rm --network none --log-driver passthrough busybox cat)" in "passthrough with -i"
    is "$(find "$RPOD_ROOT/containers" -name 'ctr.log*')" "" "log files"
}

@test "other drivers and options are refused by name" {
    run_rpod 125 run --log-driver journald --network none busybox true
    like "$stderr" "--log-driver=journald is not supported: rpod does not write to the journal" "message"
    run_rpod 125 run --log-driver syslog --network none busybox true
    like "$stderr" "log-driver 'syslog'" "message"
    run_rpod 125 run --log-opt path=/x --network none busybox true
    like "$stderr" "--log-opt path is not supported" "message"
    run_rpod 125 run --log-opt max-size=1 --network none busybox true
    like "$stderr" "log-opt max-size" "message"
}

@test "the log goes on where it was when a container starts again" {
    run_rpod create --name c1 --network none busybox echo line
    local id=$output
    run_rpod start -a c1
    run_rpod start -a c1
    is "$(grep -c 'F line$' "$(log_of "$id")")" 2 "lines"
}

@test "a stopped foreground client holds the container back, and the log gets all of it" {
    "$RPOD" --root "$RPOD_ROOT" run --network none --name c1 busybox sh -c 'sleep 1; seq 200000' >"$BATS_TEST_TMPDIR/out" &
    local command=$!
    sleep 0.7
    kill -STOP "$command"
    sleep 1
    kill -CONT "$command"
    wait "$command"
    is "$(md5sum <"$BATS_TEST_TMPDIR/out")" "$(seq 200000 | md5sum)" "output"
    local id
    id=$(basename "$(readlink "$RPOD_ROOT/containers/names/c1")")
    is "$(k8s_bytes "$(log_of "$id")" stdout | md5sum)" "$(seq 200000 | md5sum)" "the log"
}
