/* Functions of libc that make many calls of their own. */
#define _GNU_SOURCE
#include "acts.h"

#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long walk(const char *name, const char *b, int *fd) {
    char *names[] = {(char *)(size_t)name, NULL};
    (void)b, (void)fd;
    FTS *tree = fts_open(names, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (tree == NULL) return -1;
    while (fts_read(tree) != NULL) {}
    return fts_close(tree);
}

/* With changes of the working directory. */
static long walk_inside(const char *name, const char *b, int *fd) {
    char *names[] = {(char *)(size_t)name, NULL};
    (void)b, (void)fd;
    FTS *tree = fts_open(names, FTS_PHYSICAL, NULL);
    if (tree == NULL) return -1;
    while (fts_read(tree) != NULL) {}
    return fts_close(tree);
}

static int visit(const char *name, const struct stat *status, int kind, struct FTW *place) {
    (void)name, (void)status, (void)kind, (void)place;
    return 0;
}

static long walk_new(const char *name, const char *b, int *fd) {
    (void)b, (void)fd;
    return nftw(name, visit, 8, FTW_PHYS);
}

static long expand(const char *pattern, const char *b, int *fd) {
    glob_t found;
    (void)b, (void)fd;
    long result = glob(pattern, 0, NULL, &found);
    if (result == 0) globfree(&found);
    return result == 0 ? 0 : -1;
}

static long list(const char *name, const char *b, int *fd) {
    (void)b, (void)fd;
    DIR *directory = opendir(name);
    if (directory == NULL) return -1;
    while (readdir(directory) != NULL) {}
    return closedir(directory);
}

static long scan(const char *name, const char *b, int *fd) {
    struct dirent **entries;
    (void)b, (void)fd;
    int count = scandir(name, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) free(entries[i]);
    if (count >= 0) free(entries);
    return count;
}

static long resolve(const char *name, const char *b, int *fd) {
    (void)b, (void)fd;
    char *real = realpath(name, NULL);
    free(real);
    return real == NULL ? -1 : 0;
}

/* Keeps the name short, so that a test can tell the rest by itself: it is removed again. */
static long make_temporary(const char *prefix, const char *b, int *fd) {
    char name[256];
    (void)b, (void)fd;
    snprintf(name, sizeof name, "%sXXXXXX", prefix);
    int made = mkstemp(name);
    return made < 0 ? -1 : close(made);
}

/* Writes under a passing name and moves it into place. */
static long replace(const char *name, const char *text, int *fd) {
    char passing[256];
    (void)fd;
    snprintf(passing, sizeof passing, "%s.XXXXXX", name);
    int made = mkstemp(passing);
    if (made < 0 || write(made, text, strlen(text)) < 0 || close(made) < 0) return -1;
    return rename(passing, name);
}

static long reopen(const char *name, const char *mode, int *fd) {
    (void)fd;
    return freopen(name, mode, stdin) == NULL ? -1 : 0;
}

static long print(const char *name, const char *mode, int *fd) {
    (void)fd;
    FILE *stream = fopen(name, mode);
    return stream == NULL ? -1 : fclose(stream);
}

const struct act vt_acts_of_libc[] = {
    {"fts", walk}, {"fts-inside", walk_inside}, {"nftw", walk_new}, {"glob", expand}, {"list", list},
    {"scandir", scan}, {"realpath", resolve}, {"mkstemp", make_temporary}, {"replace", replace},
    {"freopen", reopen}, {"fopen", print}, {NULL, NULL},
};
