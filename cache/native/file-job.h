/*
 * What is done to one file: digest it, or copy it and see on the way whether it is what it should
 * be. The struct is shared with native-files.ts, which has the offsets of its fields.
 */
#ifndef VT_FILE_JOB_H
#define VT_FILE_JOB_H

#include <stddef.h>
#include <stdint.h>

/* Compared with while copying. */
enum vt_check { VT_CHECK_DIGEST = 0, VT_CHECK_SUM = 1 };

/* What went wrong; 0: nothing. */
enum vt_failure {
    VT_FAILED_SOURCE = 1, /* `error` is its errno */
    VT_FAILED_TARGET = 2, /* `error` is its errno; the target may be there */
    VT_FAILED_KIND = 3,   /* the source is no regular file */
    VT_FAILED_CONTENT = 4, /* copied: not what it should be, and there; digested: changed meanwhile */
};

struct vt_file_job {
    uint64_t size;      /* copied: expected; digested: result */
    uint64_t sum;       /* copied: expected, for VT_CHECK_SUM; digested: result */
    uint8_t digest[32]; /* copied: expected, for VT_CHECK_DIGEST; digested: result */
    uint32_t mode;      /* copied: permission bits of the target */
    uint32_t check;     /* copied: enum vt_check */
    uint32_t failure;   /* result: enum vt_failure */
    uint32_t error;     /* result */
    /* digested: the state of the file before and after, times in nanoseconds */
    uint64_t device, inode;
    int64_t modified, changed;
    uint64_t holds; /* digested: 1 if the text is in it, and not as the beginning of a longer name */
};
_Static_assert(sizeof(struct vt_file_job) == 104, "as native-files.ts has it");

/* Bytes of the buffer that both functions take. */
#define VT_FILE_BUFFER ((size_t)1 << 18)

/*
 * Copies a regular file to a path where nothing is; a symlink at `from` is not followed. What is
 * compared are the bytes that are written, or, where the file system has made a reflink, those that
 * the copy has.
 */
void vt_copy_file(struct vt_file_job *job, const char *from, const char *to, uint8_t *buffer);

/* What is looked for in files that are digested; nothing where the length is 0. */
struct vt_text {
    const uint8_t *bytes;
    size_t length; /* at most VT_TEXT_LIMIT */
};
#define VT_TEXT_LIMIT ((size_t)1 << 16)

/* Reads a regular file; a symlink is not followed, a FIFO does not block. */
void vt_digest_file(struct vt_file_job *job, const char *path, struct vt_text text, uint8_t *buffer);

#endif
