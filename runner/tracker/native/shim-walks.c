/*
 * The functions of libc that make many system calls of their own, out of the reach of shim-hooks.c:
 * realpath looks at every name on the way (gcc does little else), reading a directory takes several
 * calls. Whatever is unusual is left to libc's own, whose calls are notified.
 */
#define _GNU_SOURCE
#include "shim.h"

#include "quiet-call.h"
#include "trace.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#define MOST_LINKS 40 /* the kernel follows that many */

enum walked {
    WALKED,
    WALK_ENDS, /* errno says why */
    WALK_IS_ODD,
};

struct walk {
    char path[PATH_MAX]; /* resolved so far, without a slash at its end; empty for "/" */
    size_t length;
    char rest[2 * PATH_MAX];
    char target[PATH_MAX];
};

static enum walked start_walk(struct walk *walk, const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length >= PATH_MAX) return WALK_IS_ODD;
    memcpy(walk->rest, name, length + 1);
    walk->length = 0;
    if (name[0] == '/') return WALKED;
    long got = vt_quiet_call(0, SYS_getcwd, (long)walk->path, sizeof walk->path, 0, 0, 0);
    if (got <= 1 || walk->path[0] != '/') return WALK_IS_ODD;
    walk->length = (size_t)got - 1;
    if (walk->length == 1) walk->length = 0;
    return WALKED;
}

static void leave_last(struct walk *walk) {
    while (walk->length > 0 && walk->path[--walk->length] != '/') {}
}

/* Whether what stands before `rest` must be a directory though nothing in it is looked up: a slash or
 * `.` at the end, and `..` anywhere. */
static bool must_be_directory(const char *rest) {
    while (*rest != '\0') {
        rest += strspn(rest, "/");
        size_t length = strcspn(rest, "/");
        if (length == 0 || (length == 2 && rest[0] == '.' && rest[1] == '.')) return true;
        if (length != 1 || rest[0] != '.') return false;
        if (rest[1] == '\0') return true;
        rest++;
    }
    return false;
}

/* As libc does it: by looking up the path with a slash behind it. */
static enum walked check_directory(struct walk *walk) {
    if (walk->length + 1 >= sizeof walk->path) return WALK_IS_ODD;
    memcpy(walk->path + walk->length, "/", 2);
    uint64_t cookie = vt_shim_record(VT_OP_STAT, VT_STAT_EXISTENCE, AT_FDCWD, walk->path, true);
    long result = vt_quiet_call(cookie, SYS_faccessat2, AT_FDCWD, (long)walk->path, F_OK, AT_EACCESS, 0);
    walk->path[walk->length] = '\0';
    errno = (int)-result;
    if (result == 0) return WALKED;
    return result == -ENOENT || result == -ENOTDIR ? WALK_ENDS : WALK_IS_ODD;
}

/* Enters one name; `rest` is what follows it. */
static enum walked enter(struct walk *walk, const char *name, size_t length, const char *rest, int *links) {
    if (walk->length + 1 + length >= sizeof walk->path) return WALK_IS_ODD;
    size_t before = walk->length;
    walk->path[walk->length++] = '/';
    memcpy(walk->path + walk->length, name, length);
    walk->length += length;
    walk->path[walk->length] = '\0';
    ssize_t got = vt_shim_readlink(walk->path, walk->target, sizeof walk->target - 1);
    if (got < 0) {
        if (errno != EINVAL && errno != ENOENT && errno != ENOTDIR) return WALK_IS_ODD;
        if (must_be_directory(rest)) return check_directory(walk);
        return errno == EINVAL ? WALKED : WALK_ENDS;
    }
    size_t left = strlen(rest);
    if (got == 0 || got == (ssize_t)sizeof walk->target - 1 || ++*links > MOST_LINKS ||
        (size_t)got + left >= sizeof walk->rest)
        return WALK_IS_ODD;
    memmove(walk->rest + got, rest, left + 1);
    memcpy(walk->rest, walk->target, (size_t)got);
    walk->length = walk->target[0] == '/' ? 0 : before;
    return WALKED;
}

static enum walked resolve(struct walk *walk, const char *name) {
    enum walked walked = start_walk(walk, name);
    int links = 0;
    const char *at = walk->rest;
    while (walked == WALKED) {
        at += strspn(at, "/");
        size_t length = strcspn(at, "/");
        if (length == 0) break;
        if (length == 1 && at[0] == '.') {
            at++;
        } else if (length == 2 && at[0] == '.' && at[1] == '.') {
            leave_last(walk);
            at += 2;
        } else {
            int before = links;
            walked = enter(walk, at, length, at + length, &links);
            at = links > before ? walk->rest : at + length;
        }
    }
    if (walk->length == 0) walk->path[walk->length++] = '/';
    walk->path[walk->length] = '\0';
    return walked;
}

typedef char *realpath_function(const char *name, char *resolved);
typedef DIR *opendir_function(const char *name);
typedef struct dirent *readdir_function(DIR *directory);

static struct {
    realpath_function *realpath;
    opendir_function *opendir;
    readdir_function *readdir;
} libc;

/* Found at first use: most programs use none of them. Threads that come at once find the same. */
#define FIND(function, name)                                                                    \
    do {                                                                                        \
        if (LOAD(&libc.function) == NULL)                                                       \
            STORE(&libc.function, (function##_function *)dlsym(RTLD_NEXT, name));               \
    } while (0)
#define LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

EXPORT char *realpath(const char *restrict name, char *restrict resolved);
char *realpath(const char *restrict name, char *restrict resolved) {
    FIND(realpath, "realpath");
    int error = errno;
    struct walk *walk = name == NULL || !vt_shim_is_active() ? NULL : malloc(sizeof *walk);
    if (walk == NULL) return LOAD(&libc.realpath)(name, resolved);
    enum walked walked = resolve(walk, name);
    if (walked == WALKED && resolved != NULL) memcpy(resolved, walk->path, walk->length + 1);
    else if (walked == WALKED) resolved = strdup(walk->path);
    int why = error;
    if (walked == WALK_ENDS) {
        why = errno;
        /* As documented: of what is missing, `resolved` tells the path. Of the rest libc knows. */
        if (resolved != NULL && why == ENOENT) memcpy(resolved, walk->path, walk->length + 1);
        else if (resolved != NULL) walked = WALK_IS_ODD;
    }
    free(walk);
    if (walked == WALK_IS_ODD) {
        errno = error;
        return LOAD(&libc.realpath)(name, resolved);
    }
    errno = why;
    return walked == WALKED ? resolved : NULL;
}

EXPORT char *canonicalize_file_name(const char *name);
char *canonicalize_file_name(const char *name) { return realpath(name, NULL); }

EXPORT DIR *opendir(const char *name);
DIR *opendir(const char *name) {
    FIND(opendir, "opendir");
    uint64_t token = 0;
    if (name[0] != '\0')
        token = vt_shim_record_open(AT_FDCWD, name, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC);
    if (token == 0) return LOAD(&libc.opendir)(name);
    return (DIR *)vt_call_with_token((void *)LOAD(&libc.opendir), (long)name, 0, 0, 0, token);
}

/* How glibc keeps a directory. Nothing depends on it but speed: of another libc the token fits no
 * call, and a listing recorded once too often is that of a directory which is being listed. */
struct glibc_directory {
    int fd, lock;
    size_t allocation, size, offset;
    off_t position;
    int error;
    char entries[] __attribute__((aligned(16)));
};

static struct dirent *read_entry(DIR *directory) {
    const struct glibc_directory *inside = (const struct glibc_directory *)directory;
    uint64_t cookie = 0;
    if (inside->offset >= inside->size) cookie = vt_shim_record_listing(dirfd(directory));
    if (cookie == 0) return LOAD(&libc.readdir)(directory);
    uint64_t token = vt_token(cookie, SYS_getdents64, (long)inside->entries);
    return (struct dirent *)vt_call_with_token((void *)LOAD(&libc.readdir), (long)directory, 0, 0, 0, token);
}

#define READDIR(function, entry)                                                      \
    EXPORT struct entry *function(DIR *directory);                                    \
    struct entry *function(DIR *directory) {                                          \
        FIND(readdir, "readdir64");                                                   \
        return (struct entry *)read_entry(directory);                                 \
    }
READDIR(readdir, dirent)
READDIR(readdir64, dirent64)
