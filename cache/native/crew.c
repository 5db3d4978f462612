#define _GNU_SOURCE
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MOST_THREADS 16

struct crew {
    enum vt_work work;
    struct vt_file_job *jobs;
    const char *const *paths;
    size_t count;
    struct vt_text text;
    atomic_size_t next;
};

const char **vt_split_paths(const char *text, size_t length, size_t count, enum vt_work work) {
    size_t wanted = count * (work == VT_WORK_COPY ? 2 : 1);
    const char **paths = calloc(wanted + 1, sizeof *paths);
    if (paths == NULL) return NULL;
    const char *end = text + length;
    for (size_t i = 0; i < wanted; i++) {
        const char *nul = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;
        if (nul == NULL) break;
        paths[i] = text;
        text = nul + 1;
    }
    if (text == end && (wanted == 0 || paths[wanted - 1] != NULL)) return paths;
    free(paths);
    errno = EINVAL;
    return NULL;
}

static void work_off(struct crew *crew, uint8_t *buffer) {
    for (;;) {
        size_t at = atomic_fetch_add(&crew->next, 1);
        if (at >= crew->count) return;
        struct vt_file_job *job = &crew->jobs[at];
        if (crew->work == VT_WORK_DIGEST) vt_digest_file(job, crew->paths[at], crew->text, buffer);
        else vt_copy_file(job, crew->paths[2 * at], crew->paths[2 * at + 1], buffer);
    }
}

static void *join_in(void *argument) {
    uint8_t *buffer = malloc(VT_FILE_BUFFER);
    if (buffer != NULL) work_off(argument, buffer);
    free(buffer);
    return NULL;
}

bool vt_work_off(enum vt_work work, struct vt_file_job *jobs, const char *const *paths,
                 size_t count, struct vt_text text, size_t threads) {
    uint8_t *buffer = malloc(VT_FILE_BUFFER);
    if (buffer == NULL) return false;
    struct crew crew = {.work = work, .jobs = jobs, .paths = paths, .count = count, .text = text};
    pthread_t others[MOST_THREADS];
    size_t made = 0;
    /* Signals are for the threads of the program. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (made < MOST_THREADS && made + 1 < threads && made + 1 < count) {
        if (pthread_create(&others[made], NULL, join_in, &crew) != 0) break;
        made++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    work_off(&crew, buffer);
    for (size_t i = 0; i < made; i++) pthread_join(others[i], NULL);
    free(buffer);
    return true;
}
