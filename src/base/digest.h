/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_DIGEST_H
#define T2V_BASE_DIGEST_H
/*
 * A digest of a file's bytes, to detect that it has changed. It runs at memory speed: words go to
 * four accumulators in turn. Each step is invertible, so a change of one word always changes the
 * digest; any other change is missed with a probability of 2^-64. It is not cryptographic and
 * detects accidents only: an attacker who can write to the file needs no collision.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { T2V_DIGEST_BLOCK = 32 };

struct t2v_digest {
    uint64_t sums[4];
    uint64_t n; /* bytes so far */
};

static inline uint64_t t2v_digest_rotate(uint64_t x)
{
    return x << 29 | x >> 35;
}

static inline void t2v_digest_begin(struct t2v_digest *digest)
{
    *digest = (struct t2v_digest){{1, 2, 3, 4}, 0};
}

/* Adds bytes[0..n). In all calls but the last, n must be a multiple of T2V_DIGEST_BLOCK. */
static inline void t2v_digest_add(struct t2v_digest *digest, const uint8_t *bytes, size_t n)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15); /* odd, with half of its bits set */
    digest->n += n;
    for (size_t i = 0; i < n; i += T2V_DIGEST_BLOCK) {
        uint64_t words[4] = {0};
        memcpy(words, bytes + i, n - i < sizeof words ? n - i : sizeof words);
        for (size_t k = 0; k < 4; k++)
            digest->sums[k] = t2v_digest_rotate((digest->sums[k] ^ words[k]) * factor);
    }
}

static inline uint64_t t2v_digest_end(const struct t2v_digest *digest)
{
    uint64_t sum = digest->n;
    for (size_t k = 0; k < 4; k++)
        sum = t2v_digest_rotate((sum ^ digest->sums[k]) * UINT64_C(0xff51afd7ed558ccd));
    return sum ^ sum >> 32;
}

#endif
