#define _GNU_SOURCE
#include "file-job.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sha256.h"
#include "sum64.h"

/* Where the file system cannot do it for one it cannot for others; where it can, it is asked again. */
static atomic_bool no_reflinks;

/* Both, or the one that is compared. */
struct content {
    bool digests, sums;
    struct vt_sha256 hash;
    struct vt_sum64 sum;
    uint64_t size;
};

static void start(struct content *content, bool digests, bool sums) {
    content->digests = digests;
    content->sums = sums;
    content->size = 0;
    if (digests) vt_sha256_start(&content->hash);
    if (sums) vt_sum64_start(&content->sum);
}

static void take(struct content *content, const uint8_t *bytes, size_t length) {
    content->size += length;
    if (content->digests) vt_sha256_add(&content->hash, bytes, length);
    if (content->sums) vt_sum64_add(&content->sum, bytes, length);
}

static void fail(struct vt_file_job *job, enum vt_failure failure, int error) {
    job->failure = failure;
    job->error = (uint32_t)error;
}

static ssize_t read_some(int file, uint8_t *buffer, size_t size) {
    for (;;) {
        ssize_t length = read(file, buffer, size);
        if (length >= 0 || errno != EINTR) return length;
    }
}

static bool write_all(int file, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(file, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* -1 when it cannot be opened or is no regular file: the job has failed then. */
static int open_source(struct vt_file_job *job, const char *path, struct stat *stat) {
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        fail(job, VT_FAILED_SOURCE, errno);
        return -1;
    }
    if (fstat(file, stat) != 0) fail(job, VT_FAILED_SOURCE, errno);
    else if (!S_ISREG(stat->st_mode)) fail(job, VT_FAILED_KIND, 0);
    else return file;
    close(file);
    return -1;
}

static bool reflink(int source, int target) {
    if (atomic_load_explicit(&no_reflinks, memory_order_relaxed)) return false;
    if (ioctl(target, FICLONE, source) == 0) return true;
    atomic_store_explicit(&no_reflinks, true, memory_order_relaxed);
    return false;
}

static void fill(struct vt_file_job *job, int source, int target, uint8_t *buffer) {
    struct content content;
    start(&content, job->check == VT_CHECK_DIGEST, job->check == VT_CHECK_SUM);
    bool is_there = reflink(source, target);
    if (is_there) source = target;
    for (;;) {
        ssize_t length = read_some(source, buffer, VT_FILE_BUFFER);
        if (length < 0) return fail(job, is_there ? VT_FAILED_TARGET : VT_FAILED_SOURCE, errno);
        if (length == 0) break;
        take(&content, buffer, (size_t)length);
        /* One that grows without end is not copied without end. */
        if (content.size > job->size) break;
        if (!is_there && !write_all(target, buffer, (size_t)length)) {
            return fail(job, VT_FAILED_TARGET, errno);
        }
    }
    bool is_same = content.size == job->size;
    if (is_same && content.sums) is_same = vt_sum64_finish(&content.sum) == job->sum;
    if (is_same && content.digests) {
        uint8_t digest[VT_SHA256_SIZE];
        vt_sha256_finish(&content.hash, digest);
        is_same = memcmp(digest, job->digest, sizeof digest) == 0;
    }
    if (!is_same) fail(job, VT_FAILED_CONTENT, 0);
}

/* Only where the umask took something away: it is another change of the file's inode. */
static bool has_mode(int file, mode_t mode) {
    struct stat stat;
    if (fstat(file, &stat) != 0) return false;
    return (stat.st_mode & 07777) == mode || fchmod(file, mode) == 0;
}

void vt_copy_file(struct vt_file_job *job, const char *from, const char *to, uint8_t *buffer) {
    struct stat stat;
    job->failure = 0;
    int source = open_source(job, from, &stat);
    if (source < 0) return;
    /* Read as well: what a reflink has made is compared. */
    int target = open(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)job->mode);
    if (target < 0) {
        fail(job, VT_FAILED_TARGET, errno);
    } else {
        fill(job, source, target, buffer);
        if (job->failure == 0 && !has_mode(target, (mode_t)job->mode)) {
            fail(job, VT_FAILED_TARGET, errno);
        }
        /* Some file systems tell here that there was no room. */
        if (close(target) != 0 && job->failure == 0) fail(job, VT_FAILED_TARGET, errno);
    }
    close(source);
}

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void note_state(struct vt_file_job *job, const struct stat *stat) {
    job->device = stat->st_dev;
    job->inode = stat->st_ino;
    job->size = (uint64_t)stat->st_size;
    job->modified = nanoseconds(stat->st_mtim);
    job->changed = nanoseconds(stat->st_ctim);
}

static bool is_state(const struct vt_file_job *job, const struct stat *stat) {
    struct vt_file_job now = {0};
    note_state(&now, stat);
    return now.device == job->device && now.inode == job->inode && now.size == job->size
        && now.modified == job->modified && now.changed == job->changed;
}

static bool is_of_name(uint8_t byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || byte == '_'
        || (byte >= 'a' && byte <= 'z');
}

/* Whether the text is there with something behind it that ends a name. */
static bool holds(const uint8_t *bytes, size_t length, struct vt_text text) {
    const uint8_t *end = bytes + length, *at = bytes;
    while ((at = memmem(at, (size_t)(end - at), text.bytes, text.length)) != NULL) {
        if (at + text.length < end && !is_of_name(at[text.length])) return true;
        at++;
    }
    return false;
}

void vt_digest_file(struct vt_file_job *job, const char *path, struct vt_text text, uint8_t *buffer) {
    struct stat stat;
    job->failure = 0;
    int file = open_source(job, path, &stat);
    if (file < 0) return;
    note_state(job, &stat);
    struct content content;
    start(&content, true, true);
    job->holds = 0;
    ssize_t length;
    size_t kept = 0; /* of the end of the last piece: so much may be of a text that goes on */
    while ((length = read_some(file, buffer + kept, VT_FILE_BUFFER - kept)) > 0) {
        take(&content, buffer + kept, (size_t)length);
        if (content.size > job->size) break;
        if (text.length == 0 || job->holds != 0) continue;
        size_t end = kept + (size_t)length;
        job->holds = holds(buffer, end, text);
        kept = end < text.length ? end : text.length;
        memmove(buffer, buffer + end - kept, kept);
    }
    /* The end of the file ends a name as well. */
    if (kept > 0 && kept == text.length && memcmp(buffer, text.bytes, kept) == 0) job->holds = 1;
    if (length < 0 || fstat(file, &stat) != 0) {
        fail(job, VT_FAILED_SOURCE, errno);
    } else if (content.size != job->size || !is_state(job, &stat)) {
        fail(job, VT_FAILED_CONTENT, 0);
    } else {
        vt_sha256_finish(&content.hash, job->digest);
        job->sum = vt_sum64_finish(&content.sum);
    }
    close(file);
}
