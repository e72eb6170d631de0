#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""overlay_model.py SEED COUNT DIR MODEL: does the same random operations in DIR, a mounted overlay, and in MODEL, a plain
directory with the same content. Every one must end the same, and the trees must be equal after it is done.

With the same directory twice it only fills it. The one difference that is allowed: an overlay may say EXDEV to the renaming of a directory, which is then left out.
"""
import errno
import os
import random
import shutil
import stat
import sys

NAMES = ['a', 'b', 'c', 'd', 'e']


class Both:
    def __init__(self, seed, tops):
        self.random = random.Random(seed)
        self.tops = tops

    def path(self):
        return '/'.join(self.random.choice(NAMES) for _ in range(self.random.choice((1, 1, 2, 2, 3))))

    def operation(self):
        """What to do, as a function of the top directory."""
        a, b = self.path(), self.path()
        text = self.random.randbytes(self.random.choice((0, 10, 5000, 100000)))
        offset = self.random.choice((0, 3, 9000))
        mode = self.random.choice((0o644, 0o600, 0o755))
        time = self.random.randrange(10**18)

        def write(top, flags):
            fd = os.open(f'{top}/{a}', flags | os.O_NONBLOCK, 0o644)  # of a fifo, too
            try:
                return os.pwrite(fd, text, offset)
            finally:
                os.close(fd)

        def rename(top):
            os.rename(f'{top}/{a}', f'{top}/{b}')

        def remove_tree(top):
            if os.path.isdir(f'{top}/{a}') or not os.path.lexists(f'{top}/{a}'):
                shutil.rmtree(f'{top}/{a}')  # what it is given it opens, a fifo too

        def truncate(top):
            os.truncate(f'{top}/{a}', offset)

        choices = [
            (4, lambda top: write(top, os.O_WRONLY | os.O_CREAT)),
            (2, lambda top: write(top, os.O_RDWR | os.O_CREAT | os.O_TRUNC)),
            (2, lambda top: write(top, os.O_WRONLY | os.O_CREAT | os.O_EXCL)),
            (2, lambda top: write(top, os.O_WRONLY)),
            (2, truncate),
            (5, lambda top: os.mkdir(f'{top}/{a}')),
            (5, lambda top: os.unlink(f'{top}/{a}')),
            (3, lambda top: os.rmdir(f'{top}/{a}')),
            (1, remove_tree),
            (6, rename),
            (2, lambda top: os.link(f'{top}/{a}', f'{top}/{b}', follow_symlinks=False)),
            (2, lambda top: os.symlink(b, f'{top}/{a}')),
            (1, lambda top: os.mkfifo(f'{top}/{a}')),
            (1, lambda top: os.chmod(f'{top}/{a}', mode) if not os.path.islink(f'{top}/{a}') else None),
            (1, lambda top: os.utime(f'{top}/{a}', ns=(time, time), follow_symlinks=False)),
            (1, lambda top: sorted(os.listdir(f'{top}/{a}'))),
        ]
        return self.random.choices([fn for _, fn in choices], [weight for weight, _ in choices])[0], a, b

    def step(self, number):
        fn, a, b = self.operation()
        results = []
        for top in self.tops:
            try:
                results.append(fn(top))
            except OSError as e:
                results.append(errno.errorcode.get(e.errno))
                if e.errno == errno.EXDEV:  # the overlay is first: the model does not do it either
                    return
        if results[0] != results[-1]:
            sys.exit(f'step {number} ({a}, {b}): {results[0]} instead of {results[1]}')


def tree(top):
    """Everything below, as comparable data. Times of directories are left out: the model's first copy made them."""
    found = {}
    for path, dirs, files in os.walk(top):
        for name in dirs + files:
            full = os.path.join(path, name)
            st = os.lstat(full)
            entry = [oct(st.st_mode)]
            if stat.S_ISLNK(st.st_mode):
                entry.append(os.readlink(full))
            elif stat.S_ISREG(st.st_mode):
                with open(full, 'rb') as f:
                    entry += [st.st_size, hash(f.read())]
            found[os.path.relpath(full, top)] = entry
    return found


def main():
    seed, count, overlay, model = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    os.umask(0o022)
    both = Both(seed, (overlay, model) if overlay != model else (overlay,))
    for number in range(count):
        both.step(number)
    ours, wanted = tree(overlay), tree(model)
    for name in sorted(ours.keys() | wanted.keys()):
        if ours.get(name) != wanted.get(name):
            sys.exit(f'{name}: {ours.get(name)} instead of {wanted.get(name)}')


if __name__ == '__main__':
    main()
