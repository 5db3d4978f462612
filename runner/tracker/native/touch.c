#define _GNU_SOURCE
#include "touch.h"

#include "quiet-call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct look {
    uint8_t kind;
    uint64_t device, inode;
};

static struct look look_at(const struct vt_log *log, const char *path) {
    struct stat status; /* the kernel's layout and libc's are the same on 64-bit machines */
    long error = vt_quiet_call(log->header->cookie, SYS_newfstatat, AT_FDCWD, (long)path, (long)&status,
                               AT_SYMLINK_NOFOLLOW, 0);
    if (error < 0) {
        bool absent = error == -ENOENT || error == -ENOTDIR;
        return (struct look){.kind = absent ? VT_KIND_ABSENT : VT_KIND_UNKNOWN};
    }
    struct look look = {.kind = VT_KIND_OTHER, .device = status.st_dev, .inode = status.st_ino};
    if (S_ISREG(status.st_mode)) look.kind = VT_KIND_FILE;
    else if (S_ISDIR(status.st_mode)) look.kind = VT_KIND_DIRECTORY;
    else if (S_ISLNK(status.st_mode)) look.kind = VT_KIND_SYMLINK;
    return look;
}

static bool is_one_of_many(uint8_t kind) { return kind != VT_KIND_FILE && kind != VT_KIND_ABSENT; }

/* Whether names below or through the entry's paths may denote other files after the call. */
static bool moves_names(const struct vt_entry *entry) {
    switch (entry->op) {
    case VT_OP_RENAME: return is_one_of_many(entry->before) || is_one_of_many(entry->before2);
    case VT_OP_SYMLINK: return true;
    case VT_OP_LINK:
    case VT_OP_UNLINK: return entry->before == VT_KIND_SYMLINK || entry->before == VT_KIND_UNKNOWN;
    default: return false;
    }
}

enum vt_touched vt_touch(struct vt_log *log, struct vt_entry *entry) {
    bool moved = vt_log_names_moved(log);
    struct look look = {.kind = VT_KIND_UNKNOWN};
    if (moved) look = look_at(log, entry->path);
    entry->before = look.kind;
    entry->before2 = VT_KIND_UNKNOWN;
    uint64_t key = 0;
    if (entry->op != VT_OP_RENAME) {
        key = vt_log_key(log, entry, look.device, look.inode);
        if (vt_log_knows(log, key)) return VT_TOUCH_KNOWN;
    }
    if (!moved) entry->before = look_at(log, entry->path).kind;
    if (entry->op == VT_OP_RENAME || entry->op == VT_OP_LINK)
        entry->before2 = look_at(log, entry->path2).kind;
    if (entry->pid == 0) entry->pid = (uint32_t)vt_quiet_call(0, SYS_getpid, 0, 0, 0, 0, 0);
    if (moves_names(entry)) vt_log_move_names(log);
    if (vt_log_append(log, entry) == NULL) return VT_TOUCH_REFUSED;
    if (key != 0) vt_log_remember(log, key);
    return VT_TOUCH_RECORDED;
}
