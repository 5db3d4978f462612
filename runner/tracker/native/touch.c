#define _GNU_SOURCE
#include "touch.h"

#include "mind.h"
#include "quiet-call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

uint8_t vt_kind_of_mode(uint32_t mode) {
    if (S_ISREG(mode)) return VT_KIND_FILE;
    if (S_ISDIR(mode)) return VT_KIND_DIRECTORY;
    if (S_ISLNK(mode)) return VT_KIND_SYMLINK;
    return VT_KIND_OTHER;
}

struct vt_look vt_look_at(const struct vt_log *log, const char *path, bool follow) {
    struct stat status; /* the kernel's layout and libc's are the same on 64-bit machines */
    long error = vt_quiet_call(log->cookie, SYS_newfstatat, AT_FDCWD, (long)path, (long)&status,
                               follow ? 0 : AT_SYMLINK_NOFOLLOW, 0);
    if (error < 0) {
        bool absent = error == -ENOENT || error == -ENOTDIR;
        return (struct vt_look){.kind = absent ? VT_KIND_ABSENT : VT_KIND_UNKNOWN};
    }
    return (struct vt_look){
        .kind = vt_kind_of_mode(status.st_mode), .device = status.st_dev, .inode = status.st_ino};
}

static struct vt_look look_at(const struct vt_log *log, const char *path) { return vt_look_at(log, path, false); }

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

/* Whether the call may change what is at a path. */
static bool may_change(const struct vt_entry *entry) {
    switch (entry->op) {
    case VT_OP_STAT:
    case VT_OP_READLINK:
    case VT_OP_LIST:
    case VT_OP_EXEC:
    case VT_OP_XATTR:
    case VT_OP_WATCH:
    case VT_OP_CHDIR: return false;
    case VT_OP_OPEN: return (entry->aux & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY;
    default: return true;
    }
}

/* Whether the call makes or removes something, so that what is there decides whether it succeeds. */
static bool makes_or_removes(const struct vt_entry *entry) {
    switch (entry->op) {
    case VT_OP_OPEN: return (entry->aux & O_CREAT) != 0;
    case VT_OP_UNLINK:
    case VT_OP_MKDIR:
    case VT_OP_SYMLINK:
    case VT_OP_MKNOD: return true;
    default: return false;
    }
}

static bool has_two_names(const struct vt_entry *entry) {
    return entry->op == VT_OP_RENAME || entry->op == VT_OP_LINK;
}

/* Whether the path may denote another file than when it was first recorded. */
static bool may_be_another(const struct vt_log *log, const struct vt_entry *entry) {
    return vt_log_names_moved(log) || vt_log_name_moved(log, entry->path, entry->path_len);
}

static uint64_t key_of(const struct vt_log *log, struct vt_entry *entry, struct vt_look look) {
    uint64_t key = vt_log_key(log, entry, look.device, look.inode);
    if (may_change(entry) || !vt_log_tells_processes_apart(log)) return key;
    if (entry->pid == 0) entry->pid = (uint32_t)vt_quiet_call(0, SYS_getpid, 0, 0, 0, 0, 0);
    key ^= entry->pid * 0x9e3779b97f4a7c15ull;
    return key == 0 ? 1 : key;
}

/* At the second name, or at what a symlink leads to. */
static struct vt_look look_further(const struct vt_log *log, const struct vt_entry *entry) {
    if (has_two_names(entry)) return look_at(log, entry->path2);
    bool follows = entry->before == VT_KIND_SYMLINK && (entry->flags & VT_FLAG_NOFOLLOW) == 0;
    return follows ? vt_look_at(log, entry->path, true) : (struct vt_look){.kind = VT_KIND_UNKNOWN};
}

static enum vt_touched touch(struct vt_log *log, struct vt_entry *entry, struct vt_look look,
                             const uint32_t *changes, vt_keep *keep) {
    /* Which process it is decides then whether it is known. */
    if (vt_log_tells_processes_apart(log) && !vt_log_is_ready(log)) return VT_TOUCH_REFUSED;
    bool moved = may_be_another(log, entry);
    bool counts = moved || makes_or_removes(entry) || has_two_names(entry); /* what is there, for the key */
    if (counts && look.kind == VT_KIND_UNKNOWN) look = look_at(log, entry->path);
    entry->before = counts ? look.kind : VT_KIND_UNKNOWN;
    struct vt_look look2 = counts ? look_further(log, entry) : (struct vt_look){.kind = VT_KIND_UNKNOWN};
    entry->before2 = look2.kind;
    uint64_t key = 0;
    if (entry->op != VT_OP_RENAME) {
        key = key_of(log, entry, moved ? look : (struct vt_look){.kind = VT_KIND_UNKNOWN});
        if (vt_log_knows(log, key))
            return changes == NULL || *changes == vt_log_changes(log) ? VT_TOUCH_KNOWN : VT_TOUCH_CROSSED;
    }
    if (!vt_log_is_ready(log)) return VT_TOUCH_REFUSED;
    if (!counts) {
        if (look.kind == VT_KIND_UNKNOWN) look = look_at(log, entry->path);
        entry->before = look.kind;
        entry->before2 = look_further(log, entry).kind;
    }
    if (entry->pid == 0) entry->pid = (uint32_t)vt_quiet_call(0, SYS_getpid, 0, 0, 0, 0, 0);
    /* Before vt_log_change: who sees the one sees the other. */
    if (moves_names(entry)) vt_log_move_names(log);
    if (has_two_names(entry)) {
        vt_log_move_name(log, entry->path, entry->path_len);
        vt_log_move_name(log, entry->path2, entry->path2_len);
    }
    if (may_change(entry)) vt_log_change(log);
    /* After that: a look that is not remembered here will find itself crossed. */
    if (!vt_mind_content(log, entry, false, look, keep) || !vt_mind_content(log, entry, true, look2, keep))
        return VT_TOUCH_LEFT;
    entry->sequence = vt_log_next_sequence(log);
    if (changes != NULL && *changes != vt_log_changes(log)) return VT_TOUCH_CROSSED;
    if (vt_log_append(log, entry) == NULL) return VT_TOUCH_REFUSED;
    if (key != 0) vt_log_remember(log, key);
    return VT_TOUCH_RECORDED;
}

bool vt_touch_is_known(const struct vt_log *log, const struct vt_entry *entry) {
    if (makes_or_removes(entry) || has_two_names(entry) || may_be_another(log, entry)) return false;
    struct vt_entry copy = *entry;
    return vt_log_knows(log, key_of(log, &copy, (struct vt_look){.kind = VT_KIND_UNKNOWN}));
}

enum vt_touched vt_touch(struct vt_log *log, struct vt_entry *entry, vt_keep *keep) {
    return touch(log, entry, (struct vt_look){.kind = VT_KIND_UNKNOWN}, NULL, keep);
}

enum vt_touched vt_touch_seen(struct vt_log *log, struct vt_entry *entry, const struct vt_look *seen,
                              uint32_t changes) {
    return touch(log, entry, *seen, &changes, NULL);
}
