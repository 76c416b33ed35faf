/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_LOAD_CLASSES_H
#define T2V_TOKEN_LOAD_CLASSES_H
/*
 * The fast tokenizer classes of transformers 4.56.1: what each does to a tokenizer.json that it
 * loads. A class that is not in the table takes the file as it is.
 */
#include <stdbool.h>

#include "base/str.h"

enum t2v_special { /* in the order of transformers' SPECIAL_TOKENS_ATTRIBUTES */
                   T2V_BOS,
                   T2V_EOS,
                   T2V_UNK,
                   T2V_SEP,
                   T2V_PAD,
                   T2V_CLS,
                   T2V_MASK,
                   T2V_N_SPECIAL
};

/* What a class makes of the normalizer, and of the older files. */
enum t2v_class {
    T2V_CLASS_PLAIN,
    T2V_CLASS_BERT,
    T2V_CLASS_MPNET,
    T2V_CLASS_T5,
    T2V_CLASS_XLMR,
    T2V_CLASS_ROBERTA,
    T2V_CLASS_GPT2
};

/* Where the ids around a text come from. */
enum t2v_ends {
    T2V_ENDS_FILE,       /* tokenizer.json's post-processor */
    T2V_ENDS_BOS,        /* bos_token by add_bos_token (true), eos_token by add_eos_token (false) */
    T2V_ENDS_NONE,       /* the same, both false by default */
    T2V_ENDS_LANG_FIRST, /* the language's code, text, eos_token */
    T2V_ENDS_LANG_LAST   /* text, eos_token, the language's code */
};

struct t2v_class_info {
    const char *name;  /* less "Tokenizer" and "Fast" */
    const char *types; /* the values of model_type that imply it, each with a space after it */
    enum t2v_class class_;
    const char *special[T2V_N_SPECIAL]; /* the defaults, where no file names them; or NULL */
    unsigned flagged;     /* bit i: special token i, if a plain string, becomes one with flags */
    bool mask_strips;     /* a mask_token so made has lstrip */
    bool mask_normalized; /* and is normalized */
    enum t2v_ends ends;
    const char *lang; /* src_lang when there is none */
    const char *more; /* additional_special_tokens, each with a space after it */
    bool more_always; /* they are added to those that a file names, not instead of them */
    bool ignored;     /* earlier releases did not know the class, see base/notes.h */
};

/* By a class's name, or NULL. */
const struct t2v_class_info *t2v_class_by_name(struct t2v_str name);
/* By config.json's model_type, or NULL. */
const struct t2v_class_info *t2v_class_by_type(struct t2v_str model_type);
/* Takes the first word of *list, each of which has a space after it; false when it is empty. */
bool t2v_class_next(const char **list, struct t2v_str *word);

#endif
