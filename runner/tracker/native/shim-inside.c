/*
 * What glibc calls inside itself, past its own exported functions and so past the shim: with a locale
 * of its own (LANG=C.UTF-8) each program opens some thirty files and looks at as many descriptors before
 * its main has done anything, which notified costs as much as starting it.
 *
 * Two functions do all of it. When a locale is asked for, a jump to the shim is written over the
 * beginning of both in this process's memory (the page is copied; the file is untouched). What they did
 * is one system call, which the shim makes. Where that cannot be, nothing is changed, and the calls are
 * notified as before:
 *  - another libc than glibc, a machine other than x86-64, or a version where they look otherwise;
 *  - more than one thread, which might just be in one of them;
 *  - code that may not be written to.
 */
#define _GNU_SOURCE
#include "shim.h"

#include "quiet-call.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

#if defined __x86_64__ && defined __GLIBC__

#define PAGE 4096u
#define JUMP 5u /* bytes of `jmp` with a distance of 32 bits */
#define MOST_SEARCHED 64u

extern char __libc_single_threaded __attribute__((weak)); /* since glibc 2.32 */

/* As glibc's __open64_nocancel: no cancellation point. */
static int open_inside(const char *name, int flags, ...) {
    unsigned mode = 0;
    if ((flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, unsigned);
        va_end(arguments);
    }
    uint64_t cookie = vt_shim_record(VT_OP_OPEN, (uint32_t)flags, AT_FDCWD, name, vt_shim_open_follows(flags));
    long result = vt_quiet_call(cookie, SYS_openat, AT_FDCWD, (long)name, flags, mode, 0);
    return result < 0 ? (int)vt_shim_fail(result) : (int)result;
}

struct replaced {
    uint8_t *function;
    const void *with;
};

/* Whether `function` makes the system call `number`, which glibc loads so. */
static bool makes_call(const uint8_t *function, uint32_t number) {
    uint8_t code[5] = {0xb8};
    memcpy(code + 1, &number, sizeof number);
    return memmem(function, MOST_SEARCHED, code, sizeof code) != NULL;
}

static bool reaches(const struct replaced *replaced, int32_t *distance) {
    intptr_t far = (intptr_t)replaced->with - (intptr_t)(replaced->function + JUMP);
    *distance = (int32_t)far;
    return *distance == far;
}

static void replace_inside(void) {
    struct replaced all[] = {
        {dlvsym(RTLD_NEXT, "__open64_nocancel", "GLIBC_PRIVATE"), (const void *)open_inside},
        {dlvsym(RTLD_NEXT, "__fstat64", "GLIBC_PRIVATE"), (const void *)vt_shim_fstat},
    };
    const size_t count = sizeof all / sizeof *all;
    int32_t distances[sizeof all / sizeof *all];
    uintptr_t start = UINTPTR_MAX, end = 0;
    for (size_t i = 0; i < count; i++) {
        if (all[i].function == NULL || !reaches(&all[i], &distances[i])) return;
        uintptr_t at = (uintptr_t)all[i].function;
        if (at < start) start = at;
        if (at + JUMP > end) end = at + JUMP;
    }
    if (!makes_call(all[0].function, SYS_openat)) return;
    start &= ~(uintptr_t)(PAGE - 1);
    size_t size = ((end + PAGE - 1) & ~(uintptr_t)(PAGE - 1)) - start;
    /* Not by libc's own function: it may lie in there. And executable all the while, for signal handlers. */
    if (vt_quiet_call(0, SYS_mprotect, (long)start, (long)size, PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0) < 0) return;
    for (size_t i = 0; i < count; i++) {
        all[i].function[0] = 0xe9;
        memcpy(all[i].function + 1, &distances[i], sizeof distances[i]);
    }
    vt_quiet_call(0, SYS_mprotect, (long)start, (long)size, PROT_READ | PROT_EXEC, 0, 0);
}

static bool is_builtin(const char *locale) {
    return locale[0] == '\0' || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0;
}

/* Whether to take what `locale` names will open files. An empty name stands for what the variables say. */
static bool opens_files(const char *locale) {
    if (locale == NULL) return false;
    if (locale[0] != '\0') return !is_builtin(locale);
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        if ((*entry)[0] != 'L' || (strncmp(*entry, "LC_", 3) != 0 && strncmp(*entry, "LANG=", 5) != 0)) continue;
        const char *value = strchr(*entry, '=');
        if (value != NULL && !is_builtin(value + 1)) return true;
    }
    return false;
}

/* No lock: with a second thread nothing is done. */
static void expect_locale(const char *locale) {
    static bool done;
    if (done || !vt_shim_is_active() || !opens_files(locale)) return;
    if (&__libc_single_threaded == NULL || !__libc_single_threaded) return;
    done = true;
    int error = errno;
    if (vt_shim_expect_calls()) replace_inside();
    errno = error;
}
#else
static void expect_locale(const char *locale) { (void)locale; }
#endif

typedef char *setlocale_function(int category, const char *locale);
typedef locale_t newlocale_function(int mask, const char *locale, locale_t base);

EXPORT char *setlocale(int category, const char *locale) {
    expect_locale(locale);
    return ((setlocale_function *)dlsym(RTLD_NEXT, "setlocale"))(category, locale);
}

EXPORT locale_t newlocale(int mask, const char *locale, locale_t base) {
    expect_locale(locale);
    return ((newlocale_function *)dlsym(RTLD_NEXT, "newlocale"))(mask, locale, base);
}
