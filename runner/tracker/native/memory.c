#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHORT 256u /* most names are; no more is copied for them */
#define PAGE 4096u /* the smallest of the supported machines: no read crosses a page end */

/* /proc/PID/mem asks for the same permission, but sandboxes that deny the system call leave it. */
static ssize_t read_by_file(pid_t tid, uint64_t address, void *to, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? -ESRCH : -errno;
    ssize_t length = pread(fd, to, size, (off_t)address);
    int error = errno;
    close(fd);
    if (length >= 0) return length == 0 ? -EFAULT : length;
    return error == EIO ? -EFAULT : -error;
}

static ssize_t read_some(pid_t tid, uint64_t address, void *to, size_t size) {
    struct iovec local = {.iov_base = to, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
    ssize_t length = process_vm_readv(tid, &local, 1, &remote, 1, 0);
    if (length > 0) return length;
    if (length == 0) return -EFAULT;
    if (errno == EFAULT || errno == ESRCH) return -errno;
    return read_by_file(tid, address, to, size);
}

ssize_t vt_memory_string(pid_t tid, uint64_t address, char *text, size_t room) {
    size_t length = 0;
    while (length < room) {
        size_t size = PAGE - (size_t)((address + length) % PAGE);
        if (length == 0 && size > SHORT) size = SHORT;
        if (size > room - length) size = room - length;
        ssize_t got = read_some(tid, address + length, text + length, size);
        if (got < 0) return got;
        const char *end = memchr(text + length, '\0', (size_t)got);
        if (end != NULL) return end - text;
        length += (size_t)got;
    }
    return -ENAMETOOLONG;
}

int vt_memory_copy(pid_t tid, uint64_t address, void *to, size_t size) {
    for (size_t done = 0; done < size;) {
        size_t part = PAGE - (size_t)((address + done) % PAGE);
        if (part > size - done) part = size - done;
        ssize_t got = read_some(tid, address + done, (char *)to + done, part);
        if (got < 0) return (int)got;
        done += (size_t)got;
    }
    return 0;
}
