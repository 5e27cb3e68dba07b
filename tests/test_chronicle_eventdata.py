"""Event data out of a chronicle and into one: round trips, the layouts of others, and rows that make no sense."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import doubletalk
from doubletalk.errors import InputError
from doubletalk.evidence.chronicle import load_chronicle
from doubletalk.evidence.event_types import GOLDSTEIN, PLOVER, action_of, family_of_cameo, family_of_plover
from doubletalk.evidence.eventdata import LAYOUTS, Imported, chronicle_text, load_actors, read_event_data
from doubletalk.evidence.plover import OWN_COLUMNS, POLECAT_COLUMNS, plover_rows, plover_text, unwritten
from doubletalk.evidence.vocabulary import STANDARD

SHIPPED = Path(doubletalk.__file__).parent / "cases" / "belarus"
ACTORS = load_actors(SHIPPED / "actors.csv")
ICEWS = (
    "Event ID\tEvent Date\tSource Name\tSource Sectors\tSource Country\tEvent Text\tCAMEO Code\tIntensity\t"
    "Target Name\tTarget Sectors\tTarget Country\tStory ID\n"
)


def _read(folder: Path, text: str, layout: str) -> Imported:
    path = folder / "events.tsv"
    path.write_text(text, encoding="utf-8")
    return read_event_data(path, layout, ACTORS)


def _gdelt(
    code: str, one: tuple[str, str, str], two: tuple[str, str, str], width: int = 58, day: str = "20210524"
) -> str:
    cells = [""] * width
    cells[0], cells[1], cells[26], cells[30] = "77", day, code, "-5.0"
    (cells[6], cells[7], cells[12]), (cells[16], cells[17], cells[22]) = one, two
    if width > 57:
        cells[-1] = "https://example.org/a"
    return "\t".join(cells) + "\n"


def test_every_action_has_a_code_and_every_code_a_value() -> None:
    """All fifteen actions are mapped; each CAMEO root has a Goldstein value; no two actions share type and mode."""
    assert set(PLOVER) == set(STANDARD.actions)
    assert all(code.cameo_root in GOLDSTEIN for code in PLOVER.values())
    assert len({(code.event_type, code.mode) for code in PLOVER.values()}) == len(PLOVER)
    for code in PLOVER.values():
        assert ("CONFLICT" in code.quad) == (code.goldstein < 0) or code.event_type == "REQUEST"


def test_the_shipped_chronicle_goes_out_and_comes_back_whole(tmp_path: Path) -> None:
    """Exported with our own columns, all 272 events come back the same, word for word, and nothing is left out."""
    chronicle = load_chronicle(SHIPPED / "chronicle.csv")
    found = _read(tmp_path, plover_text(plover_rows(chronicle)), "polecat")
    assert (found.left_out, unwritten(chronicle)) == ((), ())
    (tmp_path / "chronicle.csv").write_text(chronicle_text(found.rows), encoding="utf-8")
    again = {event.id: event for event in load_chronicle(tmp_path / "chronicle.csv")}
    assert len(again) == 272
    for event in chronicle:
        back = again[event.id]
        assert (back.date, back.precision, back.actor, back.target) == (
            event.date, event.precision, event.actor, event.target,
        )  # fmt: skip
        assert (back.action, back.intensity, back.summary) == (event.action, event.intensity, event.summary)
        assert (back.source_title, back.source_url, back.confidence) == (
            event.source_title, event.source_url, event.confidence,
        )  # fmt: skip


def test_without_our_columns_only_what_the_page_says_is_lost(tmp_path: Path) -> None:
    """From POLECAT's columns alone date, actors and action of every event come back; sizes and sentences do not."""
    chronicle = load_chronicle(SHIPPED / "chronicle.csv")
    lines = plover_text(plover_rows(chronicle)).splitlines()
    keep = len(POLECAT_COLUMNS)
    bare = "\n".join("\t".join(line.split("\t")[:keep]) for line in lines) + "\n"
    found = _read(tmp_path, bare, "plover")
    assert not found.left_out
    said = {row["id"]: (row["date"], row["actor"], row["target"], row["action"]) for row in found.rows}
    assert said == {e.id: (e.date.isoformat(), e.actor, e.target, e.action) for e in chronicle}
    assert any(row["intensity"] != str(chronicle.by_id(row["id"]).intensity) for row in found.rows)
    assert set(OWN_COLUMNS).isdisjoint(bare.splitlines()[0].split("\t"))


@pytest.mark.parametrize(
    ("code", "actor", "target", "action"),
    [
        ("163", "west", "client", "sanction"),
        ("085", "west", "client", "lift"),
        ("1621", "patron", "client", "squeeze"),
        ("071", "patron", "client", "support"),
        ("173", "client", "home", "repress"),
        ("0841", "client", "home", "release"),
        ("0231", "client", "patron", "plead"),
        ("042", "west", "client", "engage"),
        ("7", "patron", "client", "support"),
        ("181", "client", "west", "provoke"),
        ("128", "client", "patron", "defy"),
        ("010", "client", "west", None),
        ("141", "home", "client", None),
        ("99", "client", "west", None),
    ],
)
def test_cameo_codes_become_actions_by_who_acts_on_whom(code: str, actor: str, target: str, action: str | None) -> None:
    """A code's longest known beginning gives the family, the two roles the action; some have none."""
    family = family_of_cameo(code)
    assert (None if family is None else action_of(family, actor, target)) == action


def test_plover_types_are_read_in_either_case_and_with_older_names() -> None:
    """POLECAT's capitals, small letters, and the older DEMAND are read alike; an unknown type has no family."""
    assert family_of_plover("SANCTION", "discontinue") == family_of_plover("sanction", "") == "withhold"
    assert family_of_plover("DEMAND", "") == family_of_plover("REQUEST", "change")
    assert family_of_plover("CRIME", "") is None


def test_icews_rows_are_read_and_the_rest_is_kept_with_reasons(tmp_path: Path) -> None:
    """Two usable rows become events, size from the intensity; a statement, a stranger and a bad date are left out."""
    tail = "\tBelarus\t77\n"
    text = (
        ICEWS
        + "1\t2021-05-24\tEuropean Union\tIGO\t\tImpose embargo\t163\t-8.0\tBelarus\tGovernment" + tail
        + "2\t2021-05-25\tPolice (Belarus)\tGovernment,Police\tBelarus\tArrest\t173\t-5.0\tProtester (Belarus)\tGeneral"
        " Population / Civilian" + tail
        + "3\t2021-05-26\tRussia\tGov\tRussian Federation\tMake statement\t010\t0.0\tBelarus\tGovernment" + tail
        + "4\t2021-05-27\tBrazil\tGov\tBrazil\tConsult\t040\t1.0\tBelarus\tGovernment" + tail
        + "5\t2021-13-27\tRussia\tGov\tRussian Federation\tAid\t071\t7.0\tBelarus\tGovernment" + tail
    )  # fmt: skip
    found = _read(tmp_path, text, "icews")
    assert [(r["actor"], r["target"], r["action"], r["intensity"]) for r in found.rows] == [
        ("EU", "BLR", "sanction", "3"),
        ("BLR", "OPP", "repress", "2"),
    ]
    assert [left.line for left in found.left_out] == [4, 5, 6]
    reasons = [left.reason for left in found.left_out]
    assert "no place in a chronicle" in reasons[0]
    assert "Brazil" in reasons[1]
    assert "'2021-13-27' cannot be read" in reasons[2]


@pytest.mark.parametrize("width", [57, 58, 61])
def test_gdelt_files_of_all_widths_are_read(tmp_path: Path, width: int) -> None:
    """Without a header and tab-separated: 57, 58 and 61 columns; another width is left out, not misread."""
    rows = _gdelt("071", ("RUSSIA", "RUS", "GOV"), ("BELARUS", "BLR", "GOV"), width) + _gdelt(
        "173", ("BELARUS", "BLR", "COP"), ("BELARUS", "BLR", "OPP"), width
    )
    found = _read(tmp_path, rows + "too\tshort\n", "gdelt")
    assert [(r["actor"], r["target"], r["action"]) for r in found.rows] == [
        ("RUS", "BLR", "support"),
        ("BLR", "OPP", "repress"),
    ]
    assert found.rows[0]["source_url"] == ("" if width == 57 else "https://example.org/a")
    assert [left.reason for left in found.left_out] == ["the row has the wrong number of cells"]
    assert len({row["id"] for row in found.rows}) == 2


def test_cameo_files_have_their_actors_as_codes(tmp_path: Path) -> None:
    """BLRGOV, BLROPP and RUS are country and sector run together; dates may be without dashes or with short years."""
    text = "date,source,target,code\n20100622,RUSGOV,BLR,1621\n100623,BLRGOV,BLROPP,173\n2010-06-24,EEC,BLRGOV,0255\n"
    found = _read(tmp_path, text, "cameo")
    assert [(r["date"], r["actor"], r["action"]) for r in found.rows] == [
        ("2010-06-22", "RUS", "squeeze"),
        ("2010-06-23", "BLR", "repress"),
        ("2010-06-24", "EU", "demand"),
    ]


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_noise_is_never_lost_and_never_breaks_the_reader(tmp_path: Path, layout: str) -> None:
    """Rows broken at random: each becomes an event that loads, or is left out with a reason; together they are all."""
    rng = random.Random(11)
    chronicle = load_chronicle(SHIPPED / "chronicle.csv")
    head = {
        "icews": ICEWS,
        "cameo": "date\tsource\ttarget\tcode\n",
        "gdelt": "",
    }.get(layout, plover_text([]))
    good = {
        "icews": "1\t2021-05-24\tEuropean Union\tIGO\t\tEmbargo\t163\t-8.0\tBelarus\tGovernment\tBelarus\t77\n",
        "cameo": "20100622\tRUSGOV\tBLR\t1621\n",
        "gdelt": _gdelt("071", ("RUSSIA", "RUS", "GOV"), ("BELARUS", "BLR", "GOV")),
    }.get(layout, plover_text(plover_rows(chronicle)).splitlines()[30] + "\n")
    noise = "\t,;x0-9é\u2028|"
    rows = []
    for _ in range(300):
        cells = list(good)
        for _ in range(rng.randrange(4)):
            cells[rng.randrange(len(cells) - 1)] = rng.choice(noise)
        rows.append("".join(cells))
    found = _read(tmp_path, head + "".join(rows), layout)
    assert len(found.rows) + len(found.left_out) == 300
    assert all(left.reason and left.cells for left in found.left_out)
    (tmp_path / "chronicle.csv").write_text(chronicle_text(found.rows), encoding="utf-8")
    assert len(load_chronicle(tmp_path / "chronicle.csv")) == len(found.rows) > 0


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    """Missing columns are named with what the first row has; an unknown layout gets the nearest known name."""
    with pytest.raises(InputError, match=r"events.tsv:1: missing columns Event Date, CAMEO Code.*first row has date"):
        _read(tmp_path, "date\tsource\ttarget\tcode\n", "icews")
    with pytest.raises(InputError, match="did you mean 'polecat'"):
        _read(tmp_path, ICEWS, "polcat")
    with pytest.raises(InputError, match="holds no rows"):
        _read(tmp_path, ICEWS, "icews")


def test_a_table_of_actors_is_checked_row_by_row(tmp_path: Path) -> None:
    """Unknown codes and roles and a rule that fits everybody are reported with their lines."""
    path = tmp_path / "actors.csv"
    path.write_text("code,role,country,sector,name\nBEL,client,BLR,,\nBLR,cliant,BLR,,\nRUS,patron,,,\n")
    with pytest.raises(InputError, match="3 problems") as caught:
        load_actors(path)
    assert "line 3, column role: found 'cliant'" in str(caught.value)
    assert "did you mean 'client'" in str(caught.value)
    assert "a rule for everybody is no rule" in str(caught.value)


POLECAT = (
    "Event ID", "Event Date", "Event Type", "Event Mode", "Intensity", "Quad Code", "Contexts", "Actor Name",
    "Actor Country", "Actor COW", "Primary Actor Sector", "Actor Sectors", "Actor Title", "Actor Name Raw",
    "Wikipedia Actor ID", "Recipient Name", "Recipient Country", "Recipient COW", "Primary Recipient Sector",
    "Recipient Sectors", "Recipient Title", "Recipient Name Raw", "Wikipedia Recipient ID", "Placename", "City",
    "District", "Province", "Country", "Latitude", "Longitude", "GeoNames ID", "Raw Placename", "Feature Type",
    "Source", "Publication Date", "Story People", "Story Organizations", "Story Locations", "Language", "Version",
)  # fmt: skip
"""The columns of POLECAT's yearly and weekly files."""


def _polecat(
    number: int, kind: str, actor: tuple[str, str, str], recipient: tuple[str, str, str], people: str = ""
) -> str:
    cells = dict.fromkeys(POLECAT, "None")
    cells |= {"Event ID": str(number), "Event Date": "2021-05-24", "Event Type": kind, "Intensity": "-7.0"}
    cells |= dict(zip(("Actor Name", "Actor Country", "Primary Actor Sector"), actor, strict=True))
    cells |= dict(zip(("Recipient Name", "Recipient Country", "Primary Recipient Sector"), recipient, strict=True))
    return "\t".join((cells | {"Story People": people or "None"})[name] for name in POLECAT)


AID = _polecat(1, "AID", ("Russia", "KAZ; RUS", "GOV"), ("Belarus", "BLR", "GOV"))
ARREST = _polecat(2, "COERCE", ("Belarus", "BLR", "GOV"), ("A reporter", "BLR", "MED"))
NOBODY = _polecat(3, "AID", ("None", "None", "None"), ("Belarus", "BLR", "GOV"))


@pytest.mark.parametrize("fault", ["none", "tails", "names", "quote", "intensity", "commas"])
def test_polecat_files_are_read_as_they_are(tmp_path: Path, fault: str) -> None:
    """Empty tails, names in the header that no row has, a headline's open quotation mark: no row is lost or shifted."""
    header, rows = "\t".join(POLECAT), [AID, ARREST, NOBODY]
    if fault == "tails":
        header, rows = header + "\t\t", [AID + "\t", ARREST + "\t\t\t", NOBODY]
    elif fault == "names":
        header = header.replace("Contexts", "Contexts\tHeadline\tEvent Text\tFeed\tStory ID")
    elif fault == "quote":
        rows.insert(0, _polecat(4, "AID", ("Russia", "RUS", "GOV"), ("Belarus", "BLR", "GOV"), '"Open for ever'))
    elif fault == "intensity":
        header = header.replace("Intensity", "Event Intensity")
    text = "\n".join([header, *rows]) + "\n"
    found = _read(tmp_path, text.replace("\t", ",") if fault == "commas" else text, "polecat")
    said = [(row["actor"], row["target"], row["action"], row["intensity"]) for row in found.rows]
    assert said[-2:] == [("RUS", "BLR", "support", "3"), ("BLR", "OPP", "repress", "3")]
    assert len(said) == (3 if fault == "quote" else 2)
    assert [left.reason for left in found.left_out] == ["nobody in the table of actors fits the actor: nobody named"]


def test_gdelt_with_a_header_is_read_by_name(tmp_path: Path) -> None:
    """As databases hand it out: any columns in any order, commas; and the second type of an actor counts."""
    text = (
        "GLOBALEVENTID,SQLDATE,EventCode,Actor1CountryCode,Actor1Type1Code,Actor2CountryCode,Actor2Type1Code,"
        "Actor2Type2Code,GoldsteinScale,SOURCEURL\n5,20210524,173,BLR,COP,BLR,CRM,OPP,-5,https://example.org/a\n"
    )
    (row,) = _read(tmp_path, text, "gdelt").rows
    assert (row["actor"], row["target"], row["action"], row["source_url"]) == (
        "BLR", "OPP", "repress", "https://example.org/a",
    )  # fmt: skip


def test_a_lost_zero_is_put_back_and_a_packed_file_refused(tmp_path: Path) -> None:
    """42 is 042 and 841 is 0841, while 20 and 99 stay what they are; a zip file is named as such."""
    for code, whole in (("42", "042"), ("841", "0841"), ("231", "0231"), ("63", "063")):
        assert family_of_cameo(code) == family_of_cameo(whole) is not None
    assert family_of_cameo("20") == family_of_cameo("201") == "assault"
    assert family_of_cameo("99") is None
    path = tmp_path / "events.zip"
    path.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(InputError, match=r"packed \(zip\); unpack it"):
        read_event_data(path, "gdelt", ACTORS)
