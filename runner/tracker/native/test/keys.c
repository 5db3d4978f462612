/* Adds N keys to a set through one mapping and asks for them through another. Prints how many of them
 * are known, how many others are said to be, and what the set takes, in KiB. For tests. */
#define _GNU_SOURCE
#include "../keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t spread(uint64_t value) {
    value = (value + 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
    return (value ^ (value >> 31)) | 1ull << 63;
}

int main(int argc, char **argv) {
    struct vt_keys made = {0}, mapped = {0}, foreign = {0};
    uint64_t count = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
    int fd = vt_keys_create(&made, 7);
    if (fd < 0 || vt_keys_map(&mapped, fd, 7) < 0) return 1;
    if (vt_keys_map(&foreign, fd, 8) == 0 || foreign.shared != NULL) return 2;
    for (uint64_t i = 0; i < count; i++) vt_keys_add(&made, spread(i));
    uint64_t known = 0, wrong = 0;
    for (uint64_t i = 0; i < count; i++) known += vt_keys_has(&mapped, spread(i));
    for (uint64_t i = count; i < 2 * count; i++) wrong += vt_keys_has(&mapped, spread(i));
    struct stat status;
    if (fstat(fd, &status) < 0) return 1;
    printf("%llu %llu %llu\n", (unsigned long long)known, (unsigned long long)wrong,
           (unsigned long long)status.st_blocks / 2);
    vt_keys_close(&made);
    vt_keys_close(&mapped);
    close(fd);
    return 0;
}
