#define _GNU_SOURCE
#include "mind.h"

#include <fcntl.h>
#include <stdio.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

/* What a call may do to the regular file at one of its paths. */
enum effect {
    LOOKS,    /* shows what the file is or holds */
    NOTHING,
    DISCARDS, /* leaves nothing of what it holds */
    ALTERS,   /* what it holds is part of what becomes of it */
};

static enum effect effect_on(const struct vt_entry *entry, bool second) {
    uint32_t aux = entry->aux;
    if (second && entry->op != VT_OP_RENAME && entry->op != VT_OP_LINK) return NOTHING;
    switch (entry->op) {
    case VT_OP_OPEN:
        if ((aux & O_PATH) != 0 || ((aux & O_ACCMODE) == O_RDONLY && (aux & O_TRUNC) == 0)) return LOOKS;
        if ((aux & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return NOTHING;
        return (aux & O_TRUNC) != 0 ? DISCARDS : ALTERS;
    case VT_OP_STAT: return (aux & VT_STAT_EXISTENCE) != 0 ? NOTHING : LOOKS;
    case VT_OP_EXEC:
    case VT_OP_XATTR:
    case VT_OP_WATCH: return LOOKS;
    case VT_OP_UNLINK: return DISCARDS;
    case VT_OP_RENAME: return second && (aux & RENAME_EXCHANGE) == 0 ? DISCARDS : ALTERS;
    case VT_OP_LINK: return second ? NOTHING : ALTERS;
    case VT_OP_TRUNCATE:
    case VT_OP_ATTR: return ALTERS;
    default: return NOTHING;
    }
}

/* Of a file that was looked at under any name; or of a path whose content was kept. Losing such a
 * key costs time or a result that is not kept, never a wrong one. */
static uint64_t look_key(const struct vt_log *log, struct vt_look look) {
    struct vt_entry entry = {.op = VT_OP_STAT, .path = "", .path_len = 0};
    return vt_log_key(log, &entry, look.device, look.inode);
}

bool vt_mind_content(struct vt_log *log, const struct vt_entry *entry, bool second, struct vt_look look,
                     vt_keep *keep) {
    enum effect effect = effect_on(entry, second);
    if (effect == NOTHING) return true;
    bool follow = !second && (entry->flags & VT_FLAG_NOFOLLOW) == 0;
    const char *path = second ? entry->path2 : entry->path;
    uint8_t before = look.kind;
    if (before == VT_KIND_SYMLINK && follow) look = vt_look_at(log, path, true);
    if (look.kind != VT_KIND_FILE) return true;
    if (effect == LOOKS) {
        vt_log_remember(log, look_key(log, look));
        return true;
    }
    if (effect == DISCARDS && !vt_log_knows(log, look_key(log, look))) return true;
    struct vt_entry content = {
        .op = VT_OP_CONTENT,
        .flags = follow ? 0 : VT_FLAG_NOFOLLOW,
        .before = before,
        .pid = entry->pid,
        .result = VT_RESULT_UNKNOWN,
        .path = path,
        .path_len = second ? entry->path2_len : entry->path_len,
    };
    bool moved = vt_log_names_moved(log) || vt_log_name_moved(log, path, content.path_len);
    uint64_t key = vt_log_key(log, &content, moved ? look.device : 0, moved ? look.inode : 0);
    if (vt_log_knows(log, key)) return true;
    if (keep == NULL) return false;
    keep(log, &content);
    vt_log_remember(log, key);
    return true;
}
