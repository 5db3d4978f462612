#include "record.h"

#include "../../tracker/native/sha256.h"
#include "invocation.h"

#include <string.h>

enum { LANES = 8 };

_Static_assert(sizeof(struct vt_record_header) == 104, "as encode-record.ts has it");
_Static_assert(sizeof(struct vt_directory) == 16, "as encode-record.ts has it");
_Static_assert(sizeof(struct vt_look) == 56, "as encode-record.ts has it");
_Static_assert(sizeof(struct vt_hit) == 8, "as encode-record.ts has it");
_Static_assert(sizeof(struct vt_piece) == 16, "as encode-record.ts has it");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are little-endian");

void vt_record_sum(const uint8_t *bytes, size_t length, uint32_t sum[LANES]) {
    for (int lane = 0; lane < LANES; lane++) sum[lane] = 0x811c9dc5u + (uint32_t)lane;
    uint32_t words[LANES];
    for (; length >= sizeof words; bytes += sizeof words, length -= sizeof words) {
        memcpy(words, bytes, sizeof words);
        for (int lane = 0; lane < LANES; lane++) sum[lane] = (sum[lane] ^ words[lane]) * 0x01000193u;
    }
    memset(words, 0, sizeof words);
    memcpy(words, bytes, length);
    const int rest = (int)((length + 3) / 4);
    for (int lane = 0; lane < rest; lane++) sum[lane] = (sum[lane] ^ words[lane]) * 0x01000193u;
}

static bool is_range(uint32_t first, uint32_t count, uint32_t all) { return first <= all && count <= all - first; }

static bool are_directories_sound(const struct vt_record *record) {
    const struct vt_record_header *header = record->header;
    for (uint32_t at = 0; at < header->directory_count; at++) {
        const struct vt_directory *directory = &record->directories[at];
        if (directory->path >= header->names_length || record->names[directory->path] != '/') return false;
        if (!is_range(directory->first, directory->count, header->look_count)) return false;
    }
    for (uint32_t at = 0; at < header->look_count; at++)
        if (record->looks[at].name >= header->names_length) return false;
    return true;
}

static bool is_piece_sound(const struct vt_piece *piece, bool is_detail, const struct vt_record_header *header) {
    if (!is_range(piece->text, piece->length, header->texts_length)) return false;
    switch (piece->kind) {
    case VT_PIECE_OUT:
    case VT_PIECE_ERR:
    case VT_PIECE_TOTAL: return !is_detail;
    case VT_PIECE_DETAILS: return is_detail;
    case VT_PIECE_DURATION:
    case VT_PIECE_SAVED: return is_detail && piece->index < header->hit_count;
    default: return false;
    }
}

static bool are_texts_sound(const struct vt_record *record) {
    const struct vt_record_header *header = record->header;
    for (uint32_t at = 0; at < header->piece_count; at++)
        if (!is_piece_sound(&record->pieces[at], at >= header->details, header)) return false;
    return true;
}

bool vt_record_read(struct vt_record *record, uint8_t *bytes, size_t length) {
    const struct vt_record_header *header = (const void *)bytes;
    if (length < sizeof *header || length > VT_LARGEST_RECORD || header->length != length) return false;
    if (memcmp(header->magic, VT_RECORD_MAGIC, sizeof header->magic) != 0) return false;
    if (header->version != VT_REPEAT_VERSION) return false;
    uint32_t sum[LANES];
    const size_t summed = offsetof(struct vt_record_header, made);
    vt_record_sum(bytes + summed, length - summed, sum);
    if (memcmp(sum, header->sum, sizeof sum) != 0) return false;

    /* In 64 bits none of these can overflow. */
    const uint64_t directories = sizeof *header;
    const uint64_t looks = directories + (uint64_t)header->directory_count * sizeof(struct vt_directory);
    const uint64_t hits = looks + (uint64_t)header->look_count * sizeof(struct vt_look);
    const uint64_t pieces = hits + (uint64_t)header->hit_count * sizeof(struct vt_hit);
    const uint64_t names = pieces + (uint64_t)header->piece_count * sizeof(struct vt_piece);
    const uint64_t texts = names + header->names_length;
    if (texts + header->texts_length != length) return false;
    *record = (struct vt_record){
        .header = header,
        .directories = (const void *)(bytes + directories),
        .looks = (const void *)(bytes + looks),
        .hits = (const void *)(bytes + hits),
        .pieces = (const void *)(bytes + pieces),
        .names = (const char *)(bytes + names),
        .texts = bytes + texts,
    };
    if (header->names_length == 0 || record->names[header->names_length - 1] != '\0') return false;
    if (header->cache >= header->names_length || header->node >= header->names_length) return false;
    if (header->confirmations > header->directory_count || header->details > header->piece_count) return false;
    if (header->hit_count == 0) return false;
    return are_directories_sound(record) && are_texts_sound(record);
}

void vt_record_unseal(struct vt_record *record, const uint8_t *key) {
    const size_t length = record->header->texts_length;
    for (size_t at = 0, block = 0; at < length; block++) {
        uint8_t pad[VT_SHA256_SIZE];
        const uint64_t number = block;
        struct vt_sha256 hash;
        vt_sha256_start(&hash);
        vt_sha256_add(&hash, key, VT_SHA256_SIZE);
        vt_sha256_add(&hash, &number, sizeof number);
        vt_sha256_finish(&hash, pad);
        for (size_t i = 0; i < sizeof pad && at < length; i++) record->texts[at++] ^= pad[i];
    }
}
