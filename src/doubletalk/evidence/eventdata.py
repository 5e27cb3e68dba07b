"""Event data of others read into a chronicle: PLOVER and POLECAT, CAMEO, ICEWS, GDELT.

Nothing is lost: a row that cannot be read, or that means nothing in a chronicle's words, comes back with the reason.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from doubletalk.errors import InputError
from doubletalk.evidence.chronicle import COLUMNS
from doubletalk.evidence.event_rows import fitted, read_text, records
from doubletalk.evidence.event_types import action_of, family_of_cameo, family_of_plover
from doubletalk.evidence.tables import Problem, nearest_word, read_date, read_rows, refuse, word_problem
from doubletalk.evidence.vocabulary import CONFIDENCES, PRECISIONS, STANDARD, Vocabulary
from doubletalk.evidence.vocabulary_file import VOCABULARY_FILE, vocabulary_of

__all__ = [
    "LAYOUTS", "ActorRule", "Imported", "LeftOut", "chronicle_text", "import_events", "load_actors", "read_event_data",
]  # fmt: skip

ACTORS_FILE = "actors.csv"
ROLES = ("client", "home", "patron", "west", "other")
NO_URL = 57
_WRONG_WIDTH = "the row has the wrong number of cells"
NOTHING = ("None", "none", "NA", "NULL", "null", "\\N")


@dataclass(frozen=True)
class Layout:
    """Where a kind of file keeps what we need: our name of a field -> its column, several joined by ``|``.

    places  the same by number, from 0, for files without a header; ``widths``: how many columns those have
    """

    columns: Mapping[str, str]
    required: tuple[str, ...]
    cameo: bool
    places: Mapping[str, int] | None = None
    widths: tuple[int, ...] = ()


_POLECAT = Layout(
    MappingProxyType(
        {
            "id": "Event ID", "date": "Event Date", "type": "Event Type", "mode": "Event Mode",
            "scale": "Intensity|Event Intensity", "actor_name": "Actor Name", "actor_country": "Actor Country",
            "actor_sector": "Primary Actor Sector", "target_name": "Recipient Name",
            "target_country": "Recipient Country", "target_sector": "Primary Recipient Sector", "source": "Source",
            "size": "Size", "precision": "Date Precision", "text": "Event Text", "url": "Source URL",
            "confidence": "Confidence", "action": "Action", "actor_is": "Actor Code", "target_is": "Recipient Code",
        }
    ),
    ("date", "type", "mode", "actor_country", "target_country"),
    cameo=False,
)  # fmt: skip
_ICEWS = Layout(
    MappingProxyType(
        {
            "id": "Event ID", "date": "Event Date", "type": "CAMEO Code", "scale": "Intensity", "text": "Event Text",
            "actor_name": "Source Name", "actor_country": "Source Country", "actor_sector": "Source Sectors",
            "target_name": "Target Name", "target_country": "Target Country", "target_sector": "Target Sectors",
            "source": "Publisher",
        }
    ),
    ("date", "type", "actor_country", "target_country"),
    cameo=True,
)  # fmt: skip
_CAMEO = Layout(
    MappingProxyType(
        {"id": "id", "date": "date", "actor_code": "source", "target_code": "target", "type": "code", "url": "url",
         "scale": "goldstein", "text": "text"}
    ),
    ("date", "actor_code", "target_code", "type"),
    cameo=True,
)  # fmt: skip
_GDELT = Layout(
    MappingProxyType(
        {
            "id": "GLOBALEVENTID", "date": "SQLDATE|Day", "type": "EventCode", "scale": "GoldsteinScale",
            "actor_name": "Actor1Name", "actor_country": "Actor1CountryCode",
            "actor_sector": "Actor1Type1Code", "actor_sector_2": "Actor1Type2Code", "actor_sector_3": "Actor1Type3Code",
            "target_name": "Actor2Name", "target_country": "Actor2CountryCode",
            "target_sector": "Actor2Type1Code", "target_sector_2": "Actor2Type2Code",
            "target_sector_3": "Actor2Type3Code", "url": "SOURCEURL",
        }
    ),
    ("date", "type", "actor_country", "target_country"),
    cameo=True,
    places=MappingProxyType(
        {
            "id": 0, "date": 1, "actor_name": 6, "actor_country": 7, "actor_sector": 12,
            "actor_sector_2": 13, "actor_sector_3": 14, "target_name": 16, "target_country": 17,
            "target_sector": 22, "target_sector_2": 23, "target_sector_3": 24, "type": 26, "scale": 30, "url": -1,
        }
    ),
    widths=(57, 58, 61),
)  # fmt: skip
LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {"plover": _POLECAT, "polecat": _POLECAT, "cameo": _CAMEO, "icews": _ICEWS, "gdelt": _GDELT}
)


@dataclass(frozen=True)
class ActorRule:
    """Who in the event data is whom: an empty field takes anybody; names and sectors need only be contained."""

    code: str
    role: str
    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    names: tuple[str, ...]

    def takes(self, country: str, sector: str, name: str) -> bool:
        """Whether every field that the rule gives fits, case aside; of several countries (by ; or |) one is enough."""
        low_sector, low_name = sector.casefold(), name.casefold()
        countries = {part.strip() for part in re.split("[;|]", country.casefold())}
        return (
            (not self.countries or not countries.isdisjoint(self.countries))
            and (not self.sectors or any(re.search(rf"\b{re.escape(s)}", low_sector) for s in self.sectors))
            and (not self.names or any(n in low_name for n in self.names))
        )


@dataclass(frozen=True)
class LeftOut:
    """A row that made no event: its line, why, and its cells as they stood."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """Rows of a chronicle (its columns, ``id`` first) and what was left out; together all rows of the file."""

    rows: tuple[Mapping[str, str], ...]
    left_out: tuple[LeftOut, ...]


def load_actors(path: str | Path, vocabulary: Vocabulary | None = None) -> tuple[ActorRule, ...]:
    """Read who is who: columns code, role, country, sector, name (several words joined by ``|``); first fit counts."""
    file = Path(path)
    known_words = vocabulary or vocabulary_of(file.parent)
    rows, problems = read_rows(file, ("code", "role", "country", "sector", "name"), ("note",), "table of actors")
    rules = []
    for row in rows:
        bad = [
            p
            for c, known in (("code", tuple(known_words.actors)), ("role", ROLES))
            if (p := word_problem(row, c, known))
        ]
        parts = [
            tuple(w.strip().casefold() for w in row.get(c).split("|") if w.strip())
            for c in ("country", "sector", "name")
        ]
        if not any(parts):
            bad.append(
                Problem(row.line, "country", "", "a country, a sector or a name; a rule for everybody is no rule")
            )
        problems.extend(bad)
        rules.append(ActorRule(row.get("code"), row.get("role"), *parts))
    refuse(file, problems, "table of actors")
    return tuple(rules)


def read_event_data(
    path: str | Path, layout: str, actors: Sequence[ActorRule], vocabulary: Vocabulary = STANDARD
) -> Imported:
    """Read a file of event data; InputError when it has no rows or its columns are not those of the layout.

    The action is that of our own column ``Action`` where the file has it and *vocabulary* knows the word.
    """
    if layout not in LAYOUTS:
        near = nearest_word(layout, LAYOUTS)
        guess = f"; did you mean {near!r}?" if near else ""
        raise InputError(f"unknown format {layout!r}{guess} Known: {', '.join(LAYOUTS)}", str(path))
    file, shape = Path(path), LAYOUTS[layout]
    who = _Who(actors, vocabulary)
    rows: list[dict[str, str]] = []
    left_out: list[LeftOut] = []
    taken: set[str] = set()
    for line, cells, fields in _fields(file, shape):
        if fields is not None and fields.get("action", "") not in vocabulary.actions:
            fields["action"] = ""
        made = _WRONG_WIDTH if fields is None else _event(fields, shape, layout, line, who)
        if isinstance(made, str):
            left_out.append(LeftOut(line, made, tuple(cells)))
            continue
        made["id"] = _unused(made["id"], taken)
        rows.append(made)
    if not rows and not left_out:
        raise InputError("the file holds no rows", str(file), 1)
    rows.sort(key=lambda row: row["date"])
    return Imported(tuple(rows), tuple(left_out))


def _fields(file: Path, shape: Layout) -> Iterator[tuple[int, list[str], dict[str, str] | None]]:
    """Line, raw cells, and our fields (None where the row does not have as many cells as the file's first)."""
    text = read_text(file)
    first = text.partition("\n")[0]
    named = shape.places is None or first[:20].strip('"\ufeff ').upper().startswith("GLOBALEVENTID")
    mark = max("\t,;", key=first.count) if named else "\t"
    rows = records(text, mark, quoted=named)
    header = [name.strip() for name in next(rows, (1, []))[1]] if named else []
    while header and not header[-1]:
        header.pop()
    places = _places(header, shape, file) if named else {}
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        fit: Sequence[str] | None
        if named:
            kept = fitted(cells, header)
            found, fit = (places, None) if kept is None else (places, kept[1])
            if kept is not None and len(kept[0]) != len(header):
                found = _places(kept[0], shape, file)
        else:
            assert shape.places is not None
            found, fit = dict(shape.places), cells if len(cells) in shape.widths else None
            if len(cells) == NO_URL:
                found.pop("url")
        yield line, cells, None if fit is None else {k: _cell(fit[v]) for k, v in found.items()}


def _cell(text: str) -> str:
    text = text.strip()
    return "" if text in NOTHING else text


def _places(header: Sequence[str], shape: Layout, file: Path) -> dict[str, int]:
    """Our field -> place in the row."""
    names = {name.strip().casefold(): k for k, name in reversed(list(enumerate(header)))}
    found = {}
    for field, known in shape.columns.items():
        place = next((names[n.casefold()] for n in known.split("|") if n.casefold() in names), None)
        if place is not None:
            found[field] = place
    missing = [shape.columns[f].replace("|", " or ") for f in shape.required if f not in found]
    if missing:
        raise InputError(
            f"missing column{'s' * (len(missing) > 1)} {', '.join(missing)}; the first row has "
            f"{', '.join(header[:12]) or 'nothing'}",
            str(file),
            1,
        )
    return found


class _Who:
    """Who is who by a table of actors: each description is looked up once."""

    def __init__(self, rules: Sequence[ActorRule], vocabulary: Vocabulary) -> None:
        self.rules, self.known = rules, vocabulary.actors
        self.roles = {rule.code: rule.role for rule in reversed(rules)}
        self.seen: dict[tuple[str, str, str], tuple[str, str] | None] = {}

    def find(self, fields: Mapping[str, str], side: str) -> tuple[str, str] | None:
        """(code, role) of the actor or the target; the role is empty where only our own column names it."""
        own = fields.get(f"{side}_is", "")
        if own in self.known:
            return own, self.roles.get(own, "")
        code = fields.get(f"{side}_code", "")
        parts = [fields.get(f"{side}_sector{more}", "") for more in ("", "_2", "_3")]
        key = (
            fields.get(f"{side}_country", "") or code[:3],
            "|".join(part for part in parts if part) or code[3:],
            fields.get(f"{side}_name", ""),
        )
        if key not in self.seen:
            rule = next((rule for rule in self.rules if rule.takes(*key)), None)
            self.seen[key] = None if rule is None else (rule.code, rule.role)
        return self.seen[key]


def _event(fields: Mapping[str, str], shape: Layout, layout: str, line: int, who: _Who) -> dict[str, str] | str:
    """A row of the chronicle, or why there is none."""
    date = _date(fields["date"])
    if date is None:
        return f"the date {fields['date']!r} cannot be read"
    sides = [who.find(fields, side) for side in ("actor", "target")]
    for side, found in zip(("actor", "target"), sides, strict=True):
        if found is None:
            return f"nobody in the table of actors fits the {side}: {_told(fields, side)}"
    (actor, role), (target, other) = (s for s in sides if s is not None)
    kind, mode = fields["type"], fields.get("mode", "")
    action = fields["action"]
    if not action:
        family = family_of_cameo(kind) if shape.cameo else family_of_plover(kind, mode)
        if family is None:
            return f"the event type {kind!r} has no place in a chronicle"
        action = action_of(family, role, other) or ""
        if not action:
            return f"'{family}' by {role or actor} to {other or target} is none of a chronicle's actions"
    precision = fields.get("precision") if fields.get("precision") in PRECISIONS else "day"
    source, url = fields.get("source", ""), fields.get("url", "")
    url = url if url.startswith(("http://", "https://")) else ""
    source = source or f"{layout.upper()} event {fields.get('id') or f'in line {line}'}"
    confidence = fields.get("confidence", "")
    told = (
        fields.get("text")
        or f"{kind}{f'/{mode}' if mode else ''} by {_told(fields, 'actor')} to {_told(fields, 'target')}."
    )
    first = date.replace(day=1) if precision != "day" else date
    cells = (
        first.replace(month=1).isoformat() if precision == "year" else first.isoformat(), str(precision), actor,
        target, action, _size(fields), told, source, url, confidence if confidence in CONFIDENCES else "sourced",
    )  # fmt: skip
    if confidence == "recalled" and not fields.get("source"):
        cells = (*cells[:7], "", url, "recalled")
    return {"id": fields.get("id") or f"{layout}-{line}", **dict(zip(COLUMNS, cells, strict=True))}


def _told(fields: Mapping[str, str], side: str) -> str:
    parts = (fields.get(f"{side}_{part}", "") for part in ("name", "country", "code"))
    return next((part for part in parts if part), "nobody named")


def _size(fields: Mapping[str, str]) -> str:
    """Our size where the file has it; else by the absolute Goldstein value: from 4 notable, from 7 major."""
    if fields.get("size") in ("1", "2", "3"):
        return fields["size"]
    try:
        value = abs(float(fields.get("scale", "")))
    except ValueError:
        return "1"
    return "1" if not value >= 4 else "2" if value < 7 else "3"


def _date(text: str) -> dt.date | None:
    """A day written 2021-05-24 (a time may follow), 20210524 or 210524 (years from 70 on are of the 1900s)."""
    match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})([ T].*)?|(\d{2}|\d{4})(\d{2})(\d{2})", text, flags=re.ASCII)
    if match is None:
        return None
    year, month, day = (int(match[k] or match[k + 4]) for k in (1, 2, 3))
    if len(match[5] or "") == 2:
        year += 1900 if year >= 70 else 2000
    return read_date(f"{year:04d}-{month:02d}-{day:02d}")


def _unused(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    taken.add(candidate)
    return candidate


def import_events(folder: str | Path, source: str | Path, layout: str, actors: str | Path | None = None) -> Imported:
    """A file of event data as rows of the case in *folder*, in that case's words.

    Who is who stands in *actors*, or in the folder's ``actors.csv``. The words are those of ``vocabulary.yaml`` beside
    that table, else of the folder. InputError where no row can be used.
    """
    table = Path(actors) if actors is not None else Path(folder) / ACTORS_FILE
    words = vocabulary_of(table.parent if (table.parent / VOCABULARY_FILE).is_file() else folder)
    rules = load_actors(table, words) if actors is not None or table.exists() else ()
    found = read_event_data(source, layout, rules, words)
    if not found.rows:
        if not rules:
            raise InputError("there is no table of actors here; give one with --actors (docs/plover.md)", str(table))
        first = found.left_out[0]
        raise InputError(
            f"none of {len(found.left_out)} rows can be used; the first: {first.reason}", str(source), first.line
        )
    return found


def chronicle_text(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows of a chronicle as the text of a chronicle file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, ["id", *COLUMNS], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
