/* Where a record of this invocation may lie. */
#ifndef VT_PLACES_H
#define VT_PLACES_H

#include <stdbool.h>

/*
 * Calls `visit` with the cache's directory of every workspace that this invocation may be about: the one VT_CACHE_DIR
 * says, in every directory above when it is relative, or the two usual ones in every directory above, also of the main
 * worktree where this is a linked one of git. No workspace is looked for: a record says itself what must be the case. Ends with true as soon as `visit` gives true.
 */
bool vt_visit_places(const char *cwd, bool (*visit)(const char *cache, void *context), void *context);

#endif
