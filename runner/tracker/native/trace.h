/*
 * The trace: one append-only log per task, in a file mapped MAP_SHARED by the supervisor and by the
 * shim inside every process of the task. It survives SIGKILL of any task process. Read by
 * runner/tracker/trace-reader.ts after the task; the layout below is the contract between them.
 * All integers are little-endian (the only byte order of the supported machines).
 *
 *   0                4096                                  4096 + n * VT_CHUNK_SIZE
 *   +----------------+-----------+-----------+----- ... ---+
 *   | header         | chunk 0   | chunk 1   |             |   (the file is sparse)
 *   +----------------+-----------+-----------+----- ... ---+
 *
 * Chunks belong to one thread each, so that a kill between reserving and committing leaves no gap
 * that cannot be parsed: `used` is advanced (release) only when a record is whole. The order of
 * records over all chunks is their `sequence`, taken from `next_sequence` before the system call is
 * issued, so that a read that saw old content is always ordered before the write that replaced it.
 */
#ifndef VT_TRACE_H
#define VT_TRACE_H

#include <stdint.h>

#define VT_TRACE_MAGIC 0x3145434152545456ull /* "VTTRACE1" */
#define VT_TRACE_VERSION 2u
#define VT_HEADER_SIZE 4096u
#define VT_CHUNK_SIZE 65536u
#define VT_CHUNK_MAGIC 0x4b4e4843u /* "CHNK" */

/* What could not be observed. Bits of vt_header.incomplete; each set bit has an INCOMPLETE record
 * with the process and details unless the log itself overflowed. */
enum vt_incomplete {
    VT_INCOMPLETE_UNREADABLE_MEMORY = 1u << 0,
    VT_INCOMPLETE_FOREIGN_ABI = 1u << 1,
    VT_INCOMPLETE_LOG_OVERFLOW = 1u << 2,
    VT_INCOMPLETE_IO_URING = 1u << 3,
    VT_INCOMPLETE_ROOT_CHANGED = 1u << 4,
    VT_INCOMPLETE_NO_LISTENER = 1u << 5,
    VT_INCOMPLETE_LISTENER_BUSY = 1u << 6,
    VT_INCOMPLETE_SUPERVISOR = 1u << 7, /* an internal failure of the supervisor */
    VT_INCOMPLETE_UNNAMED_FILE = 1u << 8, /* opened by a handle instead of a name */
    VT_INCOMPLETE_UNKNOWN_CALL = 1u << 9, /* newer than this program */
    VT_INCOMPLETE_CALLS_HIDDEN = 1u << 10, /* from a tracer in the task, by our filter */
};

struct vt_header {
    uint64_t magic;
    uint32_t version; /* VT_TRACE_VERSION */
    uint32_t incomplete; /* atomic OR of enum vt_incomplete */
    uint64_t next_sequence; /* atomic */
    uint64_t next_chunk; /* atomic: index of the first chunk nobody owns */
    uint64_t chunk_limit; /* chunks the file may have; reaching it is LOG_OVERFLOW */
    uint64_t cookie; /* secret of calls already recorded (quiet-call.h); never leaves the task tree */
    uint32_t finished; /* 1 once the supervisor saw the last traced process end (no survivors) */
    uint32_t reserved;
};

struct vt_chunk {
    uint32_t magic;
    uint32_t owner; /* tid that took it */
    union {
        struct {
            uint32_t used; /* committed bytes of records behind this 16-byte chunk header */
            uint32_t sum;  /* vt_trace_sum of them, from VT_CHUNK_MAGIC on */
        };
        uint64_t committed; /* atomic: both at once */
    };
};

/* Tells a damaged log from a whole one. `size` is a multiple of 4. Each step can be undone, so that
 * one changed word always shows, and anything else but for one case in 2^32. */
static inline uint32_t vt_trace_sum(uint32_t sum, const void *bytes, uint32_t size) {
    const uint32_t *words = (const uint32_t *)bytes;
    for (uint32_t i = 0; i < size / 4; i++) {
        sum = (sum ^ words[i]) * 0x9e3779b1u;
        sum ^= sum >> 15;
    }
    return sum;
}

enum vt_op {
    VT_OP_PROCESS = 1, /* path = exe, path2 = argv joined by NUL; aux = parent pid. Written at first
                        * sight and again after every successful exec (later records win for who). */
    VT_OP_OPEN = 2,    /* aux = open flags */
    VT_OP_STAT = 3,    /* stat family, access family; aux = VT_STAT_EXISTENCE where nothing but
                        * whether it is there was told */
    VT_OP_READLINK = 4,
    VT_OP_LIST = 5,    /* getdents: path = the directory */
    VT_OP_EXEC = 6,
    VT_OP_RENAME = 7,  /* path -> path2; aux = renameat2 flags. Never deduplicated */
    VT_OP_UNLINK = 8,  /* file or, with aux = AT_REMOVEDIR (0x200), directory */
    VT_OP_MKDIR = 9,
    VT_OP_SYMLINK = 10, /* path = the new link, path2 = its text */
    VT_OP_LINK = 11,   /* path -> path2, a new hard link at path2 */
    VT_OP_TRUNCATE = 12, /* by path */
    VT_OP_MKNOD = 13,
    VT_OP_ATTR = 14,   /* chmod, chown, utime, setxattr… by path */
    VT_OP_XATTR = 15,  /* getxattr, listxattr: metadata looked up */
    VT_OP_WATCH = 16,  /* inotify_add_watch: counts as a look at the path */
    VT_OP_CHDIR = 17,  /* counts as a look at the directory */
    VT_OP_INCOMPLETE = 18, /* aux = one bit of vt_incomplete; path = detail text; pid = the process */
    VT_OP_SURVIVOR = 19, /* a process alive after the grace period */
    VT_OP_CONTENT = 20, /* what the regular file at the path holds, just before the first call that may
                         * change it: path2 = struct vt_content, aux = enum vt_content_state */
};

enum vt_kind { /* of a path just before the call, looked up without following a final symlink */
    VT_KIND_UNKNOWN = 0,
    VT_KIND_ABSENT = 1,
    VT_KIND_FILE = 2,
    VT_KIND_DIRECTORY = 3,
    VT_KIND_SYMLINK = 4,
    VT_KIND_OTHER = 5,
};

enum vt_flags {
    VT_FLAG_NOFOLLOW = 1u << 0, /* the call does not follow a final symlink in `path` */
    VT_FLAG_SHIM = 1u << 1, /* written by the shim, not by the supervisor */
    VT_FLAG_FOLLOW2 = 1u << 2, /* LINK with AT_SYMLINK_FOLLOW */
};

/* aux of a STAT: access, but for execution. A file's size, times and mode stand for its content, and
 * were not shown. */
#define VT_STAT_EXISTENCE 1u

#define VT_RESULT_UNKNOWN INT32_MIN

enum vt_content_state {
    VT_CONTENT_TAKEN = 0,
    VT_CONTENT_CHANGED = 1,    /* since the task was started, or while it was read: by whom is not known */
    VT_CONTENT_TOO_LARGE = 2,  /* for the task to wait */
    VT_CONTENT_UNREADABLE = 3, /* to the supervisor */
};

/* The bytes of path2 in a CONTENT record. */
struct vt_content {
    uint8_t digest[32]; /* SHA-256; zeroes unless VT_CONTENT_TAKEN */
    uint64_t size;      /* bytes; this and the rest are 0 where VT_CONTENT_UNREADABLE */
    int64_t ctime_seconds;
    uint32_t ctime_nanoseconds;
    uint32_t mode; /* permission bits */
};

/* A record; `size` is a multiple of 8 and counts header, both paths, and padding. */
struct vt_record {
    uint16_t size;
    uint8_t op; /* enum vt_op */
    uint8_t flags; /* enum vt_flags */
    uint32_t pid; /* thread group id, in the supervisor's pid namespace */
    uint64_t sequence;
    int32_t result; /* 0 or more: success; -errno; VT_RESULT_UNKNOWN when the call was not seen to
                     * return (always so for the supervisor's records: it acts before the call) */
    uint32_t aux;
    uint8_t before; /* enum vt_kind of path */
    uint8_t before2; /* enum vt_kind of path2; of one path that is a symlink and is followed, of what
                      * it leads to */
    uint16_t path_len; /* bytes, without terminator */
    uint16_t path2_len;
    uint16_t reserved;
    /* path bytes, then path2 bytes, then padding. Paths are absolute but not cleaned: a relative
     * path is appended to its directory with a '/', `..` stays (resolved by the reader, physically). */
};

#endif
