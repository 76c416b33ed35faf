/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_LOAD_SPM_H
#define T2V_TOKEN_LOAD_SPM_H
/*
 * SentencePiece's model file (spiece.model, sentencepiece.bpe.model): a protocol buffer, of which
 * this reads the pieces and the few settings that count. Fields that it does not know are passed
 * over, every length is checked against the bytes that are left, and nothing is copied: strings
 * point into the file's bytes.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum t2v_spm_type { T2V_SPM_UNIGRAM = 1, T2V_SPM_BPE = 2, T2V_SPM_WORD = 3, T2V_SPM_CHAR = 4 };
enum { T2V_SPM_CONTROL = 3, T2V_SPM_USER_DEFINED = 4 }; /* types of pieces that are added tokens */

struct t2v_spm {
    int64_t model_type; /* enum t2v_spm_type */
    int64_t unk_id;
    struct t2v_str charsmap; /* charsmap.h; empty: none */
    size_t n_piece;
    struct t2v_str rest; /* private: what t2v_spm_next has not walked yet */
};

struct t2v_spm_piece {
    struct t2v_str text; /* valid UTF-8 */
    float score;         /* finite */
    int64_t type;
};

/* Checks the whole of bytes, pieces and all, and reads the settings. T2V_EFORMAT. */
int t2v_spm_read(struct t2v_str bytes, struct t2v_spm *spm, struct t2v_err *err);
/* Sets *piece to the next one, in order: n_piece times after t2v_spm_read. */
void t2v_spm_next(struct t2v_spm *spm, struct t2v_spm_piece *piece);

#endif
