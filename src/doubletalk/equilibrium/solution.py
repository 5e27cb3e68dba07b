"""What the solver answers: outcomes, the families of equilibria that give them, and single assessments.

Everything is labelled (types, messages, information sets by name) and exact, so that a solution can be read, stored
and verified without the solver that made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from doubletalk.exact import Rational
from doubletalk.game.model import Game

__all__ = [
    "Assessment",
    "Condition",
    "CurvedSet",
    "Distribution",
    "Family",
    "Outcome",
    "OutcomeRow",
    "Polynomial",
    "Solution",
]

Distribution = Mapping[str, Rational]
"""label -> probability; labels with probability zero are left out."""


@dataclass(frozen=True)
class Assessment:
    """One equilibrium point: what everybody does everywhere, and believes where nobody was expected to arrive.

    ``sender``    type -> message -> probability
    ``responses`` audience -> information set (``Game.information_set``) -> action -> probability, at every one of them
    ``beliefs``   observation key -> type (or ``type|message`` where several messages look alike) -> probability, for
                  unreached observations. Key: the observation label when all audiences observe the same, otherwise
                  ``audience:observation``
    ``replies``   type -> reply node (``Game.reply_node``) -> reply -> probability, at every node it can reach
                  by some message of its own; {} in games without a reply
    """

    sender: Mapping[str, Distribution]
    responses: Mapping[str, Mapping[str, Distribution]]
    beliefs: Mapping[str, Distribution]
    replies: Mapping[str, Mapping[str, Distribution]] = field(default_factory=dict)


@dataclass(frozen=True)
class Family:
    """One maximal product X x Z of equilibria: every sender extreme goes with every response extreme.

    ``reply_extremes`` is aligned with ``sender_extremes`` (one entry each) in games with a reply, () otherwise.
    ``belief_extremes`` gives, for each observation that some sender extreme leaves unreached, the extreme points of the
    beliefs that support responses of the family there, and ``belief_supports`` beside each the indices of the response
    extremes that it supports; ``belief_replies`` is aligned with them where replies
    tie off the path, else {}.
    Mixtures of response extremes are taken in realisation weights (sequence form).
    ``component`` numbers the connected component from 1.
    """

    sender_extremes: tuple[Mapping[str, Distribution], ...]
    response_extremes: tuple[Mapping[str, Mapping[str, Distribution]], ...]
    belief_extremes: Mapping[str, tuple[Distribution, ...]]
    component: int
    reply_extremes: tuple[Mapping[str, Mapping[str, Distribution]], ...] = ()
    belief_replies: Mapping[str, tuple[Mapping[str, Mapping[str, Distribution]], ...]] = field(default_factory=dict)
    belief_supports: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class OutcomeRow:
    """One line of an outcome: a play that happens with positive probability."""

    sender_type: str
    message: str
    actions: Mapping[str, str]
    reply: str | None
    probability: Rational


@dataclass(frozen=True)
class Outcome:
    """One equilibrium outcome (or, when ``unique_outcome`` is false, one component in which the outcome varies).

    ``kind`` is "separating", "pooling" or "semi-separating". ``sender``, ``outcome``, ``payoffs`` are None exactly
    when the outcome varies. ``payoffs``: the sender's by type under its name, each audience's expected payoff.
    ``survives``: refinement -> True, False, or None where it does not apply.
    """

    id: int
    kind: str
    unique_outcome: bool
    sender: Mapping[str, Distribution] | None
    outcome: tuple[OutcomeRow, ...] | None
    payoffs: Mapping[str, Mapping[str, Rational] | Rational] | None
    families: tuple[Family, ...]
    survives: Mapping[str, bool | None] = field(default_factory=dict)


Polynomial = Mapping[tuple[str, ...], Rational]
"""Names of probabilities that are multiplied -> coefficient; () names the constant."""


@dataclass(frozen=True)
class Condition:
    """Where *chosen* is played with positive probability, the *gain* over *other* is at least zero.

    ``at``    the type (for the sender) or the information set where *player* chooses
    ``gain``  a polynomial in probabilities, named ``player(choice | where)`` and ``belief(type | observation)``;
              a choice that is the only one that may be made there has probability one and is not named
    """

    player: str
    at: str
    chosen: str
    other: str
    gain: Polynomial


@dataclass(frozen=True)
class CurvedSet:
    """Equilibria that no finite union of products holds, by what defines them.

    The members are the assessments in which each type sends just the messages of ``sends`` (each with positive
    probability), audiences play only what ``plays`` lists, and every condition holds. All of them are equilibria.
    ``point``  one of them that lies in no family, verified; None where none was found
    """

    reasons: tuple[str, ...]
    sends: Mapping[str, tuple[str, ...]]
    plays: Mapping[str, Mapping[str, tuple[str, ...]]]
    conditions: tuple[Condition, ...]
    point: Assessment | None = None


@dataclass(frozen=True)
class Solution:
    """All equilibria of *game* under *concept* ("sequential" or "nash").

    ``complete`` is True only when the list is proved to be all; otherwise ``why_incomplete`` says why in words.
    ``solver_class`` names the class that applied ("separable", "sequential trait", "sequence form", "partial").
    ``stopped`` is "time limit" or "interrupted" when the search ended early, else None.
    ``curved``: where ties make the set of equilibria curved, the sets that hold what no family does; and
    ``complete_with_curved``: whether families and curved sets together are proved to hold every equilibrium.
    ``timing_s`` is the only field that may differ from run to run.
    """

    game: Game
    concept: str
    complete: bool
    why_incomplete: str | None
    outcomes: tuple[Outcome, ...]
    solver_class: str
    timing_s: Mapping[str, float] = field(default_factory=dict)
    stopped: str | None = None
    curved: tuple[CurvedSet, ...] = ()
    complete_with_curved: bool = False

    def assessments(self) -> list[tuple[int, int, Assessment]]:
        """Every reported extreme point as (outcome id, family index, assessment): what ``verify`` is run on."""
        points = []
        for outcome in self.outcomes:
            for index, family in enumerate(outcome.families):
                for assessment in extreme_assessments(self.game, family):
                    points.append((outcome.id, index, assessment))
        return points

    def _repr_html_(self) -> str:
        """The solution as tables, for notebooks."""
        from doubletalk.report.notebook import solution_html

        return solution_html(self)


def extreme_assessments(game: Game, family: Family) -> list[Assessment]:
    """The family's extreme points: each sender extreme with each response extreme, and beliefs that support them.

    Beliefs are named where the sender extreme leaves an observation unreached; elsewhere Bayes' rule gives them. Each
    point takes, at every unreached observation, the first belief extreme that supports its response; then every
    belief extreme that was not taken yet gets a point of its own, with a response that it supports.
    """
    cells = {cell.key: {game.messages[m] for m in cell.messages} for cell in game.cells()}
    unreached = []
    for sender in family.sender_extremes:
        sent = {m for plan in sender.values() for m in plan}
        unreached.append([where for where in family.belief_extremes if sent.isdisjoint(cells[where])])
    taken: set[tuple[str, int]] = set()
    points = []

    def add(s: int, r: int, wanted: tuple[str, int] | None = None) -> None:
        picks = {where: _first_support(family, where, r) for where in unreached[s]}
        if wanted is not None:
            picks[wanted[0]] = wanted[1]
        taken.update(picks.items())
        points.append(_assessment(family, s, r, picks))

    for s in range(len(family.sender_extremes)):
        for r in range(len(family.response_extremes)):
            add(s, r)
    for where, extremes in family.belief_extremes.items():
        s = next(k for k, places in enumerate(unreached) if where in places)
        for k in range(len(extremes)):
            if (where, k) not in taken:
                add(s, family.belief_supports[where][k][0], (where, k))
    return points


def _first_support(family: Family, where: str, r: int) -> int:
    """The first belief extreme there that supports response extreme r (all do where nothing is said)."""
    supports = family.belief_supports.get(where)
    return 0 if supports is None else next(k for k, upheld in enumerate(supports) if r in upheld)


def _assessment(family: Family, s: int, r: int, picks: Mapping[str, int]) -> Assessment:
    replies: Mapping[str, Mapping[str, Distribution]] = family.reply_extremes[s] if family.reply_extremes else {}
    for where, k in picks.items():
        if where in family.belief_replies:
            replies = merged_replies(replies, family.belief_replies[where][k])
    beliefs = {where: family.belief_extremes[where][k] for where, k in picks.items()}
    return Assessment(family.sender_extremes[s], family.response_extremes[r], beliefs, replies)


def merged_replies(
    first: Mapping[str, Mapping[str, Distribution]], second: Mapping[str, Mapping[str, Distribution]]
) -> dict[str, dict[str, Distribution]]:
    """Reply plans joined; where both speak of a node, *second* holds."""
    return {t: {**first.get(t, {}), **second.get(t, {})} for t in {**first, **second}}
