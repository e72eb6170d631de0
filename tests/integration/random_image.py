#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""random_image.py SEED OUT [LAYERS]: an OCI layout directory OUT with one image, "test", whose layers (1 to 12) hold a
random tree below /t: the same for the same seed.

A model of the tree runs along, so that each layer is one that some sequence of changes could have made: no member
lacks its parent, no hard link its target. What a tar archive of a layer can hold is in it: all types but devices
(nobody may make those in a user namespace, so there is nothing to compare with), set-ID and sticky bits, owners, times
before 1970 and of nanoseconds, extended attributes, file capabilities, sparse files, long names and strange ones,
links between layers, whiteouts, opaque directories, and names whose type changes from layer to layer.
"""
import io
import pathlib
import random
import struct
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import make_archive  # noqa: E402

NAMES = ['a', 'b', 'c', 'd', 'e', 'file', 'dir', 'new\nline', 'blank space', 'tab\t', 'back\\slash', '-dash', '.hidden',
         '...', '.wh', 'wh.x', 'ümlaut', '\udcff\udcfe', 'x' * 255, 'y' * 120, '*', '\x01\x7f', '"quoted"', 'A', '%s']
TARGETS = ['a', '../b', '/etc/passwd', '/t/dir', 'no/such', '.', '..', 'z' * 300, 'new\nline', '\udcfd', '/']
OPAQUE = '.wh..wh..opq'


def capability(rng):
    """struct vfs_cap_data, version 2, as setcap(8) writes it."""
    permitted = rng.getrandbits(16)
    return struct.pack('<IIIII', 0x02000001, permitted, 0, 0, 0)


class Node:
    def __init__(self, kind):
        self.kind = kind
        self.children = {} if kind == 'dir' else None
        self.layer = -1


class Layer:
    """One layer as it is written, beside the tree that it changes."""

    def __init__(self, rng, root, number):
        self.rng, self.root, self.number = rng, root, number
        self.members = []
        # Whiteouts come anywhere in a layer, and never meet what the same layer made.
        self.whiteouts = []
        self.touched = set()

    # ------------------------------------------------------------------------------------------------ the model

    def directories(self):
        found, queue = [], [('t', self.root)]
        while queue:
            path, node = queue.pop()
            found.append((path, node))
            queue += [(path + '/' + name, child) for name, child in node.children.items() if child.kind == 'dir']
        return sorted(found, key=lambda pair: pair[0])

    def files(self):
        return sorted(((path + '/' + name, child) for path, node in self.directories()
                       for name, child in node.children.items() if child.kind != 'dir'), key=lambda pair: pair[0])

    def is_touched(self, path):
        return any(path == other or other.startswith(path + '/') for other in self.touched)

    # ---------------------------------------------------------------------------------------------- the members

    def metadata(self, info):
        rng = self.rng
        info.mode = rng.choice([0o644, 0o755, 0o700, 0o000, 0o4755, 0o2755, 0o1777, 0o6711, 0o7777, rng.randrange(0o10000)])
        info.uid = rng.choice([0, 0, 1, 1000, 65535, rng.randrange(65536)])
        info.gid = rng.choice([0, 0, 1, 1000, 65535, rng.randrange(65536)])
        info.mtime = rng.choice([0, 1, 1700000000, 2 ** 31 + 5, rng.randrange(2 ** 32)])
        if rng.random() < 0.5:
            seconds = rng.choice([-1, -86400 * 365, -2, 0, 1234567890, 5])
            info.pax_headers['mtime'] = f'{seconds}.{rng.randrange(10 ** 9):09d}'

    def attributes(self, info):
        rng = self.rng
        # None is empty: Go's archive/tar, so umoci, takes an empty record for none; rpod for an empty attribute.
        for name in ['user.a', 'user.long name', 'user.ü']:
            if rng.random() < 0.15:
                value = rng.choice(['v', '\udcff\udc80', 'x' * 500, 'a=b\nc', 'nul\0in'])
                info.pax_headers['SCHILY.xattr.' + name] = value
        if info.isreg() and rng.random() < 0.2:
            info.pax_headers['SCHILY.xattr.security.capability'] = \
                capability(rng).decode('utf-8', 'surrogateescape')

    def add(self, path, kind, node, data=b'', target=''):
        info = tarfile.TarInfo(path + ('/' if kind == 'dir' else ''))
        info.type = {'dir': tarfile.DIRTYPE, 'file': tarfile.REGTYPE, 'link': tarfile.SYMTYPE, 'hard': tarfile.LNKTYPE,
                     'fifo': tarfile.FIFOTYPE}[kind]
        info.linkname, info.size = target, len(data)
        if kind == 'hard':
            node.header(info)
        else:
            self.metadata(info)
            if kind in ('dir', 'file'):
                self.attributes(info)
            saved = (info.mode, info.uid, info.gid, info.mtime, dict(info.pax_headers))
            node.header = lambda other: self.copy_header(other, saved)
        node.layer = self.number
        self.touched.add(path)
        self.members.append((info, data))

    @staticmethod
    def copy_header(info, saved):
        """What tar writes for a further name of a file: the same attributes."""
        info.mode, info.uid, info.gid, info.mtime = saved[:4]
        info.pax_headers = dict(saved[4])

    def content(self):
        rng = self.rng
        kind = rng.randrange(5)
        if kind == 0:
            return b''
        if kind == 1:
            return rng.randbytes(rng.choice([1, 511, 512, 513, 4096]))
        if kind == 2:
            return bytes(rng.randrange(200000)) + b'end'
        if kind == 3:
            return b'start' + bytes(100000)
        return rng.randbytes(rng.randrange(20000))

    # ---------------------------------------------------------------------------------------------- the changes

    def put(self):
        """A new thing under a free name, or one that a lower layer has: of any type."""
        rng = self.rng
        path, parent = rng.choice(self.directories())
        name = rng.choice(NAMES)
        full = path + '/' + name
        if self.is_touched(full) or len(full.encode('utf-8', 'surrogateescape')) > 1500:
            return
        kind = rng.choice(['dir', 'dir', 'file', 'file', 'file', 'link', 'fifo'])
        if kind == 'dir' and len(name) > 100 and rng.random() < 0.9:
            return  # or most paths would be too long to read
        old = parent.children.get(name)
        if kind == 'dir' and old is not None and old.kind == 'dir':
            self.add(full, 'dir', old)
            return
        node = Node(kind)
        parent.children[name] = node
        self.add(full, kind, node, self.content() if kind == 'file' else b'', rng.choice(TARGETS) if kind == 'link' else '')

    def link(self):
        """A further name for a file of this or a lower layer."""
        files = [(p, n) for p, n in self.files() if not any(p == gone or p.startswith(gone + '/') for gone in self.whiteouts)]
        if not files:
            return
        target, node = self.rng.choice(files)
        path, parent = self.rng.choice(self.directories())
        name = self.rng.choice(NAMES)
        full = path + '/' + name
        if name in parent.children or self.is_touched(full) or len(full) > 1500:
            return
        parent.children[name] = node
        self.add(full, 'hard', node, target=target)
        self.touched.add(target)

    def remove(self):
        """A whiteout of something that a lower layer has, and that this layer has not touched."""
        path, parent = self.rng.choice(self.directories())
        names = [name for name in sorted(parent.children) if not self.is_touched(path + '/' + name)
                 and len(name.encode('utf-8', 'surrogateescape')) <= 251]
        if not names:
            return
        name = self.rng.choice(names)
        del parent.children[name]
        self.whiteouts.append(path + '/' + name)
        self.add_whiteout(path + '/.wh.' + name)
        self.touched.add(path + '/' + name)

    def clear(self):
        """An opaque directory."""
        path, node = self.rng.choice(self.directories())
        if self.is_touched(path) or path == 't':
            return
        self.whiteouts += [path + '/' + name for name in node.children]
        node.children.clear()
        self.add(path, 'dir', node)
        self.add_whiteout(path + '/' + OPAQUE)

    def add_whiteout(self, path):
        self.members.append((tarfile.TarInfo(path), b''))

    def fill(self, changes):
        weights = [(self.put, 10), (self.link, 2)] + ([(self.remove, 4), (self.clear, 1)] if self.number else [])
        for _ in range(changes):
            self.rng.choices([change for change, _ in weights], [weight for _, weight in weights])[0]()

    def write(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT, errors='surrogateescape') as archive:
            for info, data in self.members:
                archive.addfile(info, io.BytesIO(data))
        return out.getvalue()


def main():
    seed, out = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    rng = random.Random(seed)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else rng.randint(1, 12)
    root, layers = Node('dir'), []
    for number in range(count):
        layer = Layer(rng, root, number)
        if number == 0:
            layer.add('t', 'dir', root)
        layer.fill(rng.choice([0, 3, 15, 40]) if number else 40)
        layers.append(layer.write())
    image = make_archive.Image(layers, rng.choice(['', 'gzip']), {}, None)
    for name, data in image.oci_members('test'):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == '__main__':
    main()
