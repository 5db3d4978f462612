/* Recording one touch of a path: look at what is there, drop what is known, commit. */
#ifndef VT_TOUCH_H
#define VT_TOUCH_H

#include "log.h"

#include <stdbool.h>

enum vt_touched {
    VT_TOUCH_REFUSED, /* the log takes nothing from here, or no more: the supervisor marks it as incomplete then */
    VT_TOUCH_KNOWN,
    VT_TOUCH_RECORDED,
    VT_TOUCH_CROSSED, /* vt_touch_seen: something may have changed since */
    VT_TOUCH_LEFT, /* nothing was done: what the file holds has to be kept first, by the supervisor */
};

/* Commits what the file holds that `entry`, a CONTENT record but for `aux` and `path2`, names. */
typedef void vt_keep(struct vt_log *log, struct vt_entry *entry);

/* Fills `before` and `before2` (`before` may stay unknown when the touch is known already), `pid`
 * where it is 0 (the calling process), and commits the entry. To be called before the system call it
 * stands for. Uses no function of libc that the shim replaces; its own looks carry the cookie.
 *
 * Before the first call that may change a regular file that was there, `keep` is called for it,
 * unless nothing in the tree has looked at the file and the call leaves nothing of what it holds.
 * Without `keep` (NULL) such a touch is left to others. */
enum vt_touched vt_touch(struct vt_log *log, struct vt_entry *entry, vt_keep *keep);

/* Whether vt_touch would find the entry known without a look. */
bool vt_touch_is_known(const struct vt_log *log, const struct vt_entry *entry);

/* What a call found at a path, without following a final symlink. */
struct vt_look {
    uint8_t kind; /* VT_KIND_UNKNOWN: not told, vt_touch_seen looks itself where it must know */
    uint64_t device, inode;
};

/* The same for a call that only looks and was made already, when vt_log_changes was `changes`; its
 * result must not reach the program before this has returned VT_TOUCH_KNOWN or VT_TOUCH_RECORDED. */
enum vt_touched vt_touch_seen(struct vt_log *log, struct vt_entry *entry, const struct vt_look *seen,
                              uint32_t changes);

/* A quiet look at a path. */
struct vt_look vt_look_at(const struct vt_log *log, const char *path, bool follow);

/* What a mode of stat is as enum vt_kind. */
uint8_t vt_kind_of_mode(uint32_t mode);

#endif
