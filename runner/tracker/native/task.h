/*
 * Starting the task's main process: descriptors, terminal, signals, the seccomp filter, exec.
 *
 * The child tells the supervisor what happened over a close-on-exec pipe of struct vt_start_message:
 * end of file without a message of failure means that the program's image runs.
 *
 * How the listener reaches the supervisor (both without unix sockets, which sandboxes deny):
 *  - normally the child is cloned with CLONE_FILES, installs the filter, so that the listener lies
 *    in the common table, and takes a table of its own with close_range(CLOSE_RANGE_UNSHARE);
 *  - where that is refused, the child is a plain fork and the supervisor fetches the descriptor
 *    with pidfd_getfd.
 */
#ifndef VT_TASK_H
#define VT_TASK_H

#include "options.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum vt_start_kind {
    VT_START_LISTENER = 1, /* value = the listener's descriptor number */
    VT_START_REFUSED = 2,  /* value = errno of seccomp(2): the task goes on untracked */
    VT_START_ALONE = 3,    /* the child has a descriptor table of its own */
    VT_START_FAILED = 4,   /* value = errno, path = what could not be opened or executed */
};

struct vt_start_message {
    int32_t kind;
    int32_t value;
    char path[504]; /* cut off if longer */
};

struct vt_task {
    pid_t pid;
    int messages;    /* read end of the pipe of struct vt_start_message */
    int message_end; /* shared table: its write end, to be closed at VT_START_ALONE or the child's
                      * end, and the listener lies in our table. Plain fork: -1 */
};

/* Whether the task has everything that the launcher was given, descriptors above 2 included, as if it
 * had been started by whoever started the launcher. */
bool vt_task_inherits(const struct vt_options *options);

/* True when a table of descriptors that is shared can be unshared again. Ours must be shared with nobody,
 * and threads that an emulator has of its own keep what is open by then. */
bool vt_task_can_unshare(void);

/* `cookie`: of the trace, for the child's own calls behind the filter. `track`: install the filter.
 * The shim, if any, is preloaded only where the filter could be installed. Returns 0 or -errno. */
int vt_task_start(struct vt_task *task, const struct vt_options *options, bool track,
                  uint64_t cookie);

#endif
