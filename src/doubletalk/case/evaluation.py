r"""Quantities over a whole family of equilibria, not only at its extreme points.

A family is a product X x Z. With weights lambda over the extreme points of X (the sender's plan, with its replies) and
mu over those of Z (the responses, in realisation weights), the probability of a play is

    P(play) = sum_ij lambda_i mu_j P_ij(play)

so every expectation is a **bilinear form**, and a conditional probability a ratio N / D of two of them with N = 0
wherever D = 0. Such a ratio is an average of the ratios N_ij / D_ij at the pairs of extreme points with D_ij > 0, with
weights lambda_i mu_j D_ij: its range is exactly the span of those values. A belief after a message that nobody sends is
a third factor nu over the extreme points of the supporting beliefs.

Validity: exact when later audiences watch the earlier ones (realisation weights are joint), when only one audience's
response varies in the family, or when the quantity looks at one audience in a separable game; ``Form.exact`` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from doubletalk.case.events import Play, Predicate, Vocabulary, known_or_error, names_in, plays_of, resolve
from doubletalk.case.syntax import BeliefIn, ClaimError, Event, Payoff, Probability
from doubletalk.equilibrium.solution import Assessment, Family, Solution
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["Evaluator", "FamilySpace", "Form", "Tensor"]

Tensor = Mapping[tuple[int, ...], Rational]
"""Vertex index per factor (sender, responses, off-path beliefs used ...) -> coefficient; zeros left out."""


@dataclass(frozen=True)
class Form:
    """``numerator`` / ``denominator`` over the factors ``factors`` of one family. ``exact``: see the module."""

    factors: tuple[str, ...]
    numerator: Tensor
    denominator: Tensor
    exact: bool = True


@dataclass(frozen=True)
class FamilySpace:
    """One family with the play distribution of every pair of extreme points.

    ``pairs``  (sender extreme, response extreme) -> [(play index, probability), ...] with positive probability
    """

    outcome_id: int
    index: int
    family: Family
    sizes: Mapping[str, int]
    pairs: Mapping[tuple[int, int], tuple[tuple[int, Rational], ...]]
    joint: bool

    def assessment(self, point: tuple[int, ...], factors: tuple[str, ...]) -> Assessment:
        """The extreme point at one vertex index per factor; beliefs not among the factors take their first extreme."""
        chosen = dict(zip(factors, point, strict=True))
        s, r = chosen.get("sender", 0), chosen.get("responses", 0)
        beliefs = {key: points[chosen.get(f"belief {key}", 0)] for key, points in self.family.belief_extremes.items()}
        replies = self.family.reply_extremes[s] if self.family.reply_extremes else {}
        return Assessment(self.family.sender_extremes[s], self.family.response_extremes[r], beliefs, replies)


class Evaluator:
    """Turns quantities of the claim language into forms over the families of one solution."""

    def __init__(self, solution: Solution) -> None:
        self.solution, self.game = solution, solution.game
        self.words = Vocabulary(self.game)
        self.plays = plays_of(self.game)
        self._marks: dict[Event, tuple[bool, ...]] = {}

    @cached_property
    def spaces(self) -> tuple[FamilySpace, ...]:
        """Every family of the solution, outcome by outcome."""
        return tuple(
            _space(self.game, self.plays, outcome.id, index, family)
            for outcome in self.solution.outcomes
            for index, family in enumerate(outcome.families)
        )

    def marks(self, event: Event, statement: str) -> tuple[bool, ...]:
        """[play] -> whether *event* happens in it."""
        if event not in self._marks:
            happens: Predicate = resolve(event, self.words, statement)
            self._marks[event] = tuple(happens(play) for play in self.plays)
        return self._marks[event]

    def probability(self, space: FamilySpace, term: Probability, statement: str) -> Form:
        """P(event | given) = sum of plays in both / sum of plays in given."""
        event, given = self.marks(term.event, statement), self.marks(term.given, statement)
        both = [e and g for e, g in zip(event, given, strict=True)]
        looks_at = names_in(term.event, self.words) | names_in(term.given, self.words)
        return self._ratio(space, lambda p: ONE if both[p] else ZERO, given, self._exact(space, looks_at))

    def payoff(self, space: FamilySpace, term: Payoff, statement: str) -> Form:
        """E[payoff of the player | given]."""
        players = list(self.game.players)
        who = players.index(known_or_error(term.player, players, "a player", statement, term.at))
        given = self.marks(term.given, statement)
        earned = [self.game.payoffs[play.history][who] for play in self.plays]
        exact = self._exact(space, names_in(term.given, self.words) | {"*"})
        return self._ratio(space, lambda p: earned[p] if given[p] else ZERO, given, exact)

    def belief(self, space: FamilySpace, term: BeliefIn, statement: str) -> Form:
        """The common belief after a message: Bayes' rule where it is sent, the supporting beliefs elsewhere."""
        key, messages = self._cell(term, statement)
        about = names_in(term.event, self.words)
        if about & ({a.name for a in self.game.audiences} | {"reply"}):
            raise ClaimError(
                "a belief is about the sender's type or message, not about what follows", statement, term.at
            )
        happens = resolve(term.event, self.words, statement)
        if key in space.family.belief_extremes:
            return self._unreached(space, key, messages, happens)
        seen = [play.message_index in messages for play in self.plays]
        both = [ONE if s and happens(play) else ZERO for s, play in zip(seen, self.plays, strict=True)]
        return self._ratio(space, lambda p: both[p], tuple(seen), True)

    def _unreached(self, space: FamilySpace, key: str, messages: tuple[int, ...], happens: Predicate) -> Form:
        numerator: dict[tuple[int, ...], Rational] = {}
        for k, belief in enumerate(space.family.belief_extremes[key]):
            weight = ZERO
            for label, chance in belief.items():
                if happens(self._suspect(label, messages)):
                    weight += chance
            numerator[(k,)] = weight
        size = len(space.family.belief_extremes[key])
        return Form((f"belief {key}",), _without_zeros(numerator), {(k,): ONE for k in range(size)})

    def _suspect(self, label: str, messages: tuple[int, ...]) -> Play:
        """Who a belief label speaks of: a type, or ``type|message`` where messages look alike."""
        if label in self.game.types:
            return Play((0, 0, (), 0), self.game.types.index(label), messages[0], (), (), None)
        name, _, message = label.rpartition("|")
        return Play((0, 0, (), 0), self.game.types.index(name), self.game.messages.index(message), (), (), None)

    def _cell(self, term: BeliefIn, statement: str) -> tuple[str, tuple[int, ...]]:
        allowed = {"message", *self.game.channels}
        if names_in(term.given, self.words) - allowed:
            raise ClaimError("a belief follows a message: name it as message=...", statement, term.at)
        happens = resolve(term.given, self.words, statement)
        wanted = {m for m in range(len(self.game.messages)) if happens(Play((0, m, (), 0), 0, m, (), (), None))}
        cells = [cell for cell in self.game.cells() if wanted and wanted <= set(cell.messages)]
        if term.audience is not None:
            names = [audience.name for audience in self.game.audiences]
            who = names.index(known_or_error(term.audience, names, "an audience", statement, term.at))
            cells = [cell for cell in cells if who in cell.audiences]
        if not cells:
            raise ClaimError(
                "the messages named after '|' are told apart by who hears them; name one message", statement, term.at
            )
        if len(cells) > 1:
            names = [audience.name for audience in self.game.audiences]
            example = f"belief({names[cells[0].audiences[0]]}: ... | ...)"
            raise ClaimError(
                f"audiences see different things here; say whose belief, as in {example}", statement, term.at
            )
        return cells[0].key, cells[0].messages

    def _exact(self, space: FamilySpace, looks_at: frozenset[str] | set[str]) -> bool:
        if space.joint:
            return True
        audiences = {audience.name for audience in self.game.audiences}
        one = len(audiences & looks_at) <= (0 if "*" in looks_at else 1) and "reply" not in looks_at
        return one and self.solution.solver_class == "separable"

    def _ratio(
        self, space: FamilySpace, worth: Callable[[int], Rational], given: tuple[bool, ...], exact: bool
    ) -> Form:
        top: dict[tuple[int, ...], Rational] = {}
        bottom: dict[tuple[int, ...], Rational] = {}
        for pair, plays in space.pairs.items():
            above, below = ZERO, ZERO
            for p, chance in plays:
                if given[p]:
                    above += chance * worth(p)
                    below += chance
            top[pair], bottom[pair] = above, below
        return Form(("sender", "responses"), _without_zeros(top), _without_zeros(bottom), exact)


def _without_zeros(tensor: Mapping[tuple[int, ...], Rational]) -> dict[tuple[int, ...], Rational]:
    return {key: value for key, value in tensor.items() if value != 0}


def _space(game: Game, plays: list[Play], outcome_id: int, index: int, family: Family) -> FamilySpace:
    senders = [_sender_weights(game, plays, family, s) for s in range(len(family.sender_extremes))]
    responses = [_response_weights(game, extreme) for extreme in family.response_extremes]
    pairs = {}
    for (i, weights), (j, answers) in product(enumerate(senders), enumerate(responses)):
        chances = []
        for p, weight in weights:
            answer = answers.get((plays[p].message_index, plays[p].profile), ZERO)
            if answer != 0:
                chances.append((p, weight * answer))
        pairs[i, j] = tuple(chances)
    sizes = {"sender": len(senders), "responses": len(responses)}
    sizes |= {f"belief {key}": len(points) for key, points in family.belief_extremes.items()}
    return FamilySpace(outcome_id, index, family, sizes, pairs, _joint(game, family))


def _sender_weights(game: Game, plays: list[Play], family: Family, s: int) -> list[tuple[int, Rational]]:
    """[(play, p(t) sigma(m|t) P(reply))] of one sender extreme, positive ones only."""
    plan = family.sender_extremes[s]
    replies = family.reply_extremes[s] if family.reply_extremes else {}
    found = []
    for p, play in enumerate(plays):
        name = game.types[play.type_index]
        weight = game.prior[play.type_index] * plan[name].get(game.messages[play.message_index], ZERO)
        if weight != 0 and play.reply is not None:
            node = game.reply_node(play.message_index, play.profile)
            weight *= replies.get(name, {}).get(node, {}).get(play.reply, ZERO)
        if weight != 0:
            found.append((p, weight))
    return found


def _response_weights(
    game: Game, extreme: Mapping[str, Mapping[str, Mapping[str, Rational]]]
) -> dict[tuple[int, tuple[int, ...]], Rational]:
    """(message, profile) -> the product of the audiences' choice probabilities along it."""
    found = {}
    for m in range(len(game.messages)):
        labels = game.actions_after(m)
        for profile in game.action_profiles(m):
            weight = ONE
            for j, audience in enumerate(game.audiences):
                where = game.information_set(j, m, profile)
                weight *= extreme[audience.name][where].get(labels[j][profile[j]], ZERO)
                if weight == 0:
                    break
            if weight != 0:
                found[m, profile] = weight
    return found


def _joint(game: Game, family: Family) -> bool:
    """Whether mixtures of the response extremes mix whole profiles linearly (see the module's validity)."""
    if all(len(audience.watches) == j for j, audience in enumerate(game.audiences)):
        return True
    varying = set()
    for audience in game.audiences:
        first = family.response_extremes[0][audience.name]
        if any(extreme[audience.name] != first for extreme in family.response_extremes[1:]):
            varying.add(audience.name)
    return len(varying) <= 1
