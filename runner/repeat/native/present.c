#define _GNU_SOURCE
#include "present.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* As Node does it: the same number for the same time. */
static double milliseconds(struct timespec time) {
    return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1000000;
}

static bool is_same(const struct vt_look *look, const struct stat *now) {
    switch (look->kind & ~(uint32_t)VT_FOLLOW) {
    case VT_THERE: return true;
    case VT_DIRECTORY: return S_ISDIR(now->st_mode);
    case VT_PLACE:
        return look->mode == now->st_mode && look->inode == (double)now->st_ino && look->device == (double)now->st_dev;
    case VT_STAMP:
        return look->mode == now->st_mode && look->inode == (double)now->st_ino &&
               look->device == (double)now->st_dev && look->size == (double)now->st_size &&
               look->modified == milliseconds(now->st_mtim) && look->changed == milliseconds(now->st_ctim);
    default: return false; /* Also of what must be absent. */
    }
}

static bool holds(int directory, const char *name, const struct vt_look *look) {
    struct stat now;
    const int flags = (look->kind & VT_FOLLOW) != 0 ? 0 : AT_SYMLINK_NOFOLLOW;
    if (fstatat(directory, name, &now, flags) == 0) return is_same(look, &now);
    return (look->kind & ~(uint32_t)VT_FOLLOW) == VT_ABSENT && (errno == ENOENT || errno == ENOTDIR);
}

bool vt_is_as_recorded(const struct vt_record *record, uint32_t first, uint32_t end) {
    for (uint32_t at = first; at < end; at++) {
        const struct vt_directory *directory = &record->directories[at];
        const struct vt_look *look = &record->looks[directory->first];
        const struct vt_look *last = look + directory->count;
        /* Names are short from here, and the way to the directory is gone once. */
        const int fd = open(record->names + directory->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
            if (errno != ENOENT && errno != ENOTDIR) return false;
            for (; look < last; look++)
                if ((look->kind & ~(uint32_t)VT_FOLLOW) != VT_ABSENT) return false;
            continue;
        }
        bool are_same = true;
        for (; are_same && look < last; look++) are_same = holds(fd, record->names + look->name, look);
        close(fd);
        if (!are_same) return false;
    }
    return true;
}
