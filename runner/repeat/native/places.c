#define _GNU_SOURCE
#include "places.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef bool visitor(const char *, void *);

static bool visit_below(const char *above, size_t length, const char *name, visitor *visit, void *context) {
    char cache[PATH_MAX];
    const int written = snprintf(cache, sizeof cache, "%.*s/%s", (int)length, above, name);
    return written > 0 && (size_t)written < sizeof cache && visit(cache, context);
}

static bool visit_usual(const char *above, size_t length, visitor *visit, void *context) {
    return visit_below(above, length, "node_modules/.cache/vt", visit, context) ||
           visit_below(above, length, ".vt/cache", visit, context);
}

/* The first line of a small file, without what `prefix` must be, as a path that is relative to `base` unless absolute. */
static bool read_path(const char *file, const char *prefix, const char *base, char path[PATH_MAX]) {
    const int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return false;
    char text[PATH_MAX];
    const ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) return false;
    text[length] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    if (strncmp(text, prefix, strlen(prefix)) != 0) return false;
    const char *named = text + strlen(prefix);
    char joined[2 * PATH_MAX];
    snprintf(joined, sizeof joined, "%s%s%s", *named == '/' ? "" : base, *named == '/' ? "" : "/", named);
    return realpath(joined, path) != NULL;
}

/*
 * The main worktree of the linked one at `worktree`, by the files that git leaves: runner/workspace/cache-directory.ts
 * looks at more, and a record is where it says or nowhere.
 */
static bool find_main(const char *worktree, char main[PATH_MAX]) {
    char link[PATH_MAX + 8], directory[PATH_MAX], common[PATH_MAX + 16];
    snprintf(link, sizeof link, "%s/.git", worktree);
    if (!read_path(link, "gitdir: ", worktree, directory)) return false;
    snprintf(common, sizeof common, "%s/commondir", directory);
    if (!read_path(common, "", directory, main)) return false;
    char *slash = strrchr(main, '/');
    if (slash == NULL || strcmp(slash, "/.git") != 0) return false;
    *slash = '\0';
    return true;
}

/* The nearest directory above that is a repository; if it is a linked worktree, the same places in the main one. */
static bool visit_twins(const char *cwd, visitor *visit, void *context) {
    char worktree[PATH_MAX], git[PATH_MAX + 8], main[PATH_MAX], twin[2 * PATH_MAX];
    strcpy(worktree, cwd);
    for (size_t length = strlen(worktree); length > 0; worktree[length] = '\0') {
        struct stat found;
        snprintf(git, sizeof git, "%s/.git", worktree);
        if (stat(git, &found) == 0) {
            if (!S_ISREG(found.st_mode) || !find_main(worktree, main)) return false;
            for (size_t end = strlen(cwd); end >= length; end--) {
                if (end > length && cwd[end] != '/' && cwd[end] != '\0') continue;
                snprintf(twin, sizeof twin, "%s%.*s", main, (int)(end - length), cwd + length);
                if (visit_usual(twin, strlen(twin), visit, context)) return true;
            }
            return false;
        }
        while (worktree[--length] != '/') {}
    }
    return false;
}

bool vt_visit_places(const char *cwd, visitor *visit, void *context) {
    const char *chosen = getenv("VT_CACHE_DIR");
    if (chosen != NULL && *chosen == '\0') chosen = NULL;
    if (chosen != NULL && *chosen == '/') return visit(chosen, context);
    size_t length = strlen(cwd);
    if (length >= PATH_MAX || *cwd != '/') return false;
    if (length == 1) length = 0; /* The root itself: there is a slash before every name. */
    for (;;) {
        if (chosen != NULL ? visit_below(cwd, length, chosen, visit, context) : visit_usual(cwd, length, visit, context))
            return true;
        if (length == 0) return chosen == NULL && visit_twins(cwd, visit, context);
        while (cwd[--length] != '/') {}
    }
}
