/* Which processes the trace has introduced: PROCESS records at first sight and after each exec. */
#ifndef VT_WHO_H
#define VT_WHO_H

#include "log.h"

#include <sys/types.h>

struct vt_who;

/* NULL when memory is short. */
struct vt_who *vt_who_new(struct vt_log *log);
void vt_who_free(struct vt_who *who);

/* The process that thread `tid` belongs to, introduced first where needed. 0: the thread is gone. */
pid_t vt_who_is(struct vt_who *who, pid_t tid);

/* `pid` is about to execute a file: it will be another program when it is next seen. */
void vt_who_executes(struct vt_who *who, pid_t pid);

/* The task's main process, still the launcher's image: not worth introducing. */
void vt_who_is_main(struct vt_who *who, pid_t pid);

/* Introduces `pid` as it is now, unless it is known so. False: it cannot be looked at any more and
 * never was introduced. */
bool vt_who_look(struct vt_who *who, pid_t pid);

/* Whether the working directory of thread `tid` is also that of another thread, of its parent or of a
 * child, and its memory that of its parent or of a child; both where it cannot be looked at. */
struct vt_cwd_shared vt_who_shares(pid_t tid);

#endif
