/*
 * Working directories of waiting threads, remembered for an instant: reading one from /proc costs half
 * as much as all the rest of a notification. As long as the stamp (vt_log_cwd_stamp) stays the same
 * nobody changes any, and within 10 ms no thread's id comes to mean another thread.
 */
#ifndef VT_CWDS_H
#define VT_CWDS_H

#include "place.h"

#include <stdint.h>

struct vt_cwds;

/* NULL when memory is short. */
struct vt_cwds *vt_cwds_new(void);
void vt_cwds_free(struct vt_cwds *cwds);

/* The working directory of thread `tid`, as vt_place_fd tells it. `stamp` as it is now; 0: not from
 * memory. */
enum vt_placed vt_cwds_place(struct vt_cwds *cwds, struct vt_place *place, pid_t tid, uint32_t stamp);

#endif
