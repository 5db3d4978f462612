/* Comparing what a record looked at with the present. */
#ifndef VT_PRESENT_H
#define VT_PRESENT_H

#include "record.h"

/* Whether all looks in these directories of a record, from `first` up to `end`, would find what they found. */
bool vt_is_as_recorded(const struct vt_record *record, uint32_t first, uint32_t end);

#endif
