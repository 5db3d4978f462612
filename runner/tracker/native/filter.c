#define _GNU_SOURCE
#include "filter.h"

#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#if defined __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif
#define NR_IO_URING_SETUP 425
#define X32_BIT 0x40000000u

#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))
#define ARG_LOW(n) (FIELD(args) + 8 * (n))
#define ARG_HIGH(n) (FIELD(args) + 8 * (n) + 4)

struct program {
    struct sock_filter code[1024];
    unsigned length;
};

static unsigned emit(struct program *p, uint16_t code, uint8_t yes, uint8_t no, uint32_t k) {
    p->code[p->length] = (struct sock_filter){code, yes, no, k};
    return p->length++;
}

static void load(struct program *p, uint32_t offset) { emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }
static void answer(struct program *p, uint32_t action) { emit(p, BPF_RET | BPF_K, 0, 0, action); }
/* If A == k the next instruction is run, else the one after it. */
static void if_equal(struct program *p, uint32_t k) { emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, k); }

/* Of ioctl only what file systems have for making, removing and reading files by name or handle, past
 * all other calls: btrfs (but for cloning what is open), bcachefs, and the handles of XFS. */
static void emit_ioctl(struct program *p) {
    const uint32_t clone[] = {0x40049409 /* FICLONE */, 0x4020940d /* FICLONERANGE */, 0xc0189436 /* FIDEDUPERANGE */};
    unsigned start = emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, SYS_ioctl);
    load(p, ARG_LOW(1));
    for (size_t i = 0; i < sizeof clone / sizeof *clone; i++) {
        if_equal(p, clone[i]);
        answer(p, SECCOMP_RET_ALLOW);
    }
    emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xffff); /* type and number */
    const struct {
        uint32_t first, last;
    } notified[] = {{'X' << 8 | 104, 'X' << 8 | 108}, {0x9400, 0x94ff}, {0xbc00, 0xbcff}};
    for (size_t i = 0; i < sizeof notified / sizeof *notified; i++) {
        emit(p, BPF_JMP | BPF_JGE | BPF_K, 0, 2, notified[i].first);
        emit(p, BPF_JMP | BPF_JGT | BPF_K, 1, 0, notified[i].last);
        answer(p, SECCOMP_RET_USER_NOTIF);
    }
    answer(p, SECCOMP_RET_ALLOW);
    p->code[start].jf = (uint8_t)(p->length - start - 1);
}

/* Of sendto only what has an address. */
static void emit_sendto(struct program *p) {
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 6, SYS_sendto);
    load(p, ARG_LOW(4));
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0);
    load(p, ARG_HIGH(4));
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    answer(p, SECCOMP_RET_ALLOW);
    answer(p, SECCOMP_RET_USER_NOTIF);
}

/* Of prctl only what installs a filter. */
static void emit_prctl(struct program *p) {
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_prctl);
    load(p, ARG_LOW(0));
    if_equal(p, PR_SET_SECCOMP);
    answer(p, SECCOMP_RET_USER_NOTIF);
    answer(p, SECCOMP_RET_ALLOW);
}

/* Everything a listed call is asked, at one place: A holds the call's number. */
static void emit_decision(struct program *p, uint64_t cookie) {
    /* Recorded already: the 6th argument is vt_token of this very call. */
    load(p, ARG_LOW(1));
    emit(p, BPF_MISC | BPF_TAX, 0, 0, 0);
    load(p, ARG_LOW(5));
    emit(p, BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 6, (uint32_t)cookie);
    load(p, FIELD(nr));
    emit(p, BPF_MISC | BPF_TAX, 0, 0, 0);
    load(p, ARG_HIGH(5));
    emit(p, BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0);
    if_equal(p, (uint32_t)(cookie >> 32));
    answer(p, SECCOMP_RET_ALLOW);
    answer(p, SECCOMP_RET_USER_NOTIF);
}

/* A binary search over the listed numbers instead of one comparison for each: A holds the number.
 * `found` are the jumps to be pointed at the decision. */
static void emit_search(struct program *p, size_t low, size_t high, unsigned *found, unsigned *count) {
    if (high - low == 1) {
        if_equal(p, (uint32_t)vt_calls[low].number);
        found[(*count)++] = emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
        answer(p, SECCOMP_RET_ALLOW);
        return;
    }
    size_t middle = (low + high) / 2;
    emit(p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, (uint32_t)vt_calls[middle].number);
    unsigned right = emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
    emit_search(p, low, middle, found, count);
    p->code[right].k = p->length - right - 1;
    emit_search(p, middle, high, found, count);
}

static void build(struct program *p, uint64_t cookie) {
    p->length = 0;
    /* A foreign ABI has other numbers: all its calls are notified, and marked as not understood. */
    load(p, FIELD(arch));
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NATIVE_ARCH);
    answer(p, SECCOMP_RET_USER_NOTIF);
    load(p, FIELD(nr));
#ifdef __x86_64__
    /* x32, but for -1, which is what a tracer sets to skip a call. */
    emit(p, BPF_JMP | BPF_JGE | BPF_K, 0, 2, X32_BIT);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ~0u);
    answer(p, SECCOMP_RET_USER_NOTIF);
#endif
    /* Its calls never pass a filter again; libuv and others fall back when it is not there. */
    if_equal(p, NR_IO_URING_SETUP);
    answer(p, SECCOMP_RET_ERRNO | ENOSYS);
    /* What the kernel learnt since; but for -1, as above. */
    emit(p, BPF_JMP | BPF_JGT | BPF_K, 0, 3, VT_LAST_KNOWN_CALL);
    if_equal(p, ~0u);
    answer(p, SECCOMP_RET_ALLOW);
    answer(p, SECCOMP_RET_USER_NOTIF);
    emit_ioctl(p);
    emit_prctl(p);
    emit_sendto(p);
    unsigned found[256], count = 0;
    emit_search(p, 0, vt_call_count, found, &count);
    for (unsigned i = 0; i < count; i++) p->code[found[i]].k = p->length - found[i] - 1;
    emit_decision(p, cookie);
}

int vt_filter_install(uint64_t cookie) {
    struct program program;
    build(&program, cookie);
    struct sock_fprog code = {.len = (unsigned short)program.length, .filter = program.code};
    /* Newest first: the kernel refuses flags it does not know with EINVAL. Non-fatal signals must
     * not restart a call that the supervisor is serving, and the filter must not switch on
     * speculation mitigations that slow the task. */
    const unsigned long flags[] = {
        SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
        SECCOMP_FILTER_FLAG_SPEC_ALLOW,
        0,
    };
    bool privileged = true;
    for (size_t i = 0; i < sizeof flags / sizeof *flags;) {
        long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                flags[i] | SECCOMP_FILTER_FLAG_NEW_LISTENER, &code);
        if (listener >= 0) return (int)listener;
        if (errno == EINVAL) {
            i++;
        } else if (errno == EACCES && privileged) {
            privileged = false;
            if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
        } else {
            return -errno;
        }
    }
    return -EINVAL;
}
