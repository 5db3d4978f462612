#define _GNU_SOURCE
#include "log.h"

#include "quiet-call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_SIZE (VT_HEADER_SIZE + (uint64_t)VT_LOG_CHUNK_LIMIT * VT_CHUNK_SIZE)
#define FIRST_PART 8192u /* of a process's first chunk */
#define MAX_PATH2 16384u /* argv of a PROCESS record is cut here */
#define ROOM (VT_CHUNK_SIZE - (uint32_t)sizeof(struct vt_chunk))

_Static_assert(sizeof(struct vt_log_private) <= VT_KEYS_ROOM, "as much as lies beside the keys");
_Static_assert(sizeof(struct vt_chunk) == 16 && sizeof(struct vt_record) == 32, "as in trace.h");

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* kernels before 5.14 refuse it */
#endif

#define LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define ADD(p, v) __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL)

/* Space is reserved before it is used: a full disk must be an error here, not a SIGBUS later. */
static int map_part(int fd, uint64_t offset, uint64_t size, uint64_t reserved, void **part) {
    if (reserved > 0) {
        int error = posix_fallocate(fd, (off_t)offset, (off_t)reserved);
        if (error != 0) return -error;
    }
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    if (mapped == MAP_FAILED) return -errno;
    madvise(mapped, size, MADV_RANDOM); /* reading ahead in a sparse file only makes zeroes */
    *part = mapped;
    return 0;
}

static int map_header(struct vt_log *log, int fd, bool reserve) {
    void *header = NULL;
    int error = map_part(fd, 0, VT_HEADER_SIZE, reserve ? VT_HEADER_SIZE : 0, &header);
    if (error < 0) return error;
    log->header = header;
    return 0;
}

static int create_keys(struct vt_log *log) {
    log->keys_fd = vt_keys_create(&log->keys, log->cookie);
    if (log->keys.shared == NULL) return log->keys_fd;
    log->own = log->keys.room;
    return 0;
}

int vt_log_create(struct vt_log *log, const char *path) {
    *log = (struct vt_log){.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), .keys_fd = -1};
    if (log->fd < 0) return -errno;
    uint64_t random[2];
    int error = 0;
    if (getrandom(random, sizeof random, 0) != sizeof random) error = -EIO;
    if (error == 0 && ftruncate(log->fd, (off_t)FILE_SIZE) < 0) error = -errno;
    if (error == 0) error = map_header(log, log->fd, true);
    if (error == 0) {
        log->cookie = log->header->cookie = random[1] | 1; /* never 0, which unused arguments often are */
        error = create_keys(log);
    }
    if (error < 0) {
        vt_log_close(log);
        unlink(path);
        return error;
    }
    struct stat status;
    if (fstat(log->fd, &status) == 0) {
        log->own->start_seconds = status.st_ctim.tv_sec;
        log->own->start_nanoseconds = (uint32_t)status.st_ctim.tv_nsec;
    }
    log->own->key_seed = random[0];
    log->header->version = VT_TRACE_VERSION;
    log->header->chunk_limit = VT_LOG_CHUNK_LIMIT;
    log->header->next_sequence = 1;
    log->header->magic = VT_TRACE_MAGIC;
    return 0;
}

#define COOKIE_DIGITS 16

char *vt_log_word(const struct vt_log *log, const char *path) {
    char *word = NULL;
    if (log->keys_fd < 0) return NULL;
    if (asprintf(&word, "%0*llx/proc/%d/fd/%d:%s", COOKIE_DIGITS, (unsigned long long)log->cookie, (int)getpid(),
                 log->keys_fd, path) < 0)
        return NULL;
    return word;
}

static bool read_cookie(const char *word, uint64_t *cookie) {
    *cookie = 0;
    for (int i = 0; i < COOKIE_DIGITS; i++) {
        char c = word[i];
        bool letter = c >= 'a' && c <= 'f';
        if (!letter && (c < '0' || c > '9')) return false;
        *cookie = *cookie << 4 | (uint64_t)(letter ? c - 'a' + 10 : c - '0');
    }
    return *cookie != 0;
}

int vt_log_open(struct vt_log *log, const char *word) {
    *log = (struct vt_log){.fd = -1, .keys_fd = -1};
    const char *keys = word + COOKIE_DIGITS;
    char path[64];
    size_t length = 0;
    if (!read_cookie(word, &log->cookie)) return -EINVAL;
    for (; keys[length] != ':'; length++) {
        if (keys[length] == '\0' || length + 1 == sizeof path) return -EINVAL;
        path[length] = keys[length];
    }
    path[length] = '\0';
    log->path = keys + length + 1;
    int fd = (int)vt_quiet_call(log->cookie, SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC, 0, 0);
    if (fd < 0) return fd;
    /* In another pid namespace it may be anything. */
    int error = vt_keys_map(&log->keys, fd, log->cookie);
    vt_quiet_call(0, SYS_close, fd, 0, 0, 0, 0);
    log->own = log->keys.room;
    return error;
}

void vt_log_close(struct vt_log *log) {
    if (log->chunk != NULL) munmap(log->chunk, VT_CHUNK_SIZE);
    if (log->header != NULL) munmap(log->header, VT_HEADER_SIZE);
    vt_keys_close(&log->keys);
    if (log->keys_fd >= 0) close(log->keys_fd);
    if (log->fd >= 0) close(log->fd);
    *log = (struct vt_log){.fd = -1, .keys_fd = -1};
}

uint64_t vt_log_next_sequence(struct vt_log *log) { return ADD(&log->header->next_sequence, 1); }

static void mark(struct vt_log *log, enum vt_incomplete cause) {
    __atomic_fetch_or(&log->header->incomplete, (uint32_t)cause, __ATOMIC_ACQ_REL);
}

/* The index + 1 of a chunk someone gave back; 0: none. */
static uint64_t take_spare(struct vt_log *log) {
    for (size_t i = 0; i < sizeof log->own->spare / sizeof *log->own->spare; i++) {
        uint32_t *slot = &log->own->spare[i];
        if (LOAD(slot) == 0) continue;
        uint32_t index = __atomic_exchange_n(slot, 0, __ATOMIC_ACQ_REL);
        if (index != 0 && index <= VT_LOG_CHUNK_LIMIT) return index;
    }
    return 0;
}

/* To be given to close_file. Quietly: this is no open of the task's. */
static int open_file(const struct vt_log *log) {
    if (log->fd >= 0) return log->fd;
    return (int)vt_quiet_call(log->cookie, SYS_openat, AT_FDCWD, (long)log->path, O_RDWR | O_CLOEXEC, 0, 0);
}

static void close_file(const struct vt_log *log, int fd) {
    if (log->fd < 0) close(fd);
}

/* In a namespace of processes of its own it has another number there than for the supervisor: what it
 * recorded would be nobody's. /proc, through which the keys were found, tells the supervisor's. */
static bool is_numbered_otherwise(uint64_t cookie) {
    char digits[16] = "";
    vt_quiet_call(cookie, SYS_readlinkat, AT_FDCWD, (long)"/proc/self", (long)digits, sizeof digits - 1, 0);
    return atol(digits) != vt_quiet_call(0, SYS_getpid, 0, 0, 0, 0, 0);
}

bool vt_log_is_ready(struct vt_log *log) {
    if (log->header != NULL) return true;
    if (is_numbered_otherwise(log->cookie)) return false;
    int fd = open_file(log);
    if (fd < 0) return false;
    int error = map_header(log, fd, false);
    close_file(log, fd);
    if (error < 0) return false;
    const struct vt_header *header = log->header;
    if (header->magic == VT_TRACE_MAGIC && header->version == VT_TRACE_VERSION && header->cookie == log->cookie) return true;
    munmap(log->header, VT_HEADER_SIZE);
    log->header = NULL;
    return false;
}

static uint64_t offset_of(uint64_t index) { return VT_HEADER_SIZE + index * VT_CHUNK_SIZE; }

static int map_chunk(struct vt_log *log, uint64_t index, bool fresh) {
    int fd = open_file(log);
    if (fd < 0) return fd;
    void *part = NULL;
    /* Who has filled one will fill the next; filling it page by page costs far more. Most processes
     * write a few records only, and many end without giving the rest back: they get little. */
    bool all = !fresh || log->chunk != NULL || log->fd >= 0;
    uint32_t reserved = all ? VT_CHUNK_SIZE : FIRST_PART;
    int error = map_part(fd, offset_of(index), VT_CHUNK_SIZE, reserved, &part);
    close_file(log, fd);
    if (error < 0) return error;
    if (fresh && all) madvise(part, VT_CHUNK_SIZE, MADV_POPULATE_WRITE);
    if (log->chunk != NULL) munmap(log->chunk, VT_CHUNK_SIZE);
    log->chunk = part;
    log->chunk_index = index;
    log->reserved = reserved;
    log->chunk->owner = (uint32_t)syscall(SYS_gettid);
    if (fresh) STORE(&log->chunk->committed, ((struct vt_chunk){.sum = VT_CHUNK_MAGIC}).committed);
    STORE(&log->chunk->magic, VT_CHUNK_MAGIC);
    return 0;
}

/* The log lies in the task's own memory: what a task writes over it may cost records, which the sum
 * tells, but must not lead the supervisor out of the chunk. So each number is read once and checked. */
static bool fits(struct vt_chunk head, size_t size) {
    return head.used % 8 == 0 && head.used <= ROOM && size <= ROOM - head.used;
}

static struct vt_chunk read_head(const struct vt_log *log) {
    struct vt_chunk head = {.magic = VT_CHUNK_MAGIC};
    head.committed = LOAD(&log->chunk->committed);
    return head;
}

static int take_chunk(struct vt_log *log, size_t size) {
    uint64_t spare = take_spare(log);
    if (spare != 0) {
        int error = map_chunk(log, spare - 1, false);
        if (error < 0 || fits(read_head(log), size)) return error;
    }
    uint64_t index = ADD(&log->header->next_chunk, 1);
    if (index >= log->header->chunk_limit || index >= VT_LOG_CHUNK_LIMIT) {
        /* Keeps the counter from ever wrapping, and readers from looking past the end. */
        STORE(&log->header->next_chunk, log->header->chunk_limit);
        return -ENOSPC;
    }
    return map_chunk(log, index, true);
}

/* Makes room in the current chunk, or takes another; `head` is its own then. */
static int make_room(struct vt_log *log, size_t size, struct vt_chunk *head) {
    if (log->chunk != NULL) *head = read_head(log);
    if (log->chunk == NULL || !fits(*head, size)) {
        int error = take_chunk(log, size);
        if (error < 0) return error;
        *head = read_head(log);
        if (!fits(*head, size)) return -EIO;
    }
    if (sizeof *head + head->used + size <= log->reserved) return 0;
    int fd = open_file(log);
    if (fd < 0) return fd;
    int error = posix_fallocate(fd, (off_t)offset_of(log->chunk_index), VT_CHUNK_SIZE);
    close_file(log, fd);
    if (error == 0) log->reserved = VT_CHUNK_SIZE;
    return -error;
}

void vt_log_give_back(struct vt_log *log) {
    if (log->chunk == NULL) return;
    uint32_t index = (uint32_t)log->chunk_index + 1;
    bool worth = log->chunk->used < VT_CHUNK_SIZE / 2;
    munmap(log->chunk, VT_CHUNK_SIZE);
    log->chunk = NULL;
    for (size_t i = 0; worth && i < sizeof log->own->spare / sizeof *log->own->spare; i++) {
        uint32_t none = 0;
        if (__atomic_compare_exchange_n(&log->own->spare[i], &none, index, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return;
    }
}

struct vt_record *vt_log_append(struct vt_log *log, const struct vt_entry *entry) {
    size_t path2_len = entry->path2_len < MAX_PATH2 ? entry->path2_len : MAX_PATH2;
    size_t path_len = entry->path_len < MAX_PATH2 ? entry->path_len : MAX_PATH2;
    size_t size = (sizeof(struct vt_record) + path_len + path2_len + 7) & ~(size_t)7;
    struct vt_chunk head;
    if (make_room(log, size, &head) < 0) {
        if (log->fd >= 0) mark(log, VT_INCOMPLETE_LOG_OVERFLOW);
        return NULL;
    }
    char *place = (char *)(log->chunk + 1) + head.used;
    struct vt_record *record = (struct vt_record *)place;
    *record = (struct vt_record){
        .size = (uint16_t)size,
        .op = entry->op,
        .flags = entry->flags,
        .pid = entry->pid,
        .sequence = entry->sequence != 0 ? entry->sequence : vt_log_next_sequence(log),
        .result = entry->result,
        .aux = entry->aux,
        .before = entry->before,
        .before2 = entry->before2,
        .path_len = (uint16_t)path_len,
        .path2_len = (uint16_t)path2_len,
    };
    memset(place + size - 8, 0, 8); /* the padding: a kill may have left something there */
    memcpy(place + sizeof *record, entry->path, path_len);
    if (path2_len > 0) memcpy(place + sizeof *record + path_len, entry->path2, path2_len);
    struct vt_chunk next = {.used = head.used + (uint32_t)size,
                            .sum = vt_trace_sum(head.sum, place, (uint32_t)size)};
    STORE(&log->chunk->committed, next.committed);
    return record;
}

void vt_log_incomplete(struct vt_log *log, enum vt_incomplete cause, uint32_t pid,
                       const char *detail) {
    mark(log, cause);
    vt_log_append(log, &(struct vt_entry){.op = VT_OP_INCOMPLETE,
                                          .pid = pid,
                                          .aux = cause,
                                          .result = VT_RESULT_UNKNOWN,
                                          .path = detail,
                                          .path_len = strlen(detail)});
}

/* Mixing as in the finalizer of MurmurHash3, eight bytes at a time; seeded, so that no task can be
 * built to collide. At four million keys the chance of any collision is below 10^-6. */
static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0xff51afd7ed558ccdull;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ull;
    return hash ^ (hash >> 33);
}

static uint64_t mix_bytes(uint64_t hash, const char *bytes, size_t length) {
    hash = mix(hash, length);
    for (; length >= 8; bytes += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = mix(hash, word);
    }
    uint64_t word = 0;
    if (length > 0) memcpy(&word, bytes, length);
    return mix(hash, word);
}

/* Flags of open that say nothing about what was read or written. */
#define QUIET_OPEN_FLAGS (O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOATIME | O_SYNC | O_ASYNC)

uint64_t vt_log_key(const struct vt_log *log, const struct vt_entry *entry, uint64_t device,
                    uint64_t inode) {
    uint32_t aux = entry->op == VT_OP_OPEN ? entry->aux & ~(uint32_t)QUIET_OPEN_FLAGS : entry->aux;
    uint64_t hash = mix(log->own->key_seed, (uint64_t)entry->op << 8 | (entry->flags & ~VT_FLAG_SHIM));
    hash = mix(hash, (uint64_t)entry->before2 << 40 | (uint64_t)entry->before << 32 | aux);
    hash = mix(mix(hash, device), inode);
    hash = mix_bytes(hash, entry->path, entry->path_len);
    if (entry->path2_len > 0) hash = mix_bytes(hash, entry->path2, entry->path2_len);
    return hash == 0 ? 1 : hash;
}

bool vt_log_knows(const struct vt_log *log, uint64_t key) { return vt_keys_has(&log->keys, key); }

void vt_log_remember(struct vt_log *log, uint64_t key) { vt_keys_add(&log->keys, key); }

uint32_t vt_log_changes(const struct vt_log *log) { return LOAD(&log->own->changes); }

void vt_log_change(struct vt_log *log) { ADD(&log->own->changes, 1); }

void vt_log_tell_processes_apart(struct vt_log *log) { STORE(&log->own->by_process, 1); }

bool vt_log_tells_processes_apart(const struct vt_log *log) { return LOAD(&log->own->by_process) != 0; }

bool vt_log_names_moved(const struct vt_log *log) { return LOAD(&log->own->names_moved) != 0; }

void vt_log_move_names(struct vt_log *log) { STORE(&log->own->names_moved, 1); }

static uint64_t moved_bit(const struct vt_log *log, const char *path, size_t length) {
    while (length > 0 && path[length - 1] == '/') length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/') start--;
    return mix_bytes(log->own->key_seed, path + start, length - start) % VT_LOG_MOVED;
}

bool vt_log_name_moved(const struct vt_log *log, const char *path, size_t length) {
    if (LOAD(&log->own->any_moved) == 0) return false;
    uint64_t bit = moved_bit(log, path, length);
    return (LOAD(&log->own->moved[bit / 64]) >> bit % 64 & 1) != 0;
}

void vt_log_move_name(struct vt_log *log, const char *path, size_t length) {
    uint64_t bit = moved_bit(log, path, length);
    __atomic_fetch_or(&log->own->moved[bit / 64], 1ull << bit % 64, __ATOMIC_ACQ_REL);
    STORE(&log->own->any_moved, 1);
}

#define CWD_SHARED 0x80000000u /* in cwd_changes; the rest of it counts */
#define CWD_BORROWED 0x40000000u

uint32_t vt_log_cwd_stamp(const struct vt_log *log) {
    uint32_t changes = LOAD(&log->own->cwd_changes);
    /* A moved directory takes the names of working directories below it along. */
    if ((changes & CWD_SHARED) != 0 || vt_log_names_moved(log)) return 0;
    return changes + 1;
}

bool vt_log_cwd_is_borrowed(const struct vt_log *log) {
    return (LOAD(&log->own->cwd_changes) & CWD_BORROWED) != 0;
}

void vt_log_change_cwd(struct vt_log *log, struct vt_cwd_shared shared) {
    uint32_t before = LOAD(&log->own->cwd_changes);
    uint32_t changes = ((before + 1) & ~(CWD_SHARED | CWD_BORROWED)) | (before & (CWD_SHARED | CWD_BORROWED));
    bool counted_out = ((before + 1) & (CWD_BORROWED - 1)) == 0;
    if (shared.directory || counted_out) changes |= CWD_SHARED;
    if (shared.memory) changes |= CWD_BORROWED;
    STORE(&log->own->cwd_changes, changes); /* the supervisor is the only writer */
}
