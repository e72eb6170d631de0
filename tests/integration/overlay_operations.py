#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""overlay_operations.py DIR: does what programs do to files in a mounted overlay (overlay_layers.bash) and prints what
came of it, a line for each step: the same for every driver."""
import ctypes
import errno
import os
import stat
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
NOREPLACE, EXCHANGE, WHITEOUT = 1, 2, 4


def renameat2(old, new, flags):
    if LIBC.renameat2(-100, old.encode(), -100, new.encode(), flags) != 0:
        raise OSError(ctypes.get_errno(), 'renameat2')


def step(what, fn, *args):
    try:
        result = fn(*args)
    except OSError as e:
        result = errno.errorcode.get(e.errno, e.errno)
    print(f'{what}: {result}')


def write(path, text, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o644):
    fd = os.open(path, flags, mode)
    try:
        return os.write(fd, text.encode())
    finally:
        os.close(fd)


def read(path):
    with open(path, 'rb') as f:
        return f.read(100)


def listing(path):
    return sorted(os.listdir(path))


def attributes(path):
    st = os.lstat(path)
    return oct(st.st_mode), st.st_size, st.st_nlink if not stat.S_ISDIR(st.st_mode) else '-'


def mtime(path):
    return os.lstat(path).st_mtime_ns


def reading():
    step('read both', read, 'both')
    step('read one of top', read, 'dir/one')
    step('read through link', read, 'link')
    step('list root', listing, '.')
    step('list merged', listing, 'dir')
    step('absent', read, 'absent')
    step('below a file', read, 'both/x')
    step('long name', read, 'n' * 256)
    step('mode', attributes, 'mode')
    step('xattr', os.getxattr, 'mode', 'user.color')
    step('xattrs', lambda: [n for n in os.listxattr('dir') if n.startswith('user.')])
    step('no xattr', os.getxattr, 'both', 'user.none')


def creating():
    step('create', write, 'new', 'new text')
    step('create exclusively', write, 'new', '', os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    step('create over lower', write, 'both', '', os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    step('mkdir', os.mkdir, 'newdir', 0o750)
    step('mkdir over lower', os.mkdir, 'dir')
    step('mkdir in merged', os.mkdir, 'dir/newdir')
    step('symlink', os.symlink, 'new', 'newlink')
    step('fifo', os.mkfifo, 'newfifo', 0o600)
    step('whiteout', lambda: os.mknod('wh', stat.S_IFCHR, os.makedev(0, 0)))
    step('create in a lower directory', write, 'dir/deep/deeper/new', 'x')
    step('set-ID directory', os.mkdir, 'sgid')
    step('its mode', os.chmod, 'sgid', 0o2775)
    step('inherits', lambda: (os.mkdir('sgid/sub'), oct(os.stat('sgid/sub').st_mode))[1])


def writing():
    before = os.stat('dir/deep').st_mtime_ns
    step('append to lower', write, 'dir/deep/deeper/leaf', 'more\n', os.O_WRONLY | os.O_APPEND)
    step('appended', read, 'dir/deep/deeper/leaf')
    step('directory time', lambda: os.stat('dir/deep').st_mtime_ns == before)
    step('truncate lower', lambda: os.truncate('full/2', 1))
    step('truncated', read, 'full/2')
    step('open to truncate', write, 'full/3', '', os.O_WRONLY | os.O_TRUNC)
    step('emptied', attributes, 'full/3')
    step('chmod lower', os.chmod, 'full/4', 0o600)
    step('utime lower', lambda: os.utime('full/5', ns=(10**18, 10**18 + 7)))
    step('utime', mtime, 'full/5')
    step('time kept', lambda: mtime('full/1') // 10**6)
    step('copy-up keeps time', lambda: (os.chmod('only-bottom', 0o640), mtime('only-bottom') // 10**6)[1])
    step('setxattr', os.setxattr, 'full/6', 'user.taste', b'sweet')
    step('getxattr', os.getxattr, 'full/6', 'user.taste')
    step('create xattr again', lambda: os.setxattr('full/6', 'user.taste', b'', os.XATTR_CREATE))
    step('removexattr', os.removexattr, 'mode', 'user.color')
    step('removexattr again', os.removexattr, 'mode', 'user.color')
    step('copied mode', attributes, 'mode')
    step('set-ID bits go', lambda: (os.chmod('full/7', 0o6755), write('full/7', 'x', os.O_WRONLY), attributes('full/7')[0])[2])
    step('write into sparse', write, 'sparse', 'start', os.O_WRONLY)
    step('sparse', lambda: os.stat('sparse').st_size)


def reader_sees_writer():
    fd = os.open('full/8', os.O_RDONLY)
    print('before:', os.pread(fd, 100, 0))
    write('full/8', 'written later', os.O_WRONLY)
    os.close(fd)
    step('after', read, 'full/8')


def open_and_gone():
    fd = os.open('full/9', os.O_RDWR)
    os.unlink('full/9')
    step('gone', read, 'full/9')
    print('write to unlinked:', os.write(fd, b'ghost'), os.pread(fd, 10, 0), os.fstat(fd).st_nlink)
    os.ftruncate(fd, 2)
    os.fchmod(fd, 0o600)
    print('unlinked:', os.fstat(fd).st_size, oct(os.fstat(fd).st_mode))
    os.close(fd)
    fd = os.open('name1', os.O_RDONLY)
    os.unlink('name1')
    print('unlinked lower:', os.pread(fd, 100, 0))
    os.close(fd)
    step('its other name', read, 'name2')
    directory = os.open('empty', os.O_RDONLY)
    os.rmdir('empty')
    step('removed directory', os.listdir, directory)
    os.close(directory)


def removing():
    step('unlink lower', os.unlink, 'both')
    step('unlink absent', os.unlink, 'both')
    step('unlink directory', os.unlink, 'dir')
    step('rmdir file', os.rmdir, 'mode')
    step('rmdir full', os.rmdir, 'dir')
    step('create over whiteout', write, 'both', 'again')
    step('read it', read, 'both')
    step('unlink it again', os.unlink, 'both')
    step('list without', lambda: 'both' in os.listdir('.'))
    step('mkdir over whiteout', os.mkdir, 'both')
    step('is empty', listing, 'both')
    step('rmdir it', os.rmdir, 'both')
    step('remove a tree', remove_tree, 'tree')
    step('mkdir in its place', os.mkdir, 'tree')
    step('nothing shows', listing, 'tree')
    step('symlink over whiteout', os.symlink, 'x', 'both')
    step('rmdir what only held whiteouts', lambda: (os.mkdir('dir/deep2'), os.rmdir('dir/deep2'))[1])


def remove_tree(top):
    for path, dirs, files in os.walk(top, topdown=False):
        for name in files:
            os.unlink(os.path.join(path, name))
        for name in dirs:
            os.rmdir(os.path.join(path, name))
    os.rmdir(top)


def renaming():
    step('rename lower file', os.rename, 'only-bottom', 'moved')
    step('moved', read, 'moved')
    step('old name', read, 'only-bottom')
    step('rename over lower', os.rename, 'moved', 'mode')
    step('now', read, 'mode')
    step('rename merged directory', os.rename, 'dir', 'dir-moved')
    step('rename lower directory', os.rename, 'dir/deep', 'deep')
    step('rename new directory', os.rename, 'newdir', 'newer')
    step('into merged', os.rename, 'newer', 'dir/newer')
    step('over a file', os.rename, 'dir/newer', 'mode')
    step('file over directory', os.rename, 'mode', 'dir/newer')
    step('directory over full', os.rename, 'dir/newer', 'full')
    step('noreplace', renameat2, 'new', 'mode', NOREPLACE)
    step('noreplace to nothing', renameat2, 'new', 'new2', NOREPLACE)
    step('exchange', renameat2, 'new2', 'full/1', EXCHANGE)
    step('exchanged', lambda: (read('new2'), read('full/1')))
    step('exchange with nothing', renameat2, 'new2', 'absent', EXCHANGE)
    step('exchange file and directory', renameat2, 'new2', 'dir/newer', EXCHANGE)
    step('list', lambda: (listing('new2'), read('dir/newer')))
    step('exchange with merged', renameat2, 'new2', 'dir', EXCHANGE)
    step('onto itself', os.rename, 'full/1', 'full/1')
    os.mkdir('swap')
    write('swap/inner', 'inner')
    step('directory over whiteout', os.rename, 'swap', 'only-bottom')
    step('its content', listing, 'only-bottom')
    os.mkdir('void')
    step('directory over empty directory', os.rename, 'only-bottom', 'void')
    step('its content', listing, 'void')
    step('whiteout flag', renameat2, 'void/inner', 'void/outer', WHITEOUT)


def linking():
    step('link lower', os.link, 'full/5', 'hard')
    step('links', attributes, 'full/5')
    write('hard', 'through hard', os.O_WRONLY | os.O_TRUNC)
    step('one file', read, 'full/5')
    os.unlink('full/5')
    step('the other name', lambda: (read('hard'), os.stat('hard').st_nlink))
    step('link over whiteout', os.link, 'hard', 'full/5')
    step('link directory', os.link, 'dir', 'dirlink')
    step('link over', os.link, 'hard', 'mode')
    step('link symlink', lambda: os.link('dangling', 'dangling2', follow_symlinks=False))
    step('readlink', os.readlink, 'dangling2')


def special_calls():
    write('special', 'x' * 10000)
    fd = os.open('special', os.O_RDWR)
    os.posix_fallocate(fd, 0, 20000)
    print('allocated:', os.fstat(fd).st_size)
    os.ftruncate(fd, 1 << 20)
    os.pwrite(fd, b'end', (1 << 20) - 3)
    os.fsync(fd)
    hole = os.lseek(fd, 0, os.SEEK_HOLE)
    print('hole:', hole < 1 << 20, os.lseek(fd, hole, os.SEEK_DATA) > hole)
    other = os.open('copy', os.O_RDWR | os.O_CREAT)
    print('copied:', os.copy_file_range(fd, other, 10000, 0, 0), os.pread(other, 3, 0))
    os.close(other)
    os.close(fd)
    nameless = os.open('dir', os.O_TMPFILE | os.O_RDWR, 0o666)
    os.write(nameless, b'nameless')
    print('nameless:', os.pread(nameless, 10, 0), os.fstat(nameless).st_nlink, oct(os.fstat(nameless).st_mode))
    # AT_SYMLINK_FOLLOW: what os.link() says to follow_symlinks differs between versions.
    step('named', lambda: LIBC.linkat(-100, f'/proc/self/fd/{nameless}'.encode(), -100, b'dir/named', 0x400))
    os.close(nameless)
    step('its content', lambda: (read('dir/named'), os.stat('dir/named').st_nlink))
    directory = os.open('dir', os.O_RDONLY)
    step('fsync directory', os.fsync, directory)
    os.close(directory)
    step('statvfs', lambda: os.statvfs('.').f_namemax)


def stable_numbers():
    before = {name: os.lstat(name).st_ino for name in ('fifo', 'link', 'mode', 'dir')}
    os.chmod('fifo', 0o640)
    os.utime('link', ns=(1, 1), follow_symlinks=False)
    os.chmod('dir', 0o755)
    step('numbers stay', lambda: [os.lstat(name).st_ino == number for name, number in before.items()])
    entries = {e.name: e.inode() for e in os.scandir('.')}
    step('listed numbers', lambda: sorted(n for n, i in entries.items() if os.lstat(n).st_ino != i))


def reading_while_changing():
    os.mkdir('many')
    for i in range(1000):
        write(f'many/{i:04}', '')
    seen = []
    with os.scandir('many') as entries:
        for entry in entries:
            os.unlink(entry.path)
            seen.append(entry.name)
    print('seen and removed:', len(seen), len(set(seen)), listing('many'))
    step('rmdir', os.rmdir, 'many')


def main():
    os.umask(0o022)
    os.chdir(sys.argv[1])
    for group in (reading, creating, writing, reader_sees_writer, open_and_gone, stable_numbers, removing, renaming, linking,
                  special_calls, reading_while_changing):
        print(f'-- {group.__name__}')
        group()


if __name__ == '__main__':
    main()
