/*
 * The seccomp filter of a task tree: which system calls are notified to the supervisor.
 *
 * A known cost: without CAP_SYS_ADMIN a filter needs no_new_privs, so set-user-id programs (su,
 * sudo, ping) and file capabilities do not raise privileges inside a tracked task. With the
 * capability the filter is installed without it and nothing changes.
 *
 * glibc makes fstat as newfstatat(fd, "", AT_EMPTY_PATH), the loader one for each library: a third of
 * all that short programs would be notified for, and nothing to record, since the file was recorded
 * when it was opened. The filter sees no memory, so it tells by the flags, which must be just these, and
 * by where the name is: among the shared libraries (x86-64). With another name than the empty one the
 * same call looks at that. Through libc the shim sees to it (shim-looks.c); what is left is a program
 * that makes this very system call by itself, with a flag that means nothing to it, for a name that
 * lies in a library or in memory mapped beside them. None is known.
 */
#ifndef VT_FILTER_H
#define VT_FILTER_H

#include <stdint.h>

/* Installs the filter in the calling thread. Calls made with `cookie` (quiet-call.h) pass unnotified.
 * Returns the listener's descriptor (close-on-exec), or -errno: EBUSY when an outer listener owns
 * the tree. */
int vt_filter_install(uint64_t cookie);

#endif
