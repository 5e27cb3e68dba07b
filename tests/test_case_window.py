"""The exchange and its window against what is derived by hand in docs/exchange.md."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pytest

from doubletalk.case.finding import find_case
from doubletalk.case.loading import load_case
from doubletalk.case.structure import structural_thresholds
from doubletalk.case.verdicts import GameRoom, answer
from doubletalk.case.window import WindowRoles, find_window, how_it_moves
from doubletalk.equilibrium import solve, verify
from doubletalk.errors import InputError
from doubletalk.exact import Rational, rational
from doubletalk.game.loading import read_game_file
from doubletalk.game.model import Game

FILE = read_game_file(find_case("belarus") / "exchange.yaml")
ROLES = WindowRoles("west", "kremlin", "relieve", "pressure", "demand", "pay")
BARE = {"q": 0, "cc": 0, "ca": 0, "cw": 0, "e": 0, "w": 0, "k": 0}
"""The special case worked by hand: free messages, no intermediary, no cost of pressure, no gain from control."""

SETS = [
    {"g": 2, "l": 1, "s": 3, "v": 1, "L": 4, "M": 100},
    {"g": 2, "l": 1, "s": 3, "v": 1, "L": 7, "M": 5},
    {"g": 5, "l": 2, "s": "7/3", "v": "1/2", "L": "11/4", "M": 9},
    {"g": 1, "l": 6, "s": 2, "v": 1, "L": 9, "M": 10},
]


def game(**overrides: object) -> Game:
    return FILE.game({name: rational(value) for name, value in overrides.items()}, drop_null_types=True)


def bare_room() -> GameRoom:
    def make(overrides: Mapping[str, Rational]) -> Game:
        return FILE.game({**{k: rational(v) for k, v in BARE.items()}, **overrides}, drop_null_types=True)

    return GameRoom(make, solve)


@pytest.mark.parametrize("values", SETS)
def test_window_by_hand_is_where_relief_works(values: dict[str, object]) -> None:
    """In the special case relief works exactly for l/(g+l) < b < s/L, and nowhere when that is empty."""
    g, loss, s, big = (rational(values[name]) for name in ("g", "l", "s", "L"))
    low, high = loss / (g + loss), s / big
    works = find_window(game(**BARE, **values), ROLES).zones("works")
    assert works == (((low, high),) if low < high else ())


@pytest.mark.parametrize("values", SETS)
def test_kremlin_pays_after_relief_exactly_above_s_over_loss(values: dict[str, object]) -> None:
    """After relief the Kremlin pays if and only if b L > s; at b L = s it is indifferent."""
    s, big = rational(values["s"]), rational(values["L"])
    settings = ", ".join(f"{k}={v}" for k, v in values.items())
    verdict = answer(f"for {settings}: over b in [0,1]: best(kremlin | west=relieve, belief=b) = pay", bare_room())
    held = [i for i in verdict.intervals if i.answer == "yes"]
    if s >= big:
        assert held == []
    else:
        (only,) = held
        assert (only.low, only.high, only.low_closed, only.high_closed, only.exact) == (s / big, 1, False, True, True)


@pytest.mark.parametrize("values", SETS)
def test_demands_are_outbid_exactly_above_s_over_compliance_loss(values: dict[str, object]) -> None:
    """After a demand the Kremlin pays if and only if b M > s, so demands earn b G below s/M and nothing above."""
    window = find_window(game(**BARE, **values), ROLES)
    edge = rational(values["s"]) / rational(values["M"])
    for segment in window.segments:
        middle = (segment.low + segment.high) / 2
        assert segment.response["demand"] == ("pay" if middle > edge else "hold")
        assert segment.payoffs["demand"](middle) == (0 if middle > edge else 2 * middle)


def test_at_the_ends_of_the_window_relief_is_no_better_than_a_tie() -> None:
    """At b = l/(g+l) relief ties with pressure; at b = s/L the Kremlin is indifferent: both ends are open."""
    room = bare_room()
    settings = "for g=2, l=1, s=3, v=1, L=4, M=100"
    tie = answer(f"{settings}: best(west | belief=1/3) includes [relieve, pressure]", room)
    assert tie.answer == "yes"
    assert answer(f"{settings}: best(west | belief=1/3) = relieve", room).answer == "no"
    assert answer(f"{settings}: best(kremlin | west=relieve, belief=3/4) includes [hold, pay]", room).answer == "yes"
    swept = answer(f"{settings}: over b in [0,1]: best(west | belief=b) = relieve", room)
    assert swept.intervals[1].low == rational("1/3")


def test_hedger_that_cannot_be_bought_keeps_the_window_open_to_the_end() -> None:
    """With v > s payment does not hold a hedger, so the Kremlin never outbids and relief works up to certainty."""
    window = find_window(game(**BARE, g=2, l=1, s=3, v=4, L=40), ROLES)
    assert window.zones("works") == ((rational("1/3"), rational(1)),)
    assert window.zones("outbid") == ()


def test_demands_that_cost_more_than_relief_screen_nobody() -> None:
    """With d > rho no client complies, and demands earn what pressure earns less the cost of verifying."""
    window = find_window(game(d=4), ROLES)
    assert all(s.payoffs["demand"](rational("1/2")) < s.payoffs["pressure"](rational("1/2")) for s in window.segments)


def test_default_break_even_beliefs_are_all_different() -> None:
    """The defaults are generic: the Kremlin's two break-even beliefs and the West's three do not coincide."""
    values = {**FILE.values(), "M": 3 * FILE.values()["L"]}
    ends = {e.name: e.value for e in find_window(game(M=values["M"]), ROLES).endpoints()}
    assert ends["kremlin starts to outbid after relieve"] == (values["s"] - values["k"]) / values["L"]
    assert ends["kremlin starts to outbid after demand"] == (values["s"] - values["k"]) / values["M"]
    assert ends["relieve starts to work"] == (values["l"] - values["e"]) / (values["g"] + values["l"])
    assert ends["demand starts to be best"] == values["w"] / values["G"]
    breakpoints = find_window(game(M=values["M"]), ROLES).breakpoints
    assert len({*breakpoints, rational(0), rational(1)}) == len(breakpoints) + 2 == 7


def test_window_is_the_same_whatever_was_said() -> None:
    """Words cost only the speaker, so the window after every message is the same."""
    windows = [find_window(game(), ROLES, message) for message in ("quiet", "court", "alarm", "both")]
    assert all(window == windows[0] for window in windows)


def test_endpoints_move_as_the_formulas_say() -> None:
    """(s-k)/L rises in s, falls in L and k; (l-e)/(g+l) falls in g and e, rises in l; other parameters move neither."""
    moves = {(m.parameter, m.endpoint): m.direction for m in how_it_moves(lambda o: FILE.game(o), ROLES, FILE.values())}
    top, bottom = "kremlin starts to outbid after relieve", "relieve starts to work"
    assert {name: moves[name, top] for name in ("s", "L", "k", "g", "rho")} == {
        "s": "up", "L": "down", "k": "down", "g": "still", "rho": "still",
    }
    assert {name: moves[name, bottom] for name in ("g", "l", "e", "L")} == {
        "g": "down", "l": "up", "e": "down", "L": "still",
    }


def test_exchange_is_as_the_case_describes() -> None:
    """Traits, messages, moves and replies are those of the specification; independents say only what is so."""
    g = game()
    can = {name: {g.messages[m] for m in sendable} for name, sendable in zip(g.types, g.available, strict=True)}
    assert can["hedger,independent"] == {"court"}
    assert can["captive,independent"] == {"quiet"}
    assert can["hedger,mouthpiece"] == can["captive,mouthpiece"] == {"quiet", "court", "alarm", "both"}
    assert [a.name for a in g.audiences] == ["west", "kremlin"]
    assert g.audiences[1].watches == (0,)
    assert set(g.replies.values()) == {("realign", "return"), ("comply", "refuse")}


@pytest.mark.parametrize("overrides", [{}, {"h": "1/10", "q": "1/2"}])
def test_every_equilibrium_of_the_exchange_is_certified(overrides: dict[str, object]) -> None:
    """The list of equilibria is proved complete and every extreme point passes the independent check."""
    solution = solve(game(**overrides))
    assert solution.complete, solution.why_incomplete
    assert solution.outcomes
    assert all(verify(solution.game, point).valid for _, _, point in solution.assessments())


def test_structural_thresholds_are_those_worked_by_hand() -> None:
    """One size alone changes the picture at d = rho, at v = s, at (s-k)/M = 1 and where l/(g+l) meets (s-k)/L."""
    found = {(x.parameter, x.direction): x for x in structural_thresholds(FILE.game, ROLES, {}, ("d", "v", "M", "l"))}
    values = FILE.values()
    upper = (values["s"] - values["k"]) / values["L"]
    assert found["d", "up"].value == values["rho"]
    assert found["v", "up"].value == values["s"]
    assert found["M", "up"].value == values["s"] - values["k"]
    assert found["l", "up"].value == (values["e"] + upper * values["g"]) / (1 - upper)
    assert ("relieve",) not in found["d", "up"].best_here
    assert ("relieve",) in found["d", "up"].best_beyond


def test_no_two_break_even_beliefs_meet_in_any_world() -> None:
    """In none of the twelve worlds do two break-even beliefs of the formulas lie within 1/20 of each other, or of 1."""
    case = load_case(find_case("belarus"))
    assert len(case.worlds) == 12
    assert sum(world.as_filed for world in case.worlds) == 1
    for world in case.worlds:
        x = {**FILE.values(), **world.values}
        outbid = [(x["s"] - x["k"]) / x[loss] for loss in ("L", "M")]
        ends = [*outbid, (x["l"] - x["e"]) / (x["g"] + x["l"]), rational(1)]
        gaps = [abs(a - b) for a, b in combinations(ends, 2)]
        assert min(gaps) > rational("1/20"), world.name


def test_window_of_another_game_is_refused_in_words() -> None:
    """Roles that the game lacks give an error that names what was found and what was expected."""
    with pytest.raises(InputError, match="found action 'bribe', expected one of hold, pay"):
        find_window(game(), WindowRoles("west", "kremlin", "relieve", "pressure", "demand", "bribe"))
    with pytest.raises(InputError, match="expected two audiences, 'east' then 'kremlin'"):
        find_window(game(), WindowRoles("east", "kremlin", "relieve", "pressure", None, "pay"))
