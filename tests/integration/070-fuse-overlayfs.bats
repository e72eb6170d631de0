#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
# The writable overlay: `rpod fuse-overlayfs` beside kernel overlayfs with `userxattr`, whose format it shares.

# shellcheck disable=SC2016  # scripts for in_namespace

load helpers
load overlay_layers

# No images here.
setup_file() { setup_store; }

setup() {
    require_fuse
    require_command setfattr getfattr flock
    DIR=$BATS_TEST_TMPDIR
}

teardown() {
    ! mountpoint -q "$DIR/merged" || fusermount3 -u -z "$DIR/merged"
    # The kernel's work directory has no permissions at all, and some that the tests make have few.
    chmod -R u+rwX "$DIR" 2>/dev/null || :
}

# in_namespace SCRIPT: in $IN, or as root of a new user namespace, with the helpers at hand; its output in $output.
in_namespace() {
    DIR=$DIR HERE=$BATS_TEST_DIRNAME run --separate-stderr timeout 100 ${IN:-unshare --user --map-root-user --mount} \
        bash -euc ". \"\$HERE/overlay_layers.bash\"; trap unmount_all EXIT; $1"
    [ "$status" = 0 ] || fail "exit $status: $1"
}

# Skips where the kernel does not let us mount overlays.
require_kernel_overlay() {
    mkdir -p "$DIR/try"
    unshare --user --map-root-user --mount bash -c ". '$BATS_TEST_DIRNAME/overlay_layers.bash'
        make_layers '$DIR/try' && mount_kernel '$DIR/try'" 2>/dev/null || skip "kernel overlayfs cannot be mounted here"
}

# operate_with DRIVER: layers of its own in $DIR/DRIVER, all operations on them; prints what came of them, then the tree.
operate_with() {
    in_namespace "make_layers \$DIR/$1; mount_$1 \$DIR/$1
        python3 -B \$HERE/overlay_operations.py \$DIR/$1/merged
        list_layers \$DIR/$1/merged
        unmount_layers \$DIR/$1"
    printf '%s\n' "$output" >"$DIR/$1.txt"
}

@test "operations end as with kernel overlayfs" {
    require_kernel_overlay
    operate_with kernel
    operate_with rpod
    diff -u "$DIR/kernel.txt" "$DIR/rpod.txt" || fail "differs from the kernel"
}

# reads_what_was_written WRITER READER: layers that WRITER worked on, shown by READER as by WRITER.
reads_what_was_written() {
    require_kernel_overlay
    operate_with "$1"
    in_namespace "mount_$1 \$DIR/$1; list_layers \$DIR/$1/merged >\$DIR/written; unmount_layers \$DIR/$1
        mount_$2 \$DIR/$1; list_layers \$DIR/$1/merged >\$DIR/read"
    diff -u "$DIR/written" "$DIR/read" || fail "$2 sees something else than $1"
}

@test "the kernel reads what it wrote" { reads_what_was_written rpod kernel; }

@test "it reads what the kernel wrote" { reads_what_was_written kernel rpod; }

@test "random operations end as on a plain directory, and the kernel reads what they leave" {
    require_kernel_overlay
    local first=${RPOD_TEST_SEED:-1}
    in_namespace 'for seed in $(seq '"$first $((first + 9))"'); do
            d=$DIR/$seed; mkdir -p $d/{top,bottom,upper,work,merged,model}
            model() { python3 -B $HERE/overlay_model.py $((seed * 10 + $1)) "${@:2}" || { echo "seed $seed"; exit 1; }; }
            model 1 150 $d/bottom $d/bottom; model 2 60 $d/top $d/top
            mount_rpod $d; cp -a $d/merged/. $d/model/; model 3 400 $d/merged $d/model; unmount_layers $d
            mount_kernel $d; model 4 0 $d/merged $d/model; unmount_layers $d
            chmod -R u+rwX $d
        done'
}

@test "who writes to a program takes its set-ID bits away, as on any file system in a user namespace" {
    IN="$RPOD --root $RPOD_ROOT unshare" in_namespace 'mkdir -p $DIR/{top,bottom,upper,work,merged}
        for f in root truncate truncopen write; do echo x >$DIR/top/$f; chmod 6777 $DIR/top/$f; done
        mount_rpod $DIR; cd $DIR/merged
        as() { setpriv --reuid 1 --regid 1 --clear-groups "$@"; }
        echo y >>root; as truncate -s 1 truncate; as sh -c "echo y >truncopen"; as sh -c "echo y >>write"
        stat -c "%n %a" *; cd /; unmount_layers $DIR; cd $DIR/upper; stat -c "%n %a" *'
    local modes=$'root 777\ntruncate 777\ntruncopen 777\nwrite 777'
    is "$output" "$modes"$'\n'"$modes" "modes, seen through the overlay and in its upper layer"
}

@test "lower directories are never changed" {
    in_namespace 'make_layers $DIR; list_layers $DIR/top >$DIR/before; list_layers $DIR/bottom >>$DIR/before
        mount_rpod $DIR; python3 -B $HERE/overlay_operations.py $DIR/merged >/dev/null
        list_layers $DIR/top >$DIR/after; list_layers $DIR/bottom >>$DIR/after'
    diff -u "$DIR/before" "$DIR/after" || fail "lower directories changed"
}

@test "a plain user mounts through fusermount3, and unmounts so" {
    require_command fusermount3
    make_layers "$DIR"
    run_rpod fuse-overlayfs -o "lowerdir=$DIR/top:$DIR/bottom" -o "upperdir=$DIR/upper,workdir=$DIR/work" "$DIR/merged"
    is "$(cat "$DIR/merged/both")" "top" "a file"
    echo new >"$DIR/merged/new"
    rm -r "$DIR/merged/tree"
    is "$(stat -c %U "$DIR/merged/new")" "$(id -un)" "its owner"
    fusermount3 -u "$DIR/merged"
    is "$(cat "$DIR/upper/new")" "new" "the file in the upper directory"
    is "$(stat -c %F "$DIR/upper/tree")" "character special file" "the whiteout"
    flock -w 10 "$DIR/work/work" true || fail "the server did not end"
}

@test "called as fuse-overlayfs, in the foreground, it ends when it is told to" {
    make_layers "$DIR"
    ln -s "$RPOD" "$DIR/fuse-overlayfs"
    "$DIR/fuse-overlayfs" -f -o "$(layer_options "$DIR")" "$DIR/merged" &
    local pid=$!
    wait_for 10 mountpoint -q "$DIR/merged"
    is "$(cat "$DIR/merged/dir/three")" "three" "a file"
    kill "$pid"
    wait "$pid" || fail "exit $?"
    ! mountpoint -q "$DIR/merged" || fail "still mounted"
}

@test "the server keeps few rights" {
    in_namespace 'make_layers $DIR; mount_rpod $DIR
        server=$(pgrep -f "^$RPOD fuse-overlayfs .*$DIR/merged")
        awk "/^(NoNewPrivs|Seccomp):/ { print \$2 }" /proc/$server/status
        ls /proc/$server/task | wc -l'
    is "$output" $'1\n2\n7' "no_new_privs, seccomp, threads"
}

@test "without an upper directory nothing can be written" {
    in_namespace 'make_layers $DIR; "$RPOD" fuse-overlayfs -o "lowerdir=$DIR/top:$DIR/bottom" $DIR/merged
        cat $DIR/merged/both; ! touch $DIR/merged/new; ! rm $DIR/merged/both; ! chmod 600 $DIR/merged/mode'
    is "$output" "top" "a file"
    like "$stderr" "Read-only file system" "the refusal"
}

@test "an upper directory is not mounted twice" {
    in_namespace 'make_layers $DIR; mount_rpod $DIR; mkdir $DIR/again
        ! "$RPOD" fuse-overlayfs -o "$(layer_options $DIR)" $DIR/again'
    like "$stderr" "work directory is in use by another mount" "the refusal"
}

@test "options that are unknown, not done or missing are named" {
    make_layers "$DIR"
    local option
    for option in nonsense xino=on plugins=x redirect_dir=on; do
        run_rpod 125 fuse-overlayfs -o "lowerdir=$DIR/top,$option" "$DIR/merged"
        like "$stderr" "option '$option'" "the refusal of $option"
    done
    run_rpod 125 fuse-overlayfs -o "upperdir=$DIR/upper" "$DIR/merged"
    like "$stderr" "no lowerdir given" "the refusal"
    run_rpod 125 fuse-overlayfs -o "lowerdir=$DIR/top,upperdir=$DIR/upper" "$DIR/merged"
    like "$stderr" "no workdir given" "the refusal"
    run_rpod 125 fuse-overlayfs -o "lowerdir=$DIR/absent" "$DIR/merged"
    like "$stderr" "lowerdir: open '$DIR/absent': No such file or directory" "the refusal"
    run_rpod 125 fuse-overlayfs -o "lowerdir=$DIR/top"
    like "$stderr" "no mount point given" "the refusal"
}

@test "owners are shown as squash_to_* and uidmapping say" {
    require_subids
    IN="$RPOD --root $RPOD_ROOT unshare" in_namespace 'make_layers $DIR; show() {
            "$RPOD" fuse-overlayfs -o "$(layer_options $DIR)" -o "$1" $DIR/merged
            stat -c %u:%g $DIR/merged/both; : >$DIR/merged/new; stat -c %u:%g $DIR/merged/new; unmount_layers $DIR; }
        show squash_to_uid=7,squash_to_gid=8; show squash_to_root,squash_to_gid=9; show uidmapping=0:5:1,gidmapping=0:6:2'
    is "$output" $'7:8\n7:8\n0:9\n0:9\n5:6\n5:6' "owners"
}

@test "few descriptors are enough for a large tree" {
    in_namespace 'make_layers $DIR; cd $DIR/bottom
        for i in $(seq 300); do mkdir -p wide/$i/deep; echo $i >wide/$i/deep/file; done
        ulimit -n 100; mount_rpod $DIR; cd $DIR/merged
        find wide -type f | wc -l
        for i in $(seq 300); do echo more >>wide/$i/deep/file; done
        cat wide/*/deep/file | grep -c more
        cd $DIR/merged/wide/300/deep; rm -r $DIR/merged/wide/1; mv file moved; cat moved; rm -r $DIR/merged/wide; ls'
    is "$output" $'300\n300\n300\nmore' "what was read"
}

@test "what was synced outlives a server that is killed" {
    in_namespace 'make_layers $DIR
        for round in 1 2 3; do
            mount_rpod $DIR
            python3 -B $HERE/overlay_synced.py write $DIR/merged >$DIR/told 2>$DIR/error &
            until [ $(wc -l <$DIR/told) -gt $((round * 40)) ]; do sleep 0.05; done
            kill -KILL $(pgrep -f "^$RPOD fuse-overlayfs .*$DIR/merged")
            wait $!
            umount -l $DIR/merged
            grep -q ended: $DIR/error
            for again in rpod rpod; do
                mount_$again $DIR
                python3 -B $HERE/overlay_synced.py check $DIR/merged <$DIR/told
                rm -f $DIR/merged/log.old
                unmount_layers $DIR
            done
            rm $DIR/upper/log
        done'
}

@test "noxattrs=1 shows no attributes and takes none" {
    in_namespace 'make_layers $DIR; "$RPOD" fuse-overlayfs -o "noxattrs=1,$(layer_options $DIR)" $DIR/merged; cd $DIR/merged
        ! getfattr -n user.color mode; ! setfattr -n user.new -v x mode; rm -r tree dir; mkdir dir; ls dir
        cd /; unmount_layers $DIR; mount_rpod $DIR; ls $DIR/merged/dir; getfattr --only-values -n user.color $DIR/merged/mode'
    is "$output" "red" "what is shown"
    like "$stderr" "Operation not supported" "the refusal"
}

@test "directories have as many links as fuse-overlayfs says, or one" {
    in_namespace 'make_layers $DIR; mkdir -p $DIR/bottom/dir/other $DIR/top/dir/third; cd $DIR
        links() { stat -c %h merged/dir; }
        mount_rpod $DIR; links; mkdir merged/dir/new; links; touch merged/dir/file; links; rmdir merged/dir/third; links
        mv merged/dir/new merged; links; mv merged/new merged/dir/again; links; mkdir merged/one merged/dir/one.d
        mv -T merged/dir/again merged/dir/one.d; links; unmount_layers $DIR; cd $DIR
        "$RPOD" fuse-overlayfs -o "static_nlink,$(layer_options $DIR)" $DIR/merged; links'
    is "$output" $'5\n6\n6\n5\n4\n5\n5\n1' "links"
}

@test "a server that is killed in the middle of random operations leaves a tree that rpod and the kernel read alike" {
    require_kernel_overlay
    in_namespace 'for seed in $(seq 6); do
            d=$DIR/$seed; mkdir -p $d/{top,bottom,upper,work,merged,model}
            model() { python3 -B $HERE/overlay_model.py $((seed * 10 + $1)) "${@:2}"; }
            model 1 150 $d/bottom $d/bottom; model 2 60 $d/top $d/top
            mount_rpod $d; cp -a $d/merged/. $d/model/
            model 3 100000 $d/merged $d/model >/dev/null 2>$d/error & operations=$!
            sleep 0.$((seed + 2))
            kill -KILL $(pgrep -f "^$RPOD fuse-overlayfs .*$d/merged")
            ! wait $operations
            umount -l $d/merged
            grep -q "ENOTCONN\|ECONNABORTED" $d/error
            mount_rpod $d; list_layers $d/merged >$d/rpod; touch $d/merged/goes-on; rm $d/merged/goes-on; unmount_layers $d
            [ "$(ls $d/work/work)" = "#1" ]  # the whiteout that all others are links of
            mount_kernel $d; list_layers $d/merged >$d/kernel; unmount_layers $d
            diff $d/rpod $d/kernel; [ -s $d/rpod ]
            chmod -R u+rwX $d
        done'
}

@test "a directory is listed whole while its files are removed and the kernel drops what it knows of it" {
    in_namespace 'make_layers $DIR; mkdir $DIR/{bottom,top,upper}/wide; cd $DIR
        for i in $(seq 1000); do : >bottom/wide/lower-$i; : >top/wide/upper-$i; : >upper/wide/$i-upper; done
        mount_rpod $DIR; cd merged; ls wide | wc -l; python3 -B - <<EOF
import os
dropped = os.open("wide", os.O_RDONLY)
seen = []
with os.scandir("wide") as entries:
    for entry in entries:
        seen.append(entry.name)
        if len(seen) % 3 == 0:
            os.chmod(entry.path, 0o600)
        else:
            os.unlink(entry.path)
        if len(seen) % 100 == 0:
            os.posix_fadvise(dropped, 0, 0, os.POSIX_FADV_DONTNEED)
print(len(seen), len(set(seen)), len(os.listdir("wide")))
EOF'
    is "$output" $'3000\n3000 3000 1000' "names"
}
