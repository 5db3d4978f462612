/*
 * The seccomp filter of a task tree: which system calls are notified to the supervisor.
 *
 * A known cost: without CAP_SYS_ADMIN a filter needs no_new_privs, so set-user-id programs (su,
 * sudo, ping) and file capabilities do not raise privileges inside a tracked task. With the
 * capability the filter is installed without it and nothing changes.
 *
 * glibc makes fstat as newfstatat(fd, "", AT_EMPTY_PATH), the loader one for each library: a third of
 * what short programs are notified for, and nothing to record. It is notified all the same: the filter
 * sees no memory, and with another name than the empty one the same call looks at that. To tell by where
 * the pointer leads was tried; a static program, or one that runs without the shim, was then not seen to
 * look at a name in mapped memory.
 */
#ifndef VT_FILTER_H
#define VT_FILTER_H

#include <stdint.h>

/* Installs the filter in the calling thread. Calls made with `cookie` (quiet-call.h) pass unnotified.
 * Returns the listener's descriptor (close-on-exec), or -errno: EBUSY when an outer listener owns
 * the tree. */
int vt_filter_install(uint64_t cookie);

#endif
