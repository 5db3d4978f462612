/*
 * A record of an invocation that only replayed, as encode-record.ts writes it:
 *
 *     header | directories | looks | hits | pieces | names | texts
 *
 * Numbers are little-endian, doubles are those of JavaScript. Nothing of it is trusted before vt_record_read has
 * looked at it: a record that is damaged in any way is none.
 */
#ifndef VT_RECORD_H
#define VT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VT_RECORD_MAGIC "vtrepeat"

/* Bytes; larger ones are not written. */
#define VT_LARGEST_RECORD (64u << 20)

struct vt_record_header {
    char magic[8];
    uint32_t version;
    uint32_t length;
    uint32_t sum[8]; /* of all that follows, see vt_record_sum */
    double made;     /* milliseconds since the epoch */
    double until;
    uint32_t directory_count;
    uint32_t look_count;
    uint32_t hit_count;
    uint32_t piece_count;
    uint32_t names_length;
    uint32_t texts_length;
    uint32_t cache; /* name: the cache's directory */
    uint32_t node;  /* name: where `node` was found on PATH */
    uint32_t confirmations; /* so many directories come first, before it is looked for restores */
    uint32_t details; /* the first piece of the details of the run; piece_count where none are kept */
};

/* Looks at entries of one directory. */
struct vt_directory {
    uint32_t path; /* name, absolute */
    uint32_t first;
    uint32_t count;
    uint32_t unused;
};

/* What was found at a path. The low bits of `kind`; VT_FOLLOW: with stat instead of lstat. */
enum vt_look_kind {
    VT_STAMP = 1,     /* all fields */
    VT_PLACE = 2,     /* a directory: device, inode and mode */
    VT_THERE = 3,     /* something */
    VT_ABSENT = 4,    /* nothing */
    VT_DIRECTORY = 5, /* a directory, whichever */
    VT_FOLLOW = 16,
};

struct vt_look {
    double device, inode, size;
    double modified, changed; /* milliseconds, as Node makes them of seconds and nanoseconds */
    uint32_t mode;
    uint32_t kind;
    uint32_t name; /* relative to the directory */
    uint32_t unused;
};

/* One task that was replayed. */
struct vt_hit {
    double duration; /* milliseconds the stored run had taken */
};

enum vt_piece_kind {
    VT_PIECE_OUT = 1,      /* text for stdout */
    VT_PIECE_ERR = 2,      /* text for stderr */
    VT_PIECE_TOTAL = 3,    /* for stdout: `, 12ms saved`, or nothing */
    VT_PIECE_DETAILS = 4,  /* text for the details */
    VT_PIECE_DURATION = 5, /* for the details: what the replay of hit `index` took */
    VT_PIECE_SAVED = 6,    /* for the details: what it saved */
};

struct vt_piece {
    uint32_t kind;
    uint32_t index;
    uint32_t text;
    uint32_t length;
};

struct vt_record {
    const struct vt_record_header *header;
    const struct vt_directory *directories;
    const struct vt_look *looks;
    const struct vt_hit *hits;
    const struct vt_piece *pieces;
    const char *names;
    uint8_t *texts; /* sealed: see vt_record_unseal */
};

/*
 * Eight sums of the 32-bit words, each of every eighth (FNV-1a by words): no change of a single word leaves all of them
 * as they were. Bytes at the end that fill no word count as a word with zeros.
 */
void vt_record_sum(const uint8_t *bytes, size_t length, uint32_t sum[8]);

/* Makes `record` point into `bytes`, which are aligned for doubles. False where they are no whole record. */
bool vt_record_read(struct vt_record *record, uint8_t *bytes, size_t length);

/* Makes texts legible, in place, with the key they were sealed with (32 bytes). */
void vt_record_unseal(struct vt_record *record, const uint8_t *key);

#endif
