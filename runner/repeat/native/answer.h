/* Doing what an invocation did that a record was made of. */
#ifndef VT_ANSWER_H
#define VT_ANSWER_H

#include "record.h"

/* Of one that holds: everything is decided before the first byte is written. */
struct vt_answer {
    const struct vt_record *record; /* unsealed */
    const char *cache;              /* the cache's directory */
    int store;                      /* descriptor of the store in it */
    const char *name;               /* of the record's file */
    double elapsed;                 /* milliseconds since this program was started */
};

/*
 * Writes what was printed, keeps the details for --last-details, and leaves the note of it (cache/hit-notes.ts). A stream whose
 * reader is gone is left out, as vt in Node does; what cannot be kept in the cache is not, likewise.
 * False when there is no memory for it: then nothing was written.
 */
bool vt_answer(const struct vt_answer *answer);

#endif
