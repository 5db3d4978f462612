#define _GNU_SOURCE
#include "cwds.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOTS 64u /* by the low bits of a thread's id */
#define LIFE_NS 10000000

struct cwd {
    pid_t tid;
    uint32_t stamp;
    int64_t until;
    size_t length;
    char text[PATH_MAX];
};

struct vt_cwds {
    struct cwd slots[SLOTS];
};

struct vt_cwds *vt_cwds_new(void) { return calloc(1, sizeof(struct vt_cwds)); }

void vt_cwds_free(struct vt_cwds *cwds) { free(cwds); }

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

enum vt_placed vt_cwds_place(struct vt_cwds *cwds, struct vt_place *place, pid_t tid, uint32_t stamp) {
    if (stamp == 0) return vt_place_fd(place, tid, AT_FDCWD);
    struct cwd *cwd = &cwds->slots[(uint32_t)tid % SLOTS];
    int64_t now = now_ns();
    if (cwd->tid == tid && cwd->stamp == stamp && now < cwd->until) {
        memcpy(place->text, cwd->text, cwd->length + 1);
        place->length = cwd->length;
        place->deleted = false;
        return VT_PLACED;
    }
    enum vt_placed placed = vt_place_fd(place, tid, AT_FDCWD);
    if (placed != VT_PLACED || place->deleted || place->length >= sizeof cwd->text) return placed;
    cwd->tid = tid;
    cwd->stamp = stamp;
    cwd->until = now + LIFE_NS;
    cwd->length = place->length;
    memcpy(cwd->text, place->text, place->length + 1);
    return VT_PLACED;
}
