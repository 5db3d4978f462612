/*
 * What the supervisor tells the runner: one JSON object a line, each written by one write(2).
 *
 *   {"started":PID,"supervisor":PID}                   the program's image runs, below that process
 *   {"supervisor":PID}                                 from now on, since the other one was killed
 *   {"notStarted":{"errno":"ENOENT","path":"x"}}       exec, or opening the task's stdio, failed
 *   {"untracked":"listener-busy"}                      the task runs, but nothing is traced
 *   {"exited":{"code":N}} or {"exited":{"signal":N}}   the main process ended
 *   {"quiet":true}                                     and no process of the tree is left
 *   {"survivors":[PID,...]}                            instead of quiet, when the grace ran out
 *
 * Order: untracked?, (started, exited, (quiet | survivors)) | notStarted. A new supervisor and then
 * "untracked" may come anywhere behind "started". The runner may be dead: a failed write is ignored, the
 * supervisor goes on serving the task.
 */
#ifndef VT_CONTROL_H
#define VT_CONTROL_H

#include <stddef.h>
#include <sys/types.h>

void vt_control_supervisor(int control, pid_t pid);
void vt_control_started(int control, pid_t pid, pid_t supervisor);
void vt_control_not_started(int control, int error, const char *path);
/* `reason` is a word of the runner's IncompletenessCause. */
void vt_control_untracked(int control, const char *reason);
/* `status` as from waitpid. */
void vt_control_exited(int control, int status);
void vt_control_quiet(int control);
void vt_control_survivors(int control, const pid_t *pids, size_t count);

#endif
