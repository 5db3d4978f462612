#define _GNU_SOURCE
#include "content.h"

#include "sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *workspace;

void vt_content_below(const char *root) { workspace = root; }

static bool is_below(int fd) {
    if (workspace == NULL) return true;
    char link[40], place[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, place, sizeof place);
    size_t root = strlen(workspace);
    if (root == 1) return true;
    return length > (ssize_t)root && memcmp(place, workspace, root) == 0 && place[root] == '/';
}

static bool is_later(const struct vt_log *log, const struct stat *status) {
    int64_t seconds = log->own->start_seconds;
    if (status->st_ctim.tv_sec != seconds) return status->st_ctim.tv_sec > seconds;
    return status->st_ctim.tv_nsec > (long)log->own->start_nanoseconds;
}

static bool is_same(const struct stat *a, const struct stat *b) {
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum vt_content_state digest(int fd, const struct stat *before, uint8_t *into) {
    static uint8_t bytes[1 << 17];
    struct vt_sha256 hash;
    vt_sha256_start(&hash);
    for (uint64_t done = 0;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return VT_CONTENT_UNREADABLE;
        if (got == 0) break;
        vt_sha256_add(&hash, bytes, (size_t)got);
        done += (uint64_t)got;
        if (done > (uint64_t)before->st_size) return VT_CONTENT_CHANGED; /* it may grow without end */
    }
    struct stat after;
    if (fstat(fd, &after) < 0) return VT_CONTENT_UNREADABLE;
    if (!is_same(before, &after)) return VT_CONTENT_CHANGED;
    vt_sha256_finish(&hash, into);
    return VT_CONTENT_TAKEN;
}

/* Neither waits for the other end of a FIFO nor changes the time of access, where that may be had. */
static int open_quietly(const char *path, bool follow) {
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW);
    int fd = open(path, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? open(path, flags) : fd;
}

void vt_content_keep(struct vt_log *log, struct vt_entry *entry) {
    struct vt_content content = {.size = 0};
    entry->aux = VT_CONTENT_UNREADABLE;
    int fd = open_quietly(entry->path, (entry->flags & VT_FLAG_NOFOLLOW) == 0);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return;
    if (fd >= 0) {
        struct stat status;
        bool counts = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && is_below(fd);
        if (counts) {
            content.size = (uint64_t)status.st_size;
            content.ctime_seconds = status.st_ctim.tv_sec;
            content.ctime_nanoseconds = (uint32_t)status.st_ctim.tv_nsec;
            content.mode = status.st_mode & 07777;
            /* Usually the task's own work. */
            if (is_later(log, &status)) entry->aux = VT_CONTENT_CHANGED;
            else if (content.size > VT_CONTENT_LIMIT) entry->aux = VT_CONTENT_TOO_LARGE;
            else entry->aux = digest(fd, &status, content.digest);
        }
        close(fd);
        if (!counts) return;
    }
    entry->path2 = (const char *)&content;
    entry->path2_len = sizeof content;
    vt_log_append(log, entry);
}
