r"""LaTeX's way of writing letters and signs, as BibTeX files use it, turned into plain text.

Accents may stand before a letter, a letter in braces, or a dotless i or j (``\'a``, ``\'{a}``, ``{\'\i}``, ``\c{c}``,
``\v s``). Commands that are not known lose their backslash; braces, which only group, go.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain", "split_names"]

ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
    "U": "\u030e",
    "G": "\u030f",
    "f": "\u0311",
}
"""The accent commands and the combining mark of each."""

LETTERS = {
    "i": "ı",
    "j": "ȷ",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ss": "ß",
    "SS": "ẞ",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "dh": "ð",
    "DH": "Ð",
    "th": "þ",
    "TH": "Þ",
    "dj": "đ",
    "DJ": "Đ",
    "ng": "ŋ",
    "NG": "Ŋ",
    "S": "§",
    "P": "¶",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "dots": "…",
    "ldots": "…",
    "textendash": "–",
    "textemdash": "—",
    "textquoteright": "’",
    "textquoteleft": "‘",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "guillemotleft": "«",
    "guillemotright": "»",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textdegree": "°",
}
"""Commands that stand for one sign."""

_MARKS = re.escape("`'^~=.\"")
_BASE = r"(?:\{\s*(?:\\([ij])|(\w))\s*\}|\\([ij])(?:\s+|(?![A-Za-z]))|(\w))"
_SIGN_ACCENT = re.compile(rf"\\([{_MARKS}])\s*{_BASE}")
_WORD_ACCENT = re.compile(rf"\\([uvHcdbrkUGf])(?:\s+|(?=[{{\\])){_BASE}")
_COMMAND = re.compile(r"\\([A-Za-z]+)(?:\{\}|\s+|(?![A-Za-z]))")
_ESCAPED = re.compile(r"\\([&%$#_{}])")
_KEPT = {"{": "\ue000", "}": "\ue001"}


def plain(words: str) -> str:
    r"""*words* as plain text: ``R{\'a}cz`` is ``Rácz``, ``Kolst{\o}`` is ``Kolstø``, ``A \& B`` is ``A & B``."""
    if "\\" in words:
        words = _SIGN_ACCENT.sub(_accented, words)
        words = _WORD_ACCENT.sub(_accented, words)
        words = _ESCAPED.sub(lambda m: _KEPT.get(m[1], m[1]), words)
        words = _COMMAND.sub(lambda m: LETTERS.get(m[1], ""), words)
        words = words.replace("\\-", "").replace("\\ ", " ").replace("\\/", "")
    words = re.sub(r"(?<!\\)~", " ", words)
    words = words.replace("---", "—").replace("--", "–").replace("``", "“").replace("''", "”")
    words = words.replace("{", "").replace("}", "")
    for brace, kept in _KEPT.items():
        words = words.replace(kept, brace)
    return " ".join(words.split())


def _accented(match: re.Match[str]) -> str:
    mark, letter = match[1], next(g for g in match.groups()[1:] if g)
    return unicodedata.normalize("NFC", letter + ACCENTS[mark])


def split_names(words: str) -> list[str]:
    """The names in an author field, parted by ``and`` outside braces: a body's name in braces stays whole."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(words):
        depth += (sign == "{") - (sign == "}")
        if depth == 0 and re.match(r"\sand\s", words[at : at + 5]):
            parts.append(words[start:at])
            start = at + 4
    return [name for part in [*parts, words[start:]] if (name := plain(part))]
