/*
 * The functions of libc the shim stands in for. Each does what libc's own does, one system call,
 * made quiet (quiet-call.h) where the shim has recorded it.
 *
 * Old names (__xstat64) and new ones (stat64) are both needed: programs built against a libc before
 * 2.33 import the old. open is a cancellation point and takes part only where it cannot block:
 * reading an existing file or directory, or finding none.
 */
#define _GNU_SOURCE
#include "shim.h"

#include "quiet-call.h"
#include "trace.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct stat;
struct statx;

__attribute__((used)) static long fail_with(long result) {
    errno = (int)-result;
    return -1;
}

static long issue(uint64_t cookie, long number, long a, long b, long c, long d, long e) {
    long result = vt_quiet_call(cookie, number, a, b, c, d, e);
    return result < 0 && result >= -4095 ? fail_with(result) : result;
}

/* A look at a descriptor needs no record: it was recorded when it was opened. fstat is not even
 * notified. */
static int look_at_descriptor(int fd, void *status) {
    return (int)issue(0, SYS_fstat, fd, (long)status, 0, 0, 0);
}

static int look(int dirfd, const char *name, void *status, int flags) {
    uint64_t cookie = 0;
    /* With AT_EMPTY_PATH the name may be empty. Any other is left to the supervisor. */
    if (flags == AT_EMPTY_PATH && dirfd >= 0 && vt_shim_is_empty(name))
        return look_at_descriptor(dirfd, status);
    if ((flags & AT_EMPTY_PATH) == 0)
        cookie = vt_shim_record(VT_OP_STAT, 0, dirfd, name, (flags & AT_SYMLINK_NOFOLLOW) == 0, false);
    return (int)issue(cookie, SYS_newfstatat, dirfd, (long)name, (long)status, flags, 0);
}

__attribute__((used)) static long look_extended(int dirfd, const char *name, int flags, unsigned mask,
                                                void *status) {
    uint64_t cookie = 0;
    if ((flags & AT_EMPTY_PATH) == 0)
        cookie = vt_shim_record(VT_OP_STAT, 0, dirfd, name, (flags & AT_SYMLINK_NOFOLLOW) == 0, false);
    else if (dirfd >= 0 && vt_shim_is_empty(name))
        cookie = vt_shim_cookie();
    return issue(cookie, SYS_statx, dirfd, (long)name, flags, mask, (long)status);
}

#define LOOK(function, flags)                                    \
    EXPORT int function(const char *name, struct stat *status);  \
    int function(const char *name, struct stat *status) { return look(AT_FDCWD, name, status, flags); }
LOOK(stat, 0)
LOOK(stat64, 0)
LOOK(lstat, AT_SYMLINK_NOFOLLOW)
LOOK(lstat64, AT_SYMLINK_NOFOLLOW)

#define LOOK_AT(function)                                                          \
    EXPORT int function(int dirfd, const char *name, struct stat *status, int flags); \
    int function(int dirfd, const char *name, struct stat *status, int flags) {    \
        return look(dirfd, name, status, flags);                                   \
    }
LOOK_AT(fstatat)
LOOK_AT(fstatat64)

#define LOOK_AT_DESCRIPTOR(function)                    \
    EXPORT int function(int fd, struct stat *status);   \
    int function(int fd, struct stat *status) { return look_at_descriptor(fd, status); }
LOOK_AT_DESCRIPTOR(fstat)
LOOK_AT_DESCRIPTOR(fstat64)

/* The version names the layout of struct stat; 0 and 1 are the kernel's own on 64-bit machines. */
static int known_version(int version) {
    if (version == 0 || version == 1) return 1;
    errno = EINVAL;
    return 0;
}

#define OLD_LOOK(function, flags)                                             \
    EXPORT int function(int version, const char *name, struct stat *status);  \
    int function(int version, const char *name, struct stat *status) {        \
        return known_version(version) ? look(AT_FDCWD, name, status, flags) : -1; \
    }
OLD_LOOK(__xstat, 0)
OLD_LOOK(__xstat64, 0)
OLD_LOOK(__lxstat, AT_SYMLINK_NOFOLLOW)
OLD_LOOK(__lxstat64, AT_SYMLINK_NOFOLLOW)

#define OLD_LOOK_AT_DESCRIPTOR(function)                           \
    EXPORT int function(int version, int fd, struct stat *status); \
    int function(int version, int fd, struct stat *status) {       \
        return known_version(version) ? look_at_descriptor(fd, status) : -1; \
    }
OLD_LOOK_AT_DESCRIPTOR(__fxstat)
OLD_LOOK_AT_DESCRIPTOR(__fxstat64)

#define OLD_LOOK_AT(function)                                                                   \
    EXPORT int function(int version, int dirfd, const char *name, struct stat *status, int flags); \
    int function(int version, int dirfd, const char *name, struct stat *status, int flags) {    \
        return known_version(version) ? look(dirfd, name, status, flags) : -1;                  \
    }
OLD_LOOK_AT(__fxstatat)
OLD_LOOK_AT(__fxstatat64)

EXPORT int statx(int dirfd, const char *name, int flags, unsigned mask, struct statx *status);
int statx(int dirfd, const char *name, int flags, unsigned mask, struct statx *status) {
    return (int)look_extended(dirfd, name, flags, mask, status);
}

EXPORT int access(const char *name, int mode);
int access(const char *name, int mode) {
    uint64_t cookie = vt_shim_record(VT_OP_STAT, 0, AT_FDCWD, name, true, false);
    return (int)issue(cookie, SYS_faccessat, AT_FDCWD, (long)name, mode, 0, 0);
}

EXPORT ssize_t readlinkat(int dirfd, const char *name, char *text, size_t size);
ssize_t readlinkat(int dirfd, const char *name, char *text, size_t size) {
    uint64_t cookie = vt_shim_record(VT_OP_READLINK, 0, dirfd, name, false, false);
    return (ssize_t)issue(cookie, SYS_readlinkat, dirfd, (long)name, (long)text, (long)size, 0);
}

EXPORT ssize_t readlink(const char *name, char *text, size_t size);
ssize_t readlink(const char *name, char *text, size_t size) {
#ifdef SYS_readlink
    /* Not readlinkat, which takes an empty name for the directory itself. */
    uint64_t cookie = vt_shim_record(VT_OP_READLINK, 0, AT_FDCWD, name, false, false);
    return (ssize_t)issue(cookie, SYS_readlink, (long)name, (long)text, (long)size, 0, 0);
#else
    return readlinkat(AT_FDCWD, name, text, size);
#endif
}

typedef int open_function(const char *name, int flags, ...);
typedef int openat_function(int dirfd, const char *name, int flags, ...);
static open_function *libc_open;
static openat_function *libc_openat;

__attribute__((constructor)) static void find_libc(void) {
    libc_open = (open_function *)dlsym(RTLD_NEXT, "open64");
    libc_openat = (openat_function *)dlsym(RTLD_NEXT, "openat64");
}

/* -2: libc is to do it. */
static int open_quietly(int dirfd, const char *name, int flags) {
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC | O_TMPFILE) & ~O_DIRECTORY) != 0) return -2;
    uint64_t cookie = vt_shim_record(VT_OP_OPEN, (uint32_t)flags, dirfd, name, (flags & O_NOFOLLOW) == 0, true);
    if (cookie == 0) return -2;
    pthread_testcancel();
    return (int)issue(cookie, SYS_openat, dirfd, (long)name, flags, 0, 0);
}

#define MODE_ARGUMENT(mode)                                  \
    unsigned mode = 0;                                       \
    if ((flags & (O_CREAT | O_TMPFILE) & ~O_DIRECTORY) != 0) { \
        va_list arguments;                                   \
        va_start(arguments, flags);                          \
        mode = va_arg(arguments, unsigned);                  \
        va_end(arguments);                                   \
    }

#define OPEN(function)                                                        \
    EXPORT int function(const char *name, int flags, ...);                    \
    int function(const char *name, int flags, ...) {                          \
        MODE_ARGUMENT(mode)                                                   \
        int fd = open_quietly(AT_FDCWD, name, flags);                         \
        if (fd != -2) return fd;                                              \
        if (libc_open != NULL) return libc_open(name, flags, mode);           \
        return (int)issue(0, SYS_openat, AT_FDCWD, (long)name, flags, (long)mode, 0); \
    }
OPEN(open)
OPEN(open64)

#define OPEN_AT(function)                                                     \
    EXPORT int function(int dirfd, const char *name, int flags, ...);         \
    int function(int dirfd, const char *name, int flags, ...) {               \
        MODE_ARGUMENT(mode)                                                   \
        int fd = open_quietly(dirfd, name, flags);                            \
        if (fd != -2) return fd;                                              \
        if (libc_openat != NULL) return libc_openat(dirfd, name, flags, mode); \
        return (int)issue(0, SYS_openat, dirfd, (long)name, flags, (long)mode, 0); \
    }
OPEN_AT(openat)
OPEN_AT(openat64)

#ifdef __x86_64__
/*
 * libuv and Rust make statx through syscall(). Only that one is taken; all others are done exactly
 * as libc does them, in assembly and without a stack frame, since some (clone, vfork) return twice.
 */
_Static_assert(SYS_statx == 332, "as compared below");
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    cmpq $332, %rdi\n" /* SYS_statx */
        "    jne 1f\n"
        "    movl %esi, %edi\n"
        "    movq %rdx, %rsi\n"
        "    movl %ecx, %edx\n"
        "    movl %r8d, %ecx\n"
        "    movq %r9, %r8\n"
        "    jmp look_extended\n"
        "1:  movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    movq %rcx, %rdx\n"
        "    movq %r8, %r10\n"
        "    movq %r9, %r8\n"
        "    movq 8(%rsp), %r9\n"
        "    syscall\n"
        "    cmpq $-4095, %rax\n"
        "    jae 2f\n"
        "    ret\n"
        "2:  movq %rax, %rdi\n"
        "    jmp fail_with\n"
        "    .cfi_endproc\n"
        ".size syscall, .-syscall\n");
#endif
