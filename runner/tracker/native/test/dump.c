/* vt-trace-dump: prints a trace as one JSON object a line, in the order of the log. For tests. */
#define _GNU_SOURCE
#include "../trace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const OPS[] = {
    "?",    "process", "open",  "stat", "readlink", "list",  "exec", "rename",     "unlink",  "mkdir",
    "symlink", "link", "truncate", "mknod", "attr", "xattr", "watch", "chdir", "incomplete", "survivor",
    "content"};
static const char *const KINDS[] = {"unknown", "absent", "file", "directory", "symlink", "other"};

static void print_text(const char *bytes, size_t length) {
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte == '"' || byte == '\\') printf("\\%c", byte);
        else if (byte < 0x20) printf("\\u%04x", byte);
        else putchar(byte);
    }
    putchar('"');
}

static int by_sequence(const void *left, const void *right) {
    uint64_t a = (*(struct vt_record *const *)left)->sequence;
    uint64_t b = (*(struct vt_record *const *)right)->sequence;
    return (a > b) - (a < b);
}

static void damaged(const char *what) {
    fprintf(stderr, "vt-trace-dump: damaged: %s\n", what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    int fd = open(argv[1], O_RDONLY);
    struct vt_header header;
    if (fd < 0 || pread(fd, &header, sizeof header, 0) != sizeof header) damaged("no header");
    if (header.magic != VT_TRACE_MAGIC || header.version != VT_TRACE_VERSION) damaged("magic or version");
    printf("{\"header\":{\"incomplete\":%u,\"finished\":%u,\"chunks\":%llu}}\n", header.incomplete,
           header.finished, (unsigned long long)header.next_chunk);
    struct vt_record **records = NULL;
    size_t count = 0;
    for (uint64_t i = 0; i < header.next_chunk; i++) {
        char *bytes = malloc(VT_CHUNK_SIZE);
        ssize_t length = pread(fd, bytes, VT_CHUNK_SIZE, (off_t)(VT_HEADER_SIZE + i * VT_CHUNK_SIZE));
        if (length != (ssize_t)VT_CHUNK_SIZE) damaged("short chunk");
        struct vt_chunk *chunk = (struct vt_chunk *)bytes;
        if (chunk->magic == 0 && chunk->used == 0) continue; /* taken, never written */
        if (chunk->magic != VT_CHUNK_MAGIC || chunk->used > VT_CHUNK_SIZE - sizeof *chunk)
            damaged("chunk header");
        if (chunk->sum != vt_trace_sum(VT_CHUNK_MAGIC, chunk + 1, chunk->used)) damaged("sum");
        for (uint32_t at = 0; at < chunk->used;) {
            struct vt_record *record = (struct vt_record *)(bytes + sizeof *chunk + at);
            size_t needed = sizeof *record + record->path_len + record->path2_len;
            if (record->size < needed || record->size % 8 != 0 || at + record->size > chunk->used)
                damaged("record size");
            records = realloc(records, (count + 1) * sizeof *records);
            records[count++] = record;
            at += record->size;
        }
    }
    qsort(records, count, sizeof *records, by_sequence);
    for (size_t i = 0; i < count; i++) {
        const struct vt_record *r = records[i];
        const char *path = (const char *)(r + 1);
        printf("{\"op\":\"%s\",\"pid\":%u,\"seq\":%llu,\"flags\":%u,\"aux\":%u,\"before\":\"%s\",\"before2\":\"%s\",",
               OPS[r->op < sizeof OPS / sizeof *OPS ? r->op : 0], r->pid,
               (unsigned long long)r->sequence, r->flags, r->aux, KINDS[r->before % 6], KINDS[r->before2 % 6]);
        if (r->result != VT_RESULT_UNKNOWN) printf("\"result\":%d,", r->result);
        printf("\"path\":");
        print_text(path, r->path_len);
        if (r->op == VT_OP_CONTENT) {
            struct vt_content content;
            memcpy(&content, path + r->path_len, sizeof content);
            printf(",\"size\":%llu,\"digest\":\"", (unsigned long long)content.size);
            for (size_t i = 0; i < sizeof content.digest; i++) printf("%02x", content.digest[i]);
            printf("\"");
        } else if (r->path2_len > 0) {
            printf(",\"path2\":");
            print_text(path + r->path_len, r->path2_len);
        }
        printf("}\n");
    }
    return 0;
}
