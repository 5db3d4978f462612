#define _GNU_SOURCE
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char DELETED[] = " (deleted)";

static bool starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Reads a link of /proc that shows a file. */
static enum vt_placed read_proc_link(struct vt_place *place, const char *link) {
    ssize_t length = readlink(link, place->text, PATH_MAX);
    if (length < 0) {
        /* ENOENT: no such descriptor, so EBADF is what the call will get. */
        if (errno == ENOENT || errno == ESRCH || errno == ENOTDIR) return VT_PLACE_FAILS;
        return VT_PLACE_FORBIDDEN;
    }
    place->text[length] = '\0';
    place->length = (size_t)length;
    place->deleted = false;
    if (place->text[0] != '/') return VT_PLACE_IGNORED; /* a socket, a pipe, an anonymous inode */
    size_t suffix = sizeof DELETED - 1;
    struct stat unused;
    place->deleted = place->length > suffix &&
                     strcmp(place->text + place->length - suffix, DELETED) == 0 &&
                     lstat(place->text, &unused) < 0;
    if (place->deleted) snprintf(place->link, sizeof place->link, "%s", link);
    return VT_PLACED;
}

enum vt_placed vt_place_fd(struct vt_place *place, pid_t tid, int fd) {
    char link[64];
    if (fd == AT_FDCWD) snprintf(link, sizeof link, "/proc/%d/cwd", (int)tid);
    else if (fd < 0) return VT_PLACE_FAILS;
    else snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)tid, fd);
    return read_proc_link(place, link);
}

/*
 * Finds a link like /proc/self/fd/3 or /dev/stdin at the start of `text`. Writes where it can be
 * read from outside the process and returns the length it takes of `text`; 0: there is none.
 */
static size_t find_magic(const char *text, pid_t tid, char *link, size_t room) {
    static const struct {
        const char *name;
        int fd;
    } standard[] = {{"/dev/stdin", 0}, {"/dev/stdout", 1}, {"/dev/stderr", 2}};
    for (size_t i = 0; i < sizeof standard / sizeof *standard; i++) {
        size_t length = strlen(standard[i].name);
        if (strcmp(text, standard[i].name) != 0) continue;
        snprintf(link, room, "/proc/%d/fd/%d", (int)tid, standard[i].fd);
        return length;
    }
    const char *rest = text;
    int id = (int)tid;
    bool fd_only = false;
    if (starts_with(text, "/dev/fd/")) {
        rest = text + strlen("/dev/");
        fd_only = true;
    } else if (starts_with(text, "/proc/self/")) {
        rest = text + strlen("/proc/self/");
    } else if (starts_with(text, "/proc/thread-self/")) {
        rest = text + strlen("/proc/thread-self/");
    } else if (starts_with(text, "/proc/")) {
        char *end;
        long number = strtol(text + strlen("/proc/"), &end, 10);
        if (number <= 0 || number > INT_MAX || *end != '/') return 0;
        id = (int)number;
        rest = end + 1;
    } else {
        return 0;
    }
    size_t length = 0;
    if (starts_with(rest, "fd/")) length = 3 + strspn(rest + 3, "0123456789");
    else if (fd_only) return 0;
    else if (starts_with(rest, "cwd")) length = 3;
    else if (starts_with(rest, "exe")) length = 3;
    else if (starts_with(rest, "root")) length = 4;
    if (length == 0 || (rest[length] != '\0' && rest[length] != '/')) return 0;
    snprintf(link, room, "/proc/%d/%.*s", id, (int)length, rest);
    return (size_t)(rest - text) + length;
}

/* The kernel's own trees. Only where nothing can lead out of them again: no `..`, no way of writing it
 * that find_magic does not know, no thread's own links. What is left is the reader's to tell. /dev/shm is
 * an ordinary file system, where workspaces and temporary files do lie. */
static bool is_kernels(const char *text) {
    if (!starts_with(text, "/proc/") && !starts_with(text, "/sys/") && !starts_with(text, "/dev/"))
        return false;
    if (starts_with(text, "/dev/shm") || strstr(text, "/..") != NULL) return false;
    if (strstr(text, "//") != NULL || strstr(text, "/./") != NULL) return false;
    return !starts_with(text, "/proc/") || strstr(text, "/task/") == NULL;
}

static enum vt_placed see_through(struct vt_place *place, pid_t tid, bool follow) {
    char link[64];
    size_t taken = find_magic(place->text, tid, link, sizeof link);
    if (taken > 0 && (follow || place->text[taken] != '\0')) {
        struct vt_place target;
        enum vt_placed placed = read_proc_link(&target, link);
        if (placed != VT_PLACED) return placed;
        size_t rest = place->length - taken;
        if (target.length + rest >= sizeof place->text) return VT_PLACE_FAILS;
        memmove(place->text + target.length, place->text + taken, rest + 1);
        memcpy(place->text, target.text, target.length);
        place->length = target.length + rest;
        place->deleted = target.deleted && rest == 0;
        if (place->deleted) memcpy(place->link, target.link, sizeof place->link);
    }
    return is_kernels(place->text) ? VT_PLACE_IGNORED : VT_PLACED;
}

enum vt_placed vt_place_below(struct vt_place *place, pid_t tid, const char *name, size_t length, bool follow) {
    if (place->deleted) place->length -= sizeof DELETED - 1;
    if (place->length > 1) place->text[place->length++] = '/';
    memcpy(place->text + place->length, name, length);
    place->length += length;
    place->text[place->length] = '\0';
    place->deleted = false;
    return see_through(place, tid, follow);
}

enum vt_placed vt_place_path(struct vt_place *place, pid_t tid, int dirfd, const char *name,
                             size_t length, bool follow) {
    place->length = 0;
    place->deleted = false;
    if (length == 0) return VT_PLACE_FAILS;
    if (name[0] != '/') {
        enum vt_placed placed = vt_place_fd(place, tid, dirfd);
        if (placed != VT_PLACED) return placed == VT_PLACE_IGNORED ? VT_PLACE_FAILS : placed;
    }
    return vt_place_below(place, tid, name, length, follow);
}
