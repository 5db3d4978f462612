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
#include <sys/types.h>

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

/** What is at a path, symlinks followed. */
enum vt_client_kind {
    VT_CLIENT_UNKNOWN, /* outside a runner: look yourself */
    VT_CLIENT_ABSENT,
    VT_CLIENT_FILE,
    VT_CLIENT_DIRECTORY,
    VT_CLIENT_OTHER,
};

/**
 * The result depends on whether something is at `path`, and what kind of thing; not on its size, times
 * and content, even if this process looks at it from now on (as stat does).
 */
enum vt_client_kind vt_client_depend_on_exists(const char *path);

/** Files that match globs. */
struct vt_client_paths {
    size_t count;
    char **items; /* relative to the directory of the question, sorted */
};

/**
 * The result depends on which files match, not on what is in them, nor on other names beside them. From
 * now on the directories that this process lists to find them are no dependencies of their own.
 *
 * @param directory what globs and answer are relative to; NULL for the working directory
 * @param include UTF-8, such as `src/lib*.c`; ends with NULL
 * @param exclude ends with NULL; may be NULL
 * @param paths to be given to vt_client_free_paths
 * @return false if there is no answer, as outside a runner: look yourself. `paths` is empty then
 */
bool vt_client_depend_on_glob(const char *directory, const char *const *include,
                              const char *const *exclude, struct vt_client_paths *paths);

/** Leaves `paths` empty. May be called again. */
void vt_client_free_paths(struct vt_client_paths *paths);

/**
 * The result depends on one value in a JSON file, not on the rest of it, even if this process reads the
 * file from now on. What it read before counts as ever.
 *
 * @param pointer RFC 6901, UTF-8, such as `/dependencies/vite`; empty for the whole, but for its layout
 * @return the value as JSON, to be freed by the caller; NULL if there is none, and outside a runner
 */
char *vt_client_depend_on_json(const char *path, const char *pointer);

/**
 * This process, and every one it starts, reads and writes nothing but these files. For what the runner
 * cannot trace; what it sees all the same counts as ever. A directory stands for all files below it.
 *
 * @param inputs ends with NULL
 * @param outputs ends with NULL
 * @param process that it is said of; 0 for this one
 */
void vt_client_declare_complete(const char *const *inputs, const char *const *outputs, pid_t process);

/**
 * What this thread says from now on is said on behalf of `label`, such as `plugin x`: the runner names
 * it where it says who it was. Also in the child of a fork.
 *
 * @param label UTF-8; NULL or empty: on its own behalf
 */
void vt_client_speak_for(const char *label);

#ifdef __cplusplus
}
#endif

#endif
