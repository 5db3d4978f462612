/* Opening, and what is done to a descriptor. */
#define _GNU_SOURCE
#include "acts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A letter for each flag. */
static int flags_of(const char *letters) {
    int flags = 0;
    for (; *letters != '\0'; letters++) {
        switch (*letters) {
        case 'r': flags |= O_RDONLY; break;
        case 'w': flags |= O_WRONLY; break;
        case 'b': flags |= O_RDWR; break;
        case 'c': flags |= O_CREAT; break;
        case 't': flags |= O_TRUNC; break;
        case 'a': flags |= O_APPEND; break;
        case 'x': flags |= O_EXCL; break;
        case 'n': flags |= O_NOFOLLOW; break;
        case 'd': flags |= O_DIRECTORY; break;
        case 'p': flags |= O_PATH; break;
        case 'T': flags |= O_TMPFILE; break;
        }
    }
    return flags;
}

static long open_file(const char *name, const char *flags, int *fd) {
    return *fd = open(name, flags_of(flags), 0644);
}

/* Below the descriptor. */
static long open_at(const char *name, const char *flags, int *fd) {
    return *fd = openat(*fd, name, flags_of(flags), 0644);
}

static long open_raw(const char *name, const char *flags, int *fd) {
    return *fd = (int)syscall(SYS_openat, AT_FDCWD, name, flags_of(flags), 0644);
}

static long open2(const char *name, const char *flags, int *fd) {
    unsigned long how[3] = {(unsigned long)flags_of(flags), 0, 0};
    return *fd = (int)syscall(437, AT_FDCWD, name, how, sizeof how);
}

static long open_tree(const char *name, const char *unused, int *fd) {
    (void)unused;
    return *fd = (int)syscall(428, AT_FDCWD, name, 0);
}

static long read_all(const char *a, const char *b, int *fd) {
    char bytes[4096];
    ssize_t got;
    (void)a, (void)b;
    while ((got = read(*fd, bytes, sizeof bytes)) > 0) {}
    return got;
}

static long write_text(const char *text, const char *b, int *fd) {
    (void)b;
    return write(*fd, text, strlen(text));
}

static long close_file(const char *a, const char *b, int *fd) {
    (void)a, (void)b;
    return close(*fd);
}

static long look(const char *a, const char *b, int *fd) {
    struct stat status;
    (void)a, (void)b;
    return fstat(*fd, &status);
}

static long list(const char *a, const char *b, int *fd) {
    char entries[4096];
    (void)a, (void)b;
    return syscall(SYS_getdents64, *fd, entries, sizeof entries);
}

static long truncate_fd(const char *a, const char *b, int *fd) {
    (void)a, (void)b;
    return ftruncate(*fd, 1);
}

static long change_mode(const char *a, const char *b, int *fd) {
    (void)a, (void)b;
    return fchmod(*fd, 0755);
}

static long change_owner(const char *a, const char *b, int *fd) {
    (void)a, (void)b;
    return fchown(*fd, (uid_t)-1, (gid_t)-1);
}

static long change_times(const char *a, const char *b, int *fd) {
    (void)a, (void)b;
    return futimens(*fd, NULL);
}

static long map(const char *how, const char *b, int *fd) {
    (void)b;
    int write = how[0] == 'w';
    char *bytes = mmap(NULL, 1, write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, *fd, 0);
    if (bytes == MAP_FAILED) return -1;
    volatile char first = bytes[0];
    if (write) bytes[0] = (char)(first + 1);
    return munmap(bytes, 1);
}

/* From another file, opened for it, into the descriptor. */
static long send_file(const char *from, const char *b, int *fd) {
    (void)b;
    int in = open(from, O_RDONLY);
    long sent = sendfile(*fd, in, NULL, 4096);
    close(in);
    return sent;
}

static long copy_range(const char *from, const char *b, int *fd) {
    (void)b;
    int in = open(from, O_RDONLY);
    long copied = copy_file_range(in, NULL, *fd, NULL, 4096, 0);
    close(in);
    return copied;
}

/* Gives the descriptor's nameless file a name, by way of /proc. */
static long name_it(const char *name, const char *b, int *fd) {
    char link[64];
    (void)b;
    snprintf(link, sizeof link, "/proc/self/fd/%d", *fd);
    return linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

static long name_it_directly(const char *name, const char *b, int *fd) {
    (void)b;
    return linkat(*fd, "", AT_FDCWD, name, AT_EMPTY_PATH);
}

static long open_again(const char *flags, const char *b, int *fd) {
    char link[64];
    (void)b;
    snprintf(link, sizeof link, "/proc/self/fd/%d", *fd);
    return *fd = open(link, flags_of(flags));
}

static long allocate(const char *a, const char *b, int *fd) {
    (void)a, (void)b;
    return posix_fallocate(*fd, 0, 100) == 0 ? 0 : -1;
}

/* Refused, and then done by ordinary calls, as libuv does. */
static long ring(const char *name, const char *b, int *fd) {
    char parameters[256] = {0};
    (void)b;
    if (syscall(425, 4, parameters) >= 0) return -1;
    return *fd = open(name, O_RDONLY);
}

const struct act vt_acts_on_files[] = {
    {"open", open_file}, {"openat", open_at}, {"open-raw", open_raw}, {"openat2", open2}, {"open-tree", open_tree},
    {"read", read_all}, {"write", write_text}, {"close", close_file}, {"fstat", look}, {"getdents", list},
    {"ftruncate", truncate_fd}, {"fchmod", change_mode}, {"fchown", change_owner}, {"futimens", change_times},
    {"map", map}, {"sendfile", send_file}, {"copy-range", copy_range}, {"name", name_it},
    {"name-directly", name_it_directly}, {"open-again", open_again}, {"allocate", allocate}, {"io-uring", ring},
    {NULL, NULL},
};
