/* Appends to a log of two chunks until it refuses; prints how many records it took. For tests. */
#include "../log.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    struct vt_log log;
    if (argc != 2 || vt_log_create(&log, argv[1]) < 0) return 1;
    log.header->chunk_limit = 2;
    char path[300];
    memset(path, 'p', sizeof path);
    int count = 0;
    struct vt_entry entry = {.op = VT_OP_OPEN, .path = path, .path_len = sizeof path};
    while (vt_log_append(&log, &entry) != NULL) count++;
    printf("%d\n", count);
    for (int i = 0; i < 3; i++)
        if (vt_log_append(&log, &entry) != NULL) return 1;
    vt_log_close(&log);
    return 0;
}
