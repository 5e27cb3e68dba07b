"""What a long-game file says, resolved: actors and moves, state variables and their rules, payoffs, policies.

Every condition is a conjunction: axis -> the levels that satisfy it. An **axis** is a state variable, an actor (its
moves) or ``stance``. Numbers are floats: the long game is numerical, with its residual measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

__all__ = [
    "STANCE",
    "Actor",
    "Coefficient",
    "Condition",
    "Counter",
    "LongGame",
    "Markov",
    "Outcome",
    "Policy",
    "PolicyRule",
    "Prior",
    "Rule",
    "Term",
    "Variable",
]

STANCE = "stance"
"""The name of the axis over the informed actor's stances."""

Condition = Mapping[str, tuple[int, ...]]
"""axis -> indices of the levels (or moves, or stances) that satisfy it; empty: always."""


@dataclass(frozen=True)
class Prior:
    """A prior density for a coefficient.

    family  ``normal`` (mean, sd), ``half_normal`` (sd), ``uniform`` (low, high), ``gamma`` (shape, rate),
            ``beta`` (a, b) or ``fixed`` (no parameters: never estimated)
    """

    family: str
    parameters: tuple[float, ...] = ()


@dataclass(frozen=True)
class Coefficient:
    """A named weight in the payoffs, in units of the standard logit shock per period.

    means   what the coefficient stands for, in words; ``source`` where the idea or the number is from
    """

    name: str
    value: float
    prior: Prior
    means: str = ""
    source: str = ""


@dataclass(frozen=True)
class Term:
    """``coefficient * add * 1[when] * prod_axis times[axis][level]`` in one actor's flow payoff."""

    coefficient: str
    add: float = 1.0
    when: Condition = field(default_factory=dict)
    times: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Actor:
    """One who moves once in every period.

    moves        labels, parts joined by commas where the move has parts (``crack_down,court``)
    parts        part -> its labels, in the order in which they are joined; empty for a plain move
    discount     weight of the next period, in [0, 1)
    unavailable  conditions (which name this actor's own moves too) under which a move cannot be chosen
    """

    name: str
    moves: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]
    discount: float
    terms: tuple[Term, ...] = ()
    unavailable: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Where *when* holds the next level is drawn from *chances*: (change, None) or (None, level) -> probability.

    chances  list of (shift, level, probability); exactly one of shift and level is given; what is left over stays.
             A shift beyond the first or the last level stops there.
    """

    when: Condition
    chances: tuple[tuple[int | None, int | None, float], ...]


@dataclass(frozen=True)
class Markov:
    """An exogenous variable's transition matrix, rows from, columns to."""

    matrix: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Variable:
    """A public state variable. ``rules``: the first that holds decides; none: the level stays. Or a Markov matrix."""

    name: str
    levels: tuple[str, ...]
    start: int
    rules: tuple[Rule, ...] = ()
    markov: Markov | None = None


@dataclass(frozen=True)
class PolicyRule:
    """Where *when* holds (state variables, counters, earlier movers' moves, belief range): play *move*."""

    when: Condition
    move: int
    belief: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class Counter:
    """Counts periods in a row in which *when* held at the period's end, up to *most*; back to 0 when it fails.

    sticky  once at *most* it stays there (a sunset: ``when`` empty counts periods since the start)
    """

    name: str
    most: int
    when: Condition
    sticky: bool = False


@dataclass(frozen=True)
class Policy:
    """A rule that one actor follows while all others re-optimise; ``rules``: the first that holds; else *otherwise*."""

    name: str
    actor: str
    rules: tuple[PolicyRule, ...]
    otherwise: int
    counters: tuple[Counter, ...] = ()
    means: str = ""
    source: str = ""

    @property
    def has_memory(self) -> bool:
        """Whether it needs states of its own, or looks at the belief: then it is solved by a program of its own."""
        return bool(self.counters) or any(rule.belief != (0.0, 1.0) for rule in self.rules)


@dataclass(frozen=True)
class Outcome:
    """A quantity counted in every period: the sum of ``add * 1[when] * prod times``.

    good_for / bad are left to the reader: an outcome is only counted.
    """

    name: str
    terms: tuple[Term, ...]
    means: str = ""


@dataclass(frozen=True)
class LongGame:
    """A long-game file, resolved.

    informed   the actor with a stance, or "" when nobody has one; ``stances`` (one or two labels); the public belief is
               the probability of the last
    belief     the belief at the start, P(last stance)
    hazard     for each stance, the chance per period of leaving it for the other
    belief_prior, hazard_priors   priors of these, where they are to be estimated
    points     size of the belief grid (1 with a single stance)
    at_once    groups of actors that move at once, none seeing the others' moves; all others move alone
    horizon    number of periods after which the game ends; 0: it never ends
    """

    title: str
    source: str
    period: str
    actors: tuple[Actor, ...]
    variables: tuple[Variable, ...]
    coefficients: tuple[Coefficient, ...]
    informed: str = ""
    stances: tuple[str, ...] = ("only",)
    belief: float = 0.5
    hazard: tuple[float, ...] = (0.0,)
    points: int = 1
    policies: tuple[Policy, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    path: str = ""
    at_once: tuple[tuple[str, ...], ...] = ()
    horizon: int = 0
    belief_prior: Prior = Prior("fixed")
    hazard_priors: tuple[Prior, ...] = ()

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the actors, group by group in the order of play."""
        together = [tuple(self.position(name) for name in group) for group in self.at_once]
        grouped = {position for group in together for position in group}
        alone = [(position,) for position in range(len(self.actors)) if position not in grouped]
        return tuple(sorted([*together, *alone]))

    @property
    def states(self) -> int:
        """Number of public states (levels of all variables), without the belief."""
        return prod(len(variable.levels) for variable in self.variables)

    @property
    def axes(self) -> dict[str, tuple[str, ...]]:
        """axis -> its labels: stance, the state variables, the actors' moves, in the order of all arrays."""
        named = {STANCE: self.stances}
        named.update({variable.name: variable.levels for variable in self.variables})
        named.update({actor.name: actor.moves for actor in self.actors})
        return named

    @property
    def values(self) -> tuple[float, ...]:
        """The coefficients' values as the file gives them."""
        return tuple(coefficient.value for coefficient in self.coefficients)

    @property
    def unobserved(self) -> tuple[Coefficient, ...]:
        """The belief at the start and the chances of leaving each stance, as numbers with priors; none for one stance.
        """
        if len(self.stances) != 2:
            return ()
        first, last = self.stances
        priors = self.hazard_priors or (Prior("fixed"), Prior("fixed"))
        return (
            Coefficient("start_belief", self.belief, self.belief_prior, f"P({last}) at the start of the record"),
            Coefficient(f"leaves_{first}", self.hazard[0], priors[0], f"Chance per {self.period} of leaving {first}"),
            Coefficient(f"leaves_{last}", self.hazard[1], priors[1], f"Chance per {self.period} of leaving {last}"),
        )

    def actor(self, name: str) -> Actor:
        """The actor called *name*; KeyError where there is none."""
        for actor in self.actors:
            if actor.name == name:
                return actor
        raise KeyError(name)

    def position(self, name: str) -> int:
        """When the actor moves within a period, from 0."""
        return [actor.name for actor in self.actors].index(name)
