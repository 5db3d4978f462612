/* Reading the memory of a process that waits in a notified system call. */
#ifndef VT_MEMORY_H
#define VT_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Copies the NUL-terminated string at `address` of thread `tid` into `text`. Returns its length, or
 *   -EFAULT        nothing is mapped there: the call itself will fail in the same way
 *   -ENAMETOOLONG  no NUL within `room` bytes: with PATH_MAX the call itself will fail
 *   -ESRCH         the thread is gone
 *   another -errno we may not read it */
ssize_t vt_memory_string(pid_t tid, uint64_t address, char *text, size_t room);

/* Copies `size` bytes; 0 or -errno as above. */
int vt_memory_copy(pid_t tid, uint64_t address, void *to, size_t size);

#endif
