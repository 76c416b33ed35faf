/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/texts.h"

#include <string.h>

#include "base/mem.h"
#include "http/body.h"
#include "json/json.h"
#include "json/pull.h"

#include "base/banned.h"

void t2v_texts_deinit(struct t2v_texts *texts)
{
    t2v_free(texts->list);
    t2v_free(texts->bytes);
    *texts = (struct t2v_texts){0};
}

size_t t2v_texts_bytes(const struct t2v_texts *texts)
{
    return texts->cap + texts->n * sizeof *texts->list;
}

struct t2v_str t2v_texts_keep(struct t2v_texts *texts, struct t2v_str text)
{
    char *to = texts->bytes + texts->n_byte;
    size_t n = text.len < texts->cap - texts->n_byte ? text.len : texts->cap - texts->n_byte;
    if (n != 0)
        memcpy(to, text.ptr, n);
    texts->n_byte += n;
    return (struct t2v_str){to, n};
}

bool t2v_texts_make(struct t2v_texts *texts, size_t n, size_t n_byte, struct t2v_fault *fault)
{
    texts->list = t2v_alloc_zero(n != 0 ? n : 1, sizeof *texts->list);
    texts->bytes = t2v_alloc(n_byte != 0 ? n_byte : 1);
    if (texts->list == NULL || texts->bytes == NULL) {
        t2v_texts_deinit(texts);
        return t2v_fault_no_memory(fault);
    }
    texts->cap = n_byte;
    return true;
}

/* What an API takes beside null. */
enum kind {
    STRINGS,
    ENCODED,  /* strings; numbers are most likely token ids */
    DOCUMENTS /* strings, and objects {"text": "..."} */
};

/* A value that is none of those. inner: of the member text of an object. */
static bool refuse(struct t2v_str value, enum kind kind, bool inner, struct t2v_loc loc,
                   struct t2v_fault *fault)
{
    enum t2v_json_type type = t2v_json_type_of(value);
    if (kind == DOCUMENTS && type == T2V_JSON_OBJECT && !inner)
        t2v_fault_invalid(fault, "string_type", loc,
                          "a string or an object with text is needed here, not an object without");
    else if (kind == DOCUMENTS)
        t2v_body_wrong_type(fault, "string_type", loc,
                            inner ? "a string as text" : "a string or an object with text", value);
    else if (kind == ENCODED && (type == T2V_JSON_NUMBER || type == T2V_JSON_ARRAY))
        t2v_fault_invalid(fault, "string_type", loc,
                          "token ids are not taken, since another model's would give a wrong "
                          "result: send strings (LangChain: check_embedding_ctx_length=False)");
    else
        t2v_body_wrong_type(fault, "string_type", loc, "a string", value);
    return false;
}

/* A string, null, or nothing. */
static bool read_one(struct t2v_texts *texts, struct t2v_str value, size_t spare,
                     struct t2v_fault *fault)
{
    struct t2v_str text = {"", 0};
    struct t2v_pull pull;
    t2v_pull_init(&pull, value, NULL);
    bool ok = !t2v_body_has(value) || t2v_pull_str(&pull, &text) == 0;
    ok = ok ? t2v_texts_make(texts, 1, text.len + spare, fault) : t2v_fault_no_memory(fault);
    if (ok) {
        texts->list[0] = t2v_texts_keep(texts, text);
        texts->n = 1;
    }
    t2v_pull_deinit(&pull);
    return ok;
}

/* What a first look at an array finds. */
struct look {
    size_t n, n_byte;
    size_t wrong; /* the first item that is neither a string nor null; SIZE_MAX: none */
    struct t2v_str value;
    bool inner; /* value is the member text of an object */
};

/* The items of an array, one after the other. */
struct items {
    struct t2v_pull pull, inner; /* inner: the text of an object */
    bool objects;                /* an item may be {"text": "..."}, too */
    struct t2v_str text;         /* of the item; valid until the next */
    struct t2v_str wrong;        /* what is no text; ptr NULL: nothing */
    bool wrong_inner;            /* it is the member text of an object */
};

static void begin_items(struct items *items, struct t2v_str array, bool objects)
{
    *items = (struct items){.objects = objects};
    t2v_pull_init(&items->pull, array, NULL);
    t2v_pull_init(&items->inner, array, NULL);
}

static void end_items(struct items *items)
{
    t2v_pull_deinit(&items->pull);
    t2v_pull_deinit(&items->inner);
}

static int read_object(struct items *items, struct t2v_str object)
{
    static const char *const names[1] = {"text"};
    struct t2v_str value = {NULL, 0};
    t2v_pull_deinit(&items->inner);
    t2v_pull_init(&items->inner, object, NULL);
    int rc = t2v_pull_members(&items->inner, names, &value, 1, t2v_pull_pass);
    t2v_pull_deinit(&items->inner);
    t2v_pull_init(&items->inner, value.ptr != NULL ? value : object, NULL);
    if (rc == 0 && value.ptr != NULL && value.ptr[0] == '"')
        rc = t2v_pull_str(&items->inner, &items->text);
    else if (rc == 0 && (value.ptr == NULL || value.ptr[0] != 'n'))
        items->wrong = value.ptr != NULL ? value : object;
    items->wrong_inner = value.ptr != NULL;
    return rc;
}

static int read_item(struct items *items)
{
    struct t2v_str value;
    char first = t2v_pull_peek(&items->pull);
    items->text = (struct t2v_str){"", 0};
    items->wrong = (struct t2v_str){NULL, 0};
    items->wrong_inner = false;
    if (first == '"')
        return t2v_pull_str(&items->pull, &items->text);
    int rc = t2v_pull_pass(&items->pull, &value);
    if (rc != 0 || first == 'n')
        return rc;
    if (first == '{' && items->objects)
        return read_object(items, value);
    items->wrong = value;
    return 0;
}

static int look_at_all(struct t2v_str array, bool objects, struct look *look)
{
    struct items items;
    *look = (struct look){.wrong = SIZE_MAX};
    begin_items(&items, array, objects);
    int rc = t2v_pull_open(&items.pull, '[');
    while (rc == 0 && (rc = t2v_pull_more(&items.pull, ']')) == 1) {
        rc = read_item(&items);
        look->n_byte += items.text.len;
        if (items.wrong.ptr != NULL && look->wrong == SIZE_MAX) {
            look->wrong = look->n;
            look->value = items.wrong;
            look->inner = items.wrong_inner;
        }
        look->n++;
    }
    end_items(&items);
    return rc;
}

/* Copies the items of an array that look_at_all has found to be right. */
static int copy_all(struct t2v_texts *texts, struct t2v_str array, bool objects)
{
    struct items items;
    begin_items(&items, array, objects);
    int rc = t2v_pull_open(&items.pull, '[');
    while (rc == 0 && (rc = t2v_pull_more(&items.pull, ']')) == 1) {
        if ((rc = read_item(&items)) == 0)
            texts->list[texts->n++] = t2v_texts_keep(texts, items.text);
    }
    end_items(&items);
    return rc;
}

static bool read_array(struct t2v_texts *texts, struct t2v_str value, enum kind kind,
                       struct t2v_loc loc, size_t spare, struct t2v_fault *fault)
{
    struct look look;
    if (!t2v_body_has(value) || value.ptr[0] != '[') {
        t2v_body_wrong_type(fault, "list_type", loc, "an array of strings", value);
        return false;
    }
    if (look_at_all(value, kind == DOCUMENTS, &look) != 0)
        return t2v_fault_no_memory(fault);
    if (look.wrong != SIZE_MAX) {
        loc.index = (ptrdiff_t)look.wrong;
        return refuse(look.value, kind, look.inner, loc, fault);
    }
    if (!t2v_texts_make(texts, look.n, look.n_byte + spare, fault))
        return false;
    texts->many = true;
    if (copy_all(texts, value, kind == DOCUMENTS) == 0)
        return true;
    t2v_texts_deinit(texts);
    return t2v_fault_no_memory(fault);
}

bool t2v_texts_read_array(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc,
                          size_t spare, struct t2v_fault *fault)
{
    return read_array(texts, value, STRINGS, loc, spare, fault);
}

bool t2v_texts_read_documents(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc,
                              struct t2v_fault *fault)
{
    return read_array(texts, value, DOCUMENTS, loc, 0, fault);
}

static bool read_any(struct t2v_texts *texts, struct t2v_str value, enum kind kind,
                     struct t2v_loc loc, size_t spare, struct t2v_fault *fault)
{
    if (value.ptr == NULL)
        return t2v_body_missing(loc, fault);
    if (value.ptr[0] != '[' && value.ptr[0] != '"' && t2v_body_has(value))
        return refuse(value, kind, false, loc, fault);
    if (value.ptr[0] != '[')
        return read_one(texts, value, spare, fault);
    if (!read_array(texts, value, kind, loc, spare, fault))
        return false;
    if (texts->n != 0)
        return true;
    t2v_texts_deinit(texts);
    t2v_fault_set(fault, 400, "an empty array: at least one text is needed");
    fault->loc = loc;
    return false;
}

bool t2v_texts_read(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc, size_t spare,
                    struct t2v_fault *fault)
{
    return read_any(texts, value, ENCODED, loc, spare, fault);
}

bool t2v_texts_read_strings(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc,
                            struct t2v_fault *fault)
{
    return read_any(texts, value, STRINGS, loc, 0, fault);
}

static void keep_all(struct t2v_texts *to, const struct t2v_texts *from)
{
    for (size_t i = 0; i < from->n; i++)
        to->list[to->n++] = t2v_texts_keep(to, from->list[i]);
}

bool t2v_texts_prepend(struct t2v_texts *texts, struct t2v_texts *first, struct t2v_fault *fault)
{
    struct t2v_texts both = {.many = texts->many};
    if (!t2v_texts_make(&both, first->n + texts->n, first->n_byte + texts->n_byte, fault))
        return false;
    keep_all(&both, first);
    keep_all(&both, texts);
    t2v_texts_deinit(first);
    t2v_texts_deinit(texts);
    *texts = both;
    return true;
}

bool t2v_texts_read_optional(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc,
                             struct t2v_fault *fault)
{
    if (t2v_body_has(value) && value.ptr[0] != '"') {
        t2v_body_wrong_type(fault, "string_type", loc, "a string", value);
        return false;
    }
    return !t2v_body_has(value) || read_one(texts, value, 0, fault);
}

struct t2v_str t2v_texts_first(const struct t2v_texts *texts)
{
    return texts->n != 0 ? texts->list[0] : (struct t2v_str){NULL, 0};
}

/* Where word stands among words; ptr NULL: nowhere. */
static struct t2v_str find_word(const char *words, struct t2v_str word)
{
    while (*words != '\0') {
        struct t2v_str one = {words, strcspn(words, " ")};
        if (t2v_str_eq(one, word))
            return one;
        words += one.len + (words[one.len] == ' ');
    }
    return (struct t2v_str){NULL, 0};
}

bool t2v_texts_read_word(struct t2v_str value, struct t2v_loc loc, const char *words,
                         const char *needed, struct t2v_str *out, struct t2v_fault *fault)
{
    struct t2v_texts texts = {0};
    if (!t2v_texts_read_optional(&texts, value, loc, fault))
        return false;
    bool given = texts.n != 0;
    *out = given ? find_word(words, texts.list[0]) : (struct t2v_str){NULL, 0};
    t2v_texts_deinit(&texts);
    if (!given || out->ptr != NULL)
        return true;
    t2v_fault_invalid(fault, "value_error", loc, "%s", needed);
    return false;
}

/* Tokens for each byte of the character that begins at i: of most scripts one, more where NFKC and
 * other forms may write it as several. At most 18 for the 3 bytes of U+FDFA. */
static size_t tokens_of_byte(struct t2v_str text, size_t i)
{
    unsigned lead = (unsigned char)text.ptr[i];
    unsigned next = i + 1 < text.len ? (unsigned char)text.ptr[i + 1] : 0;
    if (lead < 0xc2 || (lead >= 0xd0 && lead <= 0xe0) || (lead >= 0xe4 && lead <= 0xee))
        return 1;
    if (lead == 0xe3) /* U+3200 to U+33FF: words in a square */
        return next >= 0x88 && next <= 0x8f ? 8 : 1;
    if (lead == 0xef) /* U+FB00 to U+FDFF: ligatures */
        return next >= 0xac && next <= 0xb7 ? 8 : 1;
    return 4;
}

size_t t2v_text_most_tok(struct t2v_str text, size_t limit)
{
    size_t n = 0, of_byte = 1;
    for (size_t i = 0; i < text.len && n < limit; i++) {
        if (((unsigned char)text.ptr[i] & 0xc0) != 0x80)
            of_byte = tokens_of_byte(text, i);
        n += of_byte;
    }
    return n < limit ? n : limit;
}
