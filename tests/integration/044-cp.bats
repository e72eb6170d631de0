#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# Files into containers and out of them: rpod cp

load helpers

setup() {
    require_run
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p dir/sub
    echo a >dir/a
    echo b >dir/sub/b
    echo file >file
    chmod 4755 file
}
teardown() { remove_all_containers; }

# Each test about what files become runs on a container that runs and on one that does not.
make_container() {
    run_rpod create --name "$1" "${@:2}" busybox sleep 1000
    [ "$RUNS" = no ] || run_rpod start "$1"
}
# inside CONTAINER COMMAND...: sees its files.
inside() {
    if [ "$RUNS" = no ]; then
        rpod commit -q "$1" "view-$1" >/dev/null
        rpod run --rm "view-$1" "${@:2}"
    else
        rpod exec "$1" "${@:2}"
    fi
}
no_such() { is "$stderr" "Error: \"$1\" could not be found on $2: no such file or directory" "$1"; }

into_container() {
    make_container c1 -u 33:44
    run_rpod cp dir c1:/new
    run_rpod cp dir c1:/new
    run_rpod cp dir/. c1:/new2
    run_rpod cp file c1:/new
    run_rpod cp file c1:/file2
    run_rpod cp file c1:file2
    run_rpod cp -a=false file c1:/file3
    mkfifo fifo
    run_rpod cp fifo c1:/new/
    ln -s dir link
    run_rpod cp link c1:/new
    run inside c1 sh -c 'cd /; find new new2 file2 file3 | sort; stat -c "%n %u:%g %a" new new/a file2 file3'
    is "$output" "file2
file3
new
new/a
new/dir
new/dir/a
new/dir/sub
new/dir/sub/b
new/fifo
new/file
new/link
new/link/a
new/link/sub
new/link/sub/b
new/sub
new/sub/b
new2
new2/a
new2/sub
new2/sub/b
new 33:44 755
new/a 33:44 644
file2 33:44 4755
file3 0:0 4755" "what came"
}
@test "into a running container" { RUNS=yes into_container; }
@test "into a stopped container" { RUNS=no into_container; }

out_of_container() {
    make_container c1
    rpod cp dir c1:/new
    run_rpod cp file c1:/new/file
    run_rpod cp c1:/new out
    run_rpod cp c1:/new out
    run_rpod cp c1:/new/. out/content
    run_rpod cp c1:/new/a out/renamed
    run_rpod cp c1:/new/a out
    run_rpod cp c1:new/sub .
    is "$(find out sub -type f | sort | paste -sd ' ')" \
        "out/a out/content/a out/content/file out/content/sub/b out/file out/new/a out/new/file out/new/sub/b out/renamed out/sub/b sub/b" "what came"
    is "$(stat -c '%u %a' out/file)" "$(id -u) 755" "the caller's, without set-ID bits"
    run_rpod cp c1:/bin/sh out
    [ -f out/sh ] || fail "a link as source: what it leads to"
}
@test "out of a running container" { RUNS=yes out_of_container; }
@test "out of a stopped container" { RUNS=no out_of_container; }

@test "the messages are podman's" {
    RUNS=no make_container c1
    run_rpod cp dir c1:/new
    run_rpod cp file c1:/file
    run_rpod 125 cp dir c1:/nope/x && no_such /nope/x "container c1"
    run_rpod 125 cp file c1:/nofile/ && no_such /nofile/ "container c1"
    run_rpod 125 cp dir/. c1:/n9/x && no_such /n9/x "container c1"
    run_rpod 125 cp nofile c1:/x && no_such nofile "the host"
    run_rpod 125 cp dir/a/. c1:/x
    is "$stderr" 'Error: "dir/a/." could not be found on the host: not a directory' "the content of a file"
    run_rpod 125 cp c1:/file/. dir && no_such /file/. "container c1"
    run_rpod 125 cp c1:/nope out && no_such /nope "container c1"
    run_rpod 125 cp c1:/new/. out/x && no_such out/x "the host"
    run_rpod 125 cp c1:/new/a nodir/ && no_such nodir/ "the host"
    run_rpod 125 cp dir c1:/file
    is "$stderr" "Error: destination must be a directory when copying a directory" "onto a file"
    run_rpod 125 cp c1:/new file
    is "$stderr" "Error: destination must be a directory when copying a directory" "onto a file of the host"
    run_rpod 125 cp nope:/x y
    is "$stderr" 'Error: container "nope" does not exist' "no container"
    run_rpod 125 cp c1: x
    is "$stderr" 'Error: invalid arguments "c1:", "x": you must specify paths' "no path"
    run_rpod 125 cp a b
    like "$stderr" 'you must specify one container' "two paths of the host"
    run_rpod 125 cp file c1:/file/
    like "$stderr" 'is not a directory' "a file with a slash"
}

@test "directories and files take each other's place only with --overwrite" {
    RUNS=yes make_container c1
    run_rpod cp dir c1:/d
    run_rpod exec c1 mkdir /d/a.d /d/file
    run_rpod 125 cp file c1:/d
    like "$stderr" "'d/file' is a directory" "a file over a directory"
    run_rpod cp --overwrite file c1:/d
    is "$(rpod exec c1 cat /d/file)" file "with --overwrite"
    mkdir -p other/a
    run_rpod 125 cp other/. c1:/d
    like "$stderr" "'d/a' is there and is not a directory" "a directory over a file"
    run_rpod cp --overwrite other/. c1:/d
    run_rpod exec c1 test -d /d/a
    mkdir -p out/file
    run_rpod 125 cp c1:/d/file out
    like "$stderr" "is a directory" "on the host"
    run_rpod cp --overwrite c1:/d/file out
    [ -f out/file ] || fail "with --overwrite on the host"
}

@test "archives from standard input and to standard output" {
    RUNS=yes make_container c1 -u 33:44
    run_rpod exec -u 0 c1 mkdir /d
    tar -C dir -czf d.tar.gz .
    rpod cp - c1:/d <d.tar.gz
    is "$(rpod exec c1 sh -c 'cat /d/a /d/sub/b; stat -c %u:%g /d /d/a')" "a
b
0:0
33:44" "what came, given to the user"
    tar --owner 5 --group 6 -cf f.tar file
    rpod cp -a=false - c1:/d <f.tar
    is "$(rpod exec c1 stat -c %u:%g /d/file)" 5:6 "kept owners"
    is "$(rpod cp c1:/d - | tar -t | sort | paste -sd ' ')" "d/ d/a d/file d/sub/ d/sub/b" "a directory"
    is "$(rpod cp c1:/d/. - | tar -t | sort | paste -sd ' ')" "./ a file sub/ sub/b" "its content"
    is "$(rpod cp c1:/d/file - | tar -t --numeric-owner -v | awk '{ print $1, $2, $NF }')" "-rwsr-xr-x 5/6 file" "a file"
    run_rpod 125 cp - c1:/d/file <f.tar
    is "$stderr" "Error: destination must be a directory when copying from stdin" "onto a file"
    run_rpod 125 cp - c1:/nope <f.tar
    is "$stderr" "Error: destination must be a directory when copying from stdin" "onto nothing"
    run_rpod 125 cp - c1:/d <file
    like "$stderr" "archive|header|tar" "no archive"
    run in_pty "$RPOD" --root "$RPOD_ROOT" cp c1:/d -
    like "$output" "refusing to write an archive to a terminal" "terminal"
}

@test "between containers, and within one" {
    local RUNS
    for RUNS in yes no; do
        make_container c1
        make_container c2 -u 33:44
        run_rpod cp dir c1:/d
        run_rpod cp c1:/d c2:/from-c1
        run_rpod cp c1:/d c1:/d2
        is "$(inside c2 sh -c 'cat /from-c1/sub/b; stat -c %u:%g /from-c1/a')" "b
33:44" "into another ($RUNS)"
        is "$(inside c1 cat /d2/sub/b)" b "into itself ($RUNS)"
        run_rpod rm -f c1 c2
    done
}

@test "volumes and binds are reached, also while the container does not run" {
    local RUNS
    mkdir host
    for RUNS in yes no; do
        make_container c1 -v v1:/vol -v "$PWD/host:/host" -v "$PWD/host:/ro:ro" -v /anon
        run_rpod cp dir c1:/vol
        run_rpod cp file c1:/host/from-cp
        run_rpod cp dir c1:/anon
        run_rpod cp c1:/anon/dir/a "anon-$RUNS"
        is "$(rpod volume export v1 | tar -xO dir/sub/b)" b "a volume ($RUNS)"
        [ -f host/from-cp ] || fail "a bind ($RUNS)"
        run_rpod 125 cp file c1:/ro/x
        like "$stderr" "Read-only file system" "a read-only bind ($RUNS)"
        run_rpod diff c1
        is "$output" "" "nothing of it is the container's own ($RUNS)"
        run_rpod rm -f -v c1
        run_rpod volume rm v1
        rm host/from-cp
    done
}

@test "links, names, holes and times survive" {
    RUNS=no make_container c1
    mkdir t
    echo x >"t/with
newline"
    ln t/with* t/hard
    ln -s /etc/passwd t/absolute
    ln -s nowhere t/dangling
    truncate -s 3G t/sparse
    touch -d @1000000000 t/hard t
    run_rpod cp t c1:/t
    run_rpod cp c1:/t back
    is "$(stat -c %h back/hard)" 2 "hard link"
    is "$(readlink back/absolute back/dangling | paste -sd ' ')" "/etc/passwd nowhere" "symbolic links"
    is "$(stat -c %Y back/hard back | paste -sd ' ')" "1000000000 1000000000" "times"
    is "$(stat -c %s back/sparse)" 3221225472 "size"
    [ "$(du -k back/sparse | cut -f1)" -lt 1000 ] || fail "the holes were filled"
}

@test "a container that ends, a killed cp, a full disk" {
    RUNS=yes make_container c1
    run_rpod exec c1 truncate -s 100G /big
    mkfifo out
    exec 9<>out
    "$RPOD" --root "$RPOD_ROOT" cp c1:/big - >&9 3>&- &
    local copy=$!
    wait_for 10 pgrep -u "$(id -u)" -x rpod:files
    kill -9 "$copy"
    wait "$copy" || :
    gone() { ! pgrep -u "$(id -u)" -x 'rpod:files|rpod:session|rpod:pipe' >/dev/null; }
    wait_for 10 gone
    exec 9>&-
    run -125 --separate-stderr bash -c '"$RPOD" --root "$RPOD_ROOT" cp c1:/bin/busybox - >/dev/full'
    like "$stderr" "No space left" "full"
}
