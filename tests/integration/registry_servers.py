#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""registry_servers.py up SCHEME PORT           succeeds when somebody answers there
registry_servers.py token PORT KEY CERT       a token server for docker-registry: user `alice`, password `secret`
registry_servers.py search PORT               a registry that can be searched
registry_servers.py faulty PORT DATA-DIR      a registry of the images in DATA-DIR with faults, chosen by repository
"""
import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import urllib.parse


def up(scheme, port):
    import http.client
    if scheme == 'https':
        connection = http.client.HTTPSConnection('127.0.0.1', int(port), timeout=2, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection('127.0.0.1', int(port), timeout=2)
    try:
        connection.request('GET', '/v2/')
        connection.getresponse()
    except OSError:
        return 1
    return 0


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        print(self.command, self.path, 'Authorization:', self.headers.get('Authorization', '-').split(' ')[0], flush=True)

    def answer(self, status, body=b'', kind='application/json', headers=()):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)


# ------------------------------------------------------------------------------------------------- the token server

class TokenServer(Quiet):
    """distribution's token protocol; tokens are signed with KEY, whose certificate docker-registry trusts."""

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(url.query)
        authorization = self.headers.get('Authorization', '')
        user = ''
        if authorization.startswith('Basic '):
            user, _, password = base64.b64decode(authorization[6:]).decode().partition(':')
            if (user, password) != ('alice', 'secret'):
                return self.answer(401, b'{"details": "incorrect username or password"}')
        access = []
        for scope in query.get('scope', []):
            kind, name, actions = scope.split(':')
            allowed = actions.split(',') if user else (['pull'] if name.startswith('public/') else [])
            access.append({'type': kind, 'name': name, 'actions': [a for a in actions.split(',') if a in allowed]})
        now = int(time.time())
        claims = {'iss': 'rpod-tests', 'sub': user, 'aud': query.get('service', [''])[0], 'exp': now + 60, 'nbf': now - 10,
                  'iat': now, 'jti': str(time.time()), 'access': access}
        self.answer(200, json.dumps({'token': sign(claims)}).encode())


def sign(claims):
    key, cert = sys.argv[3], sys.argv[4]
    der = subprocess.run(['openssl', 'x509', '-in', cert, '-outform', 'DER'], check=True, capture_output=True).stdout
    header = {'typ': 'JWT', 'alg': 'RS256', 'x5c': [base64.b64encode(der).decode()]}
    text = b64url(json.dumps(header).encode()) + '.' + b64url(json.dumps(claims).encode())
    signature = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', key], input=text.encode(), check=True,
                               capture_output=True).stdout
    return text + '.' + b64url(signature)


# ---------------------------------------------------------------------------------------------- the faulty registry

MANIFEST = 'application/vnd.oci.image.manifest.v1+json'


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


class Image:
    """An image of one layer, `size` bytes of noise in a file."""

    def __init__(self, size=3 << 20):
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode='w') as archive:
            member = tarfile.TarInfo('noise')
            member.size = size
            archive.addfile(member, io.BytesIO(os.urandom(size)))
        plain = tar.getvalue()
        self.layer = gzip.compress(plain, 1)
        self.config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'config': {},
                                  'rootfs': {'type': 'layers', 'diff_ids': [digest(plain)]}}).encode()
        self.manifest = json.dumps({
            'schemaVersion': 2, 'mediaType': MANIFEST,
            'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': digest(self.config),
                       'size': len(self.config)},
            'layers': [{'mediaType': 'application/vnd.oci.image.layer.v1.tar+gzip', 'digest': digest(self.layer),
                        'size': len(self.layer)}]}).encode()


class FaultyRegistry(Quiet):
    """GET /v2/FAULT/… behaves as the method fault_FAULT says, where it says anything."""
    image = None
    counts = {}
    lock = threading.Lock()

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1
            return self.counts[what]

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = self.path.split('/')
        if self.path == '/v2/':
            return self.answer(200, b'{}')
        if self.path == '/leak':
            # A host that asks for credentials after a redirect.
            return self.answer(401, b'{}', headers=[('WWW-Authenticate', 'Basic realm="other"')])
        fault = parts[2]
        kind = parts[4]
        what = kind
        body = self.image.manifest
        if kind == 'blobs':
            body = self.image.layer if parts[5] == digest(self.image.layer) else self.image.config
            what = 'layer' if body is self.image.layer else 'config'
        method = getattr(self, f'fault_{fault}', None)
        if method and method(what, body):
            return None
        return self.serve(what, body)

    def serve(self, what, body):
        kind = MANIFEST if what == 'manifests' else 'application/octet-stream'
        wanted = self.headers.get('Range')
        if wanted:
            first = int(wanted.split('=')[1].rstrip('-'))
            return self.answer(206, body[first:], kind,
                               [('Content-Range', f'bytes {first}-{len(body) - 1}/{len(body)}')])
        return self.answer(200, body, kind)

    def start(self, status, length, headers=()):
        self.send_response(status)
        self.send_header('Content-Type', MANIFEST)
        if length is not None:
            self.send_header('Content-Length', str(length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def cut(self):
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(2)
        return True

    # Each returns True when it has answered.
    def fault_cut(self, what, body):
        """The layer comes in four pieces, each cut off."""
        if what != 'layer':
            return False
        first = int((self.headers.get('Range') or 'bytes=0-').split('=')[1].rstrip('-'))
        n = self.count('cut')
        if n > 3:
            return False
        headers = [('Content-Range', f'bytes {first}-{len(body) - 1}/{len(body)}')] if first else []
        self.start(206 if first else 200, len(body) - first, headers)
        self.wfile.write(body[first:first + len(body) // 4])
        return self.cut()

    def fault_norange(self, what, body):
        """Cut once, and no ranges after it."""
        if what != 'layer' or self.count('norange') > 1:
            if what == 'layer':
                self.answer(200, body)
                return True
            return False
        self.start(200, len(body))
        self.wfile.write(body[:len(body) // 2])
        return self.cut()

    def fault_alwayscut(self, what, body):
        if what != 'layer':
            return False
        self.start(200, len(body))
        self.wfile.write(body[:1000])
        return self.cut()

    def fault_cutmanifest(self, what, body):
        if what != 'manifests' or self.count('cutmanifest') > 1:
            return False
        self.start(200, len(body))
        self.wfile.write(body[:100])
        return self.cut()

    def fault_wrongdigest(self, what, body):
        if what != 'layer':
            return False
        self.answer(200, body[:4] + b'\1' + body[5:])  # the time in gzip's header
        return True

    def fault_wrongconfig(self, what, body):
        if what != 'config':
            return False
        self.answer(200, body.replace(b'amd64', b'arm64'))
        return True

    def fault_short(self, what, body):
        if what != 'layer':
            return False
        self.answer(200, body[:-1000])
        return True

    def fault_endless(self, what, body):
        """A layer without an end, a chunk at a time."""
        if what != 'layer':
            return False
        self.start(200, None, [('Transfer-Encoding', 'chunked')])
        try:
            self.wfile.write(b'%x\r\n%s\r\n' % (len(body), body))
            for _ in range(100000):
                self.wfile.write(b'10000\r\n' + bytes(0x10000) + b'\r\n')
        except OSError:
            pass
        return self.cut_quietly()

    def fault_hugemanifest(self, what, body):
        if what != 'manifests':
            return False
        self.start(200, None, [('Transfer-Encoding', 'chunked')])
        try:
            for _ in range(1000):
                self.wfile.write(b'10000\r\n' + b' ' * 0x10000 + b'\r\n')
        except OSError:
            pass
        return self.cut_quietly()

    def cut_quietly(self):
        self.close_connection = True
        try:
            return self.cut()
        except OSError:
            return True

    def fault_slow(self, what, body):
        """One byte, and then nothing."""
        if what != 'layer':
            return False
        self.start(200, len(body))
        self.wfile.write(body[:1])
        self.wfile.flush()
        time.sleep(60)
        return True

    def fault_silent(self, what, body):
        time.sleep(60)
        return True

    def fault_loop(self, what, body):
        self.answer(307, headers=[('Location', self.path)])
        return True

    def fault_badlocation(self, what, body):
        self.answer(307, headers=[('Location', 'ftp://example.com/x')])
        return True

    def fault_away(self, what, body):
        """The layer is at another host, which asks for credentials."""
        if not self.headers.get('Authorization'):
            self.answer(401, headers=[('WWW-Authenticate', 'Basic realm="here"')])
            return True
        if what != 'layer':
            return False
        port = self.server.server_address[1]
        self.answer(307, headers=[('Location', f'http://localhost:{port}/leak')])
        return True

    def fault_storm(self, what, body):
        if self.count('storm ' + what) > 2:
            return False
        self.answer(503 if what == 'layer' else 429, b'{"errors": [{"code": "TOOMANYREQUESTS"}]}',
                    headers=[('Retry-After', '0')])
        return True

    def fault_toomany(self, what, body):
        self.answer(429, b'{"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit"}]}')
        return True

    def fault_badjson(self, what, body):
        if what != 'manifests':
            return False
        self.answer(200, body[:-1], MANIFEST)
        return True

    def fault_schema1(self, what, body):
        self.answer(200, b'{"schemaVersion": 1, "fsLayers": []}', 'application/vnd.docker.distribution.manifest.v1+prettyjws')
        return True

    def fault_garbage(self, what, body):
        self.wfile.write(b'\x00\x01\x02 what?\r\n\r\n')
        return self.cut()


class SearchServer(Quiet):
    """docker's first API, which only knows how to search, and a catalog of three pages."""

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == '/v1/search':
            return self.search(query['q'][0])
        if url.path == '/v2/_catalog':
            return self.catalog(query)
        return self.answer(200 if url.path == '/v2/' else 404, b'{}')

    def search(self, term):
        if term == 'app':
            results = [{'name': 'good/app', 'description': 'The application', 'star_count': 7, 'is_official': True},
                       {'name': 'long/app', 'description': 'x' * 100, 'star_count': 2, 'is_automated': True}]
            return self.answer(200, json.dumps({'num_results': 2, 'results': results}).encode())
        if term == 'garbage':
            return self.answer(200, b'{"results": [{"name": "\x1b[31m"')
        if term == 'nothing':
            return self.answer(200, b'{"results": []}')
        return self.answer(404)

    def catalog(self, query):
        """Ten repositories a page, three pages."""
        last = int(query.get('last', ['0'])[0])
        names = [f'paged/{n}' for n in range(last, last + 10)]
        more = [('Link', f'</v2/_catalog?last={last + 10}>; rel="next"')] if last < 20 else []
        return self.answer(200, json.dumps({'repositories': names}).encode(), headers=more)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main():
    if sys.argv[1] == 'up':
        return up(sys.argv[2], sys.argv[3])
    handler = {'token': TokenServer, 'faulty': FaultyRegistry, 'search': SearchServer}[sys.argv[1]]
    if handler is FaultyRegistry:
        FaultyRegistry.image = Image()
    Server(('127.0.0.1', int(sys.argv[2])), handler).serve_forever()
    return 0


if __name__ == '__main__':
    sys.exit(main())
