#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""make_archive.py [OPTION...] FORMAT OUT NAME LAYER.tar...: an image archive of ready-made layers.

FORMAT is docker or oci (a tar archive) or oci-dir (an OCI layout directory), with ":gzip", ":zstd", ":xz" or ":bzip2"
when the layers are to be compressed. NAME is its reference ("" for none). Options:
  --config JSON     merged into the image configuration ('{"config": {"Cmd": ["sh"]}}')
  --damage WHAT     layer: a byte of the last layer is changed after its digest was taken;
                    diff-id: the configuration names another diff ID; short: the archive ends early
"""
import argparse
import bz2
import gzip
import hashlib
import io
import json
import lzma
import pathlib
import subprocess
import sys
import tarfile

LAYER_TYPES = {'': 'tar', 'gzip': 'tar+gzip', 'zstd': 'tar+zstd', 'xz': 'tar', 'bzip2': 'tar'}


def compress(data, kind):
    if kind == 'gzip':
        return gzip.compress(data, mtime=0)
    if kind == 'zstd':
        return subprocess.run(['zstd', '-q', '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout
    if kind == 'xz':
        return lzma.compress(data)
    if kind == 'bzip2':
        return bz2.compress(data)
    return data


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def merge(into, extra):
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value
    return into


class Image:
    def __init__(self, layers, kind, extra, damage):
        diff_ids = ['sha256:' + sha256(layer) for layer in layers]
        if damage == 'diff-id':
            diff_ids[-1] = 'sha256:' + '0' * 64
        self.config = json.dumps(merge({
            'created': '2023-11-14T22:13:20Z', 'architecture': 'amd64', 'os': 'linux',
            'config': {'Env': ['PATH=/bin:/usr/bin'], 'Cmd': ['/bin/sh']},
            'rootfs': {'type': 'layers', 'diff_ids': diff_ids},
            'history': [{'created': '2023-11-14T22:13:20Z', 'created_by': f'layer {i}'} for i in range(len(layers))],
        }, extra)).encode()
        blobs = [compress(layer, kind) for layer in layers]
        self.digests = [sha256(blob) for blob in blobs]
        if damage == 'layer':
            middle = len(blobs[-1]) // 2
            blobs[-1] = blobs[-1][:middle] + bytes([blobs[-1][middle] ^ 1]) + blobs[-1][middle + 1:]
        self.blobs, self.kind = blobs, kind

    def docker_members(self, name):
        config_name = sha256(self.config) + '.json'
        layer_names = [digest + '/layer.tar' for digest in self.digests]
        yield config_name, self.config
        for layer_name, blob in dict(zip(layer_names, self.blobs)).items():
            yield layer_name, blob
        manifest = [{'Config': config_name, 'RepoTags': [name] if name else None, 'Layers': layer_names}]
        yield 'manifest.json', json.dumps(manifest).encode()

    def oci_members(self, name):
        media = 'application/vnd.oci.image.'
        layers = [{'mediaType': media + 'layer.v1.' + LAYER_TYPES[self.kind], 'digest': 'sha256:' + digest,
                   'size': len(blob)} for digest, blob in zip(self.digests, self.blobs)]
        manifest = json.dumps({
            'schemaVersion': 2, 'mediaType': media + 'manifest.v1+json',
            'config': {'mediaType': media + 'config.v1+json', 'digest': 'sha256:' + sha256(self.config),
                       'size': len(self.config)},
            'layers': layers}).encode()
        entry = {'mediaType': media + 'manifest.v1+json', 'digest': 'sha256:' + sha256(manifest), 'size': len(manifest)}
        if name:
            entry['annotations'] = {'org.opencontainers.image.ref.name': name}
        yield 'oci-layout', b'{"imageLayoutVersion": "1.0.0"}'
        yield 'index.json', json.dumps({'schemaVersion': 2, 'manifests': [entry]}).encode()
        for digest, blob in [(sha256(manifest), manifest), (sha256(self.config), self.config),
                             *zip(self.digests, self.blobs)]:
            yield 'blobs/sha256/' + digest, blob


def write_tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as archive:
        for name, data in dict(members).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--config', type=json.loads, default={})
    parser.add_argument('--damage', choices=['layer', 'diff-id', 'short'])
    parser.add_argument('format')
    parser.add_argument('out', type=pathlib.Path)
    parser.add_argument('name')
    parser.add_argument('layers', nargs='+', type=pathlib.Path)
    args = parser.parse_args()
    layout, _, kind = args.format.partition(':')
    if kind not in LAYER_TYPES or layout not in ('docker', 'oci', 'oci-dir'):
        parser.error(f'no such format: {args.format}')
    image = Image([layer.read_bytes() for layer in args.layers], kind, args.config, args.damage)
    members = image.docker_members(args.name) if layout == 'docker' else image.oci_members(args.name)
    if layout == 'oci-dir':
        for name, data in members:
            path = args.out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return 0
    data = write_tar(members)
    args.out.write_bytes(data[:len(data) // 2] if args.damage == 'short' else data)
    return 0


if __name__ == '__main__':
    sys.exit(main())
