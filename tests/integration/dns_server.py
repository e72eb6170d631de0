#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""Answers every query for an address (A) with one of its own, over UDP.

    dns_server.py ADDRESS=ANSWER...

Listens on port 53 of each ADDRESS; prints "ready" when it does.
"""
import select
import socket
import struct
import sys


def answer(query, address):
    end = query.index(b"\0", 12) + 5
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
    is_a = query[end - 4 : end - 2] == b"\0\x01"
    counts = struct.pack(">HHHH", 1, 1 if is_a else 0, 0, 0)
    return query[:2] + b"\x81\x80" + counts + query[12:end] + (record if is_a else b"")


def main():
    sockets = {}
    for pair in sys.argv[1:]:
        address, reply = pair.split("=")
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((address, 53))
        sockets[server] = reply
    print("ready", flush=True)
    while True:
        for server in select.select(list(sockets), [], [])[0]:
            query, client = server.recvfrom(4096)
            server.sendto(answer(query, sockets[server]), client)


main()
