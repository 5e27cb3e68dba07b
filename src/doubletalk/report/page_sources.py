"""The works that a case cites, read from its BibTeX file as far as a list of sources needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from doubletalk.report.latex import plain, split_names
from doubletalk.report.page_content import SourceRow

__all__ = ["find_address", "read_sources"]

_ENTRY = re.compile(r"^\s*@(\w+)\s*\{\s*([^,\s]+)\s*,", re.MULTILINE)
_FIELD = re.compile(r"(\w+)\s*=\s*")
_RAW = ("author", "editor", "url")
_PLACES = ("journal", "booktitle", "organization", "institution", "school", "publisher", "howpublished")
_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;)]")


def read_sources(path: Path | None) -> dict[str, SourceRow]:
    """Key -> source, in the order of the file; {} without a file."""
    if path is None or not path.is_file():
        return {}
    content = path.read_text(encoding="utf-8-sig")
    starts = list(_ENTRY.finditer(content))
    found = {}
    for k, start in enumerate(starts):
        if start.group(1).lower() in ("comment", "string", "preamble"):
            continue
        end = starts[k + 1].start() if k + 1 < len(starts) else len(content)
        fields = _fields(content[start.end() : end])
        found[start.group(2)] = SourceRow(start.group(2), _words(fields), fields.get("url", ""))
    return found


def _fields(body: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    at = 0
    while (match := _FIELD.search(body, at)) is not None:
        value, at = _value(body, match.end())
        name = match.group(1).lower()
        fields.setdefault(name, " ".join(value.split()) if name in _RAW else plain(value))
    return fields


def _value(body: str, at: int) -> tuple[str, int]:
    """The braced, quoted or bare value that starts at *at*, and where it ends."""
    if at < len(body) and body[at] in '{"':
        depth, close = 0, "}" if body[at] == "{" else '"'
        for end in range(at, len(body)):
            depth += (body[end] == "{") - (body[end] == "}")
            if end > at and body[end] == close and depth == 0:
                return body[at + 1 : end], end + 1
        return body[at + 1 :], len(body)
    end = min((i for i in (body.find(",", at), body.find("\n", at)) if i >= 0), default=len(body))
    return body[at:end], end


def _words(fields: Mapping[str, str]) -> str:
    author = _authors(fields.get("author") or fields.get("editor", ""))
    year = f"({fields['year']})" if "year" in fields else ""
    title = _sentence(fields.get("title", ""))
    place = next((fields[key] for key in _PLACES if key in fields), "")
    parts = [
        *([f"{author} {year}".strip() + ".", title] if author else [title, f"{year}." if year else ""]),
        f"{place}." if place else "",
        f"{fields['note'].rstrip('.')}." if "note" in fields else "",
    ]
    return " ".join(part for part in parts if part.strip(". "))


def _sentence(title: str) -> str:
    """A title with a full stop where it has no mark of its own, and typeset quotation marks."""
    quoted = re.sub(r"`([^`']*)'", "‘\\1’", title).rstrip(".")
    return quoted if quoted.endswith(("?", "!")) else f"{quoted}."


def _authors(words: str) -> str:
    names = split_names(words)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def find_address(source: str, sources: Mapping[str, SourceRow]) -> tuple[str, str]:
    """(words, address) of a claim's source: a key of the bibliography, words with an address, or words alone."""
    for key, row in sources.items():
        if re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", source):
            rest = re.sub(rf"@?{re.escape(key)}", "", source).strip(" ,;:[]")
            words = row.words.split(". ")[0] if len(row.words) > 160 else row.words
            return f"{words} {rest}".strip(), row.url
    match = _URL.search(source)
    if match is None:
        return source, ""
    words = " ".join((source[: match.start()] + source[match.end() :]).split()).strip(" .,;:()")
    return words or match.group(), match.group()
