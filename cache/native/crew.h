/* Several threads that do jobs on files, each the next one that nobody has taken. */
#ifndef VT_CREW_H
#define VT_CREW_H

#include <stdbool.h>
#include <stddef.h>

#include "file-job.h"

enum vt_work { VT_WORK_COPY = 0, VT_WORK_DIGEST = 1 };

/*
 * The paths of a list: NUL-terminated, one or (for copies: from, to) two for each of `count` jobs.
 * Returns an array to be freed; NULL with errno: no memory, or EINVAL when the text does not hold
 * exactly so many.
 */
const char **vt_split_paths(const char *text, size_t length, size_t count, enum vt_work work);

/*
 * Does all the jobs, with up to `threads` threads, the calling one among them. `paths`: of
 * vt_split_paths. Where threads cannot be made, those that are there do it. False when there is no
 * memory even for one: nothing was done.
 */
bool vt_work_off(enum vt_work work, struct vt_file_job *jobs, const char *const *paths,
                 size_t count, struct vt_text text, size_t threads);

#endif
