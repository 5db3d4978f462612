#define _GNU_SOURCE
#include "start-node.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Exit codes of shells, and of `env`: not found, found but not to be run. */
enum { NOT_FOUND = 127, NOT_RUN = 126 };

bool vt_own_directory(char *directory, size_t size) {
    ssize_t length = readlink("/proc/self/exe", directory, size);
    if (length <= 0 || (size_t)length >= size) return false;
    directory[length] = '\0';
    char *slash = strrchr(directory, '/');
    if (slash == NULL || slash == directory) return false;
    *slash = '\0';
    return true;
}

bool vt_find_node(char *path, size_t size) {
    const char *entry = getenv("PATH");
    if (entry == NULL) entry = "/bin:/usr/bin"; /* As execvp. */
    for (;;) {
        size_t length = strcspn(entry, ":");
        /* An empty entry means the working directory. */
        int written = snprintf(path, size, "%.*s%snode", (int)length, entry, length == 0 ? "./" : "/");
        struct stat found;
        if (length < PATH_MAX && written > 0 && (size_t)written < size && stat(path, &found) == 0 &&
            S_ISREG(found.st_mode) && access(path, X_OK) == 0)
            return true;
        if (entry[length] == '\0') return false;
        entry += length + 1;
    }
}

int vt_start_node(const char *directory, const char *extra, char **arguments) {
    size_t count = 0;
    while (arguments[count] != NULL) count++;
    char script[PATH_MAX];
    char **command = calloc(count + 4, sizeof *command);
    if (command == NULL || snprintf(script, sizeof script, "%s/vt.cjs", directory) >= (int)sizeof script) {
        fputs("vt: not enough memory to start Node\n", stderr);
        return NOT_RUN;
    }
    char **next = command;
    *next++ = (char[]){"node"};
    *next++ = script;
    if (extra != NULL) *next++ = (char *)extra;
    memcpy(next, arguments, count * sizeof *next);
    execvp("node", command);
    int error = errno;
    free(command);
    if (error == ENOENT)
        fputs("vt: Node.js was not found: there is no `node` on PATH\n"
              "    help: install Node.js 20.19 or later, or put the directory it is in on PATH\n",
              stderr);
    else fprintf(stderr, "vt: `node` cannot be run: %s\n", strerror(error));
    return error == ENOENT ? NOT_FOUND : NOT_RUN;
}
