#include "sum64.h"

#include <string.h>

#define STRIPE 32

static const uint64_t PRIME_1 = 0x9e3779b185ebca87, PRIME_2 = 0xc2b2ae3d27d4eb4f,
                      PRIME_3 = 0x165667b19e3779f9, PRIME_4 = 0x85ebca77c2b2ae63,
                      PRIME_5 = 0x27d4eb2f165667c5;

static uint64_t left(uint64_t value, int bits) {
    return value << bits | value >> (64 - bits);
}

static uint64_t little64(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

static uint64_t little32(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    return value;
}

static uint64_t mix(uint64_t lane, uint64_t word) {
    return left(lane + word * PRIME_2, 31) * PRIME_1;
}

static void take_stripes(uint64_t lanes[4], const uint8_t *bytes, size_t count) {
    uint64_t a = lanes[0], b = lanes[1], c = lanes[2], d = lanes[3];
    for (; count > 0; count--, bytes += STRIPE) {
        a = mix(a, little64(bytes));
        b = mix(b, little64(bytes + 8));
        c = mix(c, little64(bytes + 16));
        d = mix(d, little64(bytes + 24));
    }
    lanes[0] = a;
    lanes[1] = b;
    lanes[2] = c;
    lanes[3] = d;
}

void vt_sum64_start(struct vt_sum64 *sum) {
    *sum = (struct vt_sum64){.lanes = {PRIME_1 + PRIME_2, PRIME_2, 0, 0 - PRIME_1}};
}

void vt_sum64_add(struct vt_sum64 *sum, const void *bytes, size_t length) {
    const uint8_t *at = bytes;
    size_t waiting = sum->length % STRIPE;
    sum->length += length;
    if (waiting > 0) {
        size_t part = STRIPE - waiting < length ? STRIPE - waiting : length;
        memcpy(sum->rest + waiting, at, part);
        at += part;
        length -= part;
        if (waiting + part < STRIPE) return;
        take_stripes(sum->lanes, sum->rest, 1);
    }
    take_stripes(sum->lanes, at, length / STRIPE);
    if (length % STRIPE > 0) memcpy(sum->rest, at + length / STRIPE * STRIPE, length % STRIPE);
}

uint64_t vt_sum64_finish(const struct vt_sum64 *sum) {
    const uint64_t *lanes = sum->lanes;
    uint64_t hash = PRIME_5;
    if (sum->length >= STRIPE) {
        hash = left(lanes[0], 1) + left(lanes[1], 7) + left(lanes[2], 12) + left(lanes[3], 18);
        for (int i = 0; i < 4; i++) hash = (hash ^ mix(0, lanes[i])) * PRIME_1 + PRIME_4;
    }
    hash += sum->length;
    const uint8_t *at = sum->rest;
    size_t length = sum->length % STRIPE;
    for (; length >= 8; length -= 8, at += 8) {
        hash = left(hash ^ mix(0, little64(at)), 27) * PRIME_1 + PRIME_4;
    }
    if (length >= 4) {
        hash = left(hash ^ little32(at) * PRIME_1, 23) * PRIME_2 + PRIME_3;
        length -= 4;
        at += 4;
    }
    for (; length > 0; length--, at++) hash = left(hash ^ *at * PRIME_5, 11) * PRIME_1;
    hash = (hash ^ hash >> 33) * PRIME_2;
    hash = (hash ^ hash >> 29) * PRIME_3;
    return hash ^ hash >> 32;
}
