# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
#
# What the tests of overlays mount, and with what. Sourced by 070-fuse-overlayfs.bats and by what it starts in user
# namespaces.
# shellcheck shell=bash

# make_layers DIR: lower layers top and bottom, an upper and a work directory, a mount point.
make_layers() {
    mkdir -p "$1"/{top,bottom,upper,work,merged}
    (
        umask 022
        cd "$1/bottom" || exit
        echo bottom >both
        echo only >only-bottom
        mkdir -p dir/deep/deeper full empty tree/a/b
        echo one >dir/one
        echo two >dir/two
        echo leaf >dir/deep/deeper/leaf
        for i in 1 2 3 4 5 6 7 8 9; do echo "$i" >"full/$i"; done
        for i in x a/x a/b/x; do echo "$i" >"tree/$i"; done
        ln -s dir/one link
        ln -s /nowhere dangling
        mkfifo fifo
        echo linked >name1
        ln name1 name2
        truncate -s 1M sparse
        printf data | dd of=sparse bs=1 seek=500000 conv=notrunc status=none
        echo secret >mode && chmod 0751 mode
        setfattr -n user.color -v red mode 2>/dev/null || :
        touch -d '2001-02-03 04:05:06.789' only-bottom dir/one dir full/1
        cd ../top || exit
        echo top >both
        mkdir dir
        echo three >dir/three
        echo one-of-top >dir/one
        touch -d '2002-02-03 04:05:06' dir
    )
}

# mount_rpod|mount_kernel|mount_debian DIR: as root of a user namespace with a mount namespace.
layer_options() { printf 'lowerdir=%s/top:%s/bottom,upperdir=%s/upper,workdir=%s/work' "$1" "$1" "$1" "$1"; }
mount_rpod() { "$RPOD" fuse-overlayfs -o "$(layer_options "$1")" "$1/merged"; }
mount_kernel() { mount -t overlay overlay -o "userxattr,$(layer_options "$1")" "$1/merged"; }
mount_debian() { fuse-overlayfs -o "$(layer_options "$1")" "$1/merged"; }

# As the server's last act may come after the end of umount(8), wait for the lock of the work directory.
unmount_layers() {
    cd /
    umount "$1/merged"
    [ ! -d "$1/work/work" ] || flock -w 10 "$1/work/work" true
}

# A server keeps the mount namespace that it was started in, and that keeps its mounts.
unmount_all() {
    cd /
    umount -l "$DIR"/merged "$DIR"/*/merged 2>/dev/null || :
}

# list_layers DIR: type, mode, size, links of files, target, attributes, content of everything below, sorted.
list_layers() {
    (
        cd "$1" || exit
        find . -mindepth 1 \( -type d -printf '%y %m %P\n' \) -o -type f -printf '%y %m %s %n %P\n' -o -printf '%y %m %n %P %l\n' |
            sort
        find . -type f -print0 | sort -z | xargs -0 -r md5sum
        getfattr -R -P -d -m '^user\.' . 2>/dev/null || :
    )
}
