/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/files/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/files/npy.h"
#include "json/json.h"
#include "json/write.h"

#include "base/banned.h"

enum format { JSON, NPY, F32 };
enum { LONGEST_NUMBER = 20 }; /* bytes in JSON, at most, its comma included */

struct t2v_rows {
    int fd;
    const char *name; /* for messages */
    enum format format;
    bool is_file; /* of a path, and regular */
    bool begun;   /* t2v_rows_begin has been called: the file may be written */
    size_t width, n_row;
    off_t last, end; /* where the last row that was found begins, and where it ends */
    float *nulls;    /* [width] NaNs */
    struct t2v_buf buf;
};

/* --- options --- */

static bool is_stdout(const struct t2v_rows_options *options)
{
    return *options->path == '\0' || strcmp(options->path, "-") == 0;
}

static enum format format_of(const struct t2v_rows_options *options)
{
    struct t2v_str path = t2v_str_of(options->path);
    if (strcmp(options->format, "npy") == 0)
        return NPY;
    if (strcmp(options->format, "f32") == 0)
        return F32;
    if (*options->format != '\0')
        return JSON;
    return t2v_str_ends(path, T2V_STR(".npy"))   ? NPY
           : t2v_str_ends(path, T2V_STR(".f32")) ? F32
                                                 : JSON;
}

int t2v_rows_check(const struct t2v_rows_options *options, struct t2v_err *err)
{
    if (options->resume && options->overwrite)
        return t2v_fail(err, T2V_EUSAGE, "--resume and --overwrite exclude each other");
    if (!is_stdout(options))
        return 0;
    if (options->resume || options->overwrite)
        return t2v_fail(err, T2V_EUSAGE, "--%s means nothing without --output FILE",
                        options->resume ? "resume" : "overwrite");
    if (format_of(options) == NPY)
        return t2v_fail(err, T2V_EUSAGE,
                        "--output-format npy needs --output FILE: its header is written last");
    return 0;
}

int t2v_rows_check_input(const struct t2v_rows_options *options, int input_fd, struct t2v_err *err)
{
    struct stat in, out;
    int found = is_stdout(options) ? fstat(STDOUT_FILENO, &out) : stat(options->path, &out);
    if (found != 0 || fstat(input_fd, &in) != 0 || !S_ISREG(in.st_mode))
        return 0;
    if (in.st_dev != out.st_dev || in.st_ino != out.st_ino)
        return 0;
    return t2v_fail(err, T2V_EUSAGE, "%s is the input, too; the output needs a file of its own",
                    is_stdout(options) ? "standard output" : options->path);
}

/* --- files that are there --- */

static int fail_io(const struct t2v_rows *rows, struct t2v_err *err)
{
    return t2v_fail(err, T2V_EIO, "%s: %s", rows->name, strerror(errno));
}

static int fail_foreign(const struct t2v_rows *rows, struct t2v_err *err)
{
    return t2v_fail(err, T2V_EFORMAT,
                    "%s: after %zu whole rows, its end is not known as a part of one of %zu "
                    "numbers; --overwrite drops all of it",
                    rows->name, rows->n_row, rows->width);
}

/* Whether bytes may be the beginning of a row of JSON, its line end excluded. */
static bool begins_row(struct t2v_str bytes, size_t width)
{
    static const char numbers[] = "0123456789+-.enul"; /* "null" may be one of them */
    size_t n_comma = 0;
    if (t2v_str_starts(T2V_STR("null"), bytes))
        return true;
    if (bytes.ptr[0] != '[')
        return false;
    for (size_t i = 1; i < bytes.len; i++) {
        char c = bytes.ptr[i];
        if (c == ']')
            return i + 1 == bytes.len && n_comma + 1 == width;
        n_comma += c == ',';
        if (c != ',' && memchr(numbers, c, sizeof numbers - 1) == NULL)
            return false;
    }
    return n_comma < width;
}

/* T2V_EFORMAT: what follows the last whole line is no beginning of a row. */
static int check_part(t2v_rows *rows, off_t size, struct t2v_err *err)
{
    size_t len = (size_t)(size - rows->end);
    if (len == 0)
        return 0;
    if (len / LONGEST_NUMBER > rows->width)
        return fail_foreign(rows, err);
    char *bytes = t2v_buf_room(&rows->buf, len);
    if (bytes == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory to read %s", rows->name);
    if (pread(rows->fd, bytes, len, rows->end) != (ssize_t)len)
        return fail_io(rows, err);
    return begins_row((struct t2v_str){bytes, len}, rows->width) ? 0 : fail_foreign(rows, err);
}

/* Where the last whole line ends, and how many there are. If there is none, or it is null, which
 * other files may have, too, what follows it is checked. */
static int count_lines(t2v_rows *rows, off_t size, struct t2v_err *err)
{
    char *piece = t2v_buf_room(&rows->buf, 1 << 16);
    off_t at = 0;
    ssize_t n;
    if (piece == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory to read %s", rows->name);
    while ((n = pread(rows->fd, piece, 1 << 16, at)) > 0) {
        for (char *line = piece; (line = memchr(line, '\n', (size_t)(piece + n - line))) != NULL;) {
            line++;
            rows->n_row++;
            rows->last = rows->end;
            rows->end = at + (line - piece);
        }
        at += n;
    }
    if (n < 0)
        return fail_io(rows, err);
    bool is_sample = rows->end - rows->last > (off_t)strlen("null\n");
    return is_sample ? 0 : check_part(rows, size, err);
}

/* The rows after the header, which may be cut off. */
static int count_rows(t2v_rows *rows, off_t size, struct t2v_err *err)
{
    char header[T2V_NPY_HEADER] = {0};
    size_t row_bytes = rows->width * sizeof(float);
    off_t begin = rows->format == NPY ? T2V_NPY_HEADER : 0;
    if (rows->format == NPY) {
        size_t len = size < begin ? (size_t)size : sizeof header;
        if (pread(rows->fd, header, len, 0) != (ssize_t)len)
            return fail_io(rows, err);
        if (!t2v_npy_header_is(header, len, rows->width))
            return t2v_fail(err, T2V_EFORMAT,
                            "%s: not a .npy file of this command with rows of %zu numbers",
                            rows->name, rows->width);
    }
    if (size < begin + (off_t)row_bytes) /* Any file may begin with a part of an f32 row. */
        return rows->format == F32 && size != 0 ? fail_foreign(rows, err) : 0;
    rows->n_row = (size_t)(size - begin) / row_bytes;
    rows->end = begin + (off_t)(rows->n_row * row_bytes);
    rows->last = rows->end - (off_t)row_bytes;
    return 0;
}

/* Finds the rows that are kept. */
static int find_rows(t2v_rows *rows, const struct t2v_rows_options *options, off_t size,
                     struct t2v_err *err)
{
    if (size != 0 && !options->resume && !options->overwrite)
        return t2v_fail(err, T2V_EUSAGE,
                        "%s is there: --resume goes on after its last row, --overwrite drops it",
                        rows->name);
    if (!options->resume)
        return 0;
    return rows->format == JSON ? count_lines(rows, size, err) : count_rows(rows, size, err);
}

/* --- open --- */

static int open_file(t2v_rows *rows, const struct t2v_rows_options *options, struct t2v_err *err)
{
    struct stat st;
    bool is_special = stat(options->path, &st) == 0 && !S_ISREG(st.st_mode); /* a pipe, a device */
    rows->name = options->path;
    rows->fd = open(options->path, (is_special ? O_WRONLY : O_RDWR | O_CREAT) | O_CLOEXEC, 0666);
    if (rows->fd < 0 || fstat(rows->fd, &st) != 0)
        return fail_io(rows, err);
    rows->is_file = S_ISREG(st.st_mode);
    if (rows->is_file)
        return find_rows(rows, options, st.st_size, err);
    if (rows->format == NPY || options->resume)
        return t2v_fail(err, T2V_EUSAGE, "%s is no file, which %s needs", rows->name,
                        options->resume ? "--resume" : "the format npy");
    return 0;
}

static int prepare(t2v_rows *rows, const struct t2v_rows_options *options, struct t2v_err *err)
{
    rows->nulls = t2v_alloc_zero(rows->width, sizeof(float));
    if (rows->nulls == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for a row of %zu numbers", rows->width);
    for (size_t i = 0; i < rows->width; i++)
        rows->nulls[i] = NAN;
    int rc = t2v_rows_check(options, err);
    if (rc == 0 && !is_stdout(options))
        rc = open_file(rows, options, err);
    return rc;
}

static void release(t2v_rows *rows)
{
    if (rows->fd > STDOUT_FILENO)
        close(rows->fd);
    t2v_buf_deinit(&rows->buf);
    t2v_free(rows->nulls);
    t2v_free(rows);
}

int t2v_rows_open(const struct t2v_rows_options *options, size_t width, t2v_rows **out,
                  size_t *n_row, struct t2v_err *err)
{
    t2v_rows *rows = t2v_alloc_zero(1, sizeof *rows);
    if (rows == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the output");
    rows->fd = STDOUT_FILENO;
    rows->name = "standard output";
    rows->format = format_of(options);
    rows->width = width;
    t2v_buf_init(&rows->buf, SIZE_MAX);
    int rc = prepare(rows, options, err);
    if (rc != 0) {
        release(rows);
        return rc;
    }
    *out = rows;
    *n_row = rows->n_row;
    return 0;
}

/* --- the last row --- */

/* The numbers of a line of JSON; NaNs for null. */
static int read_line(const t2v_rows *rows, struct t2v_str line, float *vector, struct t2v_err *err)
{
    t2v_json *root = NULL;
    int rc = t2v_json_parse(line, &root, err);
    bool is_null = t2v_json_type(root) == T2V_JSON_NULL;
    bool fits =
        is_null || (t2v_json_type(root) == T2V_JSON_ARRAY && t2v_json_len(root) == rows->width);
    for (size_t i = 0; i < rows->width && rc == 0 && fits; i++) {
        double x = (double)NAN;
        fits = is_null || t2v_json_double(t2v_json_at(root, i), &x);
        vector[i] = (float)x;
    }
    t2v_json_free(root);
    if (rc == 0 && !fits)
        rc = t2v_fail(err, T2V_EFORMAT, "not an array of %zu numbers", rows->width);
    return rc;
}

int t2v_rows_last(t2v_rows *rows, float *vector, struct t2v_err *err)
{
    size_t len = (size_t)(rows->end - rows->last);
    t2v_buf_clear(&rows->buf);
    char *bytes = t2v_buf_room(&rows->buf, len);
    if (bytes == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for a row of %zu bytes", len);
    if (pread(rows->fd, bytes, len, rows->last) != (ssize_t)len)
        return fail_io(rows, err);
    if (rows->format != JSON) {
        memcpy(vector, bytes, rows->width * sizeof *vector);
        return 0;
    }
    int rc = read_line(rows, (struct t2v_str){bytes, len}, vector, err);
    return rc != 0 ? t2v_fail_in_dir(err, rc, rows->name, NULL) : 0;
}

/* --- write --- */

/* For the rows so far. */
static int write_header(t2v_rows *rows, struct t2v_err *err)
{
    char header[T2V_NPY_HEADER];
    t2v_npy_header(header, rows->n_row, rows->width);
    bool done = pwrite(rows->fd, header, sizeof header, 0) == (ssize_t)sizeof header;
    return done ? 0 : fail_io(rows, err);
}

int t2v_rows_begin(t2v_rows *rows, struct t2v_err *err)
{
    bool has_header = rows->format == NPY;
    off_t end = has_header && rows->n_row == 0 ? T2V_NPY_HEADER : rows->end;
    if (rows->is_file && ftruncate(rows->fd, rows->end) != 0)
        return fail_io(rows, err);
    rows->begun = true;
    int rc = has_header && rows->n_row == 0 ? write_header(rows, err) : 0;
    if (rc == 0 && rows->is_file && lseek(rows->fd, end, SEEK_SET) < 0)
        rc = fail_io(rows, err);
    return rc;
}

int t2v_rows_add(t2v_rows *rows, const float *vector, struct t2v_err *err)
{
    size_t before = rows->buf.len;
    if (rows->format != JSON) {
        t2v_buf_add(&rows->buf, vector != NULL ? vector : rows->nulls, rows->width * sizeof(float));
    } else {
        if (vector != NULL)
            t2v_json_write_f32s(&rows->buf, vector, rows->width);
        else
            t2v_buf_adds(&rows->buf, "null");
        t2v_buf_addc(&rows->buf, '\n');
    }
    if (rows->buf.fail != 0) {
        rows->buf.len = before; /* no part of it is written */
        return t2v_fail(err, rows->buf.fail, "no memory for rows of output");
    }
    rows->n_row++;
    return 0;
}

int t2v_rows_flush(t2v_rows *rows, struct t2v_err *err)
{
    struct t2v_str left = t2v_buf_str(&rows->buf);
    while (left.len != 0) {
        ssize_t n = write(rows->fd, left.ptr, left.len);
        if (n < 0 && errno == EAGAIN) { /* a pipe that others made non-blocking */
            struct pollfd output = {.fd = rows->fd, .events = POLLOUT};
            poll(&output, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            return fail_io(rows, err);
        } else if (n > 0) {
            left = t2v_str_skip(left, (size_t)n);
        }
    }
    t2v_buf_clear(&rows->buf);
    return 0;
}

int t2v_rows_close(t2v_rows *rows, struct t2v_err *err)
{
    if (rows == NULL)
        return 0;
    int rc = t2v_rows_flush(rows, err);
    if (rc == 0 && rows->begun && rows->format == NPY)
        rc = write_header(rows, err);
    release(rows);
    return rc;
}
