/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_LOAD_TEXT_H
#define T2V_TOKEN_LOAD_TEXT_H
/* What the loaders of a tokenizer's files share: a file read as a whole, and its lines. */
#include "base/error.h"
#include "base/str.h"
#include "token/load/settings.h"
#include "token/tokenizer.h"

/* Fills a part of *tokenizer from the text of a file, which is freed afterwards. Its messages do
 * not name the file. */
typedef int t2v_load_text(struct t2v_str text, t2v_tokenizer *tokenizer,
                          struct t2v_settings *settings, struct t2v_err *err);
/* Reads the file at path and calls load. Messages begin with the path. T2V_EIO, T2V_EFORMAT (a Git
 * LFS pointer), T2V_ETOOLARGE, T2V_ENOMEM, or what load returns. */
int t2v_load_file(const char *path, t2v_load_text *load, t2v_tokenizer *tokenizer,
                  struct t2v_settings *settings, struct t2v_err *err);

/* Takes the next line from *text, without its end, which is \n, \r or \r\n, as in Python. False for
 * a last line without an end; *text is empty then. */
bool t2v_load_line(struct t2v_str *text, struct t2v_str *line);

#endif
