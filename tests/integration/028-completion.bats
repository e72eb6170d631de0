#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# rpod completion: the script, sourced into a bash, is asked as a Tab would ask it.

load helpers

# complete_line LINE: what Tab offers at its end, sorted, in one line.
complete_line() {
    # A function of the name that is typed, so that the store is this file's.
    bash -c '
        rpod() { command "$RPOD" --root "$RPOD_ROOT" "$@"; }
        # Only a prompt has options of a completion under way.
        compopt() { printf "%s\n" "$*" >"$OPTIONS"; }
        source <(rpod completion bash)
        COMP_LINE=$1 COMP_POINT=${#1}
        # As readline cuts it.
        COMP_WORDS=()
        while [[ $1 ]]; do
            if [[ $1 =~ ^[[:space:]]+ ]]; then set -- "${1:${#BASH_REMATCH}}"
            elif [[ $1 =~ ^[:=]+ || $1 =~ ^[^[:space:]:=]+ ]]; then COMP_WORDS+=("$BASH_REMATCH") && set -- "${1:${#BASH_REMATCH}}"
            fi
        done
        [[ $COMP_LINE != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _rpod
        printf "%s\n" "${COMPREPLY[@]}" | sort | tr "\n" " "
    ' _ "$1"
}

setup() { export OPTIONS=$BATS_TEST_TMPDIR/options; }

@test "commands" {
    run complete_line 'rpod ev'
    is "$output" "events " "one"
    run complete_line 'rpod volume '
    like "$output" 'create exists export import inspect list ls prune rm ' "a group"
    run complete_line 'rpod --log-level debug system res'
    is "$output" "reset " "behind a flag"
    run complete_line 'rpod nope '
    is "${output// /}" "" "nothing"
}

@test "every command and every flag is offered" {
    # By its own help, word by word.
    run bash -c '"$RPOD" run --help | grep -oE -- "--[a-z][a-z0-9-]*" | sort -u | tr "\n" " "'
    local wanted=$output
    run complete_line 'rpod run --'
    local flag
    for flag in $wanted; do
        [[ " $output " == *" $flag "* ]] || [ "$flag" = --help ] || fail "$flag is not offered"
    done
    run complete_line 'rpod run --volumes-'
    is "$output" "--volumes-from " "one"
}

@test "names of containers, images, volumes, secrets" {
    rpod create --name web busybox
    rpod create --name worker busybox
    rpod volume create data
    echo x | rpod secret create pass -
    rpod tag busybox localhost/other:v1
    run complete_line 'rpod start w'
    is "$output" "web worker " "containers"
    run complete_line 'rpod start web wo'
    is "$output" "worker " "several"
    run complete_line 'rpod rename web '
    is "${output// /}" "" "a new name is nobody's"
    run complete_line 'rpod run -it bus'
    is "$output" "busybox:latest " "as it is typed"
    run complete_line 'rpod rmi localhost/other:'
    is "$output" "v1 " "behind a colon"
    run complete_line 'rpod volume rm '
    is "$output" "data " "volumes"
    run complete_line 'rpod secret inspect '
    is "$output" "pass " "secrets"
    run complete_line 'rpod inspect wo'
    is "$output" "worker " "one of several kinds"
    run complete_line 'rpod run -v da'
    is "$output" "data " "a volume to mount"
    run complete_line 'rpod run --volumes-from wo'
    is "$output" "worker " "the value of a flag"
    run complete_line 'rpod run --volumes-from=wo'
    is "$output" "worker " "the value of a flag, behind a ="
    run complete_line 'rpod run --secret '
    is "$output" "pass " "the value of a flag"
    local id
    id=$(rpod inspect --format '{{.ID}}' web)
    run complete_line "rpod rm ${id:0:6}"
    is "$output" "${id:0:12} " "an ID"
    rpod rm web worker
    rpod secret rm pass
    rpod volume rm data
}

@test "files where files fit" {
    complete_line 'rpod load -i ' >/dev/null
    is "$(cat "$OPTIONS")" "-o default" "the value of a flag"
    complete_line 'rpod start ' >/dev/null
    is "$(cat "$OPTIONS")" "+o default" "no files"
    complete_line 'rpod run busybox ls ' >/dev/null
    is "$(cat "$OPTIONS")" "-o default" "what the container gets"
}

@test "other shells, a file, no store" {
    local shell
    for shell in zsh fish; do
        run_rpod completion "$shell"
        like "$output" "rpod __complete|__complete -- " "$shell"
        ! command -v "$shell" >/dev/null || "$shell" -n <(printf '%s\n' "$output")
    done
    run_rpod completion --no-desc zsh
    like "$output" "__complete --no-desc" "no descriptions"
    run_rpod 125 completion powershell
    like "$stderr" "bash, zsh and fish" "powershell"
    run_rpod completion -f "$BATS_TEST_TMPDIR/script" bash
    bash -n "$BATS_TEST_TMPDIR/script"
    run -0 "$RPOD" --root "$BATS_TEST_TMPDIR/none" __complete -- --root "$BATS_TEST_TMPDIR/none" start ''
    is "$output" "" "no store"
    [ ! -e "$BATS_TEST_TMPDIR/none" ] || fail "a store was made"
}
