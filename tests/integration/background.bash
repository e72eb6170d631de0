# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Containers that go on while a test looks at them. For files that say:  load helpers; load background
# shellcheck shell=bash

# start_container NAME [RUN-OPTION...] -- COMMAND...: runs it in the background and waits until it runs. Its output goes
# to $BATS_FILE_TMPDIR/NAME.out; the command that is attached to it is $!.
start_container() {
    local name=$1
    local -a options=()
    shift
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    shift
    "$RPOD" --root "$RPOD_ROOT" run --network none --name "$name" "${options[@]}" busybox "$@" \
        >"$BATS_FILE_TMPDIR/$name.out" 2>&1 </dev/null 3>&- &
    wait_for 20 is_running "$name"
}

# is_running NAME: its record says so.
is_running() {
    local id
    id=$(container_id "$1") && grep -q '"status": "running"' "$RPOD_ROOT/containers/$id/state.json" 2>/dev/null
}

# container_id NAME: the kernel's and the store's own word, not rpod's.
container_id() { grep -l "\"name\": *\"$1\"" "$RPOD_ROOT"/containers/*/config.json 2>/dev/null | head -n 1 | xargs -r dirname | xargs -r basename; }

# host_pid NAME: of its first process, as the host counts.
host_pid() { sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$RPOD_ROOT/containers/$(container_id "$1")/state.json"; }

# end_container NAME: and the command that was attached to it.
end_container() { rpod rm -f "$1" >/dev/null 2>&1 || :; }
