/* sha256 [--portable] SIZE...: digests of stdin, fed in turns of these sizes. For tests. */
#include "../sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    int first = 1;
    if (argc > 1 && strcmp(argv[1], "--portable") == 0) {
        vt_sha256_be_portable();
        first++;
    }
    if (argc == first) return 2;
    struct vt_sha256 hash;
    vt_sha256_start(&hash);
    static char bytes[1 << 20];
    for (int turn = 0;; turn++) {
        size_t size = (size_t)atol(argv[first + turn % (argc - first)]);
        if (size > sizeof bytes) return 2;
        size_t got = fread(bytes, 1, size, stdin);
        vt_sha256_add(&hash, bytes, got);
        if (got < size) break;
    }
    uint8_t digest[VT_SHA256_SIZE];
    vt_sha256_finish(&hash, digest);
    for (int i = 0; i < VT_SHA256_SIZE; i++) printf("%02x", digest[i]);
    puts("");
    return 0;
}
