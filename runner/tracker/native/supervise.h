/*
 * The supervisor's loop: one process, subreaper and ancestor of the task, that serves the listener
 * and reports on the control descriptor until the last process of the tree is gone.
 */
#ifndef VT_SUPERVISE_H
#define VT_SUPERVISE_H

#include "log.h"
#include "options.h"
#include "task.h"

/* How the task came to its end, for the launcher. */
enum vt_supervised {
    VT_SUPERVISED_ENDED,
    VT_SUPERVISED_NO_LISTENER, /* nothing was executed yet: start again without tracking */
};

/* `log`: NULL when not tracking. SIGCHLD must be blocked and `children` its signalfd. Consumes the
 * task's descriptors. */
enum vt_supervised vt_supervise(const struct vt_options *options, struct vt_task *task,
                                struct vt_log *log, int children);

#endif
