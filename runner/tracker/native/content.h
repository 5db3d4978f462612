/* What files hold before the task changes them: CONTENT records. The supervisor's alone. */
#ifndef VT_CONTENT_H
#define VT_CONTENT_H

#include "touch.h"

/* Larger files are not read: a task waits about 0.1 s for this much, or 0.5 s on a processor without
 * instructions for SHA-256, and the whole tree's other notified calls with it. */
#define VT_CONTENT_LIMIT (128ull << 20)

/* Only files below `root` (physical) are taken from now on; NULL: all. Must stay valid. */
void vt_content_below(const char *root);

/* Completes and commits a CONTENT record; nothing where no regular file is. */
vt_keep vt_content_keep;

#endif
