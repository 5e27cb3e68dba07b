r"""Every value of one parameter at which the equilibria of a separable game can change, proved complete.

For separable audiences the equilibria are products X x Z of polytopes (theory, section 3). With x(t, m) =
p(t) sigma(m|t) and z(o, a) the weights of the responses, all of them are unions of cells of two arrangements of
hyperplanes:

    x-space   x(t, m) = 0;   sum over (t, m) seen at o of x(t, m) (v(t, m, a) - v(t, m, a')) = 0 for two actions of an
              audience;   x(s, m) p(t) = x(t, m) p(s), which tells pooling from the rest
    z-space   z(o, a) = 0;   u(t, m, z) = u(t, m', z) for two messages of a type

and which best replies some belief at o supports is read from a third, in the space of the beliefs at o. The supports of
all extreme points, which products exist, which contain which and which touch follow from the signs of the cells, that
is from the oriented matroid, that is from the signs of all maximal minors of the matrix of the hyperplanes in
homogeneous coordinates (the chirotope: Björner, Las Vergnas, Sturmfels, White & Ziegler 1999, section 3.5). Where
payoffs and chances are polynomials of the parameter, so are the minors; between two neighbouring roots of them nothing
changes.

The comparisons of an audience's actions on the prior are looked at as well. Degrees are bounds read from the formulas
of the file. Two components whose outcomes coincide at a single value are not counted as a change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from doubletalk.errors import InputError
from doubletalk.exact import ONE, Rational
from doubletalk.game.declaration import Declaration
from doubletalk.game.expressions import Name, Number, Sum, Tree
from doubletalk.game.loading import GameFile
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.game.structure import is_separable
from doubletalk.regions.algebraic import AlgebraicNumber
from doubletalk.regions.chirotope import Poly, Vector, count_minors, distinct, factors_of_minors, sorted_roots, spanning

__all__ = ["MOST_MINORS", "Candidates", "Table", "candidates", "table_of"]

MOST_MINORS = 60_000
"""With more determinants than this nothing is proved."""


@dataclass(frozen=True)
class Candidates:
    """Where a change is possible, from low to high.

    ``values``  rational ones and irrational ones, ascending, strictly inside the range; () where nothing is proved
    ``why_not`` why the list is not proved complete, None where it is
    ``minors``  how many determinants were looked at
    """

    values: tuple[Rational | AlgebraicNumber, ...]
    why_not: str | None = None
    minors: int = 0


def candidates(
    file: GameFile, name: str, low: Rational, high: Rational, settings: Mapping[str, Rational]
) -> Candidates:
    """All values of parameter *name* strictly between *low* and *high* at which the equilibria can change."""
    table = table_of(file, name, low, high, settings)
    if isinstance(table, str):
        return Candidates((), table)
    spaces = [table.senders(), table.responses(), *table.beliefs(), *table.at_the_prior()]
    count = sum(map(count_minors, spaces))
    if count > MOST_MINORS:
        return Candidates((), f"that would take {count} determinants, more than {MOST_MINORS}")
    factors: dict[tuple[int, ...], None] = {}
    for vectors in spaces:
        try:
            factors.update(dict.fromkeys(factors_of_minors(vectors)))
        except OverflowError as wrong:
            return Candidates((), str(wrong))
    return Candidates(sorted_roots(factors, low, high), None, count)


def table_of(file: GameFile, name: str, low: Rational, high: Rational, settings: Mapping[str, Rational]) -> Table | str:
    """The game's numbers as polynomials of the parameter; the reason in words where that, or the theory, fails."""
    degrees = _degrees(file.declaration, name, settings)
    if degrees is None:
        return f"payoffs or chances are no polynomials of {name}"
    games = _games(file, name, low, high, settings, max(degrees) + 1)
    if isinstance(games, str):
        return games
    if not all(is_separable(game) for _, game in games):
        return "the audiences' choices are connected"
    return Table(games)


# ---- degrees of the file's formulas ----------------------------------------------------------------------------------


def _degrees(declared: Declaration, name: str, settings: Mapping[str, Rational]) -> tuple[int, int] | None:
    """(bound on the degree of any chance, of any payoff) in the parameter; None where one is no polynomial."""
    known: dict[str, int | None] = {}
    for parameter in declared.parameters:
        given = 1 if parameter.name == name else 0 if parameter.name in settings else None
        known[parameter.name] = _degree(parameter.expression.tree, known) if given is None else given
    chances = [[_degree(each.expression.tree, known) for each in trait.values] for trait in declared.traits]
    payoffs = [_degree(term.add.tree, known) for terms in declared.terms.values() for term in terms]
    found = [d for part in (*chances, payoffs) for d in part]
    if any(d is None for d in found):
        return None
    most = [max((d for d in part if d is not None), default=0) for part in (*chances, payoffs)]
    return sum(most[:-1]), most[-1]


def _degree(tree: Tree, known: Mapping[str, int | None]) -> int | None:
    if isinstance(tree, Number):
        return 0
    if isinstance(tree, Name):
        return known[tree.name]
    if isinstance(tree, Sum):
        terms = [_degree(term, known) for _, term in tree.terms]
        return None if any(d is None for d in terms) else max(d for d in terms if d is not None)
    total = 0
    for power, factor in tree.factors:
        degree = _degree(factor, known)
        if degree is None or (power < 0 and degree > 0):
            return None
        total += degree
    return total


def _games(
    file: GameFile, name: str, low: Rational, high: Rational, settings: Mapping[str, Rational], count: int
) -> list[tuple[Rational, Game]] | str:
    """(value, game) at so many values, of one shape and with all types; the reason in words where there are none."""
    found: list[tuple[Rational, Game]] = []
    steps = 16 * count
    for k in range(steps):
        x = low + (high - low) * (((7 * k) % steps) * 2 + 1) / (2 * steps)
        try:
            game = file.game({**settings, name: x})
        except InputError:
            continue
        if all(p > 0 for p in game.prior):
            found.append((x, game))
        if len(found) == count:
            return found
    return f"too few values of {name} in the range give a game"


# ---- the hyperplanes -------------------------------------------------------------------------------------------------


class Table:
    """A game's chances and payoffs as polynomials of the parameter, and the hyperplanes made of them."""

    def __init__(self, games: Sequence[tuple[Rational, Game]]) -> None:
        self.places, self.game = [x for x, _ in games], games[0][1]
        self._games = [game for _, game in games]
        self.prior = [self._through([g.prior[t] for g in self._games]) for t in range(len(self.game.types))]
        self.pairs = [(t, m) for t, sendable in enumerate(self.game.available) for m in sendable]
        self._payoffs: dict[tuple[int, int, int, int, int], Poly] = {}

    def _through(self, values: Sequence[Rational]) -> Poly:
        table = list(values)
        for level in range(1, len(table)):
            for k in range(len(table) - 1, level - 1, -1):
                table[k] = (table[k] - table[k - 1]) / (self.places[k] - self.places[k - level])
        found = Poly([0])
        for k in range(len(table) - 1, -1, -1):
            found = found * Poly([-self.places[k], 1]) + table[k]
        return found

    def payoff(self, player: int, t: int, m: int, j: int, a: int) -> Poly:
        """What *player* gets when audience j takes its action a and the others their first."""
        key = player, t, m, j, a
        if key not in self._payoffs:
            actions = tuple(a if i == j else 0 for i in range(len(self.game.audiences)))
            self._payoffs[key] = self._through([g.payoffs[t, m, actions, NO_REPLY][player] for g in self._games])
        return self._payoffs[key]

    def payoff_degree(self) -> int:
        """The largest degree of a payoff of the sender."""
        return max(
            int(self.payoff(0, t, m, j, a).degree())
            for t, m in self.pairs
            for j, labels in enumerate(self.game.actions_after(m))
            for a in range(len(labels))
        )

    def _differences(self, j: int, messages: Sequence[int]) -> Iterator[dict[tuple[int, int], Poly]]:
        """For two actions of audience j where it cannot tell *messages* apart: (t, m) -> what one earns it more."""
        count = len(self.game.actions_after(messages[0])[j])
        here = [(t, m) for t, m in self.pairs if m in messages]
        for a, b in combinations(range(count), 2):
            yield {(t, m): self.payoff(j + 1, t, m, j, a) - self.payoff(j + 1, t, m, j, b) for t, m in here}

    def senders(self) -> list[Vector]:
        """The hyperplanes of x-space: each type's last weight is what the others leave of its chance."""
        last = {t: sendable[-1] for t, sendable in enumerate(self.game.available)}
        free = [pair for pair in self.pairs if last[pair[0]] != pair[1]]
        place = {pair: n for n, pair in enumerate(free)}

        def vector(form: Mapping[tuple[int, int], Poly]) -> Vector:
            row = [Poly([0])] * (len(free) + 1)
            for (t, m), v in form.items():
                if (t, m) in place:
                    row[place[t, m]] = row[place[t, m]] + v
                    continue
                row[-1] = row[-1] + self.prior[t] * v
                for other in self.game.available[t][:-1]:
                    row[place[t, other]] = row[place[t, other]] - v
            return tuple(row)

        one = Poly([1])
        found = [vector({pair: one}) for pair in self.pairs]
        for cell in self.game.cells():
            for j in cell.audiences:
                found += [vector(form) for form in self._differences(j, cell.messages)]
        for m in range(len(self.game.messages)):
            first, *rest = self.game.senders_of(m)
            found += [vector({(first, m): self.prior[t], (t, m): -self.prior[first]}) for t in rest]
        return spanning(found, len(free) + 1)

    def responses(self) -> list[Vector]:
        """The hyperplanes of z-space: at each observation the last action's weight is what the others leave."""
        game = self.game
        options = [[len(each) for each in audience.actions] for audience in game.audiences]
        free = [(j, o, a) for j, sizes in enumerate(options) for o, n in enumerate(sizes) for a in range(n - 1)]
        place = {key: n for n, key in enumerate(free)}
        one, zero = Poly([1]), Poly([0])

        def vector(form: Mapping[tuple[int, int, int], Poly], constant: Poly) -> Vector:
            row = [zero] * len(free) + [constant]
            for (j, o, a), v in form.items():
                if (j, o, a) in place:
                    row[place[j, o, a]] = row[place[j, o, a]] + v
                    continue
                row[-1] = row[-1] + v
                for b in range(options[j][o] - 1):
                    row[place[j, o, b]] = row[place[j, o, b]] - v
            return tuple(row)

        every = [(j, o, a) for j, sizes in enumerate(options) for o, n in enumerate(sizes) for a in range(n)]
        found = [vector({key: one}, zero) for key in every]
        for t, sendable in enumerate(game.available):
            for m, other in combinations(sendable, 2):
                form: dict[tuple[int, int, int], Poly] = {}
                for message, sign in ((m, ONE), (other, -ONE)):
                    for j, audience in enumerate(game.audiences):
                        o = audience.observation_of[message]
                        for a in range(options[j][o]):
                            gain = self.payoff(0, t, message, j, a) - self.payoff(0, t, message, j, 0)
                            form[j, o, a] = form.get((j, o, a), zero) + gain * sign
                found.append(vector(form, self.payoff(0, t, m, 0, 0) - self.payoff(0, t, other, 0, 0)))
        return spanning(found, len(free) + 1)

    def beliefs(self) -> Iterator[list[Vector]]:
        """For each observation the hyperplanes in the space of beliefs there, which are homogeneous as they are."""
        for cell in self.game.cells():
            here = [pair for pair in self.pairs if pair[1] in cell.messages]
            found: list[Vector] = [tuple(Poly([int(p == pair)]) for p in here) for pair in here]
            for j in cell.audiences:
                found += [tuple(form[pair] for pair in here) for form in self._differences(j, cell.messages)]
            yield distinct(found)

    def at_the_prior(self) -> Iterator[list[Vector]]:
        """What one action of an audience earns it more than another on the prior, after the first message."""
        senders = self.game.senders_of(0)
        for j in range(len(self.game.audiences)):
            for form in self._differences(j, (0,)):
                yield [(sum((self.prior[t] * form[t, 0] for t in senders), Poly([0])),)]
