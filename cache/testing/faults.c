/*
 * Preloaded into a process under test: lets the n-th file operation fail, or kills the process
 * just before it. Counts only operations on absolute paths below $VT_FAULTS_UNDER and on files
 * that were opened there.
 *
 * Armed by $VT_FAULTS or by access("/vt-faults/<the same>"), both of the form
 *     <all|changes>:<once|from>:<errno, 0 to kill>:<n, the first being 1>
 * `changes` counts only what can change the disk; `from` lets all later ones fail as well.
 * readlink("/vt-faults/count") gives how many there were since, and the name and path of the one
 * that failed: "<count> <name> <path>".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define CONTROL "/vt-faults/"
#define FILES 4096

static const char *under;
static size_t under_length;
static atomic_long count;
static atomic_long target;
static bool only_changes, from_then_on;
static int failure;
static char failed[512];
static atomic_bool opened[FILES];

static void arm(const char *text) {
    char class[16], mode[16];
    int error;
    long n;
    atomic_store(&target, 0);
    atomic_store(&count, 0);
    failed[0] = '\0';
    if (sscanf(text, "%15[a-z]:%15[a-z]:%d:%ld", class, mode, &error, &n) != 4) return;
    only_changes = strcmp(class, "changes") == 0;
    from_then_on = strcmp(mode, "from") == 0;
    failure = error;
    atomic_store(&target, n);
}

__attribute__((constructor)) static void start(void) {
    under = getenv("VT_FAULTS_UNDER");
    under_length = under == NULL ? 0 : strlen(under);
    const char *armed = getenv("VT_FAULTS");
    if (armed != NULL) arm(armed);
}

static bool is_under(const char *path) {
    return under_length > 0 && path != NULL && strncmp(path, under, under_length) == 0;
}

static bool is_file(int file) {
    return file >= 0 && file < FILES && atomic_load(&opened[file]);
}

/* Whether the operation is to fail, with errno set. */
static bool fails(bool counts, bool changes, const char *name, const char *path) {
    if (!counts || (only_changes && !changes)) return false;
    long nth = atomic_fetch_add(&count, 1) + 1;
    long at = atomic_load(&target);
    if (at == 0 || nth < at || (nth > at && !from_then_on)) return false;
    if (failure == 0) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (nth == at) snprintf(failed, sizeof failed, "%s %s", name, path == NULL ? "" : path);
    errno = failure;
    return true;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define ON_PATH(path, changes) \
    if (fails(is_under(path), changes, __func__, path)) return -1
#define ON_PATHS(one, two) \
    if (fails(is_under(one) || is_under(two), true, __func__, two)) return -1
#define ON_FILE(file, changes) \
    if (fails(is_file(file), changes, __func__, NULL)) return -1

static int remember(int file, const char *path) {
    if (file >= 0 && file < FILES) atomic_store(&opened[file], is_under(path));
    return file;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list more; \
            va_start(more, flags); \
            mode = va_arg(more, mode_t); \
            va_end(more); \
        } \
        ON_PATH(path, (flags & (O_CREAT | O_TRUNC)) != 0); \
        return remember(real(path, flags, mode), path); \
    }
OPEN(open)
OPEN(open64)

int close(int file) {
    REAL(close);
    if (file >= 0 && file < FILES) atomic_store(&opened[file], false);
    return real(file);
}

#define TRANSFER(name, buffer, changes) \
    ssize_t name(int file, buffer data, size_t size) { \
        REAL(name); \
        ON_FILE(file, changes); \
        return real(file, data, size); \
    }
#define TRANSFER_AT(name, buffer, offset, changes) \
    ssize_t name(int file, buffer data, size_t size, offset at) { \
        REAL(name); \
        ON_FILE(file, changes); \
        return real(file, data, size, at); \
    }
TRANSFER(read, void *, false)
TRANSFER(write, const void *, true)
TRANSFER_AT(pread, void *, off_t, false)
TRANSFER_AT(pread64, void *, off64_t, false)
TRANSFER_AT(pwrite, const void *, off_t, true)
TRANSFER_AT(pwrite64, const void *, off64_t, true)

ssize_t writev(int file, const struct iovec *data, int size) {
    REAL(writev);
    ON_FILE(file, true);
    return real(file, data, size);
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t size);
ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
    REAL(sendfile64);
    ON_FILE(to, true);
    return real(to, from, at, size);
}

#define ONE_PATH(type, name, changes, declaration, ...) \
    type name declaration { \
        REAL(name); \
        ON_PATH(path, changes); \
        return real(__VA_ARGS__); \
    }
#define ONE_FILE(name, declaration, ...) \
    int name declaration { \
        REAL(name); \
        ON_FILE(file, true); \
        return real(__VA_ARGS__); \
    }
ONE_PATH(int, unlink, true, (const char *path), path)
ONE_PATH(int, rmdir, true, (const char *path), path)
ONE_PATH(int, mkdir, true, (const char *path, mode_t mode), path, mode)
ONE_PATH(int, chmod, true, (const char *path, mode_t mode), path, mode)
ONE_FILE(ftruncate, (int file, off_t size), file, size)
ONE_FILE(ftruncate64, (int file, off64_t size), file, size)
ONE_FILE(fchmod, (int file, mode_t mode), file, mode)
ONE_FILE(fsync, (int file), file)
ONE_FILE(fdatasync, (int file), file)
ONE_FILE(futimens, (int file, const struct timespec times[2]), file, times)
ONE_PATH(int, scandir, false,
    (const char *path, struct dirent ***list, int (*take)(const struct dirent *),
        int (*compare)(const struct dirent **, const struct dirent **)),
    path, list, take, compare)
ONE_PATH(int, scandir64, false,
    (const char *path, struct dirent64 ***list, int (*take)(const struct dirent64 *),
        int (*compare)(const struct dirent64 **, const struct dirent64 **)),
    path, list, take, compare)
ONE_PATH(int, stat64, false, (const char *path, struct stat64 *to), path, to)
ONE_PATH(int, lstat64, false, (const char *path, struct stat64 *to), path, to)

int rename(const char *from, const char *to) {
    REAL(rename);
    ON_PATHS(from, to);
    return real(from, to);
}

int link(const char *from, const char *to) {
    REAL(link);
    ON_PATHS(from, to);
    return real(from, to);
}

int symlink(const char *text, const char *path) {
    REAL(symlink);
    ON_PATH(path, true);
    return real(text, path);
}

int access(const char *path, int mode) {
    REAL(access);
    if (strncmp(path, CONTROL, sizeof CONTROL - 1) == 0) {
        arm(path + sizeof CONTROL - 1);
        return 0;
    }
    ON_PATH(path, false);
    return real(path, mode);
}

ssize_t readlink(const char *path, char *to, size_t size) {
    REAL(readlink);
    if (strcmp(path, CONTROL "count") == 0) {
        int length = snprintf(to, size, "%ld %s", atomic_load(&count), failed);
        return length < (int)size ? length : (ssize_t)size;
    }
    ON_PATH(path, false);
    return real(path, to, size);
}

/* libuv asks the kernel itself where older C libraries have no function. */
long syscall(long number, ...) {
    REAL(syscall);
    long a[6];
    va_list more;
    va_start(more, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(more, long);
    va_end(more);
    if (number == SYS_statx) {
        const char *path = (const char *)(intptr_t)a[1];
        bool counts = path != NULL && path[0] != '\0' ? is_under(path) : is_file((int)a[0]);
        if (fails(counts, false, "statx", path)) return -1;
    }
    if (number == SYS_copy_file_range && fails(is_file((int)a[2]), true, "copy_file_range", NULL)) {
        return -1;
    }
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
