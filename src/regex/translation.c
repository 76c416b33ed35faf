/* SPDX-License-Identifier: BSD-3-Clause */
#include "regex/translation.h"

#include <string.h>

#include "base/banned.h"

int t2v_tr_unsupported(const struct t2v_translation *tr, const char *what)
{
    return t2v_fail(tr->err, T2V_EUNSUPPORTED, "%s: %s in a pattern is not supported", tr->where,
                    what);
}

int t2v_tr_broken(const struct t2v_translation *tr, const char *what)
{
    return t2v_fail(tr->err, T2V_EFORMAT, "%s: the pattern has %s", tr->where, what);
}

void t2v_tr_add_char(struct t2v_translation *tr, uint32_t cp)
{
    if (cp < 0x80 && (t2v_regex_is_alnum((char)cp) || cp == ' ' || cp == '\'' || cp == '_'))
        t2v_buf_addc(tr->out, (char)cp);
    else
        t2v_buf_addf(tr->out, "\\x{%x}", (unsigned)cp);
}

void t2v_tr_begin_atom(struct t2v_translation *tr)
{
    tr->atom = (int64_t)tr->out->len;
    tr->repeated = false;
}

void t2v_tr_wrap_atom(struct t2v_translation *tr)
{
    static const char open[] = "(?:";
    if (t2v_buf_room(tr->out, 4) == NULL)
        return;
    char *from = tr->out->ptr + tr->atom;
    memmove(from + 3, from, tr->out->len - (size_t)tr->atom);
    memcpy(from, open, 3);
    tr->out->len += 3;
    t2v_buf_addc(tr->out, ')');
    tr->repeated = false;
}
