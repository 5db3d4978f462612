/* Starting vt in Node, for all that this program does not answer itself. */
#ifndef VT_START_NODE_H
#define VT_START_NODE_H

#include <stdbool.h>
#include <stddef.h>

/* Where this program lies, links resolved, without a slash at the end. False where the system does not tell. */
bool vt_own_directory(char *directory, size_t size);

/*
 * What `env node` would run: the first file `node` on PATH that may be executed. The path as it is put together from
 * PATH, which may be relative. False when there is none.
 */
bool vt_find_node(char *path, size_t size);

/*
 * Becomes `node <directory>/vt.cjs [extra] arguments...`; `extra` may be NULL. Returns only when that fails, with the exit
 * code, after having said why on stderr.
 */
int vt_start_node(const char *directory, const char *extra, char **arguments);

#endif
