/*
 * Writing the trace (trace.h): creating and mapping the file, taking chunks, appending records,
 * remembering what was recorded already. Used by the supervisor and by the shim.
 *
 * Beside it lies the memory of what was recorded, common to the whole tree, in a memfd of the
 * supervisor's (its pages are touched at random, which in a file of a disk's costs more than all
 * else); who cannot open that, in another user's name or pid namespace, records nothing itself. With
 * it lies all else that a call needs which is known already, so that a process which only repeats
 * others, as most short ones do, maps nothing but this. A key is added after its record is committed,
 * so that a kill can lose a key (a record is repeated) but never a record.
 *
 * Why the first occurrence of a key (operation, flags, path) is enough for the reader:
 *  - it asks of a path whether its content was read or it was looked up *before* the task first
 *    changed it. The first read, the first look and the first change are each the first of their
 *    keys, so their order stands; later ones of the same key are later still, and decide nothing;
 *  - what a path became (write, delete, create again, any number of times) is read from the disk
 *    after the task, and `before` of the first record of a path tells what it was;
 *  - renames, which move what other records mean, are never dropped; and once something was renamed
 *    or linked to a path, that path may come to denote another file that was there before. From then
 *    on (vt_log_name_moved) its key includes the file's identity. Where a directory or a symlink was
 *    renamed, or a symlink made or removed, this holds for all paths (vt_log_names_moved);
 *  - whether a call that makes or removes something succeeds depends on what is there, so its key
 *    includes that: an attempt that failed does not stand for a later one.
 */
#ifndef VT_LOG_H
#define VT_LOG_H

#include "keys.h"
#include "trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VT_LOG_CHUNK_LIMIT (1u << 18) /* 16 GiB of file, sparse: only chunks in use take space */
#define VT_LOG_MOVED (1u << 14)       /* bits; when full, every touch looks at its file first */

/* What only writers know; lies beside the keys. */
struct vt_log_private {
    uint64_t key_seed;
    uint32_t names_moved; /* atomic */
    uint32_t cwd_changes; /* atomic: see vt_log_cwd_stamp */
    uint32_t changes; /* atomic: see vt_log_changes */
    int64_t start_seconds; /* when the trace was made, by the clock that stamps files */
    uint32_t start_nanoseconds;
    uint32_t spare[128];  /* atomic: chunk index + 1 of a chunk given back with room left; 0 = none */
    uint32_t by_process; /* atomic: see vt_log_tell_processes_apart */
    uint32_t any_moved; /* atomic: `moved` has a bit */
    uint64_t moved[VT_LOG_MOVED / 64]; /* atomic: a bit for the names that something was moved to */
};

struct vt_log {
    int fd;           /* the supervisor's; -1 in the shim, which keeps no descriptor of the task's */
    const char *path; /* to open it for a moment instead */
    uint64_t cookie;
    struct vt_header *header; /* NULL in the shim as long as there is nothing to append */
    struct vt_log_private *own;
    struct vt_keys keys;
    int keys_fd; /* the supervisor's; -1 in the shim */
    struct vt_chunk *chunk; /* mapped; NULL: none yet */
    uint64_t chunk_index;
    uint32_t reserved; /* bytes of `chunk` that the disk holds space for */
};

struct vt_entry {
    uint8_t op, flags, before, before2;
    uint32_t pid, aux;
    int32_t result;
    uint64_t sequence; /* 0: the next, when it is appended */
    const char *path;
    size_t path_len;
    const char *path2; /* may be NULL */
    size_t path2_len;
};

/* Creates (0600, must not exist) and maps the trace. Returns 0 or -errno. */
int vt_log_create(struct vt_log *log, const char *path);
/* What others open it by, in memory of its own: where its keys are, the cookie, and `path`, which is
 * absolute. NULL: nobody can. */
char *vt_log_word(const struct vt_log *log, const char *path);
/* Opens a log by such a word, for the shim, and keeps no descriptor; the word must outlive it. All its calls
 * are quiet. The trace itself is mapped when there is something to append. Returns 0 or -errno. */
int vt_log_open(struct vt_log *log, const char *word);
/* Whether it is mapped, or could be now: to be asked before anything is done that an append belongs to. */
bool vt_log_is_ready(struct vt_log *log);
void vt_log_close(struct vt_log *log);

/* The next place in the order of all records; never 0. */
uint64_t vt_log_next_sequence(struct vt_log *log);

/* Gives the current chunk to whoever needs one next. */
void vt_log_give_back(struct vt_log *log);

/* Commits a record, whole or not at all. NULL when the log is full or cannot grow. The supervisor
 * then marks the overflow in the header; the shim has the supervisor to fall back on. One thread
 * at a time. The pointer is good until the next append. */
struct vt_record *vt_log_append(struct vt_log *log, const struct vt_entry *entry);

/* Marks the trace as incomplete and records which process and why. */
void vt_log_incomplete(struct vt_log *log, enum vt_incomplete cause, uint32_t pid,
                       const char *detail);

/* The key of an entry. `device` and `inode` identify the path's file; 0 where not needed. */
uint64_t vt_log_key(const struct vt_log *log, const struct vt_entry *entry, uint64_t device,
                    uint64_t inode);
bool vt_log_knows(const struct vt_log *log, uint64_t key);
void vt_log_remember(struct vt_log *log, uint64_t key);

/* Goes up before the record of anything that may change a path takes its place in the order. As long
 * as it stays the same, a look may be recorded after it was made: nothing came in between. */
uint32_t vt_log_changes(const struct vt_log *log);
void vt_log_change(struct vt_log *log);

/* From now on the first look of each process at a path is recorded, not only the first of all: what a
 * process says of its own looks (the `since` of ipc.proto) must not hide those of others. */
void vt_log_tell_processes_apart(struct vt_log *log);
bool vt_log_tells_processes_apart(const struct vt_log *log);

/* True once every name may denote another file than before (see above). */
bool vt_log_names_moved(const struct vt_log *log);
void vt_log_move_names(struct vt_log *log);

/* The same of one path, told by its last component, and so of some others. */
bool vt_log_name_moved(const struct vt_log *log, const char *path, size_t length);
void vt_log_move_name(struct vt_log *log, const char *path, size_t length);

/* What a process that changes its working directory has in common with others. */
struct vt_cwd_shared {
    bool directory, memory;
};

/* How long a process may remember its working directory: as long as the stamp stays the same, and
 * never when it is 0. The supervisor calls vt_log_change_cwd before any process of the tree may
 * change its own. A shared directory others could look at later, when it is still the old one, so
 * nobody may remember any from then on. In shared memory lies what another process remembered: from
 * then on (vt_log_cwd_is_borrowed) each makes sure that what it finds is its own. */
uint32_t vt_log_cwd_stamp(const struct vt_log *log);
bool vt_log_cwd_is_borrowed(const struct vt_log *log);
void vt_log_change_cwd(struct vt_log *log, struct vt_cwd_shared shared);

#endif
