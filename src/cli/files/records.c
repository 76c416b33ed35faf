/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/files/records.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/files/csv.h"
#include "cli/files/source.h"
#include "json/json.h"
#include "unicode/space.h"

#include "base/banned.h"

enum format { LINES, JSON, CSV, TSV };

struct t2v_records {
    struct t2v_records_options options;
    enum format format;
    struct t2v_source source;
    bool begun;      /* the byte order mark, if any, is behind us */
    size_t line;     /* of the record that is read next */
    size_t searched; /* lines: bytes of it that have no line end */
    struct t2v_csv_scan scan;
    struct t2v_buf field;    /* csv: the text of the record */
    t2v_json *json;          /* json: the same */
    char delimiter;          /* csv; '\0': the header has not been read */
    size_t column, n_column; /* csv */
};

/* --- options --- */

/* The format that a path's ending names. */
static enum format by_ending(const char *path)
{
    static const struct {
        const char *ending;
        enum format format;
    } endings[] = {
        {".jsonl", JSON}, {".ndjson", JSON}, {".json", JSON}, {".csv", CSV}, {".tsv", TSV}};
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t n = strlen(endings[i].ending);
        struct t2v_str end = {path + len - n, n};
        if (len >= n && t2v_str_is_word(end, endings[i].ending))
            return endings[i].format;
    }
    return LINES;
}

static enum format format_of(const struct t2v_records_options *options, bool is_stdin)
{
    static const char *const names[] = {
        [LINES] = "lines", [JSON] = "json", [CSV] = "csv", [TSV] = "tsv"};
    for (int i = LINES; i <= TSV; i++) {
        if (strcmp(options->format, names[i]) == 0)
            return (enum format)i;
    }
    return is_stdin ? JSON : by_ending(options->path);
}

/* The number, from 1, that a column has without a header; 0: none. */
static size_t column_number(const char *text)
{
    size_t number = 0;
    for (; *text >= '0' && *text <= '9' && number < 1000000; text++)
        number = number * 10 + (size_t)(*text - '0');
    return *text == '\0' ? number : 0;
}

static int check(const struct t2v_records *records, struct t2v_err *err)
{
    const struct t2v_records_options *options = &records->options;
    bool csv = records->format == CSV || records->format == TSV;
    if (options->no_header && !csv)
        return t2v_fail(err, T2V_EUSAGE, "--no-header means nothing without CSV input");
    if (*options->column != '\0' && records->format == LINES)
        return t2v_fail(err, T2V_EUSAGE, "--column means nothing for plain lines");
    if (options->no_header && *options->column != '\0' && column_number(options->column) == 0)
        return t2v_fail(err, T2V_EUSAGE, "--column: '%.60s' is not the number of a column, from 1",
                        options->column);
    return 0;
}

int t2v_records_open(const struct t2v_records_options *options, t2v_records **out,
                     struct t2v_err *err)
{
    t2v_records *records = t2v_alloc_zero(1, sizeof *records);
    if (records == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory to read the input");
    bool is_stdin = *options->path == '\0' || strcmp(options->path, "-") == 0;
    records->options = *options;
    records->line = 1;
    t2v_buf_init(&records->field, SIZE_MAX);
    records->format = options->text != NULL ? LINES : format_of(options, is_stdin);
    int rc = check(records, err);
    if (rc == 0 && options->text == NULL)
        rc = t2v_source_open(&records->source, is_stdin ? NULL : options->path, err);
    if (rc == 0)
        *out = records;
    else
        t2v_records_close(records);
    return rc;
}

void t2v_records_close(t2v_records *records)
{
    if (records == NULL)
        return;
    t2v_source_close(&records->source);
    t2v_buf_deinit(&records->field);
    t2v_json_free(records->json);
    t2v_free(records);
}

int t2v_records_fd(const t2v_records *records)
{
    return records->source.fd;
}

uint64_t t2v_records_taken(const t2v_records *records)
{
    return records->source.taken;
}

uint64_t t2v_records_size(const t2v_records *records)
{
    return records->source.size;
}

int t2v_records_fail_in(const t2v_records *records, size_t line, int code, struct t2v_err *err)
{
    char where[48];
    const char *path = records->options.path;
    if (records->options.text != NULL)
        return t2v_fail_in(err, code, "--text");
    snprintf(where, sizeof where, "line %zu", line);
    t2v_fail_in(err, code, where);
    return *path != '\0' && strcmp(path, "-") != 0 ? t2v_fail_in(err, code, path) : code;
}

/* --- where a record ends --- */

/* The length of the next record with its line end; 0: its end has not been read. */
static size_t find_end(t2v_records *records)
{
    struct t2v_str data = t2v_source_data(&records->source);
    bool last = records->source.end;
    size_t n = 0;
    if (records->format == CSV || records->format == TSV) {
        char delimiter = records->delimiter != '\0' ? records->delimiter : ',';
        n = t2v_csv_end(&records->scan, data, delimiter, last);
    } else {
        struct t2v_str rest = t2v_str_skip(data, records->searched);
        const char *end = rest.len != 0 ? memchr(rest.ptr, '\n', rest.len) : NULL;
        n = end != NULL ? (size_t)(end - data.ptr) + 1 : 0;
        records->searched = data.len;
    }
    return n == 0 && last ? data.len : n;
}

/* Skips a byte order mark. False: the next bytes decide whether there is one. */
static bool begin(t2v_records *records, struct t2v_err *err, int *rc)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct t2v_str data = t2v_source_data(&records->source);
    size_t n = data.len < 3 ? data.len : 3;
    *rc = 0;
    if (n >= 2 && (memcmp(data.ptr, "\xff\xfe", 2) == 0 || memcmp(data.ptr, "\xfe\xff", 2) == 0))
        *rc = t2v_fail(err, T2V_EFORMAT, "this is UTF-16; UTF-8 is expected");
    if (n < 3 && !records->source.end && (n == 0 || memcmp(data.ptr, mark, n) == 0))
        return false;
    if (n == 3 && memcmp(data.ptr, mark, 3) == 0)
        t2v_source_take(&records->source, 3);
    records->begun = true;
    return true;
}

/* The next record's bytes, without its line end. */
static int take(t2v_records *records, struct t2v_str *out, enum t2v_records_state *state,
                struct t2v_err *err)
{
    struct t2v_source *source = &records->source;
    int rc = 0;
    *state = T2V_RECORDS_NEXT;
    for (;;) {
        size_t n = records->begun || begin(records, err, &rc) ? find_end(records) : 0;
        if (rc != 0)
            return rc;
        if (n != 0) {
            *out = (struct t2v_str){t2v_source_data(source).ptr, n};
            t2v_source_take(source, n);
            return 0;
        }
        bool got;
        if (source->end || (rc = t2v_source_fill(source, &got, err)) != 0 || !got) {
            *state = source->end ? T2V_RECORDS_END : T2V_RECORDS_WAIT;
            return rc;
        }
    }
}

/* Counts the lines of a record, and takes its line end off. */
static void pass_lines(t2v_records *records, struct t2v_str *record)
{
    struct t2v_str left = *record;
    size_t n = 0;
    while (left.len != 0) {
        bool ends = memchr(left.ptr, '\n', left.len) != NULL;
        t2v_str_cut(&left, '\n');
        n += ends;
    }
    if (t2v_str_ends(*record, T2V_STR("\n")))
        record->len--;
    else if (t2v_str_ends(*record, T2V_STR("\r")) && !records->source.end)
        n++;
    if (t2v_str_ends(*record, T2V_STR("\r")))
        record->len--;
    records->line += n;
    records->searched = 0;
    records->scan = (struct t2v_csv_scan){0};
}

/* --- the text of a record --- */

static int check_utf8(struct t2v_str text, struct t2v_err *err)
{
    size_t bad;
    if (t2v_utf8_valid(text, &bad))
        return 0;
    return t2v_fail(err, T2V_EFORMAT, "not UTF-8 at byte %zu of the text", bad);
}

static int read_json(t2v_records *records, struct t2v_str line, struct t2v_record *out,
                     struct t2v_err *err)
{
    const char *name = *records->options.column != '\0' ? records->options.column : "text";
    t2v_json_free(records->json);
    records->json = NULL;
    int rc = t2v_json_parse(line, &records->json, err);
    if (rc != 0)
        return rc;
    const t2v_json *value = records->json;
    if (t2v_json_type(value) == T2V_JSON_OBJECT) {
        value = t2v_json_get(value, name);
        if (value == NULL)
            return t2v_fail(err, T2V_EFORMAT, "no member '%.60s' (see --column)", name);
        if (t2v_json_type(value) != T2V_JSON_STRING && t2v_json_type(value) != T2V_JSON_NULL)
            return t2v_fail(err, T2V_EFORMAT, "'%.60s': expected a JSON string, found %s", name,
                            t2v_json_type_name(value));
    }
    out->empty = t2v_json_type(value) == T2V_JSON_NULL;
    out->text = t2v_json_str(value);
    if (!out->empty && out->text.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "expected a JSON string or an object, found %s",
                        t2v_json_type_name(value));
    return 0;
}

/* Appends the text of a record's column to records->field. */
static int read_csv(t2v_records *records, struct t2v_str record, struct t2v_record *out,
                    struct t2v_err *err)
{
    struct t2v_csv_fields fields = t2v_csv_first(record, records->delimiter);
    size_t n = 0;
    t2v_buf_clear(&records->field);
    while (t2v_csv_next(&fields, n == records->column ? &records->field : NULL))
        n++;
    if (records->field.fail != 0)
        return t2v_fail(err, records->field.fail, "no memory for a text of %zu bytes", record.len);
    if (n != records->n_column)
        return t2v_fail(err, T2V_EFORMAT, "%zu fields, but the first line has %zu", n,
                        records->n_column);
    out->text = t2v_buf_str(&records->field);
    return check_utf8(out->text, err);
}

/* --- the header of CSV --- */

/* The delimiter that a header has first; ',' if it has none. */
static char find_delimiter(struct t2v_str header)
{
    bool quoted = false;
    for (size_t i = 0; i < header.len; i++) {
        char c = header.ptr[i];
        quoted ^= c == '"';
        if (!quoted && (c == ',' || c == ';' || c == '\t'))
            return c;
    }
    return ',';
}

/* Sets records->column to the column of a name; counts all. found: whether there is one. */
static bool find_column(t2v_records *records, struct t2v_str header, const char *name)
{
    struct t2v_csv_fields fields = t2v_csv_first(header, records->delimiter);
    bool found = false;
    records->n_column = 0;
    for (t2v_buf_clear(&records->field); t2v_csv_next(&fields, &records->field);
         t2v_buf_clear(&records->field)) {
        if (!found && t2v_str_is(t2v_str_strip(t2v_buf_str(&records->field)), name)) {
            records->column = records->n_column;
            found = true;
        }
        records->n_column++;
    }
    return found;
}

static int read_header(t2v_records *records, struct t2v_str header, struct t2v_err *err)
{
    const char *wanted = records->options.column, *name = *wanted != '\0' ? wanted : "text";
    bool no_header = records->options.no_header;
    records->delimiter = records->format == TSV ? '\t' : no_header ? ',' : find_delimiter(header);
    bool found = find_column(records, header, name);
    if (no_header) {
        found = *wanted != '\0' || records->n_column == 1;
        records->column = *wanted != '\0' ? column_number(wanted) - 1 : 0;
    } else if (!found && *wanted == '\0' && records->n_column == 1) {
        found = true;
    }
    if (found && records->column < records->n_column)
        return 0;
    return t2v_fail(err, T2V_EUSAGE, "no column '%.60s' (see --column) among the %zu here: %.*s",
                    no_header && *wanted == '\0' ? "" : name, records->n_column,
                    T2V_STR_ARG(header));
}

/* --- records --- */

static bool is_blank(struct t2v_str text)
{
    return t2v_space_skip(text, 0) == text.len;
}

/* The text of a record's bytes. */
static int read_text(t2v_records *records, struct t2v_str bytes, struct t2v_record *out,
                     struct t2v_err *err)
{
    out->text = bytes;
    out->empty = is_blank(bytes);
    if (out->empty)
        return 0;
    if (records->format == JSON)
        return read_json(records, bytes, out, err);
    int rc = records->format == LINES ? check_utf8(bytes, err) : read_csv(records, bytes, out, err);
    out->empty = is_blank(out->text);
    return rc;
}

/* The record of options.text, once. */
static int take_only(t2v_records *records, struct t2v_record *out, enum t2v_records_state *state,
                     struct t2v_err *err)
{
    *state = records->line == 1 ? T2V_RECORDS_NEXT : T2V_RECORDS_END;
    records->line++;
    int rc = read_text(records, t2v_str_of(records->options.text), out, err);
    return rc != 0 ? t2v_records_fail_in(records, 1, rc, err) : 0;
}

/* The header's record, if there is one to be read first. */
static int begin_csv(t2v_records *records, struct t2v_str record, bool *is_header,
                     struct t2v_err *err)
{
    *is_header = false;
    if (records->delimiter != '\0' || (records->format != CSV && records->format != TSV))
        return 0;
    *is_header = !records->options.no_header;
    return *is_header && is_blank(record) ? 0 : read_header(records, record, err);
}

int t2v_records_next(t2v_records *records, struct t2v_record *out, enum t2v_records_state *state,
                     struct t2v_err *err)
{
    struct t2v_str bytes;
    bool is_header;
    if (records->options.text != NULL)
        return take_only(records, out, state, err);
    do {
        out->line = records->line;
        bool quoted = false;
        int rc = take(records, &bytes, state, err);
        if (rc == 0 && *state != T2V_RECORDS_NEXT)
            return 0;
        if (rc == 0) {
            quoted = records->scan.state == T2V_CSV_QUOTED;
            pass_lines(records, &bytes);
        }
        if (quoted)
            rc = t2v_fail(err, T2V_EFORMAT, "a quoted field begins here and never ends");
        if (rc == 0)
            rc = begin_csv(records, bytes, &is_header, err);
        if (rc == 0 && !is_header)
            rc = read_text(records, bytes, out, err);
        if (rc != 0)
            return t2v_records_fail_in(records, out->line, rc, err);
    } while (is_header);
    return 0;
}
