#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""without_syscalls.py NUMBER[,NUMBER...] COMMAND...: runs a command for which these system calls do not exist.

What kernels lack that are older than this one, and what seccomp filters of container engines do not know. Needs
CAP_SYS_ADMIN in its user namespace (`rpod unshare`): with no_new_privs newuidmap would not work.
"""
import ctypes
import errno
import os
import struct
import sys

BPF_LD_W_ABS, BPF_JEQ, BPF_RET = 0x20, 0x15, 0x06
RET_ALLOW, RET_ERRNO = 0x7FFF0000, 0x00050000
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def main():
    numbers = [int(number) for number in sys.argv[1].split(",")]
    code = [(BPF_LD_W_ABS, 0, 0, 0)]
    for position, number in enumerate(numbers):
        code.append((BPF_JEQ, len(numbers) - position, 0, number))
    code += [(BPF_RET, 0, 0, RET_ALLOW), (BPF_RET, 0, 0, RET_ERRNO | errno.ENOSYS)]
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
    text = ctypes.create_string_buffer(packed)
    program = Program(len(code), ctypes.cast(text, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        sys.exit(f"without_syscalls.py: seccomp: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[2], sys.argv[2:])


main()
