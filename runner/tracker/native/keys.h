/*
 * The memory of what was recorded: a set of 64-bit keys that the whole tree shares, lock-free, in a
 * memfd of the supervisor's. It may forget (a record is then repeated) but never invents.
 *
 * Open-addressing tables, each many times as large as the one before it. A table takes no more keys
 * once it is half full and the next one is begun, so that small tasks touch few pages and a million
 * paths still find room: there is some for four million keys. Only pages in use take memory: 33 MiB
 * when all are full, and then records repeat.
 */
#ifndef VT_KEYS_H
#define VT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VT_KEYS_TABLES 3u

struct vt_keys_shared; /* in the mapping */

#define VT_KEYS_ROOM 4096u

struct vt_keys {
    struct vt_keys_shared *shared; /* NULL: none */
    void *room; /* VT_KEYS_ROOM bytes beside them, zeroes at first, for whoever made the set */
};

/* Makes an empty set in a memfd of its own. `owner` tells it from others. Returns the descriptor, or
 * -errno; -1 where the kernel has no memfd, and the set is shared with forked children only. */
int vt_keys_create(struct vt_keys *keys, uint64_t owner);

/* Maps the set that `fd` is open on. Returns 0 or -errno: -EINVAL when it is not `owner`'s. */
int vt_keys_map(struct vt_keys *keys, int fd, uint64_t owner);

void vt_keys_close(struct vt_keys *keys);

/* `key` is not 0. */
bool vt_keys_has(const struct vt_keys *keys, uint64_t key);
void vt_keys_add(struct vt_keys *keys, uint64_t key);

#endif
