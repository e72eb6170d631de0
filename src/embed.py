#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""embed.py SYMBOL INPUT OUTPUT.S: assembly that puts a file into the program between SYMBOL_begin and SYMBOL_end.

The input's checksum stands in the output, so that what is built from it is built again when the input changes.
"""
import hashlib
import pathlib
import sys

symbol, source, output = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
checksum = hashlib.sha256(source.read_bytes()).hexdigest()
output.write_text(f'''/* sha256 {checksum} */
    .section .rodata
    .balign 16
    .globl {symbol}_begin
    .hidden {symbol}_begin
{symbol}_begin:
    .incbin "{source}"
    .globl {symbol}_end
    .hidden {symbol}_end
{symbol}_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
''')
