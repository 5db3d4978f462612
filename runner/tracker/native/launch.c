/*
 * vt-launch: starts one task and supervises its process tree (see control.h for what it reports).
 *
 *   vt-launch --control FD --trace PATH [--shim PATH] [--stdout PATH] [--stderr PATH]
 *             [--terminal PATH] [--channel PATH] [--root PATH] [--grace MS] [--no-track] -- program args...
 *
 * Working directory and environment are the task's. Without --stdout and --terminal the task keeps
 * the launcher's stdin, stdout and stderr; with --no-track and without --channel, too, all its other
 * descriptors. Exits 0 when the tree is gone (whatever became of the
 * task), 1 when the task could not be started for a reason of the launcher's own, 2 for a wrong
 * command line.
 */
#define _GNU_SOURCE
#include "content.h"
#include "control.h"
#include "log.h"
#include "options.h"
#include "supervise.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The terminal's signals reach the runner's whole group; the task gets its own from the runner, and
 * a supervisor that died or stopped would stall the task's system calls. */
static void ignore_signals(void) {
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) signal(numbers[i], SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
}

static int watch_children(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* The supervisor leads the terminal's session, not the task: when a session's leader ends, the kernel
 * sends SIGHUP to the foreground group, which would end what the task leaves running. A command
 * started by a shell leads its group only, too. */
static int lead_session(const char *terminal) {
    if (setsid() < 0) return -errno;
    int fd = open(terminal, O_RDWR | O_CLOEXEC);
    if (fd < 0) return -errno;
    /* Opening made it ours already, unless an earlier session holds it: say that as an error. */
    int error = ioctl(fd, TIOCSCTTY, 0) < 0 ? -errno : 0;
    close(fd);
    return error;
}

static int start(const struct vt_options *options, struct vt_log *log, int children) {
    struct vt_task task;
    int error = vt_task_start(&task, options, log != NULL, log == NULL ? 0 : log->header->cookie);
    if (error < 0) {
        vt_control_not_started(options->control, -error, options->program[0]);
        return 1;
    }
    if (vt_supervise(options, &task, log, children) != VT_SUPERVISED_NO_LISTENER) return 0;
    vt_log_incomplete(log, VT_INCOMPLETE_NO_LISTENER, 0, "the listener could not be fetched");
    vt_control_untracked(options->control, "no-listener");
    return start(options, NULL, children);
}

int main(int argc, char **argv) {
    (void)argc;
    struct vt_options options;
    const char *wrong = vt_options_parse(&options, argv);
    if (wrong != NULL) {
        fprintf(stderr, "vt-launch: %s\n", wrong);
        return 2;
    }
    fcntl(options.control, F_SETFD, FD_CLOEXEC);
    ignore_signals();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int children = watch_children();
    if (children < 0) {
        vt_control_not_started(options.control, errno, options.program[0]);
        return 1;
    }
    int led = options.terminal == NULL ? 0 : lead_session(options.terminal);
    if (led < 0) {
        vt_control_not_started(options.control, -led, options.terminal);
        return 1;
    }
    struct vt_log log;
    if (options.no_track) return start(&options, NULL, children);
    int error = vt_log_create(&log, options.trace);
    if (error < 0) {
        vt_control_untracked(options.control, "no-tracker");
        return start(&options, NULL, children);
    }
    /* The shim looks for it from any working directory. */
    char *absolute = realpath(options.trace, NULL);
    if (absolute != NULL) options.trace = absolute;
    else options.shim = NULL;
    vt_content_below(options.root);
    int code = start(&options, &log, children);
    free(absolute);
    vt_log_close(&log);
    return code;
}
