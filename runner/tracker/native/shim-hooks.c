/*
 * The functions of libc the shim stands in for. Each does what libc's own does, one system call,
 * made quiet (quiet-call.h) where the shim has recorded it; open leaves the call itself to libc.
 *
 * Old names (__xstat64) and new ones (stat64) are both needed: programs built against a libc before
 * 2.33 import the old.
 */
#define _GNU_SOURCE
#include "shim.h"

#include "quiet-call.h"
#include "trace.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

struct stat;
struct statx;

#define EXPORT __attribute__((visibility("default")))

#define LOOK(function, flags)                                    \
    EXPORT int function(const char *name, struct stat *status);  \
    int function(const char *name, struct stat *status) { return vt_shim_stat(AT_FDCWD, name, status, flags); }
LOOK(stat, 0)
LOOK(stat64, 0)
LOOK(lstat, AT_SYMLINK_NOFOLLOW)
LOOK(lstat64, AT_SYMLINK_NOFOLLOW)

#define LOOK_AT(function)                                                          \
    EXPORT int function(int dirfd, const char *name, struct stat *status, int flags); \
    int function(int dirfd, const char *name, struct stat *status, int flags) {    \
        return vt_shim_stat(dirfd, name, status, flags);                                   \
    }
LOOK_AT(fstatat)
LOOK_AT(fstatat64)

#define LOOK_AT_DESCRIPTOR(function)                    \
    EXPORT int function(int fd, struct stat *status);   \
    int function(int fd, struct stat *status) { return vt_shim_fstat(fd, status); }
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
        return known_version(version) ? vt_shim_stat(AT_FDCWD, name, status, flags) : -1; \
    }
OLD_LOOK(__xstat, 0)
OLD_LOOK(__xstat64, 0)
OLD_LOOK(__lxstat, AT_SYMLINK_NOFOLLOW)
OLD_LOOK(__lxstat64, AT_SYMLINK_NOFOLLOW)

#define OLD_LOOK_AT_DESCRIPTOR(function)                           \
    EXPORT int function(int version, int fd, struct stat *status); \
    int function(int version, int fd, struct stat *status) {       \
        return known_version(version) ? vt_shim_fstat(fd, status) : -1; \
    }
OLD_LOOK_AT_DESCRIPTOR(__fxstat)
OLD_LOOK_AT_DESCRIPTOR(__fxstat64)

#define OLD_LOOK_AT(function)                                                                   \
    EXPORT int function(int version, int dirfd, const char *name, struct stat *status, int flags); \
    int function(int version, int dirfd, const char *name, struct stat *status, int flags) {    \
        return known_version(version) ? vt_shim_stat(dirfd, name, status, flags) : -1;                  \
    }
OLD_LOOK_AT(__fxstatat)
OLD_LOOK_AT(__fxstatat64)

EXPORT int statx(int dirfd, const char *name, int flags, unsigned mask, struct statx *status);
int statx(int dirfd, const char *name, int flags, unsigned mask, struct statx *status) {
    return (int)vt_shim_statx(dirfd, name, flags, mask, status);
}

EXPORT int access(const char *name, int mode);
int access(const char *name, int mode) { return vt_shim_access(name, mode); }

EXPORT ssize_t readlinkat(int dirfd, const char *name, char *text, size_t size);
ssize_t readlinkat(int dirfd, const char *name, char *text, size_t size) {
    return vt_shim_readlinkat(dirfd, name, text, size);
}

EXPORT ssize_t readlink(const char *name, char *text, size_t size);
ssize_t readlink(const char *name, char *text, size_t size) { return vt_shim_readlink(name, text, size); }

typedef int openat_function(int dirfd, const char *name, int flags, ...);
static openat_function *libc_openat;

/* Early, since open may be called in a signal handler; but another library may come before us. */
__attribute__((constructor)) static void find_libc(void) {
    if (libc_openat != NULL) return;
    libc_openat = (openat_function *)dlsym(RTLD_NEXT, "openat64");
    if (libc_openat == NULL) libc_openat = (openat_function *)dlsym(RTLD_NEXT, "openat");
}

bool vt_shim_open_follows(int flags) {
    bool exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    return (flags & O_NOFOLLOW) == 0 && !exclusive;
}

uint64_t vt_shim_record_open(int dirfd, const char *name, int flags) {
    uint64_t cookie = vt_shim_record(VT_OP_OPEN, (uint32_t)flags, dirfd, name, vt_shim_open_follows(flags));
    return cookie == 0 ? 0 : vt_token(cookie, SYS_openat, (long)name);
}

static bool takes_mode(int flags) { return (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0; }

#define MODE_ARGUMENT(mode)                                  \
    unsigned mode = 0;                                       \
    if (takes_mode(flags)) {                                 \
        va_list arguments;                                   \
        va_start(arguments, flags);                          \
        mode = va_arg(arguments, unsigned);                  \
        va_end(arguments);                                   \
    }

/* open is a cancellation point and may block for long: libc's own makes the call. */
static int open_at(int dirfd, const char *name, int flags, unsigned mode) {
    find_libc();
    uint64_t token = vt_shim_record_open(dirfd, name, flags);
    if (token != 0) return (int)vt_call_with_token((void *)libc_openat, dirfd, (long)name, flags, mode, token);
    return libc_openat(dirfd, name, flags, mode);
}

#define OPEN(function)                                                        \
    EXPORT int function(const char *name, int flags, ...);                    \
    int function(const char *name, int flags, ...) {                          \
        MODE_ARGUMENT(mode)                                                   \
        return open_at(AT_FDCWD, name, flags, mode);                          \
    }
OPEN(open)
OPEN(open64)

#define OPEN_AT(function)                                                     \
    EXPORT int function(int dirfd, const char *name, int flags, ...);         \
    int function(int dirfd, const char *name, int flags, ...) {               \
        MODE_ARGUMENT(mode)                                                   \
        return open_at(dirfd, name, flags, mode);                             \
    }
OPEN_AT(openat)
OPEN_AT(openat64)

/* What open becomes with _FORTIFY_SOURCE where no mode is given; libc complains if one is needed. */
#define OPEN_CHECKED(function)                                                \
    EXPORT int function(const char *name, int flags);                         \
    int function(const char *name, int flags) {                               \
        if (!takes_mode(flags)) return open_at(AT_FDCWD, name, flags, 0);     \
        return ((open_checked_function *)dlsym(RTLD_NEXT, #function))(name, flags); \
    }
typedef int open_checked_function(const char *name, int flags);
OPEN_CHECKED(__open_2)
OPEN_CHECKED(__open64_2)

#ifdef __x86_64__
/*
 * libuv and Rust make statx through syscall(). Only that one is taken, and newfstatat; all others are
 * done exactly as libc does them, in assembly and without a stack frame, since some (clone, vfork) return
 * twice.
 */
_Static_assert(SYS_statx == 332 && SYS_newfstatat == 262, "as compared below");
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    cmpq $262, %rdi\n" /* SYS_newfstatat */
        "    je 3f\n"
        "    cmpq $332, %rdi\n" /* SYS_statx */
        "    jne 1f\n"
        "    movl %esi, %edi\n"
        "    movq %rdx, %rsi\n"
        "    movl %ecx, %edx\n"
        "    movl %r8d, %ecx\n"
        "    movq %r9, %r8\n"
        "    jmp vt_shim_statx\n"
        "3:  movl %esi, %edi\n"
        "    movq %rdx, %rsi\n"
        "    movq %rcx, %rdx\n"
        "    movl %r8d, %ecx\n"
        "    jmp vt_shim_look\n"
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
        "    jmp vt_shim_fail\n"
        "    .cfi_endproc\n"
        ".size syscall, .-syscall\n");
#endif

#if defined __x86_64__
__asm__(".text\n"
        ".hidden vt_call_with_token\n"
        ".globl vt_call_with_token\n"
        ".type vt_call_with_token, @function\n"
        "vt_call_with_token:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    movq %rdi, %r11\n"
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    movq %rcx, %rdx\n"
        "    movq %r8, %rcx\n"
        "    subq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    xorl %eax, %eax\n" /* no vector registers hold variable arguments */
        "    call *%r11\n"
        "    addq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    xorl %r9d, %r9d\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size vt_call_with_token, .-vt_call_with_token\n");
#elif defined __aarch64__
__asm__(".text\n"
        ".hidden vt_call_with_token\n"
        ".globl vt_call_with_token\n"
        ".type vt_call_with_token, %function\n"
        "vt_call_with_token:\n"
        "    .cfi_startproc\n"
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset x29, -16\n"
        "    .cfi_offset x30, -8\n"
        "    mov x9, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, x4\n"
        "    blr x9\n"
        "    mov x5, xzr\n"
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_def_cfa_offset 0\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size vt_call_with_token, .-vt_call_with_token\n");
#endif
