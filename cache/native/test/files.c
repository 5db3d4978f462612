/*
 * For tests:
 *     files sum <piece> of what is read, taken in pieces of so many bytes
 *     files digest <threads> <text> <path>...  a line each: failure, error, digest, sum, size, holds
 *     files copy <size> <mode> <sum> <from> <to> ...   five arguments and a line each: failure, error
 * In a copy the sum, in hexadecimal, is what is compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew.h"
#include "sum64.h"

static int sum(size_t piece) {
    struct vt_sum64 sum;
    vt_sum64_start(&sum);
    uint8_t *buffer = malloc(piece);
    ssize_t length;
    while (buffer != NULL && (length = read(0, buffer, piece)) > 0) {
        vt_sum64_add(&sum, buffer, (size_t)length);
    }
    free(buffer);
    printf("%016" PRIx64 "\n", vt_sum64_finish(&sum));
    return 0;
}

static int digest(size_t threads, const char *wanted, size_t count, char **paths) {
    struct vt_file_job *jobs = calloc(count, sizeof *jobs);
    if (jobs == NULL) return 1;
    const char *const *names = (const char *const *)paths;
    struct vt_text text = {(const uint8_t *)wanted, strlen(wanted)};
    if (!vt_work_off(VT_WORK_DIGEST, jobs, names, count, text, threads)) return 1;
    for (size_t i = 0; i < count; i++) {
        printf("%u %u ", jobs[i].failure, jobs[i].error);
        for (int at = 0; at < 32; at++) printf("%02x", jobs[i].digest[at]);
        printf(" %016" PRIx64 " %" PRIu64 " %" PRIu64 "\n", jobs[i].sum, jobs[i].size, jobs[i].holds);
    }
    free(jobs);
    return 0;
}

static int copy(char **argv, size_t count) {
    struct vt_file_job *jobs = calloc(count, sizeof *jobs);
    const char **paths = calloc(2 * count, sizeof *paths);
    if (jobs == NULL || paths == NULL) return 1;
    for (size_t i = 0; i < count; i++) {
        char **given = argv + 5 * i;
        jobs[i].size = strtoull(given[0], NULL, 10);
        jobs[i].mode = (uint32_t)strtoul(given[1], NULL, 8);
        jobs[i].sum = strtoull(given[2], NULL, 16);
        jobs[i].check = VT_CHECK_SUM;
        paths[2 * i] = given[3];
        paths[2 * i + 1] = given[4];
    }
    if (!vt_work_off(VT_WORK_COPY, jobs, paths, count, (struct vt_text){0}, 4)) return 1;
    for (size_t i = 0; i < count; i++) printf("%u %u\n", jobs[i].failure, jobs[i].error);
    free(jobs);
    free(paths);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "sum") == 0) return sum(strtoull(argv[2], NULL, 10));
    if (argc > 4 && strcmp(argv[1], "digest") == 0) {
        return digest(strtoull(argv[2], NULL, 10), argv[3], (size_t)argc - 4, argv + 4);
    }
    if (argc > 2 && strcmp(argv[1], "copy") == 0) return copy(argv + 2, ((size_t)argc - 2) / 5);
    return 2;
}
