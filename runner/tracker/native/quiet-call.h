/*
 * System calls that the filter lets pass because their record is committed already.
 *
 * The 6th argument register carries a token made of the trace's cookie, the call's number and its
 * second argument. All three matter: a register that a call does not use keeps what was left in it,
 * so a bare cookie would let the next call of libc pass too (readdir behind fstatat did, unseen),
 * and a signal handler starts with the registers of the call it interrupted. A token is good for
 * one call with one argument, and is wiped when the call returns.
 */
#ifndef VT_QUIET_CALL_H
#define VT_QUIET_CALL_H

#include <stdint.h>

static inline uint64_t vt_token(uint64_t cookie, long number, long second) {
    return cookie ^ (uint32_t)second ^ ((uint64_t)(uint32_t)number << 32);
}

/* Returns what the kernel does: -errno for a failure. With cookie 0 the call is notified. */
static inline long vt_quiet_call(uint64_t cookie, long number, long a, long b, long c, long d, long e) {
    long token = cookie == 0 ? 0 : (long)vt_token(cookie, number, b);
#if defined __x86_64__
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    register long sixth __asm__("r9") = token;
    long result;
    __asm__ volatile("syscall\n\txorl %%r9d, %%r9d"
                     : "=a"(result), "+r"(sixth)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
                     : "rcx", "r11", "memory", "cc");
    return result;
#elif defined __aarch64__
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = token;
    __asm__ volatile("svc 0\n\tmov x5, xzr"
                     : "+r"(x0), "+r"(x5)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
                     : "memory", "cc");
    return x0;
#endif
}

#endif
