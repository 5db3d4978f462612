#define _GNU_SOURCE
#include "places.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef bool visitor(const char *, void *);

static bool visit_below(const char *above, size_t length, const char *name, visitor *visit, void *context) {
    char cache[PATH_MAX];
    const int written = snprintf(cache, sizeof cache, "%.*s/%s", (int)length, above, name);
    return written > 0 && (size_t)written < sizeof cache && visit(cache, context);
}

bool vt_visit_places(const char *cwd, visitor *visit, void *context) {
    const char *chosen = getenv("VT_CACHE_DIR");
    if (chosen != NULL && *chosen == '\0') chosen = NULL;
    if (chosen != NULL && *chosen == '/') return visit(chosen, context);
    size_t length = strlen(cwd);
    if (length >= PATH_MAX || *cwd != '/') return false;
    if (length == 1) length = 0; /* The root itself: there is a slash before every name. */
    for (;;) {
        if (chosen != NULL) {
            if (visit_below(cwd, length, chosen, visit, context)) return true;
        } else if (visit_below(cwd, length, "node_modules/.cache/vt", visit, context) ||
                   visit_below(cwd, length, ".vt/cache", visit, context)) {
            return true;
        }
        if (length == 0) return false;
        while (cwd[--length] != '/') {}
    }
}
