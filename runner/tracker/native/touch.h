/* Recording one touch of a path: look at what is there, drop what is known, commit. */
#ifndef VT_TOUCH_H
#define VT_TOUCH_H

#include "log.h"

enum vt_touched {
    VT_TOUCH_REFUSED, /* the log took no more: the trace is marked as incomplete */
    VT_TOUCH_KNOWN,
    VT_TOUCH_RECORDED,
};

/* Fills `before` and `before2` (left unknown when the touch is known already and no name has
 * moved), `pid` where it is 0 (the calling process), and commits the entry. To be called before the system call it stands for. Uses no function
 * of libc that the shim replaces; its own looks carry the cookie. */
enum vt_touched vt_touch(struct vt_log *log, struct vt_entry *entry);

#endif
