/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/generate.h"

#include "base/mem.h"

#include "base/banned.h"

void t2v_choice_deinit(struct t2v_choice *choice)
{
    t2v_buf_deinit(&choice->text);
    t2v_free(choice->tokens);
    t2v_free(choice->tops);
    t2v_free(choice->prompt_logprobs);
    t2v_free(choice->prompt_tops);
}
