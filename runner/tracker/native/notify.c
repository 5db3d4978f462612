#define _GNU_SOURCE
#include "notify.h"

#include "calls.h"
#include "content.h"
#include "cwds.h"
#include "interpreter.h"
#include "memory.h"
#include "touch.h"
#include "who.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#if defined __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif
#define X32_BIT 0x40000000
#define RESOLVE_IN_ROOT_FLAG 0x10
#define MOST_MESSAGES 1024 /* UIO_MAXIOV: the kernel sends no more at once */
#define MOST_INTERPRETERS 5 /* the kernel follows that many #! lines */

struct vt_notify {
    struct vt_log *log;
    struct vt_who *who;
    struct vt_cwds *cwds;
    int listener;
    bool root_changed;
    struct seccomp_notif *request; /* both in struct vt_serving */
    struct seccomp_notif_resp *response;
    char name[PATH_MAX], name2[PATH_MAX];
    struct vt_place place, place2;
    const char *channel; /* see vt_notify_channel; NULL: none */
    size_t channel_directory; /* length of its directory's path, with the slash */
};

struct vt_notify *vt_notify_new(struct vt_log *log, int listener, struct vt_serving *serving) {
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) return NULL;
    /* The kernel's structures may be longer than the ones compiled here. */
    if (sizes.seccomp_notif > sizeof serving->request || sizes.seccomp_notif_resp > sizeof serving->response) return NULL;
    struct vt_notify *notify = calloc(1, sizeof *notify);
    if (notify == NULL) return NULL;
    notify->log = log;
    notify->listener = listener;
    notify->request = (struct seccomp_notif *)serving->request;
    notify->response = (struct seccomp_notif_resp *)serving->response;
    notify->who = vt_who_new(log);
    notify->cwds = vt_cwds_new();
    if (notify->who == NULL || notify->cwds == NULL) {
        vt_notify_free(notify);
        return NULL;
    }
    /* Hands the processor straight to the waiting side; kernels before 6.6 lack it. */
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    return notify;
}

void vt_notify_free(struct vt_notify *notify) {
    if (notify->who != NULL) vt_who_free(notify->who);
    if (notify->cwds != NULL) vt_cwds_free(notify->cwds);
    free(notify);
}

void vt_notify_main(struct vt_notify *notify, pid_t pid) { vt_who_is_main(notify->who, pid); }

void vt_notify_channel(struct vt_notify *notify, const char *channel) {
    const char *slash = channel == NULL ? NULL : strrchr(channel, '/');
    notify->channel = slash == NULL ? NULL : channel;
    notify->channel_directory = slash == NULL ? 0 : (size_t)(slash + 1 - channel);
}

/* Whether the call makes `since-…` in the channel's directory. */
static bool begins_queries(const struct vt_notify *notify, const struct vt_entry *entry) {
    static const char prefix[] = "since-";
    return entry->op == VT_OP_MKDIR && notify->channel != NULL &&
           entry->path_len > notify->channel_directory + sizeof prefix - 1 &&
           memcmp(entry->path, notify->channel, notify->channel_directory) == 0 &&
           memcmp(entry->path + notify->channel_directory, prefix, sizeof prefix - 1) == 0;
}

bool vt_notify_identify(struct vt_notify *notify, pid_t pid) { return vt_who_look(notify->who, pid); }

/* Once per process and cause: a foreign program makes every one of its calls here. */
static void incomplete(struct vt_notify *notify, enum vt_incomplete cause, pid_t pid,
                       const char *detail) {
    struct vt_entry entry = {.op = VT_OP_INCOMPLETE, .aux = cause, .path = "", .path_len = 0};
    uint64_t key = vt_log_key(notify->log, &entry, (uint64_t)pid, 0);
    if (cause == VT_INCOMPLETE_ROOT_CHANGED) notify->root_changed = true;
    if (vt_log_knows(notify->log, key)) return;
    vt_log_incomplete(notify->log, cause, (uint32_t)pid, detail);
    vt_log_remember(notify->log, key);
}

/* One notified call while its arguments are read. */
struct reading {
    struct vt_notify *notify;
    const struct vt_call *call;
    const struct seccomp_notif *request;
    bool unreadable;
    bool nameless; /* the file, open as a descriptor, has no name any more */
    uint64_t at_flags; /* argument `flags`, where it has AT_ flags */
    bool follow;
};

static pid_t thread_of(const struct reading *reading) { return (pid_t)reading->request->pid; }

static uint64_t argument(const struct reading *reading, int index) {
    return reading->request->data.args[index];
}

static int directory_of(const struct reading *reading, int index) {
    return index == VT_NO_ARG ? AT_FDCWD : (int)argument(reading, index);
}

static bool admit(struct reading *reading, enum vt_placed placed) {
    if (placed == VT_PLACE_FORBIDDEN) reading->unreadable = true;
    return placed == VT_PLACED;
}

/* -1: the call will fail, or we may not read. */
static ssize_t read_name(struct reading *reading, int index, char *name) {
    ssize_t length = vt_memory_string(thread_of(reading), argument(reading, index), name, PATH_MAX);
    if (length >= 0) return length;
    if (length != -EFAULT && length != -ENAMETOOLONG && length != -ESRCH) reading->unreadable = true;
    return -1;
}

/* False: the call will fail, or we may not read. */
static bool read_bytes(struct reading *reading, uint64_t at, void *to, size_t size) {
    int error = vt_memory_copy(thread_of(reading), at, to, size);
    if (error < 0 && error != -EFAULT && error != -ESRCH) reading->unreadable = true;
    return error == 0;
}

/* The name in the address of a unix socket: as long as the address, or ended by a NUL before. -1: there
 * is none, or it cannot be read. */
static ssize_t read_address(struct reading *reading, uint64_t at, uint64_t length, char *name) {
    struct sockaddr_un address;
    if (length > sizeof address) return -1;
    if (length <= offsetof(struct sockaddr_un, sun_path)) return -1;
    if (!read_bytes(reading, at, &address, (size_t)length)) return -1;
    size_t room = (size_t)length - offsetof(struct sockaddr_un, sun_path);
    if (address.sun_family != AF_UNIX || address.sun_path[0] == '\0') return -1;
    size_t size = strnlen(address.sun_path, room);
    memcpy(name, address.sun_path, size);
    name[size] = '\0';
    return (ssize_t)size;
}

/* An empty name stands for the descriptor itself: with AT_EMPTY_PATH, and always in readlinkat. */
static bool allows_empty(const struct reading *reading) {
    return (reading->at_flags & AT_EMPTY_PATH) != 0 || reading->call->op == VT_OP_READLINK;
}

static enum vt_placed place_text(struct reading *reading, struct vt_place *place, int dirfd, const char *name,
                                 size_t length, bool follow) {
    pid_t tid = thread_of(reading);
    /* Before a chdir the stamp is already that of the time after it. */
    if (name[0] == '/' || dirfd != AT_FDCWD || reading->call->op == VT_OP_CHDIR)
        return vt_place_path(place, tid, dirfd, name, length, follow);
    struct vt_notify *notify = reading->notify;
    enum vt_placed placed = vt_cwds_place(notify->cwds, place, tid, vt_log_cwd_stamp(notify->log));
    if (placed != VT_PLACED) return placed == VT_PLACE_IGNORED ? VT_PLACE_FAILS : placed;
    return vt_place_below(place, tid, name, length, follow);
}

static bool place_name(struct reading *reading, int dir, int index, char *name,
                       struct vt_place *place, bool follow) {
    pid_t tid = thread_of(reading);
    int dirfd = directory_of(reading, dir);
    ssize_t length = 0;
    if (argument(reading, index) != 0 || !allows_empty(reading)) {
        bool socket = reading->call->form == VT_CALL_SOCKET;
        length = socket ? read_address(reading, argument(reading, index), argument(reading, index + 1), name)
                        : read_name(reading, index, name);
        if (length < 0) return false;
    }
    if (length > 0) return admit(reading, place_text(reading, place, dirfd, name, (size_t)length, follow));
    if (dir == VT_NO_ARG || !allows_empty(reading)) return false;
    /* A descriptor that is open was recorded when it was opened; a look at it adds nothing. */
    uint8_t op = reading->call->op;
    if (dirfd != AT_FDCWD && (op == VT_OP_STAT || op == VT_OP_XATTR)) return false;
    if (!admit(reading, vt_place_fd(place, tid, dirfd))) return false;
    reading->nameless = place->deleted;
    return !place->deleted || op == VT_OP_LINK;
}

/* Fills the flags of an open; false when the call will fail or cannot be read. */
static bool read_open_flags(struct reading *reading, struct vt_entry *entry) {
    const struct vt_call *call = reading->call;
    uint64_t how[3] = {0};
    switch (call->form) {
    case VT_CALL_OPEN: how[0] = argument(reading, call->flags); break;
    case VT_CALL_CREATE: how[0] = call->aux; break;
    default: {
        int error = vt_memory_copy(thread_of(reading), argument(reading, call->flags), how, sizeof how);
        if (error < 0) {
            reading->unreadable = error != -EFAULT && error != -ESRCH;
            return false;
        }
    }
    }
    entry->aux = (uint32_t)how[0];
    if ((how[2] & RESOLVE_IN_ROOT_FLAG) != 0)
        incomplete(reading->notify, VT_INCOMPLETE_ROOT_CHANGED, (pid_t)entry->pid, "openat2 RESOLVE_IN_ROOT");
    bool exclusive = (how[0] & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    reading->follow = (how[0] & O_NOFOLLOW) == 0 && !exclusive;
    return true;
}

/* A file opened with O_TMPFILE gets its name: as if it were made there. */
static void name_nameless(struct vt_entry *entry) {
    *entry = (struct vt_entry){
        .op = VT_OP_OPEN,
        .flags = VT_FLAG_NOFOLLOW,
        .pid = entry->pid,
        .aux = O_WRONLY | O_CREAT | O_EXCL,
        .result = VT_RESULT_UNKNOWN,
        .path = entry->path2,
        .path_len = entry->path2_len,
    };
}

/* Fills `entry` from the arguments; false when there is nothing to record. */
static bool read_call(struct reading *reading, struct vt_entry *entry) {
    const struct vt_call *call = reading->call;
    struct vt_notify *notify = reading->notify;
    entry->aux = call->aux;
    reading->follow = call->follow == VT_FOLLOW;
    if (call->form == VT_CALL_OPEN || call->form == VT_CALL_OPEN_HOW || call->form == VT_CALL_CREATE) {
        if (!read_open_flags(reading, entry)) return false;
    } else if (call->form == VT_CALL_WATCH) {
        reading->follow = (argument(reading, call->flags) & IN_DONT_FOLLOW) == 0;
    } else if (call->flags != VT_NO_ARG) {
        uint64_t flags = argument(reading, call->flags);
        if (call->op == VT_OP_RENAME) {
            entry->aux = (uint32_t)flags;
        } else {
            reading->at_flags = flags;
            if (call->op == VT_OP_UNLINK) entry->aux = (uint32_t)flags & AT_REMOVEDIR;
            if (call->follow == VT_FOLLOW) reading->follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
            if (call->follow == VT_FOLLOW_IF_ASKED) reading->follow = (flags & AT_SYMLINK_FOLLOW) != 0;
        }
    }
    if (call->form == VT_CALL_ACCESS && (argument(reading, call->path + 1) & X_OK) == 0)
        entry->aux = VT_STAT_EXISTENCE;
    if (call->form == VT_CALL_FD ||
        (call->form == VT_CALL_PATH_OR_FD && argument(reading, call->path) == 0)) {
        if (!admit(reading, vt_place_fd(&notify->place, thread_of(reading), directory_of(reading, call->dir))))
            return false;
        if (notify->place.deleted) return false;
    } else if (!place_name(reading, call->dir, call->path, notify->name, &notify->place, reading->follow)) {
        return false;
    }
    entry->path = notify->place.text;
    entry->path_len = notify->place.length;
    if (!reading->follow) entry->flags |= VT_FLAG_NOFOLLOW;
    if (call->path2 == VT_NO_ARG) return true;
    if (call->form == VT_CALL_LINK_TEXT) {
        ssize_t length = read_name(reading, call->path2, notify->name2);
        entry->path2 = notify->name2;
        entry->path2_len = (size_t)length;
        return length >= 0;
    }
    reading->at_flags = 0; /* only the first name of linkat may be empty */
    if (call->op == VT_OP_LINK && reading->follow) entry->flags |= VT_FLAG_FOLLOW2;
    if (!place_name(reading, call->dir2, call->path2, notify->name2, &notify->place2, false))
        return false;
    entry->path2 = notify->place2.text;
    entry->path2_len = notify->place2.length;
    if (call->op == VT_OP_LINK && notify->place.deleted) name_nameless(entry);
    return true;
}

/* The kernel opens what a program needs to run by itself, without a system call. False: there is
 * nothing to execute. */
static bool record_interpreters(struct vt_notify *notify, const struct vt_entry *exec, pid_t tid) {
    char name[PATH_MAX];
    const char *path = notify->place.deleted ? notify->place.link : notify->place.text;
    for (int depth = 0; depth < MOST_INTERPRETERS; depth++) {
        enum vt_interpreter kind = vt_interpreter_of(path, name);
        if (kind == VT_INTERPRETER_ABSENT) return depth > 0;
        if (kind == VT_INTERPRETER_HIDDEN)
            incomplete(notify, VT_INCOMPLETE_UNREADABLE_MEMORY, (pid_t)exec->pid, "a program may not be read");
        if (kind != VT_INTERPRETER_SCRIPT && kind != VT_INTERPRETER_LOADER) return true;
        if (vt_place_path(&notify->place2, tid, AT_FDCWD, name, strlen(name), true) != VT_PLACED) return true;
        bool is_loader = kind == VT_INTERPRETER_LOADER;
        struct vt_entry entry = {
            .op = is_loader ? VT_OP_OPEN : VT_OP_EXEC,
            .pid = exec->pid,
            .result = VT_RESULT_UNKNOWN,
            .path = notify->place2.text,
            .path_len = notify->place2.length,
        };
        if (!vt_touch_is_known(notify->log, &entry)) vt_touch(notify->log, &entry, vt_content_keep);
        if (is_loader) return true;
        path = notify->place2.deleted ? notify->place2.link : notify->place2.text;
    }
    return true;
}

static bool is_waiting(const struct vt_notify *notify) {
    uint64_t id = notify->request->id;
    return ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* A tracer that wants to be told of calls by a filter is not told of those that ours notifies: the kernel
 * takes the stronger answer of the two. What it sees, and so does, is not what it would be without us. */
static void take_filter(struct vt_notify *notify, pid_t pid) {
    static struct sock_filter code[BPF_MAXINSNS];
    const struct seccomp_notif *request = notify->request;
    const uint64_t mode = request->data.nr == SYS_prctl ? SECCOMP_MODE_FILTER : SECCOMP_SET_MODE_FILTER;
    uint64_t given = request->data.args[request->data.nr == SYS_prctl ? 1 : 0];
    struct sock_fprog program;
    pid_t tid = (pid_t)request->pid;
    if (given != mode || vt_memory_copy(tid, request->data.args[2], &program, sizeof program) < 0) return;
    if (program.len > BPF_MAXINSNS) return;
    if (vt_memory_copy(tid, (uintptr_t)program.filter, code, program.len * sizeof *code) < 0) return;
    for (size_t i = 0; i < program.len; i++) {
        bool computed = code[i].code == (BPF_RET | BPF_A);
        bool traces = code[i].code == (BPF_RET | BPF_K) && (code[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE;
        if (computed || traces) incomplete(notify, VT_INCOMPLETE_CALLS_HIDDEN, pid, "SECCOMP_RET_TRACE");
    }
}

static bool is_foreign(const struct seccomp_notif *request) {
    if (request->data.arch != NATIVE_ARCH) return true;
#ifdef __x86_64__
    if ((request->data.nr & X32_BIT) != 0) return true;
#endif
    return false;
}

/* fstat in disguise: a look at an open descriptor under an empty name. The loader makes one for
 * each library, so they are told apart before anything else is looked up. The filter cannot do it:
 * it sees no memory, and a name that is not empty counts in spite of AT_EMPTY_PATH. */
static bool is_look_at_descriptor(const struct seccomp_notif *request) {
    const __u64 *args = request->data.args;
    uint64_t flags;
    if (request->data.nr == SYS_newfstatat) flags = args[3];
    else if (request->data.nr == SYS_statx) flags = args[2];
    else return false;
    char first;
    return (flags & AT_EMPTY_PATH) != 0 && (int)args[0] >= 0 &&
           vt_memory_copy((pid_t)request->pid, args[1], &first, 1) == 0 && first == '\0';
}

/* Where a message goes that carries its own address. */
static bool read_message(struct reading *reading, const struct msghdr *message, struct vt_entry *entry) {
    struct vt_notify *notify = reading->notify;
    ssize_t length = read_address(reading, (uintptr_t)message->msg_name, message->msg_namelen, notify->name);
    if (length <= 0) return false;
    enum vt_placed placed = place_text(reading, &notify->place, AT_FDCWD, notify->name, (size_t)length, true);
    if (!admit(reading, placed)) return false;
    entry->aux = reading->call->aux;
    entry->path = notify->place.text;
    entry->path_len = notify->place.length;
    return true;
}

/* The first `count` messages, as many as the kernel takes at once. */
static void observe_messages(struct reading *reading, pid_t pid, uint64_t count) {
    struct vt_notify *notify = reading->notify;
    uint64_t at = argument(reading, reading->call->path);
    for (uint64_t i = 0; i < count && i < MOST_MESSAGES; i++, at += sizeof(struct mmsghdr)) {
        struct msghdr message;
        if (!read_bytes(reading, at, &message, sizeof message)) break;
        if (message.msg_name == NULL) continue;
        struct vt_entry entry = {.op = reading->call->op, .pid = (uint32_t)pid, .result = VT_RESULT_UNKNOWN};
        if (!read_message(reading, &message, &entry) || vt_touch_is_known(notify->log, &entry)) continue;
        if (!is_waiting(notify)) return;
        vt_touch(notify->log, &entry, vt_content_keep);
    }
    if (reading->unreadable && is_waiting(notify))
        incomplete(notify, VT_INCOMPLETE_UNREADABLE_MEMORY, pid, "its memory or descriptors may not be read");
}

static void observe(struct vt_notify *notify) {
    const struct seccomp_notif *request = notify->request;
    if (!is_foreign(request) && is_look_at_descriptor(request)) return;
    pid_t tid = (pid_t)request->pid;
    pid_t pid = vt_who_is(notify->who, tid);
    if (pid == 0) {
        if (is_waiting(notify))
            incomplete(notify, VT_INCOMPLETE_UNREADABLE_MEMORY, tid, "the process cannot be looked at");
        return;
    }
    if (is_foreign(request)) {
        incomplete(notify, VT_INCOMPLETE_FOREIGN_ABI, pid, "a call of another architecture or ABI");
        return;
    }
    const struct vt_call *call = vt_call_find(request->data.nr);
    if (call == NULL) {
        char number[32];
        snprintf(number, sizeof number, "number %d", request->data.nr);
        incomplete(notify, VT_INCOMPLETE_UNKNOWN_CALL, pid, number);
        return;
    }
    if (call->form == VT_CALL_CHANGES_ROOT) {
        incomplete(notify, VT_INCOMPLETE_ROOT_CHANGED, pid, call->name);
        return;
    }
    if (call->form == VT_CALL_SECCOMP) {
        take_filter(notify, pid);
        return;
    }
    if (call->form == VT_CALL_BY_HANDLE) {
        incomplete(notify, VT_INCOMPLETE_UNNAMED_FILE, pid, call->name);
        return;
    }
    /* What was mounted may be served by a process of the task, which a look from here would wait for
     * while it waits for us. And nothing of the trace will be used. */
    if (notify->root_changed) return;
    if (call->op == VT_OP_CHDIR) {
        vt_log_change_cwd(notify->log, vt_who_shares(tid));
        if (call->form == VT_CALL_FD) return; /* recorded when it was opened */
    }
    struct reading reading = {.notify = notify, .call = call, .request = request};
    if (call->form == VT_CALL_MESSAGE || call->form == VT_CALL_MESSAGES) {
        observe_messages(&reading, pid, call->form == VT_CALL_MESSAGE ? 1 : argument(&reading, call->path + 1));
        return;
    }
    struct vt_entry entry = {.op = call->op, .pid = (uint32_t)pid, .result = VT_RESULT_UNKNOWN};
    bool complete = read_call(&reading, &entry);
    /* Nothing to record: whose it was does not matter. */
    bool known = complete && !reading.unreadable && vt_touch_is_known(notify->log, &entry);
    if (known && call->op != VT_OP_EXEC) return;
    /* What was read is that call's only if the call still waits; if not, it never happened. */
    if (!is_waiting(notify)) return;
    if (reading.unreadable)
        incomplete(notify, VT_INCOMPLETE_UNREADABLE_MEMORY, pid, "its memory or descriptors may not be read");
    if (complete && begins_queries(notify, &entry)) vt_log_tell_processes_apart(notify->log);
    if (complete && !known) vt_touch(notify->log, &entry, vt_content_keep);
    bool executes = call->op == VT_OP_EXEC && (complete || reading.nameless);
    if (executes && record_interpreters(notify, &entry, tid)) vt_who_executes(notify->who, pid);
}

static bool receive(int listener, struct vt_serving *serving) {
    /* The kernel insists on zeroes. */
    memset(serving->request, 0, sizeof serving->request);
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, serving->request) == 0;
}

void vt_notify_let_pass(int listener, struct vt_serving *serving) {
    memset(serving->response, 0, sizeof serving->response);
    struct seccomp_notif_resp *response = (struct seccomp_notif_resp *)serving->response;
    response->id = ((const struct seccomp_notif *)serving->request)->id;
    response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    /* ENOENT: the caller was killed while it waited. */
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response);
}

void vt_notify_serve(struct vt_notify *notify, int listener, struct vt_serving *serving) {
    if (!receive(listener, serving)) return;
    if (notify != NULL) observe(notify);
    vt_notify_let_pass(listener, serving);
}
