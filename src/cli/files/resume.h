/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_FILES_RESUME_H
#define T2V_CLI_FILES_RESUME_H
/* Whether the rows of an output are of this input and this model, by a sample: the last row. */
#include "cli/files/convert.h"

/* last: the record of the last row, from t2v_convert_skip. Encodes it and compares. T2V_EFORMAT:
 * they differ by more than precisions and processors do; or the codes of t2v_rows_last, of the task
 * and T2V_ENOMEM. */
int t2v_resume_check(const struct t2v_convert *convert, const struct t2v_record *last,
                     struct t2v_err *err);

#endif
