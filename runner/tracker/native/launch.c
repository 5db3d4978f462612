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
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

static int start_untracked(const struct vt_options *options, int children);

static int start(const struct vt_options *options, struct vt_log *log, int children, struct vt_supervisor *supervisor) {
    struct vt_task task;
    uint64_t cookie = log == NULL ? 0 : log->header->cookie;
    int error = supervisor == NULL ? -ENOMEM : vt_task_start(&task, options, log != NULL, cookie);
    if (error < 0) {
        vt_control_not_started(options->control, -error, options->program[0]);
        return 1;
    }
    if (vt_supervise(supervisor, &task) != VT_SUPERVISED_NO_LISTENER) return 0;
    vt_log_incomplete(log, VT_INCOMPLETE_NO_LISTENER, 0, "the listener could not be fetched");
    vt_control_untracked(options->control, "no-listener");
    return start_untracked(options, children);
}

static int start_untracked(const struct vt_options *options, int children) {
    return start(options, NULL, children, vt_supervisor_new(options, NULL, children));
}

/* Waits for the end of a supervisor, and takes its place if it is killed. */
static int guard(pid_t pid, struct vt_supervisor *supervisor, int children) {
    for (;;) {
        struct signalfd_siginfo information = {.ssi_signo = 0};
        while (read(children, &information, sizeof information) < 0 && errno == EINTR) {}
        if (information.ssi_signo == SIGHUP) kill(pid, SIGHUP);
        int status;
        if (waitpid(pid, &status, WNOHANG) != pid) continue;
        if (WIFEXITED(status)) return WEXITSTATUS(status);
        return vt_supervise_on(supervisor) ? 0 : 1;
    }
}

/* A supervisor that dies would take the task along: without it all file operations fail. So there are two
 * processes with one table of descriptors, where the listener stays when one of them is killed. */
static int start_guarded(struct vt_options *options, struct vt_log *log, int children) {
    if (!vt_task_can_unshare()) options->fetch_listener = true;
    struct vt_supervisor *supervisor = vt_supervisor_new(options, log, children);
    /* A raw clone like fork: glibc's wrapper for clone wants a stack. */
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (pid > 0 && supervisor != NULL) return guard(pid, supervisor, children);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int code = start(options, log, children, supervisor);
    if (pid == 0) _exit(code);
    return code;
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
    if (options.no_track) return start_untracked(&options, children);
    int error = vt_log_create(&log, options.trace);
    if (error < 0) {
        vt_control_untracked(options.control, "no-tracker");
        return start_untracked(&options, children);
    }
    /* The shim looks for it from any working directory. */
    char *absolute = realpath(options.trace, NULL);
    char *word = absolute == NULL ? NULL : vt_log_word(&log, absolute);
    options.word = word;
    if (word == NULL) options.shim = NULL;
    vt_content_below(options.root);
    int code = start_guarded(&options, &log, children);
    free(word);
    free(absolute);
    vt_log_close(&log);
    return code;
}
