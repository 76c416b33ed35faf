/* SPDX-License-Identifier: BSD-3-Clause */
#include "regex/sets.h"

#include <stdio.h>

#include "base/banned.h"

static const char space_set[] =
    "\\x09-\\x0d\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}"
    "\\x{2029}\\x{202f}\\x{205f}\\x{3000}-\\x{3000}";
static const char not_space_set[] =
    "\\x00-\\x08\\x0e-\\x1f\\x21-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
    "\\x{3001}-\\x{10ffff}";
static const char hex_set[] = "0-9A-Fa-f";
static const char not_hex_set[] = "\\x00-/:-@G-`g-\\x{10ffff}";

/* The code points of a category ("L", "Lu"; "": those that are alphabetic) that are too young for
 * PCRE2. */
static void add_young(struct t2v_buf *out, const char *category)
{
    size_t n = strlen(category);
    for (size_t i = 0; i < t2v_regex_n_young; i++) {
        const struct t2v_regex_young *y = &t2v_regex_young[i];
        if (n != 0 ? strncmp(y->category, category, n) == 0 : y->alphabetic)
            t2v_buf_addf(out, "\\x{%x}-\\x{%x}", y->first, y->last);
    }
}

/* What the library's set of that name has and PCRE2's does not; whether that is all of it. */
static bool add_more(struct t2v_buf *out, const char *name)
{
    bool whole = false;
    for (size_t i = 0; i < t2v_regex_n_more; i++) {
        const struct t2v_regex_more *m = &t2v_regex_more[i];
        if (strcmp(m->name, name) != 0)
            continue;
        t2v_buf_addf(out, "\\x{%x}-\\x{%x}", m->first, m->last);
        whole = m->whole;
    }
    return whole;
}

/* PCRE2 means the extensions of a script by its bare name. */
void t2v_regex_add_script(struct t2v_buf *out, const char *name)
{
    if (!add_more(out, name))
        t2v_buf_addf(out, "\\p{%s%s}", strncmp(name, "emoji", 5) == 0 ? "" : "sc:", name);
}

void t2v_regex_add_category(struct t2v_buf *out, const char *category)
{
    bool cased = strcmp(category, "LC") == 0;
    t2v_buf_addf(out, "\\p{%s}", cased ? "L&" : category);
    if (cased) {
        add_young(out, "Lu");
        add_young(out, "Ll");
    } else {
        add_young(out, category);
    }
}

static void add_alphabetic(struct t2v_buf *out)
{
    t2v_buf_adds(out, "\\p{Alphabetic}");
    add_more(out, "alphabetic");
}

/* \w: outside of a class it has odd ones in Latin-1, as the library's has. */
void t2v_regex_add_word(struct t2v_buf *out, bool inside)
{
    add_alphabetic(out);
    t2v_regex_add_category(out, "M");
    t2v_regex_add_category(out, "Nd");
    t2v_regex_add_category(out, "Pc");
    if (!inside)
        t2v_buf_adds(out, "\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}");
}

/* General categories by their long names. */
static const struct {
    const char *name, *category;
} long_names[] = {
    {"casedletter", "LC"},
    {"closepunctuation", "Pe"},
    {"connectorpunctuation", "Pc"},
    {"control", "Cc"},
    {"currencysymbol", "Sc"},
    {"dashpunctuation", "Pd"},
    {"decimalnumber", "Nd"},
    {"enclosingmark", "Me"},
    {"finalpunctuation", "Pf"},
    {"format", "Cf"},
    {"initialpunctuation", "Pi"},
    {"letter", "L"},
    {"letternumber", "Nl"},
    {"lineseparator", "Zl"},
    {"lowercaseletter", "Ll"},
    {"mark", "M"},
    {"mathsymbol", "Sm"},
    {"modifierletter", "Lm"},
    {"modifiersymbol", "Sk"},
    {"nonspacingmark", "Mn"},
    {"number", "N"},
    {"openpunctuation", "Ps"},
    {"other", "C"},
    {"otherletter", "Lo"},
    {"othernumber", "No"},
    {"otherpunctuation", "Po"},
    {"othersymbol", "So"},
    {"paragraphseparator", "Zp"},
    {"privateuse", "Co"},
    {"punct", "P"},
    {"punctuation", "P"},
    {"separator", "Z"},
    {"spaceseparator", "Zs"},
    {"spacingmark", "Mc"},
    {"symbol", "S"},
    {"titlecaseletter", "Lt"},
    {"unassigned", "Cn"},
    {"uppercaseletter", "Lu"},
    {"digit", "Nd"},
    {"cntrl", "Cc"},
};

/* "lu" to "Lu"; NULL when it is no category. */
static const char *category_of(const char *name, char room[3])
{
    static const char all[] =
        "c cc cf cn co l lc ll lm lo lt lu m mc me mn n nd nl no p pc pd pe pf "
        "pi po ps s sc sk sm so z zl zp zs ";
    char want[6];
    for (size_t i = 0; i < sizeof long_names / sizeof *long_names; i++) {
        if (strcmp(long_names[i].name, name) == 0)
            return long_names[i].category;
    }
    size_t n = strlen(name);
    if (n == 0 || n > 2)
        return NULL;
    snprintf(want, sizeof want, "%s ", name);
    const char *hit = strstr(all, want);
    while (hit != NULL && hit != all && hit[-1] != ' ')
        hit = strstr(hit + 1, want);
    if (hit == NULL)
        return NULL;
    room[0] = (char)(name[0] - 'a' + 'A');
    room[1] = strcmp(name, "lc") == 0 ? 'C' : name[1];
    room[2] = '\0';
    return room;
}

bool t2v_regex_add_named(struct t2v_buf *out, const char *name, bool inside)
{
    char room[3];
    if (strcmp(name, "alpha") == 0 || strcmp(name, "alphabetic") == 0) {
        add_alphabetic(out);
    } else if (strcmp(name, "alnum") == 0) {
        add_alphabetic(out);
        t2v_regex_add_category(out, "Nd");
    } else if (strcmp(name, "word") == 0) {
        t2v_regex_add_word(out, inside);
    } else if (strcmp(name, "space") == 0 || strcmp(name, "whitespace") == 0) {
        t2v_buf_adds(out, space_set);
    } else if (strcmp(name, "xdigit") == 0) {
        t2v_buf_adds(out, hex_set);
    } else if (strcmp(name, "upper") == 0 || strcmp(name, "uppercase") == 0) {
        t2v_buf_adds(out, "\\p{Uppercase}");
        add_more(out, "uppercase");
    } else if (strcmp(name, "lower") == 0 || strcmp(name, "lowercase") == 0) {
        t2v_buf_adds(out, "\\p{Lowercase}");
        add_more(out, "lowercase");
    } else if (strcmp(name, "any") == 0) {
        t2v_buf_adds(out, "\\x00-\\x{10ffff}");
    } else {
        const char *category = category_of(name, room);
        if (category == NULL)
            return false;
        t2v_regex_add_category(out, category);
    }
    return true;
}

bool t2v_regex_add_negated(struct t2v_buf *out, const char *name)
{
    char room[3];
    const char *category = category_of(name, room);
    if (strcmp(name, "space") == 0)
        t2v_buf_adds(out, not_space_set);
    else if (strcmp(name, "xdigit") == 0)
        t2v_buf_adds(out, not_hex_set);
    else if (category != NULL)
        t2v_buf_addf(out, "\\P{%s}", strcmp(category, "LC") == 0 ? "L&" : category);
    else
        return false;
    return true;
}
