/* Recording one touch of a path: look at what is there, drop what is known, commit. */
#ifndef VT_TOUCH_H
#define VT_TOUCH_H

#include "log.h"

enum vt_touched {
    VT_TOUCH_REFUSED, /* the log took no more: the trace is marked as incomplete */
    VT_TOUCH_KNOWN,
    VT_TOUCH_RECORDED,
    VT_TOUCH_CROSSED, /* vt_touch_seen: something may have changed since */
};

/* Fills `before` and `before2` (`before` may stay unknown when the touch is known already), `pid`
 * where it is 0 (the calling process), and commits the entry. To be called before the system call it
 * stands for. Uses no function of libc that the shim replaces; its own looks carry the cookie. */
enum vt_touched vt_touch(struct vt_log *log, struct vt_entry *entry);

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

/* What a mode of stat is as enum vt_kind. */
uint8_t vt_kind_of_mode(uint32_t mode);

#endif
