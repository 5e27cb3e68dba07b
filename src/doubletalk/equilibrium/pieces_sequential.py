"""Pieces of audiences that move in sequence, watch each other and care about each other (theory, section 3).

After a message all audiences share one belief, and payoffs depend on it only through the weights of a few *classes*
of (type, message) pairs; with two classes and no reply that ties, through one number b. ``sequential_complex`` runs
exact backward induction over all beliefs at once (``pieces_sequential_tree``) and hands the result to the assembly.
The mathematics is in docs/theory-sequential.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, product
from math import prod

from doubletalk.equilibrium.pieces_reply import ReplyPlan, plan_replies, reply_reader
from doubletalk.equilibrium.pieces_sequential_cone import Cone, Form, Interval, Polyhedral, normalised
from doubletalk.equilibrium.pieces_sequential_nash import free_plans, nash_continuations
from doubletalk.equilibrium.pieces_sequential_node import Stretch
from doubletalk.equilibrium.pieces_sequential_plays import Node, Place, Play, decode
from doubletalk.equilibrium.pieces_sequential_tree import continuations
from doubletalk.equilibrium.response import Block, Piece, ResponseComplex, Row, Station, Vertex
from doubletalk.equilibrium.solution import Distribution
from doubletalk.errors import TooLarge
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Cell, Game

__all__ = [
    "CurvedCell",
    "SequentialComplex",
    "bounded_complex",
    "cell_classes",
    "moves_in_sequence",
    "sequential_complex",
]


MOST_RAYS = 400
"""Extreme beliefs after one message, tied replies counted, beyond which a game is refused."""

THREATS = (
    "in the Nash concept the sender's replies off the path may be any, and here a reply that is not a best one would "
    "change what audiences get; equilibria that rest on such a threat are left out"
)


@dataclass(frozen=True)
class CurvedCell:
    """A part of the response set that is no finite union of products, with an outer bound.

    ``station``            index of the station
    ``equal``, ``at_least``  rows of the closed cone of beliefs in which the part lies
    ``vertices``           responses whose mixtures include every realised play of the part; their points are
                           zero, because a bound is not itself a response
    ``reason``             the entry of ``ResponseComplex.gaps`` that speaks of it
    ``groups``             groups of those vertices, each of which has positive weight in what the pieces leave out
    ``reached_only``       the pieces leave something out only where play arrives
    ``coordinates``        the forms over x that beliefs here depend on; () where no belief makes the part exact
    ``covered``            values of those forms, normalised, at which the pieces leave nothing out
    ``moves``              (node, action) that may be played in the part
    ``points``             [vertex] -> its coordinates; () where they are not known
    ``worth``              [vertex] -> (``Bound.worth``); () where there are not two audiences

    When no equilibrium exists even with these bounds as pieces, the gap is without effect.
    """

    station: int
    equal: tuple[Row, ...]
    at_least: tuple[Row, ...]
    vertices: tuple[Vertex, ...]
    reason: str
    groups: tuple[tuple[int, ...], ...] = ()
    reached_only: bool = False
    coordinates: tuple[Row, ...] = ()
    covered: frozenset[Form] = frozenset()
    moves: frozenset[tuple[Node, int]] = frozenset()
    points: tuple[tuple[Rational, ...], ...] = ()
    worth: tuple[tuple[int, tuple[Row, ...]], ...] = ()


@dataclass(frozen=True)
class SequentialComplex(ResponseComplex):
    """A response complex that also bounds what it leaves out: ``curved`` has at least one entry for every gap."""

    curved: tuple[CurvedCell, ...] = field(default=())


def moves_in_sequence(game: Game) -> bool:
    """Whether every audience watches all earlier ones and all audiences tell the same messages apart."""
    audiences = game.audiences
    return all(a.watches == tuple(range(j)) for j, a in enumerate(audiences)) and all(
        cell.audiences == tuple(range(len(audiences))) for cell in game.cells()
    )


def cell_classes(game: Game, plan: ReplyPlan, cell: Cell) -> tuple[tuple[int, ...], ...]:
    """The coarsest classes of the cell's pairs that audiences' payoffs, under optimal replies, do not tell apart.

    Pairs are alike when after every play of the audiences the optimal replies give the same vectors of payoffs.
    """
    profiles = list(game.action_profiles(cell.messages[0]))
    classes: dict[tuple[frozenset[tuple[Rational, ...]], ...], list[int]] = {}
    for index, (_, m) in enumerate(plan.pairs):
        if m in cell.messages:
            signature = tuple(frozenset(given for _, given in plan.options[index, actions]) for actions in profiles)
            classes.setdefault(signature, []).append(index)
    return tuple(tuple(members) for members in classes.values())


def sequential_complex(
    game: Game, asked: frozenset[tuple[int, Form]] = frozenset(), concept: str = "sequential"
) -> SequentialComplex:
    """The response complex of audiences that move in sequence, each watching all earlier ones, with or without reply.

    Exact for any number of classes; complete (``gaps`` empty) unless some response set is curved. With two classes
    and replies that never tie in a way that matters, every condition is solved at rational breakpoints of b.
    ``asked``: beliefs, as (station, normalised values of its coordinates), at which curved parts are resolved exactly.
    In concept "nash" the pieces are what may follow a message that somebody sends; the vertices include every pure
    plan, because anything may follow one that nobody sends.

    Errors: ``ValueError`` when audiences observe differently or do not watch every earlier audience; ``TooLarge``
    where tied replies give more than ``MOST_RAYS`` extreme beliefs, or (Nash) there are too many pure plans.
    Cost: per message, backward induction over at most product(actions) plays; the number of breakpoints grows with
    the number of ties, tied replies multiply the dimension of the beliefs.
    Source: theory, section 3; the derivation is in docs/theory-sequential.md.
    """
    if not moves_in_sequence(game):
        raise ValueError(
            f"sequential_complex needs audiences that observe the same and watch all earlier ones; "
            f"game '{game.title}' has others"
        )
    plan = plan_replies(game, equal_ones=False)
    stations, curved = [], []
    for number, cell in enumerate(game.cells()):
        builder = _StationBuilder(game, plan, cell, sorted(ray for o, ray in asked if o == number), concept == "nash")
        station, cells = builder.build(number)
        stations.append(station)
        curved += cells
    gaps = (THREATS,) if concept == "nash" and _replies_threaten(game, plan) else ()
    return bounded_complex(game, plan, stations, curved, gaps)


def _replies_threaten(game: Game, plan: ReplyPlan) -> bool:
    """Whether some reply that is not a best one gives audiences what no best one gives them."""
    for index, (t, m) in enumerate(plan.pairs):
        for actions in game.action_profiles(m):
            given = {payoffs for _, payoffs in plan.options[index, actions]}
            if any(tuple(game.payoffs[t, m, actions, c][1:]) not in given for c in game.reply_range(t, m, actions)):
                return True
    return False


def bounded_complex(
    game: Game, plan: ReplyPlan, stations: Sequence[Station], curved: Sequence[CurvedCell], gaps: tuple[str, ...] = ()
) -> SequentialComplex:
    """The complex of these stations; every bound's reason is a gap, besides the *gaps* that have no bound."""
    return SequentialComplex(
        pairs=plan.pairs,
        unknowns=plan.unknowns,
        links=plan.links,
        base=(ZERO,) * len(plan.pairs),
        stations=tuple(stations),
        gaps=(*gaps, *dict.fromkeys(cell.reason for cell in curved)),
        replies=reply_reader(game, plan),
        curved=tuple(curved),
    )


class _StationBuilder:
    """One observation: coordinates xi of beliefs, payoff forms over them, pieces, and their translation to x."""

    def __init__(
        self, game: Game, plan: ReplyPlan, cell: Cell, asked: Sequence[Form] = (), nash: bool = False
    ) -> None:
        self.game, self.plan, self.cell, self.asked, self.nash = game, plan, cell, asked, nash
        self.pairs = tuple(i for i, (_, m) in enumerate(plan.pairs) if m in cell.messages)
        self.labels = game.actions_after(cell.messages[0])
        self.classes = cell_classes(game, plan, cell)
        self.profiles = list(game.action_profiles(cell.messages[0]))
        self.rows: list[Row] = []
        self.links: list[dict[int, Rational]] = []
        self.spots: dict[tuple[int, Node], list[tuple[int, tuple[Rational, ...]]]] = {}
        self._coordinates()

    def _coordinates(self) -> None:
        """X_k for every class (two at least), then Y(k, h, w) where optimal replies differ for audiences."""
        self.rows = [dict.fromkeys(members, ONE) for members in self.classes]
        if len(self.rows) == 1:
            self.rows.append({})
        for k, members in enumerate(self.classes):
            for actions in self.profiles:
                distinct = list(dict.fromkeys(given for _, given in self.plan.options[members[0], actions]))
                if len(distinct) == 1:
                    self.spots[k, actions] = [(k, distinct[0])]
                    continue
                link = {k: -ONE}
                spots = []
                for given in distinct:
                    spots.append((len(self.rows), given))
                    link[len(self.rows)] = ONE
                    self.rows.append({y: ONE for pair in members for y in self._weights(pair, actions, given)})
                self.links.append(link)
                self.spots[k, actions] = spots

    def _weights(self, pair: int, actions: Node, given: tuple[Rational, ...]) -> list[int]:
        """The unknowns y of the pair's replies that give audiences these payoffs."""
        options = self.plan.options[pair, actions]
        return [self.plan.weights[pair, actions, c] for c, payoffs in options if payoffs == given]

    def whole(self) -> Cone:
        """All beliefs: an interval of b for two classes without tied replies, a cone otherwise."""
        size = len(self.rows)
        if size == 2:
            return Interval(ZERO if len(self.classes) == 2 else ONE, ONE)
        rays = sum(
            prod(len(self.spots[k, actions]) for actions in self.profiles) for k in range(len(self.classes))
        )
        if rays > MOST_RAYS:
            raise TooLarge(
                f"after '{self.cell.key}' tied replies of the sender give {rays} extreme beliefs; "
                f"the limit is {MOST_RAYS}: have fewer replies tie that audiences tell apart"
            )
        links = [tuple(link.get(i, ZERO) for i in range(size)) for link in self.links]
        if len(self.classes) == 1:
            links.append(tuple(ONE if i == 1 else ZERO for i in range(size)))
        return Polyhedral.orthant(size, links)

    def terminal(self, actions: Node) -> Play:
        """The payoffs after all audiences have moved, replies optimal."""
        forms = []
        for j in range(len(self.labels)):
            form = [ZERO] * len(self.rows)
            for k in range(len(self.classes)):
                for place, given in self.spots[k, actions]:
                    form[place] += given[j]
            forms.append(tuple(form))
        return Play({}, tuple(forms), tuple(self.plan.value[p, actions] for p in self.pairs))

    def describe(self, node: Node, reason: str) -> str:
        """The reason with message and players named."""
        audiences = self.game.audiences
        seen = ", ".join(f"{audiences[j].name}={self.labels[j][a]}" for j, a in enumerate(node))
        where = f"after '{self.cell.key}'" + (f" and {seen}" if seen else "")
        later = " and ".join(a.name for a in audiences[len(node) + 1 :])
        return f"{where}, {audiences[len(node)].name} facing mixtures of {later}: {reason}"

    def build(self, number: int) -> tuple[Station, list[CurvedCell]]:
        """The station and the bounds of what is missing from its pieces."""
        counts = [len(labels) for labels in self.labels]
        anything = free_plans((), counts, self.terminal) if self.nash else []
        induction = nash_continuations if self.nash else continuations
        found = induction((), counts, self.whole(), self.terminal, self.describe, self.asked)
        exact = [stretch for stretch in found if not stretch.curved]
        catalogue: dict[frozenset[tuple[Place, Rational]], tuple[int, Play]] = {}
        for stretch in exact:
            for play in stretch.plays:
                catalogue.setdefault(play.key, (len(catalogue), play))
        for play in anything:
            catalogue.setdefault(play.key, (len(catalogue), play))
        plays = [play for _, play in catalogue.values()]
        every = chain(anything, *(stretch.plays for stretch in found))
        places = tuple(sorted({place for play in every for place in play.weights}))
        vertices = tuple(self._vertex(play, places) for play in plays)
        pieces = []
        for stretch in exact:
            support = tuple(sorted({catalogue[play.key][0] for play in stretch.plays}))
            equal, at_least = self._rows(stretch.cone)
            pieces.append(Piece(equal, at_least, (support,), simplex=False))
        block = Block(vertices, _Behaviour(self.game, self.cell.messages[0], places))
        curved = [self._curved(number, stretch, places) for stretch in found if stretch.curved]
        return Station(self.cell.key, self.pairs, (block,), tuple(pieces)), curved

    def _vertex(self, play: Play, places: Sequence[Place]) -> Vertex:
        payoffs = dict(zip(self.pairs, play.payoffs, strict=True))
        return Vertex(payoffs, tuple(play.weights.get(place, ZERO) for place in places))

    def _curved(self, number: int, stretch: Stretch, places: Sequence[Place]) -> CurvedCell:
        equal, at_least = self._rows(stretch.cone)
        nowhere = (ZERO,) * len(places)
        vertices = tuple(Vertex(dict(zip(self.pairs, p.payoffs, strict=True)), nowhere) for p in stretch.plays)
        place = {play.key: k for k, play in enumerate(stretch.plays)}
        groups = tuple(tuple(place[play.key] for play in group) for group in stretch.groups)
        covered = stretch.covered.union(map(normalised, self.asked)) if stretch.ray_exact else frozenset()
        return CurvedCell(
            number, equal, at_least, vertices, stretch.curved or "", groups, stretch.reached_only,
            tuple(self.rows) if stretch.ray_exact else (), covered, self._moves(stretch),
            tuple(self._vertex(play, places).point for play in stretch.plays),
            tuple(self._worth(play) for play in stretch.plays) if len(self.labels) == 2 else (),
        )  # fmt: skip

    def _worth(self, play: Play) -> tuple[int, tuple[Row, ...]]:
        """``Bound.worth`` of one plan of two audiences."""
        first, second = (len(own) for own in self.labels)
        counts: dict[Node, int] = {(): first, **{(a,): second for a in range(first)}}
        behaviour = decode(play.weights, counts)
        forms = []
        for a in range(first):
            total = [ZERO] * len(self.rows)
            for c, share in enumerate(behaviour[a,]):
                if share != 0:
                    total = [x + share * y for x, y in zip(total, self.terminal((a, c)).forms[0], strict=True)]
            forms.append(self._row(tuple(total)))
        return behaviour[()].index(ONE), tuple(forms)

    def _moves(self, stretch: Stretch) -> frozenset[tuple[Node, int]]:
        """What the curved part may play; with three audiences everything, as a bound speaks of what is reached."""
        if len(self.labels) == 2:
            return frozenset((node, a) for play in stretch.plays for node, _, a in play.weights)
        depths = range(len(self.labels))
        nodes = (node for d in depths for node in product(*(range(len(own)) for own in self.labels[:d])))
        return frozenset((node, a) for node in nodes for a in range(len(self.labels[len(node)])))

    def _rows(self, cone: Cone) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
        equal, at_least = cone.rows()
        links = {tuple(link.get(i, ZERO) for i in range(len(self.rows))) for link in self.links}
        kept = [self._row(form) for form in equal if form not in links and tuple(-f for f in form) not in links]
        return (
            tuple(row for row in kept if row),
            tuple(row for row in map(self._row, at_least) if row),
        )

    def _row(self, form: Form) -> Row:
        """A form over xi as a form over x."""
        row: dict[int, Rational] = {}
        for coefficient, spread in zip(form, self.rows, strict=True):
            if coefficient != 0:
                for index, factor in spread.items():
                    row[index] = row.get(index, ZERO) + coefficient * factor
        return {index: value for index, value in row.items() if value != 0}


@dataclass(frozen=True)
class _Behaviour:
    """``Block.behaviour`` of a sequence of audiences: decodes a plan into mixtures at every information set."""

    game: Game
    message: int
    places: tuple[Place, ...]

    def __call__(self, point: tuple[Rational, ...]) -> dict[str, dict[str, Distribution]]:
        game = self.game
        labels = game.actions_after(self.message)
        counts: dict[Node, int] = {}
        for depth in range(len(labels)):
            for node in product(*(range(len(actions)) for actions in labels[:depth])):
                counts[node] = len(labels[depth])
        weights = {place: w for place, w in zip(self.places, point, strict=True) if w != 0}
        found: dict[str, dict[str, Distribution]] = {audience.name: {} for audience in game.audiences}
        for node, mixture in decode(weights, counts).items():
            j = len(node)
            after = (*node, *([0] * (len(labels) - j)))
            key = game.information_set(j, self.message, after)
            found[game.audiences[j].name][key] = {
                label: share for label, share in zip(labels[j], mixture, strict=True) if share != 0
            }
        return found
