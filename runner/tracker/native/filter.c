#include "filter.h"

#include <errno.h>

int vt_filter_install(uint64_t cookie) {
    (void)cookie;
    return -ENOSYS;
}
