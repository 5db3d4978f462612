#define _GNU_SOURCE
#include "supervise.h"

#include "control.h"
#include "descendants.h"
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_SURVIVORS 1024
#define RECHECK_MS 20
#define MOST_INHERITED 1024

struct vt_supervisor {
    const struct vt_options *options;
    struct vt_task task;
    struct vt_log *log; /* NULL: untracked */
    struct vt_notify *notify; /* NULL: nothing is observed, not yet or no longer */
    struct vt_serving serving;
    int listener; /* -1: none, not yet or no longer */
    int children;
    bool had_listener, started, failed, lost_listener;
    bool main_ended, childless, reported;
    int main_status;
    int64_t deadline; /* ms, when the grace is over; valid after main_ended */
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* The task's output must end with the task: nothing of it may stay open here. The control
 * descriptor may be one of the three. */
static void let_go_of_stdio(int control) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        if (fd != control && null >= 0) dup2(null, fd);
    if (null > 2) close(null);
}

/* Nor of what the task alone was to inherit: its other end waits for the end of it. */
static void let_go_of_others(const struct vt_supervisor *s) {
    for (int fd = 3; fd < MOST_INHERITED; fd++)
        if (fd != s->options->control && fd != s->children) close(fd);
}

static void started(struct vt_supervisor *s) {
    s->started = true;
    vt_control_started(s->options->control, s->task.pid, getpid());
    if (s->notify == NULL || vt_notify_identify(s->notify, s->task.pid)) return;
    /* It ran and ended without a notified call: all we know is what we were asked to start. */
    char argv[4096];
    size_t length = 0;
    for (char **word = s->options->program; *word != NULL; word++) {
        size_t size = strlen(*word) + 1;
        if (length + size > sizeof argv) break;
        memcpy(argv + length, *word, size);
        length += size;
    }
    vt_log_append(s->log, &(struct vt_entry){.op = VT_OP_PROCESS,
                                             .pid = (uint32_t)s->task.pid,
                                             .aux = (uint32_t)getpid(),
                                             .result = VT_RESULT_UNKNOWN,
                                             .path = s->options->program[0],
                                             .path_len = strlen(s->options->program[0]),
                                             .path2 = argv,
                                             .path2_len = length > 0 ? length - 1 : 0});
}

static void untracked(struct vt_supervisor *s, enum vt_incomplete cause, int error) {
    vt_log_incomplete(s->log, cause, (uint32_t)s->task.pid, strerror(error));
    vt_control_untracked(s->options->control,
                         cause == VT_INCOMPLETE_LISTENER_BUSY ? "listener-busy" : "no-listener");
}

static void take_listener(struct vt_supervisor *s, int number) {
    if (s->task.message_end < 0) {
        int pidfd = (int)syscall(SYS_pidfd_open, s->task.pid, 0);
        s->listener = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
        close_fd(&pidfd);
    } else {
        s->listener = number;
    }
    if (s->listener >= 0) s->notify = vt_notify_new(s->log, s->listener, &s->serving);
    if (s->notify != NULL) vt_notify_channel(s->notify, s->options->channel);
    if (s->notify == NULL) {
        /* The child waits in its exec for an answer nobody can give. It has done nothing yet. */
        s->lost_listener = true;
        kill(s->task.pid, SIGKILL);
        return;
    }
    s->had_listener = true;
    vt_notify_main(s->notify, s->task.pid);
}

static void read_message(struct vt_supervisor *s) {
    struct vt_start_message message;
    ssize_t length = read(s->task.messages, &message, sizeof message);
    if (length < 0 && errno == EINTR) return;
    if (length == (ssize_t)sizeof message) {
        switch (message.kind) {
        case VT_START_LISTENER:
            take_listener(s, message.value);
            return;
        case VT_START_REFUSED:
            untracked(s, message.value == EBUSY ? VT_INCOMPLETE_LISTENER_BUSY : VT_INCOMPLETE_NO_LISTENER,
                      message.value);
            return;
        case VT_START_ALONE:
            close_fd(&s->task.message_end);
            return;
        default:
            s->failed = true;
            vt_control_not_started(s->options->control, message.value, message.path);
            return;
        }
    }
    close_fd(&s->task.messages);
    if (s->lost_listener) return;
    if (!s->failed) started(s);
    let_go_of_stdio(s->options->control);
    if (vt_task_inherits(s->options)) let_go_of_others(s);
}

static void end_main(struct vt_supervisor *s, int status) {
    close_fd(&s->task.message_end);
    while (s->task.messages >= 0) read_message(s);
    s->main_ended = true;
    s->deadline = now_ms() + s->options->grace_ms;
    if (s->started) vt_control_exited(s->options->control, status);
}

static void reap(struct vt_supervisor *s) {
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0 && errno == EINTR) continue;
        s->childless = pid < 0;
        if (pid <= 0) return;
        if (pid == s->task.pid && !s->main_ended) end_main(s, status);
    }
}

static void take_signal(struct vt_supervisor *s) {
    struct signalfd_siginfo information = {.ssi_signo = 0};
    while (read(s->children, &information, sizeof information) < 0 && errno == EINTR) {}
    /* The runner is dead and its terminal hung up: the kernel tells only the session's leader. What
     * the task left behind is spared, as a shell's leftovers are when the runner just ends. */
    if (information.ssi_signo == SIGHUP && s->options->terminal != NULL && !s->main_ended) {
        kill(-s->task.pid, SIGHUP);
        kill(-s->task.pid, SIGCONT);
    }
    reap(s);
}

static bool is_quiet(const struct vt_supervisor *s) {
    return s->main_ended && s->listener < 0 && (s->had_listener || s->childless);
}

static void report_survivors(struct vt_supervisor *s) {
    pid_t pids[MOST_SURVIVORS];
    size_t count = vt_descendants(pids, MOST_SURVIVORS);
    if (count == 0) {
        /* The last ones are dying: their end will be told to us. */
        s->deadline = now_ms() + RECHECK_MS;
        return;
    }
    for (size_t i = 0; i < count && s->log != NULL; i++) {
        if (s->notify != NULL) vt_notify_identify(s->notify, pids[i]);
        vt_log_append(s->log, &(struct vt_entry){.op = VT_OP_SURVIVOR,
                                                 .pid = (uint32_t)pids[i],
                                                 .result = VT_RESULT_UNKNOWN,
                                                 .path = ""});
    }
    vt_control_survivors(s->options->control, pids, count);
    s->reported = true;
}

static void wait_and_serve(struct vt_supervisor *s) {
    struct pollfd fds[3] = {
        {.fd = s->listener, .events = POLLIN},
        {.fd = s->children, .events = POLLIN},
        {.fd = s->task.messages, .events = POLLIN},
    };
    int timeout = -1;
    if (s->main_ended && !s->reported) {
        int64_t left = s->deadline - now_ms();
        timeout = left > 0 ? (int)left : 0;
    }
    int ready = poll(fds, 3, timeout);
    if (ready == 0) report_survivors(s);
    if (ready <= 0) return;
    if (fds[0].revents & POLLIN) vt_notify_serve(s->notify, s->listener, &s->serving);
    else if (fds[0].revents & (POLLHUP | POLLERR)) close_fd(&s->listener);
    /* After a listener in one batch: the child's message that carries it comes first. */
    if (fds[2].revents != 0) read_message(s);
    if (fds[1].revents & POLLIN) take_signal(s);
}

/* Who sees us gone may take the task's processes for gone, too: none is left to others to be buried. */
static void bury(void) {
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {}
}

struct vt_supervisor *vt_supervisor_new(const struct vt_options *options, struct vt_log *log, int children) {
    struct vt_supervisor *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) return NULL;
    *s = (struct vt_supervisor){
        .options = options, .task = {.messages = -1, .message_end = -1}, .log = log, .listener = -1, .children = children};
    return s;
}

enum vt_supervised vt_supervise(struct vt_supervisor *s, const struct vt_task *task) {
    s->task = *task;
    while (!is_quiet(s)) wait_and_serve(s);
    if (s->notify != NULL) vt_notify_free(s->notify);
    if (s->lost_listener) return VT_SUPERVISED_NO_LISTENER;
    if (!s->failed && !s->reported) {
        if (s->log != NULL) __atomic_store_n(&s->log->header->finished, 1, __ATOMIC_RELEASE);
        vt_control_quiet(s->options->control);
    }
    bury();
    return VT_SUPERVISED_ENDED;
}

bool vt_supervise_on(struct vt_supervisor *s) {
    pid_t task = s->task.pid;
    if (task == 0) return false;
    s->notify = NULL; /* in memory that is gone */
    if (!s->started) {
        kill(task, SIGKILL); /* what it waits for may be lost; it has executed nothing yet */
        return false;
    }
    vt_control_supervisor(s->options->control, getpid());
    vt_control_untracked(s->options->control, "supervisor-lost");
    if (s->listener >= 0) vt_notify_let_pass(s->listener, &s->serving);
    reap(s);
    /* Its end was learnt, but not told. */
    if (!s->main_ended && kill(task, 0) < 0) return false;
    while (!is_quiet(s)) wait_and_serve(s);
    if (!s->reported) vt_control_quiet(s->options->control);
    bury();
    return true;
}
