/*
 * Serving the listener: each notified system call becomes records in the trace and is answered with
 * "continue". The call has not happened yet when its record is written.
 */
#ifndef VT_NOTIFY_H
#define VT_NOTIFY_H

#include "log.h"

#include <stdbool.h>
#include <sys/types.h>

struct vt_notify;

/* The call that is being served, as the kernel wrote it. In memory that outlives who serves it. */
struct vt_serving {
    _Alignas(8) char request[256], response[64];
};

/* `log` and `serving` stay the caller's. NULL when memory is short. */
struct vt_notify *vt_notify_new(struct vt_log *log, int listener, struct vt_serving *serving);
void vt_notify_free(struct vt_notify *notify);

/* The main process: its image is still the launcher's until its exec succeeds. */
void vt_notify_main(struct vt_notify *notify, pid_t pid);

/* The task's request FIFO, or NULL: beside it processes make directories `since-…`, from which on what
 * each of them looks at is to be known (vt_log_tell_processes_apart). */
void vt_notify_channel(struct vt_notify *notify, const char *channel);

/* Takes and answers one notification; call when the listener is readable. `notify`: NULL to observe
 * nothing. */
void vt_notify_serve(struct vt_notify *notify, int listener, struct vt_serving *serving);

/* Answers what is being served; if that has been done, nothing. */
void vt_notify_let_pass(int listener, struct vt_serving *serving);

/* Writes who `pid` is now, unless that is recorded already. False: it is gone, and never was. */
bool vt_notify_identify(struct vt_notify *notify, pid_t pid);

#endif
