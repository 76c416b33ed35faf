/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/decode/lossy.h"

#include "base/banned.h"

/* The length of a character by its first byte; 0: none begins with it. */
static size_t len_of(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t t2v_lossy_begins(struct t2v_str s, bool *whole)
{
    const unsigned char *bytes = (const unsigned char *)s.ptr;
    size_t len = len_of(bytes[0]), n = len != 0;
    /* The second byte of some has a narrower range: no overlong form, no surrogate. */
    unsigned char low = bytes[0] == 0xe0 ? 0xa0 : bytes[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = bytes[0] == 0xed ? 0x9f : bytes[0] == 0xf4 ? 0x8f : 0xbf;
    while (n < len && n < s.len && bytes[n] >= low && bytes[n] <= high) {
        n++;
        low = 0x80;
        high = 0xbf;
    }
    *whole = n != 0 && n == len;
    return n;
}

/* The next byte after those that are kept. False: they can be no character with it; then they are
 * done, and the byte is not taken. */
static bool go_on(struct t2v_lossy *lossy, char byte, struct t2v_buf *out)
{
    bool whole;
    lossy->kept[lossy->n] = byte;
    if (t2v_lossy_begins((struct t2v_str){lossy->kept, lossy->n + 1}, &whole) <= lossy->n) {
        t2v_lossy_end(lossy, out);
        return false;
    }
    lossy->n++;
    if (whole) {
        t2v_buf_add(out, lossy->kept, lossy->n);
        lossy->n = 0;
    }
    return true;
}

/* The length of the well-formed characters at the start of s. */
static size_t well_formed(struct t2v_str s)
{
    size_t n = 0;
    bool whole = true;
    while (n < s.len) {
        size_t len =
            (unsigned char)s.ptr[n] < 0x80 ? 1 : t2v_lossy_begins(t2v_str_skip(s, n), &whole);
        if (!whole)
            break;
        n += len;
    }
    return n;
}

int t2v_lossy_add(struct t2v_lossy *lossy, struct t2v_str bytes, struct t2v_buf *out)
{
    bool whole;
    while (bytes.len != 0 && out->fail == 0) {
        if (lossy->n != 0) {
            bytes = t2v_str_skip(bytes, go_on(lossy, bytes.ptr[0], out));
            continue;
        }
        size_t n = well_formed(bytes);
        t2v_buf_add(out, bytes.ptr, n);
        bytes = t2v_str_skip(bytes, n);
        if (bytes.len == 0)
            break;
        n = t2v_lossy_begins(bytes, &whole);
        if (n != 0 && n == bytes.len) { /* its last bytes may come */
            memcpy(lossy->kept, bytes.ptr, n);
            lossy->n = n;
        } else {
            t2v_buf_adds(out, T2V_LOSSY_SIGN);
        }
        bytes = t2v_str_skip(bytes, n != 0 ? n : 1);
    }
    return out->fail;
}

int t2v_lossy_end(struct t2v_lossy *lossy, struct t2v_buf *out)
{
    if (lossy->n != 0)
        t2v_buf_adds(out, T2V_LOSSY_SIGN);
    lossy->n = 0;
    return out->fail;
}
