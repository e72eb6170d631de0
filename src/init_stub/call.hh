// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <asm/unistd.h>

/// System calls of a program that has no libc: call(__NR_write, fd, data, size) → result, or -errno.
namespace rpod::init_stub {

#if defined(__x86_64__)
inline long raw_call(long n, long a, long b, long c, long d, long e) {
    long result = n;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
inline long raw_call(long n, long a, long b, long c, long d, long e) {
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}
#elif defined(__riscv) && __riscv_xlen == 64
inline long raw_call(long n, long a, long b, long c, long d, long e) {
    register long a7 __asm__("a7") = n;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4) : "memory");
    return a0;
}
#else
#error \
    "the init stub knows x86_64, aarch64 and riscv64; add the system call instruction and the entry of this one"
#endif

template <class A = long, class B = long, class C = long, class D = long, class E = long>
long call(long n, A a = {}, B b = {}, C c = {}, D d = {}, E e = {}) {
    return raw_call(n, (long)a, (long)b, (long)c, (long)d, (long)e);
}

}  // namespace rpod::init_stub
