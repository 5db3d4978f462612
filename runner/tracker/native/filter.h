/*
 * The seccomp filter of a task tree: which system calls are notified to the supervisor.
 *
 * A known cost: without CAP_SYS_ADMIN a filter needs no_new_privs, so set-user-id programs (su,
 * sudo, ping) and file capabilities do not raise privileges inside a tracked task. With the
 * capability the filter is installed without it and nothing changes.
 */
#ifndef VT_FILTER_H
#define VT_FILTER_H

#include <stdint.h>

/* Installs the filter in the calling thread. Calls made with `cookie` (quiet-call.h) pass unnotified.
 * Returns the listener's descriptor (close-on-exec), or -errno: EBUSY when an outer listener owns
 * the tree. */
int vt_filter_install(uint64_t cookie);

#endif
