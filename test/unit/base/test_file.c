/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are there, are not, or are something else. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/mem.h"

struct place {
    char dir[32], full[64], none[64], fifo[64], empty[64];
};

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static int setup(void **state)
{
    static struct place p;
    p = (struct place){.dir = "t2v-file-XXXXXX"};
    *state = &p;
    if (mkdtemp(p.dir) == NULL)
        return -1;
    snprintf(p.full, sizeof p.full, "%s/full", p.dir);
    snprintf(p.none, sizeof p.none, "%s/none", p.dir);
    snprintf(p.fifo, sizeof p.fifo, "%s/fifo", p.dir);
    snprintf(p.empty, sizeof p.empty, "%s/empty", p.dir);
    put(p.full, "content");
    put(p.empty, "");
    return mkfifo(p.fifo, 0600);
}

static int teardown(void **state)
{
    struct place *p = *state;
    unlink(p->full);
    unlink(p->fifo);
    unlink(p->empty);
    return rmdir(p->dir);
}

static bool exists(const char *path)
{
    bool there;
    assert_int_equal(t2v_file_exists(path, &there, NULL), 0);
    return there;
}

static void check_refused(const char *path, const char *reason)
{
    struct t2v_mapping mapping = {NULL, 77};
    char *bytes = NULL;
    size_t len = 77;
    struct t2v_err err = {0};
    assert_int_equal(t2v_file_map(path, &mapping, &err), T2V_EIO);
    assert_true(strstr(err.msg, path) != NULL && strstr(err.msg, reason) != NULL);
    err = (struct t2v_err){0};
    assert_int_equal(t2v_file_read(path, 100, &bytes, &len, &err), T2V_EIO);
    assert_true(strstr(err.msg, path) != NULL && strstr(err.msg, reason) != NULL);
    assert_true(bytes == NULL && len == 77 && mapping.len == 77);
    assert_false(exists(path));
}

static void test_refused(void **state)
{
    const struct place *p = *state;
    check_refused(p->dir, "not a regular file");
    check_refused(p->fifo, "not a regular file"); /* and does not wait for a writer */
    check_refused("/dev/zero", "not a regular file");
    check_refused(p->none, "No such file");
    check_refused("", "No such file");
    /* It may not be read, and so is no file that is not there. */
    assert_int_equal(chmod(p->full, 0), 0);
    assert_true(exists(p->full));
    assert_int_equal(chmod(p->full, 0600), 0);
}

/* What cannot be told is no "not there". */
static void test_unknown(void **state)
{
    const struct place *p = *state;
    char loop[64], below[80], lengthy[600];
    struct t2v_err err = {0};
    bool there = true;
    snprintf(loop, sizeof loop, "%s/loop", p->dir);
    assert_int_equal(symlink("loop", loop), 0);
    assert_int_equal(t2v_file_exists(loop, &there, &err), T2V_EIO);
    assert_true(there && strncmp(err.msg, loop, strlen(loop)) == 0);
    assert_int_equal(t2v_file_find(below, sizeof below, loop, "x", &there, &err), T2V_EIO);
    assert_false(there);
    assert_non_null(strstr(err.msg, "loop/x: Too many levels"));
    unlink(loop);
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    assert_int_equal(t2v_file_exists(lengthy, &there, &err), T2V_EIO);
    snprintf(below, sizeof below, "%s/x", p->full); /* below a file there is nothing */
    assert_false(exists(below));
    assert_int_equal(t2v_file_find(below, 4, p->dir, "x", &there, &err), T2V_ETOOLARGE);
}

static void link_to(const char *target, const char *dir, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    unlink(path);
    assert_int_equal(symlink(target, path), 0);
}

/* Whether dir's file `name` is read, by each function alike. */
static bool passes(const char *dir, const char *name)
{
    char path[128], *bytes = NULL;
    size_t len;
    bool there;
    struct t2v_mapping mapping;
    struct t2v_err err = {0}, same = {0};
    int rc = t2v_file_find(path, sizeof path, dir, name, &there, &same);
    assert_int_equal(t2v_file_read(path, 100, &bytes, &len, &err), rc);
    assert_string_equal(same.msg, err.msg);
    assert_int_equal(t2v_file_map(path, &mapping, &err), rc);
    assert_string_equal(same.msg, err.msg);
    t2v_free(bytes);
    if (rc == 0)
        t2v_file_unmap(&mapping);
    else if (strncmp(err.msg, path, strlen(path)) != 0 || strstr(err.msg, "leads out of") == NULL)
        fail_msg("%s", err.msg);
    return rc == 0;
}

static void make_dir(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

/* Links within a model directory are followed, however it is named, and none that lead out of it.
 */
static void test_fence(void **state)
{
    static const char snapshot[] = "models--a--b/snapshots/0a";
    (void)state;
    char root[] = "/tmp/t2v-fence-XXXXXX", kept[512];
    assert_non_null(mkdtemp(root));
    assert_non_null(getcwd(kept, sizeof kept));
    assert_int_equal(chdir(root), 0);
    make_dir("model");
    make_dir("model/sub");
    make_dir("model/..2026");
    make_dir("model-beside");
    make_dir("models--a--b");
    make_dir("models--a--b/snapshots");
    make_dir(snapshot);
    make_dir("models--a--b/blobs");
    put("outside", "secret");
    put("model-beside/file", "secret");
    put("model/..2026/file", "content");
    put("model/plain", "content");
    put("models--a--b/blobs/hash", "content");
    link_to("..2026", "model", "..data");
    link_to("..data/file", "model", "file");
    link_to("../file", "model/sub", "file");
    link_to("../outside", "model", "out");
    link_to("../../outside", "model/sub", "out");
    link_to("/etc/passwd", "model", "absolute");
    link_to("../model-beside/file", "model", "beside");
    link_to("../model-beside", "model", "folder");
    link_to("model", ".", "link");
    link_to("../../blobs/hash", snapshot, "file");
    link_to("../../../outside", snapshot, "out");
    static const char *const dirs[] = {"model", "./model", "link", "model/"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(t2v_file_fence(dirs[i], NULL), 0);
        assert_true(passes(dirs[i], "plain") && passes(dirs[i], "file"));
        assert_true(passes(dirs[i], "sub/file"));
        assert_false(passes(dirs[i], "out"));
        assert_false(passes(dirs[i], "sub/out"));
        assert_false(passes(dirs[i], "absolute"));
        assert_false(passes(dirs[i], "beside"));
        assert_false(passes(dirs[i], "folder/file"));
        assert_true(passes("model-beside", "file")); /* it is no file of the model */
    }
    assert_int_equal(t2v_file_fence(snapshot, NULL), 0);
    assert_true(passes(snapshot, "file"));
    assert_false(passes(snapshot, "out"));
    assert_int_equal(t2v_file_fence("none", NULL), T2V_EIO);
    assert_int_equal(chdir(kept), 0);
    snprintf(kept, sizeof kept, "rm -r %s", root);
    assert_int_equal(system(kept), 0);
}

static void test_map(void **state)
{
    const struct place *p = *state;
    struct t2v_mapping mapping;
    assert_int_equal(t2v_file_map(p->full, &mapping, NULL), 0);
    assert_int_equal(mapping.len, 7);
    assert_memory_equal(mapping.ptr, "content", 7);
    t2v_file_release(mapping.ptr, mapping.len);
    assert_memory_equal(mapping.ptr, "content", 7);
    t2v_file_unmap(&mapping);
    assert_null(mapping.ptr);
    t2v_file_unmap(&mapping);

    assert_int_equal(t2v_file_map(p->empty, &mapping, NULL), 0);
    assert_true(mapping.ptr == NULL && mapping.len == 0);
    t2v_file_unmap(&mapping);
}

static void test_read(void **state)
{
    const struct place *p = *state;
    char *bytes = NULL;
    size_t len = 0;
    struct t2v_err err = {0};
    assert_int_equal(t2v_file_read(p->full, 6, &bytes, &len, &err), T2V_ETOOLARGE);
    assert_non_null(strstr(err.msg, p->full));
    assert_null(bytes);
    assert_int_equal(t2v_file_read(p->full, 7, &bytes, &len, &err), 0);
    assert_int_equal(len, 7);
    assert_string_equal(bytes, "content");
    t2v_free(bytes);
    assert_int_equal(t2v_file_read(p->empty, 0, &bytes, &len, &err), 0);
    assert_int_equal(len, 0);
    assert_string_equal(bytes, "");
    t2v_free(bytes);
    t2v_mem_fail_at(0);
    assert_int_equal(t2v_file_read(p->full, 7, &bytes, &len, &err), T2V_ENOMEM);
    t2v_mem_fail_at(-1);

    assert_int_equal(t2v_file_read_special("/proc/self/comm", &bytes, &len), 0);
    assert_true(len > 0 && bytes[len] == '\0');
    t2v_free(bytes);
    assert_int_equal(t2v_file_read_special(p->none, &bytes, &len), T2V_EIO);
}

static void test_names(void **state)
{
    const struct place *p = *state;
    char path[12];
    struct t2v_err err = {0};
    assert_true(exists(p->full) && exists(p->empty));
    assert_int_equal(t2v_file_join(path, sizeof path, "dir", "1234567", &err), 0);
    assert_string_equal(path, "dir/1234567");
    assert_int_equal(t2v_file_join(path, sizeof path, "dir", "12345678", &err), T2V_ETOOLARGE);
    assert_non_null(strstr(err.msg, "12345678"));
}

/* A file that is not what it was when it was mapped is named, until it is unmapped. */
static void check_change(const struct place *p, void (*change)(const char *path))
{
    struct t2v_mapping mapping;
    struct t2v_err err = {0};
    put(p->full, "content");
    assert_int_equal(t2v_file_map(p->full, &mapping, &err), 0);
    assert_int_equal(t2v_guard_check(t2v_guard_mark(), &err), 0);
    change(p->full);
    assert_int_equal(t2v_guard_check(t2v_guard_mark(), &err), T2V_EIO);
    assert_non_null(strstr(err.msg, p->full));
    t2v_file_unmap(&mapping);
    assert_int_equal(t2v_guard_check(t2v_guard_mark(), &err), 0);
}

static void cut(const char *path)
{
    assert_int_equal(truncate(path, 3), 0);
}

static void touch(const char *path)
{
    const struct timespec then[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

static void test_changed(void **state)
{
    check_change(*state, cut);
    check_change(*state, touch);
}

/* As many as can be watched, and not one more; each takes its descriptor back. */
static void test_many_mapped(void **state)
{
    const struct place *p = *state;
    struct t2v_mapping mappings[300];
    struct t2v_err err = {0};
    size_t n = 0;
    while (n < 300 && t2v_file_map(p->full, &mappings[n], &err) == 0)
        n++;
    assert_int_equal(n, 256);
    assert_int_equal(err.code, T2V_ETOOLARGE);
    assert_non_null(strstr(err.msg, p->full));
    for (size_t i = 0; i < n; i++)
        t2v_file_unmap(&mappings[i]);
    assert_int_equal(t2v_file_map(p->full, &mappings[0], &err), 0);
    t2v_file_unmap(&mappings[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_fence),   cmocka_unit_test(test_map),
        cmocka_unit_test(test_read),    cmocka_unit_test(test_names),
        cmocka_unit_test(test_changed), cmocka_unit_test(test_many_mapped),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
