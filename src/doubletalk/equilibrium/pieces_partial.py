"""Certified pieces of games that belong to no class with a complete answer.

Audiences that move at once, or that watch only some earlier ones, and care about each other: their conditions are
bilinear. Given a pure choice at every information set, the beliefs for which it is rational are an exact cone; and
choices that differ at one information set only may be mixed where their cones meet. That is what is listed; mixtures
at several information sets are bounded (``CurvedCell``) and named in ``gaps``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.pieces_reply import (
    BeliefTest,
    ReplyPlan,
    difference,
    plan_replies,
)
from doubletalk.equilibrium.pieces_sequential import (
    CurvedCell,
    SequentialComplex,
    bounded_complex,
    moves_in_sequence,
    sequential_complex,
)
from doubletalk.equilibrium.pieces_sequential_cone import Form
from doubletalk.equilibrium.response import Block, Piece, Row, Station, Vertex
from doubletalk.equilibrium.solution import Distribution
from doubletalk.errors import TooLarge
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Cell, Game

__all__ = ["MOST_PROFILES", "partial_complex"]

MOST_PROFILES = 20000
"""Pure profiles of the audiences after one message beyond which the enumeration is refused."""

InformationSet = tuple[int, tuple[int, ...]]
"""(audience, actions of the audiences that it watches)."""

Choice = tuple[int, ...]
"""One action per information set."""


def partial_complex(
    game: Game, asked: frozenset[tuple[int, Form]] = frozenset(), concept: str = "sequential"
) -> SequentialComplex:
    """Pieces that are certified, with ``gaps`` saying what they leave out.

    - Audiences that watch all earlier ones: ``sequential_complex``, any number of classes.
    - Audiences that observe alike, where whoever is watched sees no more than its watcher: all responses that are pure,
      or mixed at one information set.
    - Anything else: no pieces, and the reason.

    ``asked`` and ``concept`` are for ``sequential_complex``.

    Errors: ``TooLarge`` past ``MOST_PROFILES`` pure profiles after one message.
    Cost: an exact linear programme for every pure profile.
    """
    if moves_in_sequence(game):
        return sequential_complex(game, asked, concept)
    plan = plan_replies(game)
    reason = _out_of_reach(game)
    if reason is not None:
        nothing = Station("all messages", tuple(range(len(plan.pairs))), (), ())
        return bounded_complex(game, plan, [nothing], (), (reason,))
    stations: list[Station] = []
    curved: list[CurvedCell] = []
    for number, cell in enumerate(game.cells()):
        maker = _Profiles(game, plan, cell)
        stations.append(maker.station())
        curved += maker.bound(number, stations[-1])
    return bounded_complex(game, plan, stations, curved)


def _out_of_reach(game: Game) -> str | None:
    """Why no piece can be certified, or None.

    An audience knows the play of those it does not watch from their strategies, provided that the ones it watches
    did not see more than it does; otherwise their moves would tell it about the others.
    """
    everybody = tuple(range(len(game.audiences)))
    if any(cell.audiences != everybody for cell in game.cells()):
        return "audiences that observe different things care about each other or are answered; no response is certified"
    for audience in game.audiences:
        for j in audience.watches:
            unseen = set(game.audiences[j].watches) - set(audience.watches)
            if unseen:
                other = game.audiences[min(unseen)].name
                return (
                    f"{audience.name} watches {game.audiences[j].name}, who saw {other}, but does not see {other}; "
                    "what an unexpected move then tells it is not resolved, and no response is certified"
                )
    return None


class _Profiles:
    """The pure profiles of all audiences after one observation, and the cone of beliefs of each."""

    def __init__(self, game: Game, plan: ReplyPlan, cell: Cell) -> None:
        self.game, self.plan, self.cell = game, plan, cell
        self.message = cell.messages[0]
        self.pairs = tuple(i for i, (_, m) in enumerate(plan.pairs) if m in cell.messages)
        self.counts = [len(labels) for labels in game.actions_after(self.message)]
        self.sets: list[InformationSet] = [
            (j, seen)
            for j, audience in enumerate(game.audiences)
            for seen in product(*(range(self.counts[i]) for i in audience.watches))
        ]
        self.place = {where: k for k, where in enumerate(self.sets)}
        many = prod(self.counts[j] for j, _ in self.sets)
        if many > MOST_PROFILES:
            raise TooLarge(f"after '{cell.key}' the audiences have {many} pure profiles; the limit is {MOST_PROFILES}")
        self.beliefs = BeliefTest(plan, self.pairs)
        self.expected = {
            actions: [self._expected(actions, j) for j in range(len(self.counts))]
            for actions in product(*(range(n) for n in self.counts))
        }

    def _expected(self, actions: tuple[int, ...], audience: int) -> Row:
        form: dict[int, Rational] = {}
        for pair in self.pairs:
            form.update(self.plan.payoff_row(pair, actions, audience))
        return form

    def play(self, choice: Choice, fixed: Mapping[int, int]) -> tuple[int, ...]:
        """The actions that follow from *choice* when some audiences' actions are *fixed*."""
        taken: list[int] = []
        for j, audience in enumerate(self.game.audiences):
            seen = tuple(taken[i] for i in audience.watches)
            taken.append(fixed.get(j, choice[self.place[j, seen]]))
        return tuple(taken)

    def conditions(self, choice: Choice) -> list[Row]:
        """Rows that are nonnegative exactly where every information set's choice is a best one."""
        clock.check()
        rows: dict[tuple[tuple[int, Rational], ...], Row] = {}
        for (j, seen), action in zip(self.sets, choice, strict=True):
            fixed = dict(zip(self.game.audiences[j].watches, seen, strict=True))
            here = self.expected[self.play(choice, {**fixed, j: action})][j]
            for other in range(self.counts[j]):
                row = difference(here, self.expected[self.play(choice, {**fixed, j: other})][j])
                if row:
                    rows.setdefault(tuple(sorted(row.items())), row)
        return list(rows.values())

    def station(self) -> Station:
        """All pure pieces, and those mixed at one information set."""
        cones: dict[Choice, list[Row]] = {}
        for choice in product(*(range(self.counts[j]) for j, _ in self.sets)):
            rows = self.conditions(choice)
            if self.beliefs.exist((), rows):
                cones[choice] = rows
        index = {choice: k for k, choice in enumerate(cones)}
        units = [tuple(ONE if i == k else ZERO for i in range(len(cones))) for k in range(len(cones))]
        vertices = tuple(Vertex(self._sender(choice), unit) for choice, unit in zip(cones, units, strict=True))
        pieces = [
            Piece((), tuple(rows), (tuple(index[c] for c in mixed),), simplex=False)
            for mixed, rows in self._mixtures(cones)
        ]
        behaviour = _Behaviour(self.game, self.message, tuple(self.sets), tuple(cones))
        return Station(self.cell.key, self.pairs, (Block(vertices, behaviour),), tuple(pieces))

    def _mixtures(self, cones: Mapping[Choice, list[Row]]) -> Iterator[tuple[tuple[Choice, ...], list[Row]]]:
        """Choices that differ at one information set at most, with the beliefs for which all of them are rational.

        A mixture there keeps every other condition, which is linear in it, and all its actions are best.
        """
        for choice, rows in cones.items():
            yield (choice,), rows
        for k in range(len(self.sets)):
            groups: dict[Choice, list[Choice]] = {}
            for choice in cones:
                groups.setdefault(choice[:k] + choice[k + 1 :], []).append(choice)
            for members in groups.values():
                clock.check()
                for size in range(2, len(members) + 1):
                    for mixed in combinations(members, size):
                        rows = [row for choice in mixed for row in cones[choice]]
                        if self.beliefs.exist((), rows):
                            yield mixed, rows

    def _sender(self, choice: Choice) -> dict[int, Rational]:
        play = self.play(choice, {})
        return {pair: self.plan.value[pair, play] for pair in self.pairs}

    def bound(self, number: int, station: Station) -> list[CurvedCell]:
        """Everything, as the bound of mixtures at several information sets, when two sets or more have a choice."""
        if sum(1 for j, _ in self.sets if self.counts[j] > 1) < 2:
            return []
        size = len(station.blocks[0].vertices)
        plays = dict.fromkeys(
            self.play(choice, {}) for choice in product(*(range(self.counts[j]) for j, _ in self.sets))
        )
        vertices = tuple(
            Vertex({pair: self.plan.value[pair, play] for pair in self.pairs}, (ZERO,) * size) for play in plays
        )
        names = " and ".join(audience.name for audience in self.game.audiences)
        reason = f"after '{self.cell.key}', mixtures of {names} at more than one information set are left out"
        return [CurvedCell(number, (), (), vertices, reason)]


@dataclass(frozen=True)
class _Behaviour:
    """``Block.behaviour``: the point is a mixture of pure profiles that differ at one information set at most."""

    game: Game
    message: int
    sets: tuple[InformationSet, ...]
    choices: tuple[Choice, ...]

    def __call__(self, point: tuple[Rational, ...]) -> dict[str, dict[str, Distribution]]:
        game = self.game
        labels = game.actions_after(self.message)
        found: dict[str, dict[str, Distribution]] = {audience.name: {} for audience in game.audiences}
        for k, (j, seen) in enumerate(self.sets):
            shares = _shares(point, [choice[k] for choice in self.choices])
            actions = [0] * len(labels)
            for i, a in zip(game.audiences[j].watches, seen, strict=True):
                actions[i] = a
            key = game.information_set(j, self.message, tuple(actions))
            found[game.audiences[j].name][key] = {labels[j][a]: share for a, share in sorted(shares.items())}
        return found


def _shares(point: Sequence[Rational], actions: Sequence[int]) -> dict[int, Rational]:
    shares: dict[int, Rational] = {}
    for weight, action in zip(point, actions, strict=True):
        if weight != 0:
            shares[action] = shares.get(action, ZERO) + weight
    return shares
