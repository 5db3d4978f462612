/* The living processes below this one. */
#ifndef VT_DESCENDANTS_H
#define VT_DESCENDANTS_H

#include <stddef.h>
#include <sys/types.h>

/* Fills `pids` with at most `limit` descendants that are not zombies; returns how many. Reads
 * /proc: a snapshot, so a process being forked right now may be missed. */
size_t vt_descendants(pid_t *pids, size_t limit);

#endif
