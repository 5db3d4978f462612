#include "env-message.h"

#include <string.h>

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };
enum { REPLY_SEQUENCE = 1, REPLY_GET_ENV = 5, GET_ENV_VALUE = 1 };

static uint8_t *put_varint(uint8_t *at, uint64_t value) {
    for (; value > 0x7f; value >>= 7) *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_number(uint8_t *at, unsigned field, uint32_t value) {
    return value == 0 ? at : put_varint(put_varint(at, field << 3 | VARINT), value);
}

static uint8_t *put_bytes(uint8_t *at, unsigned field, const void *bytes, size_t length) {
    at = put_varint(put_varint(at, field << 3 | BYTES), length);
    memcpy(at, bytes, length);
    return at + length;
}

static uint8_t *put_fixed(uint8_t *at, uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) *at++ = (uint8_t)(value >> shift);
    return at;
}

size_t vt_env_frame(uint8_t frame[VT_FRAME_MOST], enum vt_env_request request, uint32_t pid, uint32_t nonce,
                    uint32_t reply_channel, const char *name, size_t length) {
    if (length == 0 || length > VT_ENV_NAME_MOST) return 0;
    uint8_t fields[VT_FRAME_MOST], kind[VT_FRAME_MOST], content[VT_FRAME_MOST];
    uint8_t *end = put_bytes(fields, 1, name, length);
    if (request == VT_ENV_GET) end = put_number(end, 2, 1); /* tracked */
    size_t kind_size = (size_t)(put_bytes(kind, request, fields, (size_t)(end - fields)) - kind);
    end = content;
    *end++ = 1 << 3 | FIXED32;
    end = put_fixed(end, 0xf77476f6u);
    end = put_number(end, 2, pid);
    if (nonce != 0) {
        *end++ = 3 << 3 | FIXED32;
        end = put_fixed(end, nonce);
    }
    end = put_number(end, 4, 1);
    end = put_number(end, 5, reply_channel);
    end = put_bytes(end, 7, kind, kind_size);
    size_t size = (size_t)(end - content);
    end = put_varint(frame, size);
    memcpy(end, content, size);
    return (size_t)(end - frame) + size;
}

static bool take_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        if (shift < 64) *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

struct field {
    uint64_t number, value;
    const uint8_t *bytes; /* NULL unless of that kind */
    size_t size;
};

/* 1: a field; 0: the end; -1: no message. */
static int take_field(const uint8_t **at, const uint8_t *end, struct field *field) {
    if (*at == end) return 0;
    uint64_t tag, length;
    if (!take_varint(at, end, &tag) || tag >> 3 == 0) return -1;
    *field = (struct field){.number = tag >> 3};
    switch (tag & 7) {
    case VARINT: return take_varint(at, end, &field->value) ? 1 : -1;
    case FIXED64: length = 8; break;
    case FIXED32: length = 4; break;
    case BYTES:
        if (!take_varint(at, end, &length)) return -1;
        field->bytes = *at;
        break;
    default: return -1;
    }
    if (length > (uint64_t)(end - *at)) return -1;
    field->size = (size_t)length;
    *at += length;
    return 1;
}

int vt_env_reply_length(const uint8_t *bytes, size_t size, size_t *length) {
    uint64_t value = 0;
    for (size_t i = 0; i < size && i < 5; i++) {
        value |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
        if (bytes[i] >= 0x80) continue;
        if (value > VT_REPLY_MOST) return -1;
        *length = (size_t)value;
        return (int)i + 1;
    }
    return size < 5 ? 0 : -1;
}

enum vt_env_reply vt_env_read_reply(const uint8_t *reply, size_t size, const uint8_t **value, size_t *value_size) {
    const uint8_t *at = reply, *end = reply + size;
    struct field field, answer = {0};
    uint64_t sequence = 0;
    int more;
    while ((more = take_field(&at, end, &field)) > 0) {
        if (field.number == REPLY_SEQUENCE && field.bytes == NULL) sequence = field.value;
        if (field.number == REPLY_GET_ENV && field.bytes != NULL) answer = field;
    }
    if (more < 0) return VT_ENV_REPLY_BAD;
    if (sequence != 1) return VT_ENV_REPLY_ANOTHER;
    enum vt_env_reply found = VT_ENV_REPLY_ABSENT;
    if (answer.bytes == NULL) return found;
    at = answer.bytes;
    end = at + answer.size;
    while ((more = take_field(&at, end, &field)) > 0) {
        if (field.number != GET_ENV_VALUE || field.bytes == NULL) continue;
        *value = field.bytes;
        *value_size = field.size;
        found = VT_ENV_REPLY_VALUE;
    }
    return more < 0 ? VT_ENV_REPLY_BAD : found;
}
