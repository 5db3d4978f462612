#define _GNU_SOURCE
#include "shim.h"

#include "quiet-call.h"
#include "touch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_CALLS 24u /* left to the supervisor; about what a dynamic program needs to start */
#define PAGE 4096u

/* Wiped in a forked child, which so takes a chunk of its own and starts counting again. */
struct state {
    uint32_t lock;
    uint32_t calls;
    uint64_t cookie; /* atomic: the trace's, once mapped */
    bool refused; /* the trace could not be mapped, or takes no more */
    struct vt_log log;
    char path[2 * PATH_MAX + 64];
    char name[PATH_MAX];
    pid_t pid;          /* 0: unknown, so nothing is remembered */
    uint32_t cwd_stamp; /* vt_log_cwd_stamp before `cwd` was read; 0: never */
    size_t cwd_length;
    char cwd[PATH_MAX];
};

static char trace[PATH_MAX];
static struct state *state; /* NULL: nothing to do in this process */

/* Of fork alone: children of a raw clone go on without a pid. */
static void know_child(void) { state->pid = getpid(); }

__attribute__((constructor)) static void prepare(void) {
    const char *path = getenv("VT_TRACE");
    if (path == NULL || path[0] != '/' || strlen(path) >= sizeof trace) return;
    strcpy(trace, path);
    struct state *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    /* Without it a forked child would write into its parent's chunk. */
    if (madvise(page, sizeof *page, MADV_WIPEONFORK) < 0) {
        munmap(page, sizeof *page);
        return;
    }
    page->pid = getpid();
    state = page;
    pthread_atfork(NULL, NULL, know_child);
}

static bool map_trace(struct state *s) {
    if (s->log.header != NULL) return true;
    s->refused = vt_log_open(&s->log, trace) < 0;
    if (s->refused) return false;
    __atomic_store_n(&s->cookie, s->log.header->cookie, __ATOMIC_RELEASE);
    return true;
}

/* A bad pointer must be the call's EFAULT, not a crash in here: the kernel reads eight bytes on its
 * page, and then refuses ~0, which is no way to change a signal mask. */
static bool is_readable(uintptr_t address) {
    return vt_quiet_call(0, SYS_rt_sigprocmask, ~0L, (long)(address & ~(uintptr_t)7), 0, 8, 0) == -EINVAL;
}

bool vt_shim_is_empty(const char *name) { return is_readable((uintptr_t)name) && *name == '\0'; }

/* -1: too long, or not to be read. */
static ssize_t copy_name(struct state *s, const char *name) {
    size_t length = 0;
    while (length < sizeof s->name) {
        uintptr_t address = (uintptr_t)name + length;
        size_t size = PAGE - address % PAGE;
        if (size > sizeof s->name - length) size = sizeof s->name - length;
        if (!is_readable(address)) return -1;
        for (const char *end = name + length + size, *from = name + length; from < end; from++) {
            s->name[length] = *from;
            if (*from == '\0') return (ssize_t)length;
            length++;
        }
    }
    return -1;
}

/* -1: unknown. Remembered while no process of the tree changes its own. A child of vfork works on
 * our memory but has a working directory of its own: it must not leave it here. */
static ssize_t working_directory(struct state *s) {
    uint32_t stamp = vt_log_cwd_stamp(&s->log);
    if (stamp != 0 && stamp == s->cwd_stamp) {
        memcpy(s->path, s->cwd, s->cwd_length);
        return (ssize_t)s->cwd_length;
    }
    ssize_t length = (ssize_t)vt_quiet_call(0, SYS_getcwd, (long)s->path, PATH_MAX, 0, 0, 0) - 1;
    if (length <= 0 || stamp == 0 || vt_quiet_call(0, SYS_getpid, 0, 0, 0, 0, 0) != s->pid) return length;
    s->cwd_length = (size_t)length;
    s->cwd_stamp = stamp;
    memcpy(s->cwd, s->path, (size_t)length);
    return length;
}

/* The directory a relative name starts from, with a '/' behind it. -1: unknown. */
static ssize_t directory_of(struct state *s, int dirfd) {
    ssize_t length;
    if (dirfd == AT_FDCWD) {
        length = working_directory(s);
    } else {
        char link[40] = "/proc/self/fd/", digits[12];
        int count = 0;
        if (dirfd < 0) return -1;
        for (int rest = dirfd; count == 0 || rest > 0; rest /= 10) digits[count++] = (char)('0' + rest % 10);
        size_t at = strlen(link);
        while (count > 0) link[at++] = digits[--count];
        link[at] = '\0';
        length = (ssize_t)vt_quiet_call(s->log.header->cookie, SYS_readlinkat, AT_FDCWD, (long)link,
                                        (long)s->path, PATH_MAX, 0);
    }
    if (length <= 0 || s->path[0] != '/') return -1;
    static const char deleted[] = " (deleted)";
    size_t suffix = sizeof deleted - 1;
    if ((size_t)length > suffix && memcmp(s->path + (size_t)length - suffix, deleted, suffix) == 0) return -1;
    if (length > 1) s->path[length++] = '/';
    return length;
}

static bool is_kernels(const char *path) {
    return strncmp(path, "/proc", 5) == 0 || strncmp(path, "/sys", 4) == 0 || strncmp(path, "/dev", 4) == 0;
}

/* Commits a touch of s->path. */
static bool commit_path(struct state *s, uint8_t op, uint32_t aux, size_t length, bool follow) {
    if (is_kernels(s->path)) return false;
    struct vt_entry entry = {
        .op = op,
        .flags = VT_FLAG_SHIM | (follow ? 0 : VT_FLAG_NOFOLLOW),
        .aux = aux,
        .result = VT_RESULT_UNKNOWN,
        .path = s->path,
        .path_len = length,
    };
    s->refused = vt_touch(&s->log, &entry) == VT_TOUCH_REFUSED;
    return !s->refused;
}

/* Under the lock. */
static bool commit_listing(struct state *s, int fd) {
    if (!map_trace(s)) return false;
    ssize_t length = directory_of(s, fd);
    if (length <= 0) return false;
    if (length > 1) length--; /* the slash */
    s->path[length] = '\0';
    return commit_path(s, VT_OP_LIST, 0, (size_t)length, true);
}

/* Under the lock. */
static bool commit(struct state *s, uint8_t op, uint32_t aux, int dirfd, const char *name,
                   bool follow) {
    ssize_t length = copy_name(s, name);
    if (length <= 0 || !map_trace(s)) return false;
    ssize_t start = 0;
    if (s->name[0] != '/') start = directory_of(s, dirfd);
    if (start < 0) return false;
    memcpy(s->path + start, s->name, (size_t)length + 1);
    return commit_path(s, op, aux, (size_t)(start + length), follow);
}

bool vt_shim_is_active(void) { return state != NULL; }

uint64_t vt_shim_cookie(void) {
    return state == NULL ? 0 : __atomic_load_n(&state->cookie, __ATOMIC_ACQUIRE);
}

/* A process that ends leaves the rest of its chunk to others. */
__attribute__((destructor)) static void give_back(void) {
    struct state *s = state;
    if (s == NULL || __atomic_exchange_n(&s->lock, 1, __ATOMIC_ACQUIRE) != 0) return;
    s->refused = true;
    if (s->log.header != NULL) vt_log_give_back(&s->log);
    __atomic_store_n(&s->lock, 0, __ATOMIC_RELEASE);
}

/* Whether to go ahead, now under the lock. */
static bool enter(struct state *s) {
    if (s == NULL || s->refused) return false;
    if (s->calls < FIRST_CALLS) {
        s->calls++;
        return false;
    }
    /* Whoever holds it may be the code this very signal handler interrupted: never wait. */
    return __atomic_exchange_n(&s->lock, 1, __ATOMIC_ACQUIRE) == 0;
}

static uint64_t leave(struct state *s, bool committed, int error) {
    uint64_t cookie = committed ? s->log.header->cookie : 0;
    errno = error;
    __atomic_store_n(&s->lock, 0, __ATOMIC_RELEASE);
    return cookie;
}

uint64_t vt_shim_record(uint8_t op, uint32_t aux, int dirfd, const char *name, bool follow) {
    struct state *s = state;
    if (!enter(s)) return 0;
    int error = errno;
    return leave(s, commit(s, op, aux, dirfd, name, follow), error);
}

uint64_t vt_shim_record_listing(int fd) {
    struct state *s = state;
    if (!enter(s)) return 0;
    int error = errno;
    return leave(s, commit_listing(s, fd), error);
}
