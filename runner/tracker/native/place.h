/*
 * Absolute paths for what a waiting thread named: directory descriptor, working directory, and the
 * links in /proc that mean another file for each process.
 */
#ifndef VT_PLACE_H
#define VT_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct vt_place {
    char text[2 * PATH_MAX + 64]; /* absolute, not cleaned, NUL-terminated */
    size_t length;
    bool deleted; /* names a descriptor whose file has no name any more; text is the kernel's */
    char link[64]; /* of /proc, to that descriptor; only where `deleted` */
};

enum vt_placed {
    VT_PLACED,
    VT_PLACE_FAILS,    /* the call itself will fail without looking at any file */
    VT_PLACE_IGNORED,  /* under /proc, /sys or /dev: the kernel's own, never part of a workspace */
    VT_PLACE_FORBIDDEN /* we may not look: errno says why */
};

/* `name` relative to `dirfd` (AT_FDCWD: the working directory) of thread `tid`. `follow`: whether
 * the call follows a final symlink. */
enum vt_placed vt_place_path(struct vt_place *place, pid_t tid, int dirfd, const char *name,
                             size_t length, bool follow);

/* The same relative to the directory that `place` holds already. */
enum vt_placed vt_place_below(struct vt_place *place, pid_t tid, const char *name, size_t length, bool follow);

/* What descriptor `fd` (AT_FDCWD: the working directory) of thread `tid` is open on. */
enum vt_placed vt_place_fd(struct vt_place *place, pid_t tid, int fd);

#endif
