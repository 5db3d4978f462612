#define _GNU_SOURCE
#include "shim.h"

#include "quiet-call.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef FIRST_CALLS    /* a test has the shim take over at once */
#define FIRST_CALLS 3u /* left to the supervisor: about what mapping the trace costs */
#endif
#define SLOTS 8u       /* threads that record at once; a power of two */
#define PAGE 4096u
#define LONGEST_WORD (PATH_MAX + 128) /* of vt_log_word */
#define LONGEST_START (PATH_MAX + 1) /* a directory with a '/' behind it */

/* Where a directory is, remembered. */
struct known_directory {
    int fd;
    uint32_t cwd_stamp, changes; /* vt_log_cwd_stamp and vt_log_changes before it was read; stamp 0: none */
    uint64_t device, inode;
    size_t length;
    char path[PATH_MAX];
};

/* What one thread needs to record, for the length of one call. */
struct vt_shim_slot {
    uint32_t lock;
    struct vt_log log; /* a chunk of its own */
    char path[LONGEST_START + PATH_MAX];
    struct known_directory cwd, directory;
} __attribute__((aligned(64)));

/* Wiped in a forked child, which so takes chunks of its own and starts counting again. */
struct state {
    uint32_t calls;   /* atomic, about */
    uint32_t mapping; /* lock */
    uint64_t cookie;  /* atomic: the trace's, once mapped */
    uint32_t refused; /* atomic: the trace could not be mapped, or takes no more */
    uint32_t used;    /* atomic: bit n for slot n, once it maps the trace */
    pid_t pid; /* whose memory this is; 0: not known */
    struct vt_log log; /* mapped once, copied into each slot */
    char trace[LONGEST_WORD];
    struct vt_shim_slot slots[SLOTS];
};

/* Every page touched here costs each program that is started: nothing is made before it is needed. */
static const char *trace; /* the word of its log; NULL: nothing to do in this process */
static struct state *state; /* atomic, for readers too: a thread that came second may still try to set it; NULL: not made yet */
static uint32_t early; /* atomic: calls before there was a state */
static pid_t owner; /* whose memory this is, or was when it forked */

#define LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
/* Whoever holds it may be the code this very signal handler interrupted: never wait. */
#define TRY_LOCK(p) (__atomic_load_n(p, __ATOMIC_RELAXED) == 0 && __atomic_exchange_n(p, 1, __ATOMIC_ACQUIRE) == 0)

__attribute__((constructor)) static void prepare(void) {
    const char *path = getenv("VT_TRACE");
    if (path == NULL || strlen(path) >= LONGEST_WORD) return;
    trace = path;
    owner = getpid();
}

/* A child of fork or clone finds its state wiped, and is a child of the owner. A child of vfork that
 * comes here first works on the memory of one that is. */
static void claim(struct state *s) {
    if (vt_quiet_call(0, SYS_getppid, 0, 0, 0, 0, 0) == owner) s->pid = owner = getpid();
}

static struct state *make_state(void) {
    struct state *made = mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED) return NULL;
    /* Without it a forked child would write into its parent's chunk. */
    bool wiped = madvise(made, sizeof *made, MADV_WIPEONFORK) == 0;
    struct state *none = NULL;
    /* One call more is left to the supervisor: this may be a child that it has not seen yet. */
    made->calls = FIRST_CALLS - 1;
    /* Not who runs here: a child of vfork may. */
    made->pid = owner;
    if (wiped && __atomic_compare_exchange_n(&state, &none, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return made;
    munmap(made, sizeof *made);
    return none;
}

static bool map_trace(struct state *s) {
    if (LOAD(&s->cookie) != 0) return true;
    if (!TRY_LOCK(&s->mapping)) return false;
    if (LOAD(&s->cookie) == 0) {
        memcpy(s->trace, trace, strlen(trace) + 1);
        if (vt_log_open(&s->log, s->trace) < 0) STORE(&s->refused, 1);
        else STORE(&s->cookie, s->log.cookie);
    }
    STORE(&s->mapping, 0);
    return LOAD(&s->cookie) != 0;
}

/* A bad pointer must be the call's EFAULT, not a crash in here: the kernel reads eight bytes on its
 * page, and then refuses ~0, which is no way to change a signal mask. */
static bool is_readable(uintptr_t address) {
    return vt_quiet_call(0, SYS_rt_sigprocmask, ~0L, (long)(address & ~(uintptr_t)7), 0, 8, 0) == -EINVAL;
}

bool vt_shim_is_empty(const char *name) { return is_readable((uintptr_t)name) && *name == '\0'; }

/* Whether `name` can be read to its end, and ends within PATH_MAX. */
static bool is_whole(const char *name) {
    for (size_t length = 0; length < PATH_MAX;) {
        uintptr_t address = (uintptr_t)name + length;
        size_t size = PAGE - address % PAGE;
        if (size > PATH_MAX - length) size = PATH_MAX - length;
        if (!is_readable(address)) return false;
        if (memchr(name + length, '\0', size) != NULL) return true;
        length += size;
    }
    return false;
}

/* A child of vfork works on our memory but has a working directory and descriptors of its own: it
 * must not leave them here. */
static bool is_own(const struct state *s) {
    return vt_quiet_call(0, SYS_getpid, 0, 0, 0, 0, 0) == s->pid;
}

static ssize_t recall(struct vt_shim_slot *slot, const struct known_directory *known) {
    memcpy(slot->path, known->path, known->length);
    return (ssize_t)known->length;
}

/* -1: unknown. Remembered while no process of the tree changes its own. */
static ssize_t working_directory(struct vt_shim_slot *slot) {
    uint32_t stamp = vt_log_cwd_stamp(&slot->log);
    if (stamp != 0 && stamp == slot->cwd.cwd_stamp && (!vt_log_cwd_is_borrowed(&slot->log) || is_own(LOAD(&state))))
        return recall(slot, &slot->cwd);
    ssize_t length = (ssize_t)vt_quiet_call(0, SYS_getcwd, (long)slot->path, PATH_MAX, 0, 0, 0) - 1;
    if (length <= 0 || stamp == 0 || !is_own(LOAD(&state))) return length;
    slot->cwd.length = (size_t)length;
    slot->cwd.cwd_stamp = stamp;
    memcpy(slot->cwd.path, slot->path, (size_t)length);
    return length;
}

/* -1: unknown. Remembered while the descriptor is open on the same directory, and nothing in the
 * tree changes that might give its number to another. */
static ssize_t open_directory(struct vt_shim_slot *slot, int fd) {
    if (fd < 0) return -1;
    struct known_directory *known = &slot->directory;
    uint32_t stamp = vt_log_cwd_stamp(&slot->log), changes = vt_log_changes(&slot->log);
    struct stat status;
    if (vt_quiet_call(0, SYS_fstat, fd, (long)&status, 0, 0, 0) < 0) return -1;
    if (stamp != 0 && known->cwd_stamp == stamp && known->changes == changes && known->fd == fd &&
        known->device == status.st_dev && known->inode == status.st_ino)
        return recall(slot, known);
    char link[40] = "/proc/self/fd/", digits[12];
    int count = 0;
    for (int rest = fd; count == 0 || rest > 0; rest /= 10) digits[count++] = (char)('0' + rest % 10);
    size_t at = strlen(link);
    while (count > 0) link[at++] = digits[--count];
    link[at] = '\0';
    ssize_t length = (ssize_t)vt_quiet_call(slot->log.cookie, SYS_readlinkat, AT_FDCWD, (long)link,
                                            (long)slot->path, PATH_MAX, 0);
    if (length <= 0 || stamp == 0 || !S_ISDIR(status.st_mode) || status.st_nlink == 0 || !is_own(LOAD(&state))) return length;
    *known = (struct known_directory){
        .fd = fd, .cwd_stamp = stamp, .changes = changes, .device = status.st_dev, .inode = status.st_ino,
        .length = (size_t)length};
    memcpy(known->path, slot->path, (size_t)length);
    return length;
}

/* The directory a relative name starts from, with a '/' behind it. -1: unknown. */
static ssize_t directory_of(struct vt_shim_slot *slot, int dirfd) {
    ssize_t length = dirfd == AT_FDCWD ? working_directory(slot) : open_directory(slot, dirfd);
    if (length <= 0 || length >= PATH_MAX || slot->path[0] != '/') return -1;
    static const char deleted[] = " (deleted)";
    size_t suffix = sizeof deleted - 1;
    if ((size_t)length > suffix && memcmp(slot->path + (size_t)length - suffix, deleted, suffix) == 0) return -1;
    if (length > 1) slot->path[length++] = '/';
    return length;
}

static bool is_kernels(const char *path) {
    return strncmp(path, "/proc", 5) == 0 || strncmp(path, "/sys", 4) == 0 || strncmp(path, "/dev", 4) == 0;
}

/* Writes the whole path of `name`, which can be read; 0: unknown. */
static size_t place_name(struct vt_shim_slot *slot, int dirfd, const char *name) {
    ssize_t start = name[0] == '/' ? 0 : directory_of(slot, dirfd);
    size_t length = strnlen(name, PATH_MAX);
    if (start < 0 || length == 0 || length == PATH_MAX) return 0;
    memcpy(slot->path + start, name, length);
    slot->path[(size_t)start + length] = '\0';
    return is_kernels(slot->path) ? 0 : (size_t)start + length;
}

static struct vt_entry entry_of(const struct vt_shim_slot *slot, uint8_t op, uint32_t aux, size_t length, bool follow) {
    return (struct vt_entry){
        .op = op,
        .flags = VT_FLAG_SHIM | (follow ? 0 : VT_FLAG_NOFOLLOW),
        .pid = (uint32_t)LOAD(&state)->pid,
        .aux = aux,
        .result = VT_RESULT_UNKNOWN,
        .path = slot->path,
        .path_len = length,
    };
}

static bool accept(enum vt_touched touched) {
    if (touched == VT_TOUCH_REFUSED) STORE(&LOAD(&state)->refused, 1);
    return touched == VT_TOUCH_KNOWN || touched == VT_TOUCH_RECORDED;
}

bool vt_shim_is_active(void) { return trace != NULL; }

uint64_t vt_shim_cookie(void) {
    struct state *s = LOAD(&state);
    return s == NULL ? 0 : LOAD(&s->cookie);
}

/* A process that ends leaves the rest of its chunks to others. */
__attribute__((destructor)) static void give_back(void) {
    struct state *s = LOAD(&state);
    uint32_t used = s == NULL ? 0 : LOAD(&s->used);
    if (used != 0) STORE(&s->refused, 1);
    for (size_t i = 0; i < SLOTS; i++) {
        if ((used >> i & 1) == 0 || !TRY_LOCK(&s->slots[i].lock)) continue;
        vt_log_give_back(&s->slots[i].log);
        STORE(&s->slots[i].lock, 0);
    }
}

/* A slot that is now ours; NULL: leave the call to the supervisor. */
static struct vt_shim_slot *enter(void) {
    if (trace == NULL) return NULL;
    struct state *s = LOAD(&state);
    if (s == NULL) {
        if (__atomic_add_fetch(&early, 1, __ATOMIC_RELAXED) < FIRST_CALLS) return NULL;
        s = make_state();
        if (s == NULL) return NULL;
    }
    if (LOAD(&s->refused) != 0) return NULL;
    /* What a child of vfork records before it executes something counts as its parent's. */
    if (s->pid == 0) claim(s);
    if (__atomic_load_n(&s->calls, __ATOMIC_RELAXED) < FIRST_CALLS) {
        __atomic_fetch_add(&s->calls, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    if (!map_trace(s)) return NULL;
    /* Threads differ in their stacks: each comes back to the slot it had, more often than not. */
    size_t first = (uintptr_t)&s >> 16;
    for (size_t i = 0; i < SLOTS; i++) {
        struct vt_shim_slot *slot = &s->slots[(first ^ i) % SLOTS];
        if (!TRY_LOCK(&slot->lock)) continue;
        if (slot->log.cookie == 0) {
            slot->log = s->log;
            __atomic_fetch_or(&s->used, 1u << (slot - s->slots), __ATOMIC_ACQ_REL);
        }
        return slot;
    }
    return NULL;
}

bool vt_shim_expect_calls(void) {
    if (trace == NULL) return false;
    struct state *s = LOAD(&state);
    if (s == NULL) s = make_state();
    /* Which of a child's calls the supervisor has seen is not known: it counts them as ever. */
    if (s == NULL || LOAD(&s->refused) != 0 || !is_own(s)) return false;
    __atomic_store_n(&s->calls, FIRST_CALLS, __ATOMIC_RELAXED);
    return true;
}

static uint64_t leave(struct vt_shim_slot *slot, bool committed, int error) {
    uint64_t cookie = committed ? LOAD(&LOAD(&state)->cookie) : 0;
    errno = error;
    STORE(&slot->lock, 0);
    return cookie;
}

uint64_t vt_shim_record(uint8_t op, uint32_t aux, int dirfd, const char *name, bool follow) {
    struct vt_shim_slot *slot = enter();
    if (slot == NULL) return 0;
    int error = errno;
    size_t length = is_whole(name) ? place_name(slot, dirfd, name) : 0;
    if (length == 0) return leave(slot, false, error);
    struct vt_entry entry = entry_of(slot, op, aux, length, follow);
    return leave(slot, accept(vt_touch(&slot->log, &entry, NULL)), error);
}

uint64_t vt_shim_record_listing(int fd) {
    struct vt_shim_slot *slot = enter();
    if (slot == NULL) return 0;
    int error = errno;
    ssize_t length = directory_of(slot, fd);
    if (length <= 0) return leave(slot, false, error);
    if (length > 1) length--; /* the slash */
    slot->path[length] = '\0';
    if (is_kernels(slot->path)) return leave(slot, false, error);
    struct vt_entry entry = entry_of(slot, VT_OP_LIST, 0, (size_t)length, true);
    return leave(slot, accept(vt_touch(&slot->log, &entry, NULL)), error);
}

bool vt_shim_begin(struct vt_shim_look *look) {
    look->slot = enter();
    if (look->slot == NULL) return false;
    look->cookie = LOAD(&LOAD(&state)->cookie);
    look->changes = vt_log_changes(&look->slot->log);
    return true;
}

bool vt_shim_end(struct vt_shim_look *look, uint8_t op, uint32_t aux, int dirfd, const char *name,
                 bool follow, const struct vt_look *seen) {
    struct vt_shim_slot *slot = look->slot;
    int error = errno;
    size_t length = seen == NULL ? 0 : place_name(slot, dirfd, name);
    if (length == 0) return leave(slot, false, error) != 0;
    struct vt_entry entry = entry_of(slot, op, aux, length, follow);
    return leave(slot, accept(vt_touch_seen(&slot->log, &entry, seen, look->changes)), error) != 0;
}
