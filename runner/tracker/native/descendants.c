#define _GNU_SOURCE
#include "descendants.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
    pid_t pid, parent;
    bool zombie, below;
};

static bool read_process(const char *name, struct process *process) {
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/%s/stat", name);
    FILE *file = fopen(path, "re");
    if (file == NULL) return false;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    /* The name in parentheses may itself hold any byte, so look from its last one. */
    const char *rest = strrchr(text, ')');
    char state;
    int parent;
    if (rest == NULL || sscanf(rest + 1, " %c %d", &state, &parent) != 2) return false;
    *process = (struct process){.pid = atoi(name), .parent = parent, .zombie = state == 'Z' || state == 'X'};
    return true;
}

size_t vt_descendants(pid_t *pids, size_t limit) {
    DIR *directory = opendir("/proc");
    if (directory == NULL) return 0;
    struct process *all = NULL;
    size_t count = 0, room = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        if (count == room) {
            struct process *grown = realloc(all, (room = room * 2 + 256) * sizeof *all);
            if (grown == NULL) break;
            all = grown;
        }
        if (read_process(entry->d_name, &all[count])) count++;
    }
    closedir(directory);
    pid_t self = getpid();
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < count; i++) {
            bool below = all[i].parent == self;
            for (size_t j = 0; j < count && !below; j++)
                below = all[j].below && all[j].pid == all[i].parent;
            if (below && !all[i].below) all[i].below = changed = true;
        }
    }
    size_t found = 0;
    for (size_t i = 0; i < count && found < limit; i++)
        if (all[i].below && !all[i].zombie) pids[found++] = all[i].pid;
    free(all);
    return found;
}
