#define _GNU_SOURCE
#include "keys.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096u
#define PROBES 32u

struct vt_keys_shared {
    uint64_t owner;
    uint32_t last; /* atomic: index of the table that takes new keys */
    /* Apart from what every look reads: with each key that is added its line changes hands. */
    uint32_t counts[VT_KEYS_TABLES] __attribute__((aligned(128))); /* atomic */
};

#define ENTRY sizeof(uint64_t)

static const struct {
    uint32_t slots; /* a power of two */
    size_t offset;
} tables[VT_KEYS_TABLES] = {
    {1u << 12, PAGE},
    {1u << 16, PAGE + (1u << 12) * ENTRY},
    {1u << 22, PAGE + ((1u << 12) + (1u << 16)) * ENTRY},
};
/* The room comes first; the offsets above are behind it. */
#define SIZE (VT_KEYS_ROOM + PAGE + ((1u << 12) + (1u << 16) + (1u << 22)) * ENTRY)

#define LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)

static uint64_t *table_at(const struct vt_keys *keys, uint32_t table) {
    return (uint64_t *)((char *)keys->shared + tables[table].offset);
}

static int map(struct vt_keys *keys, int fd, int flags) {
    void *mapped = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0);
    if (mapped == MAP_FAILED) return -errno;
    keys->room = mapped;
    keys->shared = (struct vt_keys_shared *)((char *)mapped + VT_KEYS_ROOM);
    return 0;
}

int vt_keys_create(struct vt_keys *keys, uint64_t owner) {
    int fd = memfd_create("vt-keys", MFD_CLOEXEC);
    int error = 0;
    if (fd >= 0 && ftruncate(fd, (off_t)SIZE) < 0) error = -errno;
    if (error == 0) error = map(keys, fd, fd >= 0 ? 0 : MAP_ANONYMOUS);
    if (error < 0) {
        if (fd >= 0) close(fd);
        return error == -1 ? -EIO : error;
    }
    keys->shared->owner = owner;
    return fd;
}

int vt_keys_map(struct vt_keys *keys, int fd, uint64_t owner) {
    struct stat status;
    if (fstat(fd, &status) < 0) return -errno;
    if (!S_ISREG(status.st_mode) || status.st_size != (off_t)SIZE) return -EINVAL;
    int error = map(keys, fd, 0);
    if (error < 0) return error;
    if (keys->shared->owner == owner) return 0;
    vt_keys_close(keys);
    return -EINVAL;
}

void vt_keys_close(struct vt_keys *keys) {
    if (keys->shared != NULL) munmap(keys->room, SIZE);
    *keys = (struct vt_keys){.shared = NULL};
}

bool vt_keys_has(const struct vt_keys *keys, uint64_t key) {
    uint32_t last = LOAD(&keys->shared->last);
    if (last >= VT_KEYS_TABLES) return false; /* the task scribbled over it */
    for (uint32_t table = 0; table <= last; table++) {
        const uint64_t *at = table_at(keys, table);
        for (uint32_t i = 0; i < PROBES; i++) {
            uint64_t found = LOAD(&at[(key + i) & (tables[table].slots - 1)]);
            if (found == key) return true;
            if (found == 0) break;
        }
    }
    return false;
}

/* False: neighbours have taken every place `key` may be at. */
static bool put(const struct vt_keys *keys, uint32_t table, uint64_t key) {
    uint64_t *at = table_at(keys, table);
    for (uint32_t i = 0; i < PROBES; i++) {
        uint64_t found = 0;
        uint64_t *slot = &at[(key + i) & (tables[table].slots - 1)];
        if (__atomic_compare_exchange_n(slot, &found, key, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return true;
        if (found == key) return true;
    }
    return false;
}

void vt_keys_add(struct vt_keys *keys, uint64_t key) {
    uint32_t table = LOAD(&keys->shared->last);
    if (table >= VT_KEYS_TABLES) return;
    bool done = put(keys, table, key);
    uint32_t count = __atomic_add_fetch(&keys->shared->counts[table], 1, __ATOMIC_ACQ_REL);
    if ((done && count < tables[table].slots / 2) || table + 1 == VT_KEYS_TABLES) return;
    uint32_t last = table;
    __atomic_compare_exchange_n(&keys->shared->last, &last, table + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    if (!done) put(keys, table + 1, key);
}
