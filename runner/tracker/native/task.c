#define _GNU_SOURCE
#include "task.h"

#include "filter.h"
#include "quiet-call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* High enough that the task's own descriptors 0 to 3 and the listener never collide with it. */
#define MESSAGE_FD_FLOOR 64

static int close_range_raw(unsigned first, unsigned last, unsigned flags) {
    return (int)syscall(SYS_close_range, first, last, flags);
}

static void tell(int messages, enum vt_start_kind kind, int value, const char *path) {
    struct vt_start_message message = {.kind = kind, .value = value};
    snprintf(message.path, sizeof message.path, "%s", path);
    while (write(messages, &message, sizeof message) < 0 && errno == EINTR) {}
}

static void fail(int messages, int error, const char *path) __attribute__((noreturn));
static void fail(int messages, int error, const char *path) {
    tell(messages, VT_START_FAILED, error, path);
    _exit(127);
}

/* Every disposition and the mask, as a fresh login shell would have them: the runner (Node) ignores
 * SIGPIPE and the supervisor ignores the terminal's signals. */
static void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Carries the cookie: behind the filter our own opens must not be taken for the task's. */
static int open_quietly(const char *path, int flags, uint64_t cookie) {
    long fd = vt_quiet_call(cookie, SYS_openat, AT_FDCWD, (long)path, flags, 0, 0);
    if (fd >= 0) return (int)fd;
    errno = (int)-fd;
    return -1;
}

static void place(int messages, int from, int to, const char *path) {
    if (from < 0 || (from != to && dup2(from, to) < 0)) fail(messages, errno, path);
    if (from != to) close(from);
}

/* The write end of a FIFO the runner made and reads. Non-blocking for the open alone: without its
 * reader the runner is dead, and a blocking open would hang for ever. */
static void open_fifo(int messages, const char *path, int to, uint64_t cookie) {
    int fd = open_quietly(path, O_WRONLY | O_NOCTTY | O_NONBLOCK, cookie);
    if (fd >= 0 && fcntl(fd, F_SETFL, O_WRONLY) < 0) fail(messages, errno, path);
    place(messages, fd, to, path);
}

/* From a background group, as this one still is, tcsetpgrp raises SIGTTOU. */
static int to_foreground(int terminal) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTTOU);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    int result = tcsetpgrp(terminal, getpid());
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    return result;
}

static void open_stdio(const struct vt_options *options, int messages, uint64_t cookie) {
    if (options->terminal != NULL) {
        int fd = open_quietly(options->terminal, O_RDWR | O_NOCTTY, cookie);
        if (fd < 0 || to_foreground(fd) < 0) fail(messages, errno, options->terminal);
        if (dup2(fd, 1) < 0 || dup2(fd, 2) < 0) fail(messages, errno, options->terminal);
        if (fd > 2) close(fd);
    }
    if (options->out != NULL) open_fifo(messages, options->out, 1, cookie);
    if (options->err != NULL) open_fifo(messages, options->err, 2, cookie);
    if (options->terminal != NULL || options->out != NULL)
        place(messages, open_quietly("/dev/null", O_RDONLY, cookie), 0, "/dev/null");
    if (options->channel != NULL) open_fifo(messages, options->channel, 3, cookie);
}

/* Leaves 0, 1, 2 and `messages`. In a shared table only the first call may close: it unshares. */
static int close_others(int messages) {
    if (close_range_raw(3, (unsigned)messages - 1, CLOSE_RANGE_UNSHARE) < 0) {
        if (unshare(CLONE_FILES) < 0) return -errno;
        long limit = sysconf(_SC_OPEN_MAX);
        for (int fd = 3; fd < (limit < 0 ? 65536 : limit); fd++)
            if (fd != messages) close(fd);
        return 0;
    }
    close_range_raw((unsigned)messages + 1, ~0u, 0);
    return 0;
}

/* Behind what the user preloads, which so keeps the first word. */
static void preload(const char *shim, const char *word) {
    const char *others = getenv("LD_PRELOAD");
    char *list = NULL;
    if (others == NULL || *others == '\0') setenv("LD_PRELOAD", shim, 1);
    else if (asprintf(&list, "%s:%s", others, shim) > 0) setenv("LD_PRELOAD", list, 1);
    free(list);
    setenv("VT_TRACE", word, 1);
}

static void install_filter(const struct vt_options *options, int messages, uint64_t cookie) {
    int listener = vt_filter_install(cookie);
    if (listener < 0) {
        tell(messages, VT_START_REFUSED, -listener, "");
        return;
    }
    if (options->shim != NULL) preload(options->shim, options->word);
    tell(messages, VT_START_LISTENER, listener, "");
}

static void run_child(const struct vt_options *options, bool track, bool shared, int messages,
                      uint64_t cookie) __attribute__((noreturn));
static void run_child(const struct vt_options *options, bool track, bool shared, int messages,
                      uint64_t cookie) {
    reset_signals();
    /* A group of its own, so that the runner's signals reach all of the task and nothing else. With
     * pipes a whole session, because a background group of the user's terminal would be stopped, and
     * so hang, when it read from /dev/tty. Inherited stdio: stay in the foreground. */
    int grouped = 0;
    if (options->terminal != NULL) grouped = setpgid(0, 0);
    else if (options->out != NULL) grouped = setsid() < 0 ? -1 : 0;
    if (grouped < 0) fail(messages, errno, options->program[0]);
    if (track && shared) install_filter(options, messages, cookie);
    int error = vt_task_inherits(options) ? 0 : close_others(messages);
    if (error < 0) fail(messages, -error, options->program[0]);
    if (shared) tell(messages, VT_START_ALONE, 0, "");
    open_stdio(options, messages, cookie);
    /* Alone in the table: install last, so that the listener cannot take the place of fd 3. It is
     * close-on-exec; exec itself is notified and so waits until the supervisor has fetched it. */
    if (track && !shared) install_filter(options, messages, cookie);
    execvp(options->program[0], options->program);
    fail(messages, errno, options->program[0]);
}

bool vt_task_inherits(const struct vt_options *options) {
    return options->no_track && options->terminal == NULL && options->out == NULL &&
           options->err == NULL && options->channel == NULL;
}

bool vt_task_can_unshare(void) {
    return close_range_raw(~0u, ~0u, CLOSE_RANGE_UNSHARE) == 0 || unshare(CLONE_FILES) == 0;
}

int vt_task_start(struct vt_task *task, const struct vt_options *options, bool track,
                  uint64_t cookie) {
    bool shared = track && !options->fetch_listener;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    int messages = fcntl(ends[1], F_DUPFD_CLOEXEC, MESSAGE_FD_FLOOR);
    close(ends[1]);
    if (messages < 0) {
        int error = errno;
        close(ends[0]);
        return -error;
    }
    /* A raw clone like fork: glibc's wrapper for clone wants a stack. */
    pid_t pid = shared ? (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0) : -1;
    if (pid < 0) { /* or an emulator of another machine's programs, which knows fork and threads only */
        shared = false;
        pid = fork();
    }
    if (pid == 0) run_child(options, track, shared, messages, cookie);
    int error = errno;
    if (pid < 0) {
        close(ends[0]);
        close(messages);
        return -error;
    }
    task->pid = pid;
    task->messages = ends[0];
    task->message_end = shared ? messages : -1;
    if (!shared) close(messages);
    return 0;
}
