#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""hostile_image.py CASE OUT BASE.tar OUTSIDE: an archive of an image, "hostile:1", that attacks its reader: BASE.tar and
above it the layers of the case, which aim at the directory OUTSIDE; or a manifest that lies. Without arguments: lists
the cases, each with what load must say of it: "ok" (harmless) or "refused".
"""
import gzip
import io
import json
import pathlib
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import make_archive  # noqa: E402

OUTSIDE = '/nowhere'
LAYERS = {}
FORGERIES = {}


def layers(verdict):
    def register(function):
        LAYERS[function.__name__] = (verdict, function)
        return function
    return register


def forgery(verdict):
    def register(function):
        FORGERIES[function.__name__] = (verdict, function)
        return function
    return register


# ------------------------------------------------------------------------------------------------- members of a layer

def member(name, kind=tarfile.REGTYPE, data=b'evil\n', link='', pax=None, **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    info.mode = 0o755
    info.pax_headers = pax or {}
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def symlink(name, target):
    return member(name, tarfile.SYMTYPE, link=target)


def hardlink(name, target):
    return member(name, tarfile.LNKTYPE, link=target)


def directory(name, **more):
    return member(name, tarfile.DIRTYPE, **more)


def tar(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data) if info.size else None)
    return out.getvalue()


def raw(name, data=b'', kind=b'0', size=None):
    """A member whose header says what no library would write."""
    header = bytearray(512)
    header[0:len(name)] = name
    header[100:108], header[108:116], header[116:124] = b'0000644\0', b'0000000\0', b'0000000\0'
    header[124:136] = size if size is not None else b'%011o\0' % len(data)
    header[136:148] = b'00000000000\0'
    header[156:157] = kind
    header[257:265] = b'ustar\x0000'
    header[148:156] = b'        '
    header[148:156] = b'%06o\0 ' % sum(header)
    return bytes(header) + data + bytes(-len(data) % 512)


def pax(*records):
    text = b''
    for key, value in records:
        rest = b' ' + key + b'=' + value + b'\n'
        size = len(rest) + 1
        while size != len(str(size)) + len(rest):
            size = len(str(size)) + len(rest)
        text += str(size).encode() + rest
    return raw(b'pax', text, b'x')


END = bytes(1024)


# ----------------------------------------------------------------------------------------------------------- T1 to T8

@layers('ok')
def t1_dotdot(): return [tar(member('../../../../../../x'), member('a/../../y'), member('/z'))]


@layers('ok')
def t1_absolute(): return [tar(member(OUTSIDE + '/x'), member('/../..' + OUTSIDE + '/y'))]


@layers('ok')
def t2_link_then_file(): return [tar(symlink('a', OUTSIDE), member('a/x'))]


@layers('ok')
def t2_link_in_a_lower_layer(): return [tar(symlink('a', OUTSIDE)), tar(member('a/x'), directory('a/d'))]


@layers('ok')
def t2_two_links(): return [tar(symlink('a', 'b'), symlink('b', '../../../../../../../..' + OUTSIDE)), tar(member('a/x'))]


@layers('ok')
def t2_link_replaced_by_file(): return [tar(symlink('file', OUTSIDE + '/file')), tar(member('file'))]


@layers('refused')
def t2_loop(): return [tar(symlink('a', 'b'), symlink('b', 'a'), member('a/x'))]


@layers('refused')
def t3_hardlink_outside(): return [tar(hardlink('x', '../../../../../../../..' + OUTSIDE + '/file'))]


@layers('refused')
def t3_hardlink_through_link(): return [tar(symlink('a', OUTSIDE), hardlink('x', 'a/file'))]


@layers('refused')
def t3_hardlink_to_itself_only(): return [tar(hardlink('x', 'x'))]


@layers('refused')
def t4_link_as_root(): return [tar(symlink('.', OUTSIDE)), tar(member('x'))]


@layers('refused')
def t4_link_as_root_slash(): return [tar(symlink('./', OUTSIDE)), tar(member('x'))]


@layers('refused')
def t4_file_as_root(): return [tar(member('/')), tar(member('x'))]


@layers('refused')
def t4_hardlink_as_root(): return [tar(member('f'), hardlink('a/..', 'f'))]


@layers('refused')
def t5_whiteout_of_dotdot(): return [tar(member('.wh...', data=b''))]


@layers('refused')
def t5_whiteout_of_dot(): return [tar(member('.wh..', data=b''))]


@layers('refused')
def t5_whiteout_of_nothing(): return [tar(member('bin/.wh.', data=b''))]


@layers('refused')
def t5_below_a_whiteout(): return [tar(member('.wh.../x', data=b''))]


@layers('ok')
def t5_whiteout_through_link(): return [tar(symlink('a', OUTSIDE)), tar(member('a/.wh.file', data=b''))]


@layers('ok')
def t5_opaque_through_link(): return [tar(symlink('a', OUTSIDE)), tar(member('a/.wh..wh..opq', data=b''))]


@layers('ok')
def t5_whiteout_as_hardlink(): return [tar(member('f'), hardlink('.wh.f', 'f')), tar(hardlink('.wh.f', 'bin/busybox'))]


@layers('ok')
def t5_whiteout_of_a_link(): return [tar(symlink('a', OUTSIDE + '/file')), tar(member('.wh.a', data=b''))]


@layers('ok')
def t6_devices():
    return [tar(member('disk', tarfile.BLKTYPE, devmajor=8, devminor=0), member('mem', tarfile.CHRTYPE, devmajor=1, devminor=1),
                member('null', tarfile.CHRTYPE, devmajor=1, devminor=3), member('fifo', tarfile.FIFOTYPE))]


@layers('ok')
def t6_foreign_set_uid(): return [tar(member('suid', uid=4000000000, gid=4000000000, mode=0o6755))]


@layers('ok')
def t6_overlay_attributes():
    names = ['trusted.overlay.redirect', 'user.overlay.redirect', 'user.overlay.opaque', 'user.overlay.metacopy',
             'trusted.overlay.opaque', 'user.overlay.origin']
    attributes = {'SCHILY.xattr.' + name: '/etc' if 'redirect' in name else 'y' for name in names}
    return [tar(directory('bin', pax=attributes), directory('d', pax=attributes), member('d/f', pax=attributes))]


@layers('ok')
def t6_null_device(): return [tar(member('etc/passwd', tarfile.CHRTYPE, devmajor=0, devminor=0))]


@layers('refused')
def t7_nul_in_path(): return [pax((b'path', b'a\0b')) + raw(b'x') + END]


@layers('ok')
def t7_path_override(): return [pax((b'path', b'../../../..' + OUTSIDE.encode() + b'/x')) + raw(b'x', b'evil') + END]


@layers('refused')
def t7_huge_link(): return [pax((b'linkpath', b'l' * (2 << 20))) + raw(b'x', kind=b'2') + END]


@layers('refused')
def t7_huge_header(): return [raw(b'././@LongLink', b'n' * (64 << 20), b'L') + raw(b'x') + END]


@layers('refused')
def t7_negative_size(): return [raw(b'x', size=b'\xff' * 12) + END]


@layers('refused')
def t7_pax_negative_size(): return [pax((b'size', b'-1')) + raw(b'x') + END]


@layers('refused')
def t7_size_beyond_the_end(): return [raw(b'x', size=b'77777777777\0') + b'short']


@layers('refused')
def t7_sparse_beyond_its_size():
    return [pax((b'GNU.sparse.major', b'1'), (b'GNU.sparse.minor', b'0'), (b'GNU.sparse.realsize', b'10'),
                (b'GNU.sparse.name', b'x')) + raw(b'x', b'1\n9999999999\n512\n'.ljust(512, b'\0') + bytes(512)) + END]


@layers('ok')
def t7_sparse_exabyte():
    return [pax((b'GNU.sparse.major', b'1'), (b'GNU.sparse.minor', b'0'), (b'GNU.sparse.realsize', b'1152921504606846976'),
                (b'GNU.sparse.name', b'x')) + raw(b'x', b'0\n'.ljust(512, b'\0')) + END]


@layers('refused')
def t7_pax_record_length(): return [raw(b'pax', b'99999999999999999999 path=x\n', b'x') + raw(b'x') + END]


@layers('ok')
def t8_types_change():
    return [tar(directory('a'), member('a/x'), symlink('a', OUTSIDE), directory('a'), member('a/y')),
            tar(member('a')), tar(symlink('a', OUTSIDE)), tar(directory('a'), member('a/z'))]


@layers('ok')
def t8_twins(): return [tar(member('A'), member('a'), member('\u00e9'), member('e\u0301'), member('A'))]


# ---------------------------------------------------------------------------------------------------------- T9 and T10

def oci(base):
    return dict(make_archive.Image([base], '', {}, None).oci_members('hostile:1'))


def docker(base):
    return dict(make_archive.Image([base], '', {}, None).docker_members('hostile:1'))


def blob(members, data):
    members['blobs/sha256/' + make_archive.sha256(data)] = data
    return {'digest': 'sha256:' + make_archive.sha256(data), 'size': len(data)}


def change_manifest(members, change):
    """Everything above it is made to agree."""
    index = json.loads(members['index.json'])
    manifest = json.loads(members['blobs/sha256/' + index['manifests'][0]['digest'][7:]])
    change(manifest)
    index['manifests'][0].update(blob(members, json.dumps(manifest).encode()))
    members['index.json'] = json.dumps(index).encode()
    return members


def change_config(members, change):
    def swap(manifest):
        config = json.loads(members['blobs/sha256/' + manifest['config']['digest'][7:]])
        config = change(config)
        manifest['config'].update(blob(members, json.dumps(config).encode()))
    return change_manifest(members, swap)


@forgery('refused')
def t9_digest_is_a_path(base):
    return change_manifest(oci(base), lambda m: m['layers'][0].update(digest='sha256:../../../../../..' + OUTSIDE + '/file'))


@forgery('refused')
def t9_other_algorithm(base):
    return change_manifest(oci(base), lambda m: m['layers'][0].update(digest='md5:0123456789abcdef0123456789abcdef'))


@forgery('refused')
def t9_wrong_size(base):
    return change_manifest(oci(base), lambda m: m['layers'][0].update(size=m['layers'][0]['size'] - 1))


@forgery('refused')
def t9_negative_size(base):
    return change_manifest(oci(base), lambda m: m['layers'][0].update(size=-1))


@forgery('refused')
def t9_wrong_digest(base):
    members = oci(base)
    name = 'blobs/sha256/' + make_archive.sha256(base)
    members[name] = base[:-1] + b'x'
    return members


@forgery('refused')
def t9_missing_blob(base):
    members = oci(base)
    del members['blobs/sha256/' + make_archive.sha256(base)]
    return members


@forgery('refused')
def t9_foreign_layer(base):
    members = change_manifest(oci(base), lambda m: m['layers'][0].update(
        mediaType='application/vnd.oci.image.layer.nondistributable.v1.tar', urls=['http://127.0.0.1:1/x']))
    del members['blobs/sha256/' + make_archive.sha256(base)]
    return members


@forgery('refused')
def t9_two_kinds_at_once(base):
    return change_manifest(oci(base), lambda m: m.update(manifests=[]))


@forgery('refused')
def t9_index_of_indexes(base):
    members = oci(base)
    inner = json.loads(members['index.json'])['manifests'][0]
    for _ in range(20):
        inner = dict(blob(members, json.dumps({'schemaVersion': 2, 'manifests': [inner]}).encode()),
                     mediaType='application/vnd.oci.image.index.v1+json')
    members['index.json'] = json.dumps({'schemaVersion': 2, 'manifests': [inner]}).encode()
    return members


@forgery('refused')
def t9_million_layers(base):
    return change_manifest(oci(base), lambda m: m.update(layers=m['layers'] * 20000))


@forgery('refused')
def t9_deep_json(base):
    members = oci(base)
    members['index.json'] = b'[' * 100000 + b']' * 100000
    return members


@forgery('refused')
def t9_null_root_file_system(base): return change_config(oci(base), lambda c: dict(c, rootfs=None))


@forgery('refused')
def t9_null_layer_digest(base): return change_config(oci(base), lambda c: dict(c, rootfs={'type': 'layers', 'diff_ids': [None]}))


@forgery('ok')
def t9_null_settings(base):
    names = ['Env', 'Cmd', 'Entrypoint', 'Labels', 'Volumes', 'ExposedPorts', 'WorkingDir', 'User', 'OnBuild', 'Healthcheck']
    return change_config(oci(base), lambda c: dict(c, config=dict.fromkeys(names), history=None, author=None))


@forgery('refused')
def t9_config_is_no_object(base): return change_config(oci(base), lambda _: None)


def docker_list(base, change):
    members = docker(base)
    entries = json.loads(members['manifest.json'])
    change(entries[0])
    members['manifest.json'] = json.dumps(entries).encode()
    return members


@forgery('refused')
def t10_layer_outside(base):
    return docker_list(base, lambda e: e.update(Layers=['../../../../../../../..' + OUTSIDE + '/file']))


@forgery('refused')
def t10_config_outside(base): return docker_list(base, lambda e: e.update(Config='../../../../..' + OUTSIDE + '/file'))


@forgery('refused')
def t10_layer_is_a_link_outside(base):
    members = docker(base)
    name = next(name for name in members if name.endswith('layer.tar'))
    members[name] = symlink(name, OUTSIDE + '/layer.tar')
    return members


@forgery('refused')
def t10_config_is_a_link_outside(base):
    members = docker(base)
    name = next(name for name in members if name.endswith('.json'))
    members[name] = symlink(name, OUTSIDE + '/file')
    return members


@forgery('refused')
def t10_links_in_a_circle(base):
    members = docker(base)
    name = next(name for name in members if name.endswith('layer.tar'))
    members[name] = symlink(name, 'layer.tar')
    return members


@forgery('refused')
def t10_tag_is_no_name(base): return docker_list(base, lambda e: e.update(RepoTags=['../../x:y']))


@forgery('refused')
def t10_fewer_layers_than_promised(base): return docker_list(base, lambda e: e.update(Layers=[]))


def write(members):
    return tar(*(value if isinstance(value, tuple) else member(name, data=value) for name, value in members.items()))


def main():
    global OUTSIDE
    if len(sys.argv) == 1:
        for name, (verdict, _) in {**LAYERS, **FORGERIES}.items():
            print(name, verdict)
        return
    case, out, base, OUTSIDE = sys.argv[1:]
    base = pathlib.Path(base).read_bytes()
    if case in LAYERS:
        image = make_archive.Image([base, *LAYERS[case][1]()], '', {}, None)
        data = make_archive.write_tar(image.oci_members('hostile:1'))
    else:
        # What is behind the end of a tar archive means nothing, but makes it a layer that the store has not yet.
        data = write(FORGERIES[case][1](base + b'another'))
    pathlib.Path(out).write_bytes(data)


if __name__ == '__main__':
    main()
