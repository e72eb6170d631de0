# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
#
# For every NNN-topic.bats:  load helpers
# Each file has a store of its own, with the image `busybox` in it; teardown_file checks that nothing is left running
# and that the store can be removed. See README.md here.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

# ---------------------------------------------------------------------------------------------------------- the store

setup_file() {
    setup_store
    import_busybox
}

teardown_file() { teardown_store; }

# A store root of this file's own: $RPOD_ROOT.
setup_store() {
    export RPOD_ROOT=$BATS_FILE_TMPDIR/store
}

import_busybox() { rpod import "$BUSYBOX_TAR" busybox >/dev/null; }

# Fails when a process of the store still runs, or when something in the store belongs to somebody else.
teardown_store() {
    local left strangers
    [ -d "$RPOD_ROOT" ] || return 0
    left=$(store_processes)
    remove_all_containers
    strangers=$(find "$RPOD_ROOT" ! -uid "$(id -u)" -print 2>&1 | head -n 5)
    rm -rf "$RPOD_ROOT" || rpod unshare rm -rf "$RPOD_ROOT"
    [ -z "$left" ] || fail "left running: $left" || return
    [ -z "$strangers" ] || fail "in the store without any container, not ours: $strangers"
}

# The processes that hold the lock of a container or a pod of this store: "PID (COMM)" lines. The kernel tells, not rpod.
store_processes() {
    local file inode pid
    for file in "$RPOD_ROOT"/containers/*/alive "$RPOD_ROOT"/pods/*/alive; do
        [ -e "$file" ] || continue
        inode=$(stat -c %i "$file")
        pid=$(awk -v inode=":$inode\$" '$2 == "POSIX" && $4 == "WRITE" && $6 ~ inode { print $5; exit }' /proc/locks)
        [ -z "$pid" ] || printf '%s (%s)\n' "$pid" "$(cat "/proc/$pid/comm" 2>/dev/null)"
    done
}

# The death of a monitor ends its pod; the next command sweeps.
remove_all_containers() {
    local pid name
    for pid in $(store_processes | cut -d' ' -f1); do kill -KILL "$pid" 2>/dev/null || :; done
    for name in "$RPOD_ROOT"/containers/*/; do
        [ -d "$name" ] || continue
        rpod rm -f "$(basename "$name")" >/dev/null 2>&1 || :
    done
}

# ------------------------------------------------------------------------------------------------------- running rpod

# rpod ARG...: the program under test, on this file's store.
rpod() { command "$RPOD" --root "$RPOD_ROOT" "$@"; }

# run_rpod [STATUS] ARG...: runs it, sets $output, $stderr and $status, and fails unless it ends with STATUS (default 0;
# "?" for any). A command that takes longer than $RPOD_TIMEOUT seconds (default 60) is ended and fails.
run_rpod() {
    local expected=0
    case ${1:-} in
    '?' | [0-9] | [0-9][0-9] | [0-9][0-9][0-9]) expected=$1 && shift ;;
    esac
    run --separate-stderr timeout --kill-after=5 "${RPOD_TIMEOUT:-60}" "$RPOD" --root "$RPOD_ROOT" "$@"
    if [ "$expected" != '?' ] && [ "$status" != "$expected" ]; then
        fail "rpod $*: exit $status instead of $expected"
    fi
}

# Shows what the last run printed and fails the test.
fail() {
    {
        printf '%s\n' "$*"
        [ -z "${output:-}" ] || printf '%s\n' "$output" | sed 's/^/  out| /'
        [ -z "${stderr:-}" ] || printf '%s\n' "$stderr" | sed 's/^/  err| /'
    } >&2
    return 1
}

# is ACTUAL EXPECTED WHAT
is() {
    [ "$1" = "$2" ] || fail "$3: got $(printf %q "$1"), expected $(printf %q "$2")"
}

# like ACTUAL REGEX WHAT (bash's extended regular expressions)
like() {
    [[ $1 =~ $2 ]] || fail "$3: got $(printf %q "$1"), expected a match of $2"
}

# unlike ACTUAL REGEX WHAT
unlike() {
    [[ ! $1 =~ $2 ]] || fail "$3: got $(printf %q "$1"), expected no match of $2"
}

# A name that no other test of this run uses.
safename() { printf 't%s-%s-%s\n' "$$" "${BATS_TEST_NUMBER:-0}" "$((++RPOD_NAMES))"; }

# For a teardown: the containers and volumes of the store go.
remove_containers_and_volumes() {
    rpod rm -fa >/dev/null 2>&1 || :
    rpod volume rm -a >/dev/null 2>&1 || :
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "waited in vain for: $*" || return
        sleep 0.05
    done
}

# in_pty COMMAND...: runs it on a terminal of its own (80x24, nothing typed); what it prints, without carriage returns.
in_pty() { python3 "$BATS_TEST_DIRNAME/in_pty.py" "$@" | tr -d '\r'; }

# ------------------------------------------------------------------------------------------------------- requirements

# Each skips the test with a reason that says what is missing here.
require_command() {
    local name
    for name; do command -v "$name" >/dev/null || skip "no $name"; done
}
require_userns() { unshare --user --map-root-user true 2>/dev/null || skip "user namespaces are not allowed here"; }
require_fuse() {
    [ -r /dev/fuse ] && [ -w /dev/fuse ] || skip "no access to /dev/fuse"
    require_userns
}
require_tun() { [ -r /dev/net/tun ] && [ -w /dev/net/tun ] || skip "no access to /dev/net/tun"; }
require_subids() {
    grep -qE "^($(id -un)|$(id -u)):" /etc/subuid || skip "$(id -un) has no range in /etc/subuid"
    require_command newuidmap newgidmap
}
require_no_subids() { ! grep -qE "^($(id -un)|$(id -u)):" /etc/subuid || skip "$(id -un) has a range in /etc/subuid"; }
# What `rpod run` needs in its default form.
require_run() {
    require_subids
    require_fuse
}

# --------------------------------------------------------------------------------------------------------------- data

# make_archive FORMAT OUT NAME LAYER.tar...: a docker-archive or oci-archive (FORMAT docker|oci[:COMPRESSION]) of the
# given layers. See make_archive.py for more (hostile archives, configuration).
make_archive() { python3 "$BATS_TEST_DIRNAME/make_archive.py" "$@"; }

# The size in bytes, number of files below a directory: for "nothing was left behind".
tree_summary() { (cd "$1" && find . -printf '%y %s %p\n' | sort); }
