/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/load/spm.h"

#include <math.h>
#include <stdbool.h>

#include "base/utf8.h"

#include "base/banned.h"

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* Fields of the messages, as sentencepiece_model.proto numbers them. */
enum { MODEL_PIECES = 1, MODEL_TRAINER = 2, MODEL_NORMALIZER = 3 };
enum { PIECE_TEXT = 1, PIECE_SCORE = 2, PIECE_TYPE = 3 };
enum { TRAINER_MODEL_TYPE = 3, TRAINER_UNK_ID = 40 };
enum { NORMALIZER_CHARSMAP = 2 };

struct field {
    uint64_t number;
    unsigned wire;
    uint64_t value;       /* VARINT, FIXED32 */
    struct t2v_str bytes; /* BYTES */
};

static bool take_varint(struct t2v_str *from, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && from->len != 0; shift += 7) {
        uint64_t byte = (uint8_t)from->ptr[0];
        *from = t2v_str_skip(*from, 1);
        value |= shift < 64 ? (byte & 0x7f) << shift : 0;
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* The next field of a message (not empty); false when the bytes are no message. */
static bool take_field(struct t2v_str *from, struct field *field)
{
    uint64_t tag, n = 0;
    if (!take_varint(from, &tag) || tag >> 3 == 0)
        return false;
    *field = (struct field){.number = tag >> 3, .wire = tag & 7};
    switch (field->wire) {
    case VARINT:
        return take_varint(from, &field->value);
    case BYTES:
        if (!take_varint(from, &n))
            return false;
        break;
    case FIXED64:
        n = 8;
        break;
    case FIXED32:
        n = 4;
        break;
    default:
        return false; /* groups, which are not used here */
    }
    if (n > from->len)
        return false;
    field->bytes = (struct t2v_str){from->ptr, (size_t)n};
    *from = t2v_str_skip(*from, (size_t)n);
    for (size_t i = 0; field->wire == FIXED32 && i < 4; i++)
        field->value |= (uint64_t)(uint8_t)field->bytes.ptr[i] << (8 * i);
    return true;
}

static bool is(const struct field *field, uint64_t number, enum wire wire)
{
    return field->number == number && field->wire == (unsigned)wire;
}

static bool read_piece(struct t2v_str bytes, struct t2v_spm_piece *piece)
{
    *piece = (struct t2v_spm_piece){.text = {"", 0}, .type = 1};
    struct field field;
    while (bytes.len != 0) {
        if (!take_field(&bytes, &field))
            return false;
        if (is(&field, PIECE_TEXT, BYTES)) {
            piece->text = field.bytes;
        } else if (is(&field, PIECE_SCORE, FIXED32)) {
            uint32_t bits = (uint32_t)field.value;
            memcpy(&piece->score, &bits, sizeof bits);
        } else if (is(&field, PIECE_TYPE, VARINT)) {
            piece->type = (int64_t)field.value;
        }
    }
    return t2v_utf8_valid(piece->text, NULL) && isfinite(piece->score);
}

static bool read_trainer(struct t2v_str bytes, struct t2v_spm *spm)
{
    struct field field;
    while (bytes.len != 0) {
        if (!take_field(&bytes, &field))
            return false;
        if (is(&field, TRAINER_MODEL_TYPE, VARINT))
            spm->model_type = (int64_t)field.value;
        else if (is(&field, TRAINER_UNK_ID, VARINT))
            spm->unk_id = (int64_t)field.value;
    }
    return true;
}

static bool read_normalizer(struct t2v_str bytes, struct t2v_spm *spm)
{
    struct field field;
    while (bytes.len != 0) {
        if (!take_field(&bytes, &field))
            return false;
        if (is(&field, NORMALIZER_CHARSMAP, BYTES))
            spm->charsmap = field.bytes;
    }
    return true;
}

int t2v_spm_read(struct t2v_str bytes, struct t2v_spm *spm, struct t2v_err *err)
{
    struct t2v_str rest = bytes;
    *spm = (struct t2v_spm){.model_type = T2V_SPM_UNIGRAM, .charsmap = {"", 0}, .rest = bytes};
    while (rest.len != 0) {
        size_t pos = bytes.len - rest.len;
        struct field field;
        struct t2v_spm_piece piece;
        bool ok = take_field(&rest, &field);
        if (ok && is(&field, MODEL_PIECES, BYTES)) {
            ok = read_piece(field.bytes, &piece);
            spm->n_piece++;
        } else if (ok && is(&field, MODEL_TRAINER, BYTES)) {
            ok = read_trainer(field.bytes, spm);
        } else if (ok && is(&field, MODEL_NORMALIZER, BYTES)) {
            ok = read_normalizer(field.bytes, spm);
        }
        if (!ok)
            return t2v_fail_at(err, T2V_EFORMAT, pos,
                               "not a SentencePiece model: the field at byte %zu (after %zu "
                               "pieces) is damaged",
                               pos, spm->n_piece);
    }
    if (spm->n_piece == 0)
        return t2v_fail(err, T2V_EFORMAT, "not a SentencePiece model: there are no pieces");
    return 0;
}

void t2v_spm_next(struct t2v_spm *spm, struct t2v_spm_piece *piece)
{
    struct field field;
    while (spm->rest.len != 0 && take_field(&spm->rest, &field)) {
        if (is(&field, MODEL_PIECES, BYTES) && read_piece(field.bytes, piece))
            return;
    }
    *piece = (struct t2v_spm_piece){.text = {"", 0}, .type = 1}; /* was called once too often */
}
