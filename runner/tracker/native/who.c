#define _GNU_SOURCE
#include "who.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Threads by the low bits of their id. A collision only forgets: the process is introduced again. */
#define SLOTS 65536u

/* An exec may fail after it was notified, and another thread may be seen before it succeeds: look
 * that many times for a change. */
#define LOOKS 3u

struct slot {
    pid_t tid, process;
    uint32_t looks;
    bool introduced;
    uint64_t image; /* of the process: what was last written or left out */
};

struct vt_who {
    struct vt_log *log;
    struct slot slots[SLOTS];
};

struct image {
    char exe[PATH_MAX];
    char argv[16384]; /* longer argument lists are cut */
    size_t exe_len, argv_len;
    bool unfinished; /* its exec is under way: no arguments yet, while after it there is at least one */
    uint64_t key;
};

struct vt_who *vt_who_new(struct vt_log *log) {
    struct vt_who *who = calloc(1, sizeof *who);
    if (who != NULL) who->log = log;
    return who;
}

void vt_who_free(struct vt_who *who) { free(who); }

static size_t read_proc(pid_t pid, const char *name, char *text, size_t room) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t length = read(fd, text, room - 1);
    close(fd);
    if (length < 0) length = 0;
    text[length] = '\0';
    return (size_t)length;
}

static pid_t status_number(const char *status, const char *name) {
    const char *line = strstr(status, name);
    return line == NULL ? 0 : (pid_t)atoi(line + strlen(name));
}

/* 0: it is gone. Read from `stat`, which costs half of `status`: its 4th word, behind a name that may
 * hold anything. */
static pid_t parent_of(pid_t pid) {
    char text[512];
    if (read_proc(pid, "stat", text, sizeof text) == 0) return 0;
    const char *name_end = strrchr(text, ')');
    return name_end == NULL || strlen(name_end) < 5 ? 0 : (pid_t)atoi(name_end + 4);
}

/* 0: it is gone. Most threads lead their process, and the kernel tells that at little cost. */
static pid_t process_of(pid_t tid) {
    if (syscall(SYS_tgkill, tid, tid, 0) == 0) return tid;
    char status[2048];
    if (read_proc(tid, "status", status, sizeof status) == 0) return 0;
    return status_number(status, "\nTgid:");
}

static bool read_image(const struct vt_who *who, pid_t pid, struct image *image) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(path, image->exe, sizeof image->exe - 1);
    image->argv_len = read_proc(pid, "cmdline", image->argv, sizeof image->argv);
    /* Of another user's process everybody may see the arguments, though not the file. */
    if (length < 0 && image->argv_len == 0) return false;
    image->unfinished = image->argv_len == 0;
    image->exe_len = length < 0 ? 0 : (size_t)length;
    if (image->argv_len > 0 && image->argv[image->argv_len - 1] == '\0') image->argv_len--;
    image->key = vt_log_key(who->log,
                            &(struct vt_entry){.op = VT_OP_PROCESS,
                                               .path = image->exe,
                                               .path_len = image->exe_len,
                                               .path2 = image->argv,
                                               .path2_len = image->argv_len},
                            0, 0);
    return true;
}

static struct slot *slot_of(struct vt_who *who, pid_t tid) { return &who->slots[(uint32_t)tid % SLOTS]; }

static struct slot *claim(struct vt_who *who, pid_t tid, pid_t process) {
    struct slot *slot = slot_of(who, tid);
    if (slot->tid != tid) *slot = (struct slot){.tid = tid, .process = process};
    return slot;
}

bool vt_who_look(struct vt_who *who, pid_t pid) {
    struct slot *slot = claim(who, pid, pid);
    struct image image;
    if (!read_image(who, pid, &image)) return slot->introduced;
    if (slot->image == image.key || (image.unfinished && slot->looks > 0)) return slot->introduced;
    slot->image = image.key;
    slot->looks = 0;
    slot->introduced = true;
    vt_log_append(who->log, &(struct vt_entry){.op = VT_OP_PROCESS,
                                               .pid = (uint32_t)pid,
                                               .aux = (uint32_t)parent_of(pid),
                                               .result = VT_RESULT_UNKNOWN,
                                               .path = image.exe,
                                               .path_len = image.exe_len,
                                               .path2 = image.argv,
                                               .path2_len = image.argv_len});
    return true;
}

void vt_who_is_main(struct vt_who *who, pid_t pid) {
    struct slot *slot = claim(who, pid, pid);
    struct image image;
    if (read_image(who, pid, &image)) slot->image = image.key;
    slot->looks = LOOKS;
}

void vt_who_executes(struct vt_who *who, pid_t pid) { claim(who, pid, pid)->looks = LOOKS; }

pid_t vt_who_is(struct vt_who *who, pid_t tid) {
    struct slot *slot = slot_of(who, tid);
    pid_t process = slot->process;
    /* Numbers are given out again: what was a thread may be a process by now. */
    if (slot->tid != tid || syscall(SYS_tgkill, process, tid, 0) < 0) {
        process = process_of(tid);
        if (process <= 0) return 0;
        *slot = (struct slot){.tid = tid, .process = process};
    }
    struct slot *leader = claim(who, process, process);
    if (leader->looks > 0) {
        leader->looks--;
        vt_who_look(who, process);
    } else if (leader->image == 0) {
        vt_who_look(who, process);
    }
    return process;
}

/* clone can let processes share a working directory or memory as threads do. Where nobody may ask,
 * as in some containers, they may. */
static bool share(pid_t one, pid_t other, int what) {
    long order = syscall(SYS_kcmp, one, other, what, 0, 0);
    return order == 0 || (order < 0 && errno != ESRCH);
}

static void add_shared(struct vt_cwd_shared *shared, pid_t one, pid_t other) {
    if (share(one, other, KCMP_FS)) shared->directory = true;
    if (share(one, other, KCMP_VM)) shared->memory = true;
}

struct vt_cwd_shared vt_who_shares(pid_t tid) {
    const struct vt_cwd_shared unknown = {.directory = true, .memory = true};
    struct vt_cwd_shared shared = {.directory = false};
    char text[2048], name[64];
    if (read_proc(tid, "status", text, sizeof text) == 0 || status_number(text, "\nThreads:") != 1) return unknown;
    add_shared(&shared, tid, status_number(text, "\nPPid:"));
    snprintf(name, sizeof name, "task/%d/children", (int)tid);
    size_t length = read_proc(tid, name, text, sizeof text);
    if (length == sizeof text - 1) return unknown; /* too many to ask for each */
    char *end = text;
    for (long child; (child = strtol(end, &end, 10)) > 0;) add_shared(&shared, tid, (pid_t)child);
    return shared;
}
