"""The written report: one page that opens offline, and JSON and CSV that say the same."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from doubletalk.case.study import StudyResult, study
from doubletalk.case.window import find_window
from doubletalk.exact import rational, text
from doubletalk.report.diagram import diagram_svg
from doubletalk.report.html import page_content, write_report
from doubletalk.report.latex import plain, split_names
from doubletalk.report.page import page_html, written_sections
from doubletalk.report.page_claims import compact
from doubletalk.report.page_content import STANDINGS, Section
from doubletalk.report.page_headline import headline, luck, reach_group, told_apart
from doubletalk.report.page_sources import find_address, read_sources
from doubletalk.report.scoreboard import scoreboard
from doubletalk.report.tables import link
from doubletalk.report.timeline import SIZES, kinds_of, place_marks
from doubletalk.report.window_figure import band_words, brief_words, moving_ends, window_svg, zone_words
from doubletalk.report.worlds_figure import worlds_svg
from doubletalk.talk import value_of_talk

HOSTILE = "<script>alert('x')</script> & \"quoted\""


class Reader(HTMLParser):
    """Collects what a browser would load, the links, the ids and whether the tags close in order."""

    VOID = frozenset({"meta", "br", "img", "hr", "link", "input"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.scripts = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.scripts += tag == "script"
        if tag == "a":
            self.links.append(found.get("href") or found.get("xlink:href") or "")
        else:
            self.loads += [
                str(found[k]) for k in ("src", "href", "xlink:href", "data", "action", "poster") if found.get(k)
            ]
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def written(belarus: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its report."""
    folder = tmp_path_factory.mktemp("report") / "new" / "belarus"
    write_report(belarus, folder)
    return folder


@pytest.fixture(scope="module")
def page(written: Path) -> str:
    """The page's text."""
    return (written / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def small(tmp_path: Path) -> StudyResult:
    """A case of one game and two claims, with hostile words in every field that may hold words."""
    (tmp_path / "game.yaml").write_text(
        "doubletalk: 1\ntitle: 'Talk <b>'\nsource: none\nsender:\n  name: speaker\n  types: {low: 1/3, high: 2/3}\n"
        "  messages: [up, down]\naudiences:\n  buyer:\n    actions: [buy, leave]\npayoffs:\n  speaker:\n"
        "    - {when: {buyer: buy}, add: 1}\n  buyer:\n    - {when: {type: high, buyer: buy}, add: 1}\n"
        "    - {when: {type: low, buyer: buy}, add: -1}\n",
        encoding="utf-8",
    )
    claims = {
        "sides": {"a": HOSTILE},
        "claims": [
            {
                "id": "one",
                "who": "a",
                "says": HOSTILE,
                "source": "javascript:alert(1)",
                "statement": "in every equilibrium: P(buyer=buy) >= 0",
            },
            {"id": "two", "who": "a", "says": "Motives.", "source": "https://example.org/x?a=1&b=2", "cannot": HOSTILE},
        ],
    }
    (tmp_path / "claims.yaml").write_text(json.dumps(claims), encoding="utf-8")
    case = {
        "doubletalk_case": 1,
        "title": HOSTILE,
        "question": HOSTILE,
        "games": {"talk": "game.yaml"},
        "claims": "claims.yaml",
        "assumptions": [HOSTILE],
        "actors": {"buyer": HOSTILE},
    }
    (tmp_path / "case.yaml").write_text(json.dumps(case), encoding="utf-8")
    return study(tmp_path)


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8"))))


def test_every_file_is_written_and_no_other(belarus: StudyResult, tmp_path: Path) -> None:
    """The returned paths are the files in the folder; a second writing replaces them and leaves nothing beside them."""
    paths = write_report(belarus, tmp_path)
    assert sorted(p.name for p in paths) == sorted(p.name for p in tmp_path.iterdir())
    assert {
        "report.html",
        "study.json",
        "solution.json",
        "claims.csv",
        "record.csv",
        "lenses.csv",
        "window.csv",
        "events.csv",
        "thresholds.csv",
        "thresholds-s.csv",
        "thresholds-worlds.csv",
    } <= {p.name for p in paths}
    assert write_report(belarus, tmp_path) == paths
    assert sorted(p.name for p in paths) == sorted(p.name for p in tmp_path.iterdir())


def test_the_page_loads_nothing(page: str) -> None:
    """No script, style, image or frame comes from elsewhere, in tags or in styles, and the page forbids it besides."""
    read = Reader(page)
    assert read.loads == []
    assert not re.search(r"@import|url\(", page)
    assert "default-src 'none'" in page
    assert len(page.encode()) < 5_000_000


def test_the_page_is_well_formed(belarus: StudyResult, page: str) -> None:
    """Tags close in order, ids are unique, links inside the page lead to an id."""
    read = Reader(page)
    assert read.open == []
    assert len(read.ids) == len(set(read.ids))
    inner = {name[1:] for name in read.links if name.startswith("#")}
    assert inner
    assert inner <= set(read.ids)
    assert {section.anchor for section in written_sections(page_content(belarus))} <= inner


def test_every_claim_is_on_the_page_with_its_words(belarus: StudyResult, page: str) -> None:
    """Claims of every side are there, those that cannot be asked with their reason, in the same kind of row."""
    read = Reader(page)
    words = " ".join(" ".join(read.words).split())
    for item in belarus.claims:
        assert f"claim-{item.claim.id}" in read.ids
        assert item.claim.says in words
        assert item.claim.statement is None or item.claim.statement in words
        assert item.cannot is None or item.cannot in words


def test_every_event_has_its_source_one_click_away(belarus: StudyResult, page: str) -> None:
    """Each event is a mark in the figure with a link, and a row of the table with the same link."""
    assert belarus.record is not None
    events = list(belarus.record.chronicle)
    links = Reader(page).links
    for event in events:
        if event.source_url:
            wanted = sum(e.source_url == event.source_url for e in events)
            assert links.count(event.source_url) >= 2 * wanted, event.id
    figure = page[page.index('id="timeline"') : page.index('id="equilibria"')]
    marks = re.findall(r'<a [^>]*xlink:href="[^"]*"[^>]*><path aria-label="', figure)
    assert len(marks) == sum(bool(e.source_url) for e in events)
    assert figure.count('<tr id="event-') == len(events) + len(belarus.record.calendar.fixed())
    known = {e.source_url for e in events} | {v.source_url for v in belarus.record.calendar.fixed()}
    assert {unescape(address) for address in re.findall(r'href="(http[^"]*)"', figure)} <= known


def test_links_to_other_pages_are_web_addresses_that_open_apart(page: str) -> None:
    """Every link is inside the page or http(s), and an outer one gives the other page no handle on this one."""
    for found in re.findall(r"<a [^>]*>", page):
        address = unescape(re.search(r'href="([^"]*)"', found).group(1))
        assert address.startswith(("#", "https://", "http://"))
        assert address.startswith("#") or 'rel="noopener noreferrer"' in found


def test_hostile_words_stay_words(small: StudyResult) -> None:
    """Markup in a case file is shown as text: the page has one script, its own, and the words read as written."""
    content = page_html(page_content(small))
    read = Reader(content)
    assert read.scripts == 1
    assert HOSTILE in "".join(read.words)
    assert "javascript:alert(1)" not in read.links
    assert "https://example.org/x?a=1&b=2" in read.links
    assert read.loads == []


def test_a_small_case_has_a_small_report(small: StudyResult, tmp_path: Path) -> None:
    """A case with a game and claims alone gets a page without the sections it has nothing for, and no empty files."""
    paths = write_report(small, tmp_path / "out")
    read = Reader((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert {"answer", "game", "claims", "equilibria"} <= set(read.ids)
    assert not {"window", "record", "timeline", "sources"} & set(read.ids)
    assert not {"record.csv", "lenses.csv", "events.csv", "window.csv"} & {p.name for p in paths}
    assert all(p.stat().st_size > 0 for p in paths)


def test_tables_agree_with_the_json(belarus: StudyResult, written: Path) -> None:
    """The CSV files parse and hold the same claims, bands and record numbers as study.json."""
    data = json.loads((written / "study.json").read_text(encoding="utf-8"))
    claims = table(written, "claims.csv")
    assert [(c["id"], c["who"]) for c in claims] == [(c["id"], c["who"]) for c in data["claims"]]
    assert table(written, "window.csv") == data["window"]["segments"]
    record = table(written, "record.csv")
    asked = [c["record"] for c in data["claims"] if "record" in c]
    asked += [a for row in data["tells_apart"] for a in row["answers"]]
    assert len(record) == len(asked)
    for row, answer in zip(record, asked, strict=True):
        assert row["statement"] == answer["statement"]
        assert row["verdict"] == answer["verdict"]
        assert (float(row["p"]) if row["p"] else None) == answer["p"]
    lenses = {
        (r["id"], r["side"]): [int(r["met"]), int(r["failed"]), int(r["open"])] for r in table(written, "lenses.csv")
    }
    assert lenses == {(row["id"], s): met for row in data["tells_apart"] for s, met in row["met"].items()}
    assert belarus.record is not None
    assert [r["id"] for r in table(written, "events.csv")] == [e.id for e in belarus.record.chronicle]


def test_the_solution_file_holds_every_outcome(belarus: StudyResult, written: Path) -> None:
    """solution.json is the solution format, with the certificate of every point."""
    data = json.loads((written / "solution.json").read_text(encoding="utf-8"))
    game = next(iter(belarus.games.values()))
    assert data["doubletalk"] == 1
    assert [o["id"] for o in data["outcomes"]] == [o.id for o in game.solution.outcomes]
    assert (data["certificate"]["verified"], data["certificate"]["failed"]) == (len(game.certificates), 0)
    schema = json.loads((files("doubletalk") / "schemas" / "solution.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, schema)


def test_only_times_change_from_run_to_run(belarus: StudyResult) -> None:
    """Two pages of one result differ in the line that says when it was made, and in nothing else."""
    first, second = page_content(belarus), replace(page_content(belarus), made="at another time")
    one, two = page_html(first).splitlines(), page_html(second).splitlines()
    differing = [a for a, b in zip(one, two, strict=True) if a != b]
    assert len(differing) == 1
    assert 'id="made"' in differing[0]


def test_the_headline_follows_the_window(belarus: StudyResult) -> None:
    """Change the parameters and the opening sentences change with the exact ends: nothing in them is fixed."""
    content = replace(page_content(belarus), worlds=(), cruxes=())
    assert content.window is not None
    works = content.window.zones("works")
    assert zone_words(works) in headline(content)[0]
    name, roles = belarus.case.window
    cheap = find_window(belarus.case.games[name].game({"l": rational("1/4")}), roles)
    moved = headline(replace(content, window=cheap))
    assert zone_words(cheap.zones("works")) in moved[0]
    assert moved[0] != headline(content)[0]


def test_the_questions_come_before_any_number(belarus: StudyResult) -> None:
    """The headline opens with every open question in the words of the case; no parameter's name or value stands before
    the last of them, and no world's numbers are in the headline at all."""
    content = page_content(belarus)
    lines = headline(content)
    assert len(content.cruxes) == 4
    assert [line.partition(") ")[2] for line in lines[1:5]] == [crux.asks for crux in content.cruxes]
    assert not re.search(r"\d", re.sub(r"^\(\d\)", "", " ".join(lines[:1])))
    assert not re.search(r"\d+/\d+", " ".join(lines))
    assert "12 worlds, and no world is better founded than another" in lines[5]


def test_what_a_policy_needs_is_read_off_the_worlds(belarus: StudyResult) -> None:
    """The sentence on a policy counts the worlds in which it is best somewhere and names the answers that all of them
    share; exchange the answers to the first question in all worlds and the sentence names the other."""
    content = page_content(belarus)
    found = [w for w in content.worlds if w.window is not None and w.window.where_best("demand")]
    first = content.cruxes[0]
    count = f"{len(found)} of the {len(content.worlds)}"
    wanted = f"Setting demands is best at some belief in {count} worlds, all of them worlds where {{}}."
    assert wanted.format(first.less) in " ".join(headline(content))
    other = {first.less: first.more, first.more: first.less}
    turned = tuple(replace(w, answers=(other[w.answers[0]], *w.answers[1:])) for w in content.worlds)
    assert wanted.format(first.more) in " ".join(headline(replace(content, worlds=turned)))


def test_every_world_is_drawn_alike(belarus: StudyResult) -> None:
    """The figure has a strip of the same width for each world, and a legend that names every policy."""
    content = page_content(belarus)
    for wide in (True, False):
        picture = worlds_svg(content.worlds, content.name, wide=wide)
        strips = [b for b in boxes(picture) if b[3] - b[1] == 26]
        rows: dict[float, list[tuple[float, float]]] = {}
        for left, top, right, _ in strips:
            rows.setdefault(top, []).append((left, right))
        spans = {(min(a for a, _ in row), round(max(b for _, b in row))) for row in rows.values()}
        assert len(rows) == len(content.worlds) == 12
        assert len(spans) == 1
        for policy in ("pressure", "easing", "setting demands"):
            assert f">{policy} is best</text>" in picture


def test_claims_are_counted_over_all_worlds(belarus: StudyResult, page: str) -> None:
    """Each claim about the model has one sign a world, as the study found; those true by construction are set apart."""
    content = page_content(belarus)
    answered = {item.claim.id: item for item in belarus.claims if item.verdict is not None}
    for row in content.claims:
        if row.about == "the model":
            verdicts = answered[row.id].worlds
            assert row.worlds == tuple(v.reach.word for v in verdicts.values())
            assert (reach_group(row) == "built") == bool(answered[row.id].claim.by_construction)
    assert page.count('<p class="over"') == len(answered)


def test_luck_is_told_beside_the_tests(belarus: StudyResult, page: str) -> None:
    """The number of tests, their level and how many would pass by luck stand in the summary and beside both tables."""
    content = page_content(belarus)
    asked = [claim.record for claim in content.claims if claim.record is not None]
    caveat = luck(asked)
    tested = sum(row.p is not None for row in asked)
    assert caveat.startswith(f"{tested} statements are tested at the level 0.1: by luck alone about three would pass")
    told = " ".join(told_apart(content))
    assert caveat[3:] in told
    held = [claim for claim in content.claims if claim.record is not None and claim.standing == "yes"]
    tests = [claim for claim in held if claim.record.p is not None]
    assert all(claim.shared for claim in tests)
    assert {claim.side for claim in held if claim not in tests} == {"article", "reply"}
    assert "All that pass are expected by the other side too" in told
    assert "Two more hold as recorded numbers set side by side, which no test can judge." in told
    for anchor in ("claims", "record"):
        section = page[page.index(f'<section id="{anchor}"') :].split("<section id")[1]
        assert "by luck alone about" in section
    assert luck([]) == ""


def test_policy_text_has_no_labels(belarus: StudyResult) -> None:
    """The headline, the window's words and the worth of talk use the words of the case, not the labels of the model."""
    content = page_content(belarus)
    labels = r"\b(?:relieve|kremlin|west|outbid|rho|pay)\b"
    assert not re.search(labels, " ".join(headline(content)))
    assert not re.search(labels, " ".join(band_words(content.window, content.name).values()))
    single = replace(content, worlds=(), cruxes=())
    assert not re.search(labels, " ".join(headline(single)).replace(" pays ", " "))


def test_an_interrupted_study_says_so_at_the_top(belarus: StudyResult, tmp_path: Path) -> None:
    """A study that was stopped has a notice before the contents, and claims that were not reached say so."""
    first, *rest = belarus.worlds
    left = tuple(replace(w, window=None, outcomes=None, points=None, complete=False, thresholds=()) for w in rest)
    claims = tuple(
        replace(item, worlds={k: v for k, v in item.worlds.items() if k == first.world.name}) if item.worlds else item
        for item in belarus.claims
    )
    cut = replace(belarus, stopped="interrupted while solving", worlds=(first, *left), claims=claims, tells_apart=())
    paths = write_report(cut, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    notice = page.index("This report is incomplete: the study was interrupted while solving.")
    assert notice < page.index("<nav")
    assert "not asked in this study" in page
    assert json.loads((tmp_path / "study.json").read_text(encoding="utf-8"))["stopped"] == "interrupted while solving"
    assert all(p.stat().st_size > 0 for p in paths)
    assert "incomplete" not in page_html(page_content(belarus))


def test_a_study_stopped_at_once_is_a_report_all_the_same(belarus: StudyResult) -> None:
    """With no game solved, no claim asked and no record read there is still a page that says why."""
    nothing = StudyResult(belarus.case, {}, (), (), None, None, (), (), {}, (), "interrupted while reading the case")
    page = page_html(page_content(nothing))
    assert "interrupted while reading the case" in page
    assert Reader(page).open == []


def test_the_last_day_of_the_record_is_the_date_of_the_report(belarus: StudyResult, page: str) -> None:
    """The page names the day of the last event, and the day after which events are left out, as the case says."""
    assert "The record ends with an event of 10 October 2023; what happened after 31 October 2023 is left out." in page
    assert max(event.date for event in belarus.record.chronicle).isoformat() == "2023-10-10"
    assert belarus.case.as_of.isoformat() == "2023-10-31"


def test_what_talk_is_worth_is_on_the_page_and_in_a_file(belarus: StudyResult, written: Path, page: str) -> None:
    """The section has the numbers of the talk module for the case's game; talk.json has them exactly."""
    solution = next(iter(belarus.games.values())).solution
    worth = value_of_talk(solution.game, solution)
    data = json.loads((written / "talk.json").read_text(encoding="utf-8"))
    assert data["commitment"]["value"] == text(worth.commitment.value)
    assert data["disclosure"]["payoffs"]["west"]["low"] == text(worth.disclosure.payoffs["west"].low)
    section = page[page.index('<section id="talk"') :].split("<section id")[1]
    assert brief_words(worth.commitment.value) in section
    assert "no message can be sent by every type" in section
    assert "the sender replies in the end" in section


def test_the_contents_list_follows_the_sections(belarus: StudyResult) -> None:
    """A further section is in the contents and on the page without any other change."""
    content = page_content(belarus)
    page = page_html(content, [*written_sections(content), Section("extra", "More", "<p>More.</p>")])
    assert '<li><a href="#extra">More</a></li>' in page
    assert '<section id="extra"><h2>More</h2><p>More.</p></section>' in page


def test_pictures_for_narrow_screens_are_narrow(belarus: StudyResult) -> None:
    """The window, the worlds and the diagram each have a picture that fits a phone, shown in place of the wide one."""
    content = page_content(belarus)
    assert content.window is not None
    for picture in (
        window_svg(content.window, content.name, wide=False),
        worlds_svg(content.worlds, content.name, wide=False),
        diagram_svg(content.solutions[0][1].game, across=False, width=360),
    ):
        assert float(re.search(r'viewBox="0 0 ([\d.]+)', picture).group(1)) <= 372
        assert re.match(r'<svg [^>]*class="[^"]*\bnarrow\b', picture)


def test_the_sides_are_treated_alike(belarus: StudyResult) -> None:
    """Exchange the claims of two sides and their columns of the scoreboard are exchanged, and nothing else."""
    content = page_content(belarus)
    first, second = content.sides[:2]
    swap = {first.key: second.key, second.key: first.key}
    claims = tuple(replace(c, side=swap.get(c.side, c.side)) for c in content.claims)
    turned = scoreboard(replace(content, claims=claims))
    exchanged = [(name, [(words, [two, one, *rest]) for words, (one, two, *rest) in rows]) for name, rows in turned]
    assert exchanged == scoreboard(content)
    assert any(one != two for _, rows in exchanged for _, (one, two, *_) in rows)


def test_the_scoreboard_counts_every_claim_once(belarus: StudyResult, page: str) -> None:
    """Within each side the numbers add up to its claims, and the page has a row for each answer that was given."""
    content = page_content(belarus)
    sides = [side.key for side in content.sides if content.claims_of(side.key)]
    groups = scoreboard(content)
    totals = [sum(counts[k] for _, rows in groups for _, counts in rows) for k in range(len(sides))]
    assert totals == [len(content.claims_of(side)) for side in sides]
    written = page[page.index('<table class="score">') :].split("</table>")[0]
    assert written.count("<tr") == 1 + sum(1 + len(rows) for _, rows in groups)


def test_every_standing_is_one_of_five(belarus: StudyResult) -> None:
    """Model and record answers use the same few words."""
    content = page_content(belarus)
    rows = [answer for row in content.lenses for answer in row.answers]
    assert {c.standing for c in content.claims} | {r.standing for r in rows} <= set(STANDINGS)
    assert all(c.reason for c in content.claims if c.about == "neither")


def test_marks_of_a_row_keep_apart(belarus: StudyResult) -> None:
    """Every event is drawn at its date, within half a row of its own row; few marks hide another's centre."""
    content = page_content(belarus)
    kinds = kinds_of(content.events, content.groups)
    span = 1994.0, 2024.0
    marks = place_marks(content.events, kinds, span)
    assert len(marks) == len(content.events)
    for event, mark in zip(content.events, marks, strict=True):
        assert int(mark.x) == event.event.date.year
        assert abs(mark.y - kinds.index(event.kind)) < 0.5
    hidden = 0
    for k, (a, one) in enumerate(zip(marks, content.events, strict=True)):
        for b, other in zip(marks[k + 1 :], content.events[k + 1 :], strict=True):
            reach = (max(SIZES[one.event.intensity], SIZES[other.event.intensity]) / 3.1416) ** 0.5
            hidden += ((a.x - b.x) * 30) ** 2 + ((a.y - b.y) * 34) ** 2 < reach**2
    assert hidden <= len(marks) // 20


def boxes(picture: str) -> list[tuple[float, float, float, float]]:
    """The rectangles of a diagram as (left, top, right, bottom)."""
    found = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', picture)
    return [(x, y, x + w, y + h) for x, y, w, h in (tuple(map(float, f)) for f in found)]


@pytest.mark.parametrize("across", [True, False])
def test_boxes_of_the_diagram_do_not_overlap(belarus: StudyResult, across: bool) -> None:
    """Sender, messages, two audiences and the reply: five boxes apart from each other and inside the picture."""
    game = next(iter(belarus.games.values())).game
    picture = diagram_svg(game, across=across)
    placed = boxes(picture)
    assert len(placed) == 5
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture).groups())
    assert all(x >= 0 and y >= 0 and r <= width and b <= height for x, y, r, b in placed)
    for k, one in enumerate(placed):
        for other in placed[k + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    for name in (*game.messages, *(label for a in game.audiences for label in a.actions[0])):
        assert f">{name}</text>" in picture


def test_ends_that_move_alike_share_a_column(belarus: StudyResult) -> None:
    """Joined ends lie at one value; every end is in one column and no move is lost."""
    ends = moving_ends(belarus.moves)
    names = [name for end in ends for name in end.names]
    assert sorted(names) == sorted({move.endpoint for move in belarus.moves})
    where = {name: end for end in ends for name in end.names}
    for move in belarus.moves:
        end = where[move.endpoint]
        assert end.value == move.value
        assert (move.parameter in end.moves) == (move.direction != "still")


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://a.org", True),
        ("http://a.org/?x=1&y=2", True),
        ("javascript:x()", False),
        ("data:text/html,x", False),
        ("//a.org", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url: str, linked: bool) -> None:
    """http and https are links; anything else is text."""
    assert link(url, "words").startswith("<a ") == linked


def test_bibliography_is_read_and_found_by_key(belarus: StudyResult) -> None:
    """Every entry of the shipped file is read; a key in a claim's source leads to the entry's address."""
    path = belarus.case.sources
    sources = read_sources(path)
    assert len(sources) == len(re.findall(r"(?m)^@", path.read_text(encoding="utf-8")))
    assert all(row.words and "{" not in row.words for row in sources.values())
    key = next(k for k, row in sources.items() if row.url)
    words, url = find_address(key, sources)
    assert url == sources[key].url
    assert words
    assert find_address("See https://a.org/b.", {}) == ("See", "https://a.org/b")


def test_runs_of_numbers_are_shortened() -> None:
    """Three or more in a row become a range; others stay."""
    assert compact("outcome 1, 2, 3, 5, 7, 8; not in 4, 6") == "outcome 1 to 3, 5, 7, 8; not in 4, 6"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"R{\'a}cz, Andr\'as", "Rácz, András"),
        (r"Kolst{\o}, P{\aa}l", "Kolstø, Pål"),
        (r'Sj{\"o}str{\"{o}}m', "Sjöström"),
        (r"Ana{\"\i}s na\"\i ve", "Anaïs naïve"),
        (r"{\v{C}}apek, \v S, \c{c}, \k{e}, \H{o}, \u{g}, \r u", "Čapek, Š, ç, ę, ő, ğ, ů"),
        (r"\L{}\'od\'z, stra{\ss}e, \AE on, \i", "Łódź, straße, Æon, ı"),
        (r"A \& B, 5\%, \$, \_, \{x\}", "A & B, 5%, $, _, {x}"),
        (r"pages 1--3 --- ``so''~then", "pages 1–3 — “so” then"),
        (r"\emph{The {EU}'s} role", "The EU's role"),
    ],
)
def test_latex_becomes_plain_text(written: str, read: str) -> None:
    """All usual accents, letters and escapes of BibTeX files are read as the signs that they stand for."""
    assert plain(written) == read


def test_names_part_at_and_outside_braces() -> None:
    """A body whose name has an 'and' in it is one author."""
    assert split_names(r"{Bureau and Co} and Marin, Ana{\"i}s") == ["Bureau and Co", "Marin, Anaïs"]


def test_no_latex_is_left_in_the_sources(page: str) -> None:
    """The list of sources has no backslash and no brace, and names with accents are there."""
    words = page[page.index('<section id="sources"') :].split("</section>")[0]
    assert not set("\\{}") & set(words)
    assert "Rácz, András" in words


def test_claims_that_pass_and_that_both_sides_expect_are_said_to_part_nobody(belarus: StudyResult) -> None:
    """Among the claims that pass, the summary counts those marked as shared; without the mark it does not."""
    from dataclasses import replace

    from doubletalk.report.page_headline import of_claims

    claims = [claim for claim in page_content(belarus).claims if claim.about == "the record"]
    passed = [claim for claim in claims if claim.standing == "yes"]
    both = [claim for claim in passed if claim.shared]
    assert both
    assert "expected by the other side too" in of_claims(claims)
    assert "expected by the other side" not in of_claims([replace(claim, shared="") for claim in claims])
