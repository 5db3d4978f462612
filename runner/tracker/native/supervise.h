/*
 * The supervisor's loop: one process, subreaper and ancestor of the task, that serves the listener
 * and reports on the control descriptor until the last process of the tree is gone.
 */
#ifndef VT_SUPERVISE_H
#define VT_SUPERVISE_H

#include "log.h"
#include "options.h"
#include "task.h"

#include <stdbool.h>

/* How the task came to its end, for the launcher. */
enum vt_supervised {
    VT_SUPERVISED_ENDED,
    VT_SUPERVISED_NO_LISTENER, /* nothing was executed yet: start again without tracking */
};

/* What is known of one task, in memory shared with processes cloned later. */
struct vt_supervisor;

/* `log`: NULL when not tracking. SIGCHLD must be blocked and `children` its signalfd. NULL: no memory. */
struct vt_supervisor *vt_supervisor_new(const struct vt_options *options, struct vt_log *log, int children);

/* Consumes the task's descriptors. */
enum vt_supervised vt_supervise(struct vt_supervisor *s, const struct vt_task *task);

/* Goes on for a process that was killed while it supervised, whose parent this is, with the same
 * descriptors: the task runs on, but nothing of it is observed any more. False: it could not. */
bool vt_supervise_on(struct vt_supervisor *s);

#endif
