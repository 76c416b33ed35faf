/* SPDX-License-Identifier: BSD-3-Clause */
/* pytorch_model.bin: pickles built by hand, each wrong in one way. */
#include <stdlib.h>

#include "torch_build.h"

#define CASE(pickle, code, reason)                                                                 \
    {                                                                                              \
        pickle, sizeof(pickle) - 1, code, reason                                                   \
    }

static const struct {
    const char *pickle;
    size_t len;
    int code;
    const char *reason;
} pickles[] = {
    CASE(DICT(TENSOR), 0, ""),
    CASE(DICT(TENSOR_AT("K\1", "K\1\x85", "K\7\x85")), 0, ""), /* one item: any stride */
    CASE(DICT(TENSOR_AT("K\2", "K\0\x85", "K\1\x85")), 0, ""), /* no item: anywhere */
    CASE(DICT(TENSOR_AT("K\0", "K\2\x85", "K\0\x85")), 0, ""), /* expanded */
    CASE(DICT(REBUILD "(" VIEW("N") "K\0K\2\x85K\1\x85\x89}tR"), 0, ""),
    CASE(DICT(REBUILD "(" VIEW("(K\1K\1K\1t") "K\0K\1\x85K\1\x85\x89}tR"), 0, ""),
    /* What is refused by name. */
    CASE("cos\nsystem\n(" STR("\2", "id") "tR.", T2V_EUNSUPPORTED,
         "FILE: global 'os.system' is refused"),
    CASE("\x80\4" STR("\5", "posix") STR("\6", "system") "\x93)R.", T2V_EUNSUPPORTED,
         "global 'posix.system' is refused"),
    CASE("cbuiltins\neval\n.", T2V_EUNSUPPORTED, "global 'builtins.eval' is refused"),
    CASE("c__builtin__\ngetattr\n.", T2V_EUNSUPPORTED, "'__builtin__.getattr' is refused"),
    CASE("ctorch.storage\n_load_from_bytes\n.", T2V_EUNSUPPORTED, "_load_from_bytes' is"),
    CASE("ctorch._utils\n_rebuild_qtensor\n.", T2V_EUNSUPPORTED, "_rebuild_qtensor' is"),
    CASE("c\xff\x01\n%s%n\n.", T2V_EUNSUPPORTED, "global '??.%s%n' is refused"),
    CASE("ctorch\nfloatstorage\n.", T2V_EUNSUPPORTED, "'torch.floatstorage' is refused"),
    CASE("c\n\n.", T2V_EUNSUPPORTED, "global '.' is refused"),
    CASE("(ios\nsystem\n.", T2V_EUNSUPPORTED, "byte 1: opcode 0x69 is refused"),
    CASE("\x80\2ccollections\nOrderedDict\n)\x81.", T2V_EUNSUPPORTED, "opcode 0x81 is"),
    CASE("\x82\1.", T2V_EUNSUPPORTED, "opcode 0x82 is refused"),
    CASE("P1\n.", T2V_EUNSUPPORTED, "opcode 0x50 is refused"),
    CASE("\x80\6N.", T2V_EUNSUPPORTED, "protocol 6 is not supported"),
    CASE("\x80\2ctorch\nFloatStorage\n}b.", T2V_EUNSUPPORTED, "an object with a state"),
    /* A stack machine's own ways to fail. */
    CASE("", T2V_EFORMAT, "cut short"),
    CASE(".", T2V_EFORMAT, "one value on its stack"),
    CASE("NN.", T2V_EFORMAT, "one value on its stack"),
    CASE("(N.", T2V_EFORMAT, "one value on its stack"),
    CASE("N", T2V_EFORMAT, "cut short"),
    CASE("t.", T2V_EFORMAT, "no mark"),
    CASE("N(\x85.", T2V_EFORMAT, "too few"),
    CASE("N\x86.", T2V_EFORMAT, "too few"),
    CASE("(u.", T2V_EFORMAT, "no dictionary"),
    CASE("}(Nu.", T2V_EFORMAT, "a key without"),
    CASE("]N.", T2V_EFORMAT, "one value"),
    CASE("}Na.", T2V_EFORMAT, "no list"),
    CASE("](}s.", T2V_EFORMAT, "too few"),
    CASE("R.", T2V_EFORMAT, "too few"),
    CASE("N)R.", T2V_EFORMAT, "no function"),
    CASE("ctorch\nFloatStorage\n)R.", T2V_EFORMAT, "no function"),
    CASE(REBUILD ")R.", T2V_EFORMAT, "made of something else"),
    CASE("ctorch._utils\n_rebuild_parameter\n)R.", T2V_EFORMAT, "a parameter made of"),
    CASE("ccollections\nOrderedDict\n}\x85R.", T2V_EFORMAT, "an OrderedDict made of"),
    CASE("ccollections\nOrderedDict\n]Na\x85R.", T2V_EFORMAT, "no pair"),
    CASE("b.", T2V_EFORMAT, "too few"),
    CASE("}h\0.", T2V_EFORMAT, "beyond its memo"),
    CASE("}j\xff\xff\xff\xff.", T2V_EFORMAT, "beyond its memo"),
    CASE("}r\xff\xff\xff\xff.", T2V_EFORMAT, "memo has gaps"),
    CASE("}q\2.", T2V_EFORMAT, "memo has gaps"),
    CASE("q\0.", T2V_EFORMAT, "too few"),
    CASE("\x94.", T2V_EFORMAT, "too few"),
    CASE("NN\x93.", T2V_EFORMAT, "without a name"),
    CASE("X\xff\xff\xff\xff.", T2V_EFORMAT, "cut short"),
    CASE("\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", T2V_EFORMAT, "cut short"),
    CASE("\x8a\xff.", T2V_EFORMAT, "cut short"),
    CASE("ctorch", T2V_EFORMAT, "cut short"),
    CASE("ctorch\n", T2V_EFORMAT, "cut short"),
    CASE("N.N", T2V_EFORMAT, "goes on after"),
    CASE("N.", T2V_EFORMAT, "no dictionary of tensors"),
    CASE("}.", T2V_EFORMAT, "no tensor under any name"),
    CASE("]q\0h\0a.", T2V_EFORMAT, "no dictionary of tensors"), /* a list in itself */
    CASE("}q\0" STR("\1", "w") "h\0s.", T2V_EFORMAT, "no tensor under any name"),
    /* Storages and tensors. */
    CASE("NQ.", T2V_EFORMAT, "no storage"),
    CASE("(NNNNNtQ.", T2V_EFORMAT, "no storage"),
    CASE("(" STR("\6", "module") "ctorch\nFloatStorage\nX\1\0\0\0000NK\2tQ.", T2V_EFORMAT,
         "no storage"),
    CASE("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\1\0\0\0000NJ\xff\xff\xff\xfftQ.",
         T2V_EFORMAT, "no storage"),
    CASE("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\1\0\0\0000N" MAX_SIZE "tQ.", T2V_EFORMAT,
         "too large"),
    CASE("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\1\0\0\0001NK\2tQ.", T2V_EFORMAT,
         "no entry of the zip"),
    CASE("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\1\0\0\0000NK\3tQ.", T2V_EFORMAT,
         "has 8 bytes, its pickle says 12"),
    CASE("]" STORAGE "a" STORAGE_OF("ctorch\nIntStorage\n") "a.", T2V_EFORMAT, "two types"),
    CASE(DICT(TENSOR_AT("K\1", "K\2\x85", "K\1\x85")), T2V_EFORMAT, "\"w\": does not lie"),
    CASE(DICT(TENSOR_AT("K\2", "K\1\x85", "K\1\x85")), T2V_EFORMAT, "\"w\": does not lie"),
    CASE(DICT(TENSOR_AT("K\0", "K\2\x85", "K\2\x85")), T2V_EFORMAT, "\"w\": does not lie"),
    CASE(DICT(TENSOR_AT(MAX_SIZE, "K\2\x85", "K\1\x85")), T2V_EFORMAT, "does not lie"),
    CASE(DICT(TENSOR_AT("K\0", "K\2\x85", MAX_SIZE "\x85")), T2V_EFORMAT, "does not lie"),
    CASE(DICT(TENSOR_AT("K\0", "K\3\x85", MAX_SIZE "\x85")), T2V_EFORMAT, "does not lie"),
    CASE(DICT(TENSOR_AT("K\0", MAX_SIZE MAX_SIZE "\x86", "K\0K\0\x86")), T2V_EFORMAT,
         "shape is too large"),
    CASE(DICT(TENSOR_AT("K\0", MAX_SIZE "\x85", "K\0\x85")), T2V_EFORMAT, "shape is too large"),
    CASE(DICT(TENSOR_AT("K\0", "J\xff\xff\xff\x7f\x85", "K\0\x85")), T2V_EUNSUPPORTED,
         "expanded view"),
    CASE(DICT(TENSOR_AT("J\xff\xff\xff\xff", "K\1\x85", "K\1\x85")), T2V_EFORMAT,
         "made of something else"),
    CASE(DICT(TENSOR_AT("K\0", "J\xff\xff\xff\xff\x85", "K\1\x85")), T2V_EFORMAT, "no shape"),
    CASE(DICT(TENSOR_AT("K\0", "K\2\x85", ")")), T2V_EFORMAT, "no shape"),
    CASE(DICT(TENSOR_AT("K\0", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t")),
         T2V_EFORMAT, "no shape"),
    CASE(DICT(REBUILD "(" VIEW("(K\1K\1K\2t") "K\0K\1\x85K\1\x85\x89}tR"), T2V_EFORMAT,
         "a view that does not lie"),
    CASE(DICT(REBUILD "(" VIEW("(K\1K\1K\1t") "K\1K\1\x85K\1\x85\x89}tR"), T2V_EFORMAT,
         "\"w\": does not lie"),
    CASE(DICT(REBUILD "(" STORAGE "K\0K\2\x85K\1\x85\x89}}" STR("\4", "conj") "\x88stR"),
         T2V_EUNSUPPORTED, "metadata"),
    CASE("}" STR("\1", "\xff") TENSOR "s.", T2V_EUNSUPPORTED, "printable"),
};

static void test_pickles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pickles / sizeof *pickles; i++) {
        struct zip zip = zip_of(pickles[i].pickle, pickles[i].len);
        struct result r = read_zip(&zip);
        char what[40];
        snprintf(what, sizeof what, "case %zu", i);
        check_fails(what, &r, pickles[i].code, pickles[i].reason);
    }
}

/* Bombs: what is short in the file and long in memory, or deep. */
static void test_bombs(void **state)
{
    (void)state;
    enum { N = 2000 * 1000 + 10 };
    static const struct {
        const char *begin, *repeat, *reason;
        int code;
    } cases[] = {
        {"]", "(", "cut short", T2V_EFORMAT},
        {"", "]", "cut short", T2V_EFORMAT},
        {"N", "\x85", "cut short", T2V_EFORMAT}, /* a tuple in a tuple in a tuple */
        {"]\x94", "h\1", "beyond its memo", T2V_EFORMAT},
        {"N", "\x94", "more than 2000000 opcodes", T2V_ETOOLARGE},
        {"", "}", "more than 2000000 opcodes", T2V_ETOOLARGE},
    };
    uint8_t *bytes = malloc(N + 300);
    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* In the legacy layout, where a pickle may be as long as the file. */
        struct guarded g = load("module-legacy");
        size_t len = 137 + strlen(cases[i].begin), n_repeat = strlen(cases[i].repeat);
        size_t end = cases[i].code == T2V_ETOOLARGE ? N + 200 : 1000 * 1000;
        memcpy(bytes, g.bytes, 137);
        memcpy(bytes + 137, cases[i].begin, len - 137);
        for (; len + n_repeat <= end; len += n_repeat)
            memcpy(bytes + len, cases[i].repeat, n_repeat);
        struct result r = read_bytes(bytes, len);
        check_fails(cases[i].repeat, &r, cases[i].code, cases[i].reason);
        guarded_free(&g);
    }
    free(bytes);
}

/* One list given to OrderedDict over and over: items are counted, not only opcodes. */
static void test_dict_bomb(void **state)
{
    (void)state;
    enum { PAIRS = 20 * 1000, CALLS = 1000 };
    static const char begin[] = "ccollections\nOrderedDict\nq\0]q\1(", pair[] = "NN\x86",
                      call[] = "h\0h\1\x85R";
    struct guarded g = load("module-legacy");
    uint8_t *bytes = malloc(137 + sizeof begin + PAIRS * 3 + 1 + CALLS * 6);
    assert_non_null(bytes);
    size_t len = 137;
    memcpy(bytes, g.bytes, len);
    memcpy(bytes + len, begin, sizeof begin - 1);
    len += sizeof begin - 1;
    for (int i = 0; i < PAIRS; i++, len += 3)
        memcpy(bytes + len, pair, 3);
    bytes[len++] = 'e';
    for (int i = 0; i < CALLS; i++, len += 6)
        memcpy(bytes + len, call, 6);
    struct result r = read_bytes(bytes, len);
    check_fails("dict bomb", &r, T2V_ETOOLARGE, "opcodes");
    free(bytes);
    guarded_free(&g);
}

#define BYTES(s) s, sizeof(s) - 1

/* What is long is noted once and then used everywhere: names are copied, keys looked up. */
static void test_long_names(void **state)
{
    (void)state;
    enum { LONG = 600 };
    static const struct {
        const char *before;
        size_t n_before;
        const char *after;
        size_t n_after;
        const char *reason;
        int code;
    } cases[] = {
        {BYTES("}X\x58\2\0\0"), BYTES(TENSOR "s."), "name of 600 bytes, the limit is 512",
         T2V_ETOOLARGE},
        {BYTES("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\x58\2\0\0"),
         BYTES(STR("\3", "cpu") "K\2tQ."), "a key that is too long", T2V_EFORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char pickle[LONG + 300], *at = pickle;
        memcpy(at, cases[i].before, cases[i].n_before);
        at += cases[i].n_before;
        memset(at, 'a', LONG);
        memcpy(at + LONG, cases[i].after, cases[i].n_after);
        struct zip zip = zip_of(pickle, cases[i].n_before + LONG + cases[i].n_after);
        struct result r = read_zip(&zip);
        check_fails(cases[i].reason, &r, cases[i].code, cases[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pickles),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_dict_bomb),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
