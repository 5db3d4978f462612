/*
 * vt: what users start. An invocation that is the same as an earlier one, of which all that vt then looked at is as it
 * was, is answered from the record that was made of it (record.h). Everything else becomes `node vt.cjs` in the
 * directory of this program, with the same arguments and streams, which is told how to call a record that it may make.
 *
 * Whatever is odd goes to Node, and says nothing here.
 */
#define _GNU_SOURCE
#include "answer.h"
#include "invocation.h"
#include "places.h"
#include "present.h"
#include "start-node.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* As cache/cache-directory.ts. */
#define STORE "v3"

/* Bytes of hits.log from which on the index is told (cache/hit-notes.ts). */
enum { ENOUGH_NOTES = 512 * 1024 };

struct invocation {
    uint8_t digest[VT_SHA256_SIZE];
    char cwd[PATH_MAX];
    char node[PATH_MAX];
    double started; /* milliseconds, of no particular moment */
};

static double clock_now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1000000;
}

/* Nobody else can have written it. */
static bool is_ours(const struct stat *file) { return file->st_uid == geteuid() && (file->st_mode & 022) == 0; }

/* A regular file of ours as a whole; NULL for any other. The caller frees it. */
static uint8_t *read_ours(int directory, const char *name, size_t *length) {
    const int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return NULL;
    struct stat file;
    uint8_t *bytes = NULL;
    if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && is_ours(&file) && file.st_size > 0 &&
        file.st_size <= VT_LARGEST_RECORD) {
        *length = (size_t)file.st_size;
        bytes = malloc(*length);
        if (bytes != NULL && read(fd, bytes, *length) != (ssize_t)*length) {
            free(bytes);
            bytes = NULL;
        }
    }
    close(fd);
    return bytes;
}

/* sha256(salt, invocation, purpose): as repeat-records.ts. */
static void derive(uint8_t result[VT_SHA256_SIZE], const uint8_t *salt, const struct invocation *invocation,
                   const char *purpose) {
    struct vt_sha256 hash;
    vt_sha256_start(&hash);
    vt_sha256_add(&hash, salt, VT_SHA256_SIZE);
    vt_sha256_add(&hash, invocation->digest, sizeof invocation->digest);
    vt_sha256_add(&hash, purpose, strlen(purpose));
    vt_sha256_finish(&hash, result);
}

/* A restore is under way, or was broken off: the index must tell (cache/confirm-hit.ts). */
static bool has_journal(int store) {
    const int fd = openat(store, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL) return true;
    bool found = false;
    for (const struct dirent *entry; !found && (entry = readdir(directory)) != NULL;)
        found = strncmp(entry->d_name, "journal-", strlen("journal-")) == 0;
    closedir(directory);
    return found;
}

/* The confirmations of hits first, then the journals, then the files, as each hit is confirmed in Node: whoever restores
 * something else removes the confirmation, writes a journal, and changes files, in this order. */
static bool does_hold(const struct vt_record *record, int store) {
    const struct vt_record_header *header = record->header;
    const double now = clock_now(CLOCK_REALTIME);
    if (!(now >= header->made && now <= header->until)) return false;
    struct stat notes;
    if (fstatat(store, "hits.log", &notes, AT_SYMLINK_NOFOLLOW) == 0 && notes.st_size > ENOUGH_NOTES) return false;
    return vt_is_as_recorded(record, 0, header->confirmations) && !has_journal(store) &&
           vt_is_as_recorded(record, header->confirmations, header->directory_count);
}

static bool answer_from(uint8_t *bytes, size_t length, const uint8_t *key, struct vt_answer *answer,
                        const struct invocation *invocation) {
    struct vt_record record;
    if (!vt_record_read(&record, bytes, length)) return false;
    if (strcmp(record.names + record.header->cache, answer->cache) != 0) return false;
    if (strcmp(record.names + record.header->node, invocation->node) != 0) return false;
    if (!does_hold(&record, answer->store)) return false;
    vt_record_unseal(&record, key);
    answer->record = &record;
    answer->elapsed = clock_now(CLOCK_MONOTONIC) - invocation->started;
    return vt_answer(answer);
}

static bool answer_in(int store, const char *cache, const struct invocation *invocation) {
    const int records = openat(store, "repeats", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (records < 0) return false;
    struct stat directory;
    size_t length = 0;
    uint8_t *salt = fstat(records, &directory) == 0 && is_ours(&directory) ? read_ours(records, "salt", &length) : NULL;
    uint8_t *bytes = NULL;
    bool is_answered = false;
    if (salt != NULL && length == VT_SHA256_SIZE) {
        uint8_t name[VT_SHA256_SIZE], key[VT_SHA256_SIZE];
        char text[2 * VT_SHA256_SIZE + 1];
        derive(name, salt, invocation, "name");
        derive(key, salt, invocation, "seal");
        for (size_t i = 0; i < sizeof name; i++) snprintf(text + 2 * i, 3, "%02x", name[i]);
        bytes = read_ours(records, text, &length);
        struct vt_answer answer = {.cache = cache, .store = store, .name = text};
        is_answered = bytes != NULL && answer_from(bytes, length, key, &answer, invocation);
    }
    free(bytes);
    free(salt);
    close(records);
    return is_answered;
}

static bool visit(const char *cache, void *context) {
    char path[PATH_MAX];
    const int written = snprintf(path, sizeof path, "%s/" STORE, cache);
    if (written <= 0 || (size_t)written >= sizeof path) return false;
    const int store = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store < 0) return false;
    const bool is_answered = answer_in(store, cache, context);
    close(store);
    return is_answered;
}

/*
 * The argument that tells vt in Node where to hear of the invocation: a pipe, as it is nobody else's business. NULL
 * where none can be made.
 */
static const char *hand_over(char *argument, size_t size, const struct invocation *invocation) {
    /* Above those that a shell or a task may mean something with. */
    enum { LOWEST = 64 };
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return NULL;
    const size_t length = strlen(invocation->node);
    const bool is_written =
        write(ends[1], invocation->digest, sizeof invocation->digest) == (ssize_t)sizeof invocation->digest &&
        write(ends[1], invocation->node, length) == (ssize_t)length;
    close(ends[1]);
    const int fd = is_written ? fcntl(ends[0], F_DUPFD, LOWEST) : -1;
    close(ends[0]);
    if (fd < 0) return NULL;
    snprintf(argument, size, "--vt-repeat=%d", fd);
    return argument;
}

int main(int argc, char **argv) {
    static struct invocation invocation;
    invocation.started = clock_now(CLOCK_MONOTONIC);
    char directory[PATH_MAX];
    if (!vt_own_directory(directory, sizeof directory)) {
        fputs("vt: cannot tell where it is installed: /proc is not mounted\n", stderr);
        return 127;
    }
    char argument[32];
    const char *extra = NULL;
    if (vt_may_repeat(argv) && getcwd(invocation.cwd, sizeof invocation.cwd) != NULL &&
        vt_find_node(invocation.node, sizeof invocation.node) &&
        vt_invocation_digest(argv, invocation.cwd, invocation.digest)) {
        if (vt_visit_places(invocation.cwd, visit, &invocation)) return 0;
        extra = hand_over(argument, sizeof argument, &invocation);
    }
    return vt_start_node(directory, extra, argv + (argc > 0 ? 1 : 0));
}
