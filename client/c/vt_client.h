/*
 * Tell the task runner vt what the file system cannot show: for tools and build scripts in C and
 * whatever can call C. One .c and one .h, C11 and POSIX, no dependencies: copy them into your tree.
 *
 * Outside a runner, and when the runner is gone, every function does nothing. None ever ends the
 * process, raises a signal or changes errno because of it. All may be called by any thread at any
 * time, and in the child of a fork; not in a signal handler.
 */
#ifndef VT_CLIENT_H
#define VT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Whether a runner listens. */
bool vt_client_is_inside_runner(void);

/**
 * The version of the protocol that the runner and this client both speak: what a request demands of
 * it is said in PROTOCOL.md. Asks the runner the first time; 0 outside a runner.
 */
unsigned vt_client_protocol_version(void);

/**
 * Reads, probes and listings at or under `path` are no inputs of this task, whether they happened
 * already or not. For directories that are a tool's own business, such as its cache.
 *
 * @param path relative to the working directory of the process; need not exist
 */
void vt_client_ignore_input(const char *path);

/** Writes at or under `path` are no outputs of this task: not kept, not restored. */
void vt_client_ignore_output(const char *path);

/**
 * The result of this run is not to be kept.
 *
 * @param reason UTF-8, shown to the user, one line; may be NULL
 */
void vt_client_disable_cache(const char *reason);

/**
 * The value of a variable in the runner's environment, of which a task's own (getenv) shows only a
 * part. That is neither asked nor changed.
 *
 * @param name UTF-8
 * @param tracked whether the result of the run depends on the answer: when a later run would be
 *     answered differently, the cached result is not used
 * @return to be freed by the caller; NULL if the variable is not set there, and outside a runner
 */
char *vt_client_get_env(const char *name, bool tracked);

/** A variable that is set. */
struct vt_client_variable {
    char *name;
    char *value;
};

/** What a query found. */
struct vt_client_variables {
    size_t count;
    struct vt_client_variable *items; /* sorted by name */
};

/**
 * All variables in the runner's environment whose name matches, none outside a runner.
 *
 * @param glob UTF-8, over the whole name, such as `APP_*` or `{A,B}_?`
 * @param tracked whether the result of the run depends on the set and its values
 * @return to be given to vt_client_free_variables
 */
struct vt_client_variables vt_client_get_envs(const char *glob, bool tracked);

/** As vt_client_get_envs, for names that begin with `prefix`, which may be empty. */
struct vt_client_variables vt_client_get_envs_by_prefix(const char *prefix, bool tracked);

/** Leaves `variables` empty. May be called again. */
void vt_client_free_variables(struct vt_client_variables *variables);

#ifdef __cplusplus
}
#endif

#endif
