/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a string and as floats to write: the result must be JSON of the same value. */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "json/json.h"
#include "json/write.h"

static void check_floats(const uint8_t *data, size_t size)
{
    enum { N = 100 };
    float x[N];
    size_t n = size / sizeof *x < N ? size / sizeof *x : N;
    struct t2v_buf buf;
    t2v_json *root = NULL;
    if (n != 0)
        memcpy(x, data, n * sizeof *x);
    t2v_buf_init(&buf, SIZE_MAX);
    t2v_json_write_f32s(&buf, x, n);
    CHECK(buf.fail == 0 && t2v_json_parse(t2v_buf_str(&buf), &root, NULL) == 0);
    CHECK(t2v_json_len(root) == n);
    for (size_t i = 0; i < n; i++) {
        double got;
        if (t2v_json_double(t2v_json_at(root, i), &got))
            CHECK((float)got == x[i] && !signbit(got) == !signbit(x[i]));
        else
            CHECK(!isfinite(x[i]));
    }
    t2v_json_free(root);
    t2v_buf_deinit(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct t2v_str s = {(const char *)data, size};
    struct t2v_buf buf;
    t2v_json *root = NULL;
    t2v_buf_init(&buf, SIZE_MAX);
    t2v_json_write_str(&buf, s);
    CHECK(buf.fail == 0 && t2v_json_parse(t2v_buf_str(&buf), &root, NULL) == 0);
    CHECK(t2v_json_type(root) == T2V_JSON_STRING && t2v_json_str(root).len >= size);
    t2v_json_free(root);
    t2v_buf_deinit(&buf);
    check_floats(data, size);
    return 0;
}
