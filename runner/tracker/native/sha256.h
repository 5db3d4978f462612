/* SHA-256 (FIPS 180-4), with the processor's own instructions where it has them. */
#ifndef VT_SHA256_H
#define VT_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define VT_SHA256_SIZE 32

struct vt_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes taken so far */
    uint8_t rest[64]; /* what does not fill a block yet */
};

void vt_sha256_start(struct vt_sha256 *hash);
void vt_sha256_add(struct vt_sha256 *hash, const void *bytes, size_t length);
/* The hash is used up. */
void vt_sha256_finish(struct vt_sha256 *hash, uint8_t digest[VT_SHA256_SIZE]);

/* For tests: from now on the portable code is used even where the processor could do it. */
void vt_sha256_be_portable(void);

#endif
