"""Questions about a game, in the words of the command line, whose answers can be compared, stored and put into words.

Every question has a ``label`` (the question in words), ``answer`` (a game's answer: text, numbers, tuples of these) and
``words`` (an answer in words). The last game solved is remembered, so several questions about it cost one solve.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from doubletalk.case.best import best_response
from doubletalk.case.language import parse_statement
from doubletalk.case.room import GameRoom
from doubletalk.case.verdicts import answer as verdict_on
from doubletalk.equilibrium import Outcome, Solution, solve
from doubletalk.equilibrium.summary import KINDS
from doubletalk.errors import InputError
from doubletalk.game.model import Game
from doubletalk.game.wording import unknown
from doubletalk.refinement.names import NAMES
from doubletalk.regions.atlas_game import Question

__all__ = [
    "NOT_SOLVED",
    "Best",
    "Claim",
    "Equilibria",
    "Kinds",
    "Several",
    "Structure",
    "Surviving",
    "in_time",
    "limited",
    "pattern_of",
    "question_from_text",
    "solved_outcomes",
]

NOT_SOLVED = "not solved in the time given"
"""The answer where the equilibria were not all found within the limit for one solve."""

_LAST: list[Solution] = []
"""The last solution, if any."""
_LIMIT: list[float | None] = [None]


class NotSolved(Exception):  # noqa: N818 - no error: it is answered with NOT_SOLVED
    """Raised by :func:`solved_outcomes` where the limit ended the search."""


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Within the body no solve takes longer; None sets no limit."""
    before, _LIMIT[:] = _LIMIT[0], [seconds]
    try:
        yield
    finally:
        _LIMIT[:] = [before]


def in_time(ask: Callable[[], Hashable]) -> Hashable:
    """What *ask* gives, ``NOT_SOLVED`` where a solve took too long."""
    try:
        return ask()
    except NotSolved:
        return NOT_SOLVED


def solved_outcomes(game: Game, surviving: Iterable[str] = ()) -> Solution:
    """The outcomes of *game* (``outcomes_only`` of :func:`doubletalk.equilibrium.solve`), judged by the refinements
    named; computed once for the game asked last.

    All questions here are about what happens on the path of play, statements of the claim language among them: where a
    condition never occurs they are not defined. Raises ``NotSolved`` where :func:`limited` sets a limit and it was
    reached.
    """
    if not _LAST or _LAST[0].game is not game:
        _LAST[:] = [solve(game, time_limit=_LIMIT[0], outcomes_only=True)]
    found = _LAST[0]
    if _LIMIT[0] is not None and found.stopped == "time limit":
        raise NotSolved
    missing = [name for name in surviving if any(name not in o.survives for o in found.outcomes)]
    if missing:
        from doubletalk.refinement import refine

        found = _LAST[0] = refine(found, missing)
    return found


def _kept(game: Game, surviving: Sequence[str] = ()) -> list[Outcome]:
    outcomes = solved_outcomes(game, surviving).outcomes
    return [o for o in outcomes if all(o.survives.get(name) for name in surviving)]


def _kinds_of(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    kinds = {outcome.kind for outcome in outcomes}
    return tuple(kind for kind in KINDS if kind in kinds)


@dataclass(frozen=True)
class Kinds:
    """Which kinds of equilibrium exist: a tuple of "separating", "pooling", "semi-separating"."""

    label: str = "kinds of equilibrium"

    def answer(self, game: Game) -> Hashable:
        """The kinds that occur, in the order of ``KINDS``."""
        return _kinds_of(_kept(game))

    def words(self, answer: Hashable) -> str:
        """``pooling and semi-separating``."""
        assert isinstance(answer, tuple)
        return " and ".join(answer) or "none"


@dataclass(frozen=True)
class Structure:
    """How many outcomes of each kind there are: ((kind, number), ...)."""

    label: str = "outcomes of each kind"

    def answer(self, game: Game) -> Hashable:
        """The kinds that occur, each with its number of outcomes."""
        kinds = [outcome.kind for outcome in _kept(game)]
        return tuple((kind, kinds.count(kind)) for kind in KINDS if kind in kinds)

    def words(self, answer: Hashable) -> str:
        """``2 pooling, 1 semi-separating``."""
        assert isinstance(answer, tuple)
        return ", ".join(f"{count} {kind}" for kind, count in answer) or "none"


@dataclass(frozen=True)
class Surviving:
    """Which kinds of equilibrium survive the refinement ``name``."""

    name: str

    @property
    def label(self) -> str:
        """The question in words."""
        return f"kinds surviving {self.name}"

    def answer(self, game: Game) -> Hashable:
        """The kinds of the outcomes that survive."""
        return _kinds_of(_kept(game, (self.name,)))

    def words(self, answer: Hashable) -> str:
        """``pooling and semi-separating``."""
        assert isinstance(answer, tuple)
        return " and ".join(answer) or "none"


@dataclass(frozen=True)
class Equilibria:
    """The outcomes in pattern: of each its kind, the messages each type may send, what the audiences may do after them.

    What is done after messages that nobody sends is not looked at. Two games have the same answer exactly when their
    outcomes match one to one in these supports. ``surviving``: only the outcomes that survive all these refinements
    count.
    """

    surviving: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The question in words."""
        return "equilibria" + (f" surviving {', '.join(self.surviving)}" if self.surviving else "")

    def answer(self, game: Game) -> Hashable:
        """((kind, ((type, messages), ...), ((information set, actions), ...)), ...), sorted."""
        return tuple(sorted(pattern_of(game, outcome) for outcome in _kept(game, self.surviving)))

    def words(self, answer: Hashable) -> str:
        """``pooling (weak, strong: beer; beer -> leave)``, outcomes divided by ``|``."""
        return " | ".join(self.parts(answer)) or "none"

    def parts(self, answer: Hashable) -> tuple[str, ...]:
        """The outcomes in words."""
        assert isinstance(answer, tuple)
        return tuple(map(_pattern_words, answer))


_Pattern: TypeAlias = tuple[str, tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[str, tuple[str, ...]], ...]]


def pattern_of(game: Game, outcome: Outcome) -> _Pattern:
    """The supports of an outcome, joined over its families; information sets that some sent message can reach."""
    said: dict[str, set[str]] = {t: set() for t in game.types}
    done: dict[str, set[str]] = {}
    for family in outcome.families:
        for plan in family.sender_extremes:
            for t, weights in plan.items():
                said[t].update(weights)
    for m in sorted(game.messages.index(label) for label in set().union(*said.values())):
        for where, chosen in _met_after(game, outcome, m):
            done.setdefault(where, set()).update(chosen)
    messages, actions = game.messages, _order_of_actions(game)
    return (
        outcome.kind,
        tuple((t, tuple(sorted(said[t], key=messages.index))) for t in game.types),
        tuple((where, tuple(sorted(chosen, key=lambda a: actions[a]))) for where, chosen in sorted(done.items())),
    )


def _met_after(game: Game, outcome: Outcome, m: int) -> Iterator[tuple[str, set[str]]]:
    """(audience at information set, actions it may take there), reached by message m and what earlier audiences do."""
    label = game.messages[m]
    families = [f for f in outcome.families if any(label in w for plan in f.sender_extremes for w in plan.values())]
    played: dict[str, set[str]] = {}
    for audience in game.audiences:
        played[audience.name] = set()
        heard = audience.observations[audience.observation_of[m]]
        for family in families:
            for response in family.response_extremes:
                for where, weights in response[audience.name].items():
                    observation, *watched = where.split("|")
                    acts = (each.split("=", 1) for each in watched)
                    if observation == heard and all(action in played[name] for name, action in acts):
                        yield f"{audience.name} at {where}", set(weights)
                        played[audience.name].update(weights)


def _order_of_actions(game: Game) -> Mapping[str, int]:
    labels = dict.fromkeys(label for a in game.audiences for options in a.actions for label in options)
    return {label: k for k, label in enumerate(labels)}


def _pattern_words(pattern: Any) -> str:
    kind, said, done = pattern
    groups: dict[tuple[str, ...], list[str]] = {}
    for t, messages in said:
        groups.setdefault(tuple(messages), []).append(t)
    sides = "; ".join(f"{', '.join(types)}: {' or '.join(messages)}" for messages, types in groups.items())
    one = len({where.split(" at ")[0] for where, _ in done}) == 1
    met = ", ".join(f"{where.split(' at ', 1)[1] if one else where} -> {' or '.join(chosen)}" for where, chosen in done)
    return f"{kind} ({sides}; {met})"


@dataclass(frozen=True)
class Best:
    """The best actions of ``audience`` on the prior, before any message."""

    audience: str

    @property
    def label(self) -> str:
        """The question in words."""
        return f"best policy of {self.audience} at the prior"

    def answer(self, game: Game) -> Hashable:
        """Its best actions; several where they tie."""
        j = [a.name for a in game.audiences].index(self.audience)
        return best_response(game, j, 0, game.prior, {}).possible

    def words(self, answer: Hashable) -> str:
        """``pressure or relieve``."""
        assert isinstance(answer, tuple)
        return " or ".join(answer)


@dataclass(frozen=True)
class Claim:
    """The answer to a statement of the claim language: "yes", "no", "undefined", "undecided", "cannot"."""

    text: str

    @property
    def label(self) -> str:
        """The statement itself."""
        return self.text

    def answer(self, game: Game) -> Hashable:
        """The verdict's answer."""
        room = GameRoom(lambda overrides: game, solved_outcomes)
        return verdict_on(parse_statement(self.text), room).answer

    def words(self, answer: Hashable) -> str:
        """The answer itself."""
        return str(answer)


@dataclass(frozen=True)
class Several:
    """Several questions about the same game; the answer has one entry for each, and last whether the list of equilibria
    is proved complete (None where none had to be found). ``limit_s``: seconds that the solve may take."""

    questions: tuple[Question, ...]
    limit_s: float | None = None

    @property
    def label(self) -> str:
        """The labels in a row."""
        return "; ".join(question.label for question in self.questions)

    def answer(self, game: Game) -> Hashable:
        """(answer of each question, ..., complete)."""
        with limited(self.limit_s):
            answers = tuple(in_time(partial(question.answer, game)) for question in self.questions)
        mine = [last.complete for last in _LAST if last.game is game]
        return (*answers, all(mine) if mine else None)

    def words(self, answer: Hashable) -> str:
        """The answers in words, in a row."""
        assert isinstance(answer, tuple)
        return "; ".join(q.words(each) for q, each in zip(self.questions, answer, strict=False))


def question_from_text(text: str, game: Game) -> Kinds | Structure | Surviving | Equilibria | Best | Claim:
    """The question that *text* asks about games like *game*: ``kinds``, ``structure``, ``equilibria[:REFINEMENTS]``,
    ``surviving:REFINEMENT``, ``best[:AUDIENCE]``, or a claim.

    Raises ``InputError`` for an unknown refinement or audience; a claim is checked when it is asked.
    """
    word, _, rest = (part.strip() for part in text.partition(":"))
    if text == "kinds":
        return Kinds()
    if text == "structure":
        return Structure()
    if word in ("surviving", "equilibria"):
        names = tuple(name.strip() for name in rest.split(",") if name.strip())
        for name in names:
            if name not in NAMES:
                raise InputError(f"--question {word}: {unknown('refinement', name, NAMES)}")
        if word == "equilibria":
            return Equilibria(names)
        if len(names) != 1:
            raise InputError(f"--question surviving: found {rest!r}, expected one refinement, such as surviving:d1")
        return Surviving(names[0])
    if word == "best":
        known = [audience.name for audience in game.audiences]
        who = rest or known[0]
        if who not in known:
            raise InputError(f"--question best: {unknown('audience', who, known)}")
        return Best(who)
    return Claim(text)
