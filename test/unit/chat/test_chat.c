/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chat/chat.h"

static void test_no_template(void **state)
{
    (void)state;
    t2v_chat *chat = NULL;
    assert_int_equal(t2v_chat_open("/nowhere", &chat, NULL), 0);
    assert_null(chat);
    t2v_chat_free(chat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_template)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
