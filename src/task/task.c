/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/task.h"

#include "base/mem.h"

#include "base/banned.h"

void t2v_row_deinit(struct t2v_row *row)
{
    t2v_ids_deinit(&row->ids);
    t2v_ids_deinit(&row->types);
}

void t2v_result_deinit(struct t2v_result *result)
{
    t2v_free(result->values);
    t2v_free(result->rows);
    t2v_free(result->ids);
    t2v_free(result->types);
    *result = (struct t2v_result){0};
}
