/* When what a file holds has to be kept: before the first call that may change it. */
#ifndef VT_MIND_H
#define VT_MIND_H

#include "touch.h"

/* Before `entry` is committed, and after vt_log_change: of a call that looks, remembers the file; of
 * one that may change it, sees to it that `keep` was called for the file at the entry's first path,
 * or its `second`. `look` is what is there, a final symlink not followed. False: it is to be called,
 * and there is no `keep`. */
bool vt_mind_content(struct vt_log *log, const struct vt_entry *entry, bool second, struct vt_look look,
                     vt_keep *keep);

#endif
