# SPDX-License-Identifier: BSD-3-Clause
"""Texts of every kind that a stranger may send, drawn by chance from a seed."""
import random

RANGES = {
    "latin": [(0x41, 0x7A), (0xC0, 0x24F), (0x1E00, 0x1EFF)], "greek": [(0x370, 0x3FF), (0x1F00, 0x1FFF)], "cyrillic": [(0x400, 0x52F)],
    "armenian": [(0x531, 0x58A)], "hebrew": [(0x591, 0x5F4)], "arabic": [(0x600, 0x6FF), (0x750, 0x77F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)],
    "devanagari": [(0x900, 0x97F)], "bengali": [(0x980, 0x9FF)], "tamil": [(0xB80, 0xBFF)], "thai": [(0xE01, 0xE5B)], "tibetan": [(0xF00, 0xFDA)],
    "georgian": [(0x10A0, 0x10FF), (0x1C90, 0x1CBF)], "hangul": [(0x1100, 0x11FF), (0xAC00, 0xD7A3)], "ethiopic": [(0x1200, 0x137C)],
    "khmer": [(0x1780, 0x17F9)], "kana": [(0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D)],
    "han": [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2F800, 0x2FA1D)],
    "marks": [(0x300, 0x36F), (0x483, 0x489), (0x1AB0, 0x1ACE), (0x20D0, 0x20F0), (0xFE20, 0xFE2F)],
    "symbols": [(0x21, 0x2F), (0xA1, 0xBF), (0x2010, 0x205E), (0x2070, 0x218B), (0x2190, 0x23FF), (0x2460, 0x27BF), (0x3000, 0x303F), (0xFF01, 0xFF65)],
    "emoji": [(0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF)],
    "old": [(0x10000, 0x1007F), (0x10300, 0x1034F), (0x10400, 0x1044F), (0x1D400, 0x1D7FF), (0x1E900, 0x1E95F)],
    "controls": [(0, 0x1F), (0x7F, 0x9F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFD), (0xE0000, 0xE007F)],
    "spaces": [(9, 13), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)],
    "any": [(0, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)],
}
ENGLISH = ("the of and to in is was for on that with as by at from it an be are this which or were have not you all one can her his there their we said when "
           "what will more if no out so up into than them then some could time other about many over such only new also after first water little people "
           "vector database search sentence embedding river bridge lantern harbour umbrella coffee quickly unbelievable internationalization").split()
DOTTED = ("Dr. Mr. Mrs. e.g. i.e. U.S. U.S.A. St. No. vs. etc. Inc. Jan. a.m. p.m. Ph.D. J. R. R. 3.14 1,000.50 v2.0. ... .. . ! ? ?! !!! ?? 12. 1. a. Z. "
          "www.example.com. .5 \" ' '' ``  ) ] } (e.g. \"Really?\" 'No.' (Yes.) \u201cHi.\u201d \u00abOui.\u00bb end.Next 5.Then x.y.z \u2026 \u3002 \u061f ; : -- \u2014").split(" ")
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "[cls]", "[ MASK ]", "<s>", "</s>", "##ing", "##", "[unused1]", "<|endoftext|>", "\u2581"]
CASES = ["\u0130", "\u0131", "\u1e9e", "\u00df", "\u017f", "\u212a", "\u212b", "\ufb01", "\ufb03", "\u03a3", "\u03c2", "\u01c5", "\u01f0", "\u0390", "\u1fb7",
         "\u0149", "\u1e97", "\u0345", "\u1ffc", "\u10a0", "\u13a0", "\uab70", "\u2126", "\u00c5", "A\u030a", "\uac01", "\u1100\u1161\u11a8", "\u0958", "\u2adc"]
FAMILIES = ["\U0001F468\u200d\U0001F469\u200d\U0001F467", "\U0001F44D\U0001F3FD", "\U0001F1E9\U0001F1EA", "\u2764\ufe0f", "1\ufe0f\u20e3", "\U0001F3F4\U000E0067\U000E0062\U000E007F"]
SCRIPTS = [n for n in RANGES if n not in ("marks", "controls", "spaces", "any", "symbols")]


def character(r, name):
    low, high = r.choice(RANGES[name])
    return chr(r.randint(low, high))


def run(r, name, least, most):
    return "".join(character(r, name) for _ in range(r.randint(least, most)))


def english(r):
    word = r.choice(ENGLISH)
    return r.choice((word, word, word, word.capitalize(), word.upper(), word + ",", word + "'s", word + "-" + r.choice(ENGLISH)))


def foreign(r):
    return run(r, r.choice(SCRIPTS), 1, 9)


def marked(r):
    return "".join(character(r, r.choice(("latin", "greek", "hangul", "devanagari"))) + run(r, "marks", 0, r.choice((1, 1, 2, 12))) for _ in range(r.randint(1, 6)))


def long_word(r):
    n = r.choice((99, 100, 101, 102, 200, 600, 2000))
    kind = r.randrange(4)
    if kind == 0:
        return r.choice("aZ9\u00e9\u4e2d\U0001F600") * n
    if kind == 1:
        return "".join(r.choice(ENGLISH) for _ in range(n // 5))
    return run(r, r.choice(SCRIPTS), n, n) if kind == 2 else "".join(r.choice("0123456789.") for _ in range(n))


def piece(r):
    kind = r.choices((english, foreign, marked, long_word, lambda r: r.choice(DOTTED), lambda r: r.choice(SPECIAL), lambda r: r.choice(CASES) + english(r)[:3],
                      lambda r: r.choice(FAMILIES), lambda r: run(r, "any", 1, 6), lambda r: run(r, "controls", 1, 3), lambda r: run(r, "symbols", 1, 4)),
                     (50, 20, 6, 0.7, 20, 2, 3, 3, 5, 3, 8))[0]
    return kind(r)


def gap(r):
    return r.choices((" ", "", run(r, "spaces", 1, 3), "\n\n"), (85, 6, 7, 2))[0]


def text(r):
    """One text with something in it besides white space; most are short, one in forty has some hundred words."""
    shape = r.randrange(10)
    n = r.choice((1, 3, 8, 15, 15, 30, 30, 60)) if r.random() < 0.975 else r.randint(200, 700)
    if shape == 0:
        out = run(r, "any", 1, 40)
    elif shape == 1:
        out = " ".join(run(r, name, 1, 8) for name in [r.choice(SCRIPTS)] for _ in range(n))
    elif shape <= 4:
        out = " ".join(r.choice(DOTTED) if r.random() < 0.25 else english(r) for _ in range(n))
    else:
        out = "".join(piece(r) + gap(r) for _ in range(n))
    return out if out.split() else out + "x"


def texts(n, seed):
    r = random.Random(seed)
    return [text(r) for _ in range(n)]
