"""What a statement of the claim language is made of: the tree that ``language`` reads and ``asked`` works out.

Every node that can be at fault keeps the character at which it starts (``at``), so that an error can point at it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from doubletalk.errors import InputError
from doubletalk.exact import Rational

__all__ = [
    "All",
    "Always",
    "Any",
    "Bare",
    "BeliefIn",
    "Best",
    "Binary",
    "ClaimError",
    "Comparison",
    "Event",
    "Expression",
    "Is",
    "Labels",
    "Name",
    "Negative",
    "Not",
    "Number",
    "Payoff",
    "Probability",
    "Statement",
    "Sweep",
]


class ClaimError(InputError):
    """A statement cannot be read or names something that the game lacks; points at the character."""

    def __init__(self, message: str, statement: str = "", at: int | None = None) -> None:
        self.at = at
        where = "" if at is None else f" (character {at + 1} of: {statement})"
        super().__init__(message + where)
        self.message = message


@dataclass(frozen=True)
class Is:
    """``name`` takes one of ``values`` (or none of them, when ``negated``)."""

    name: str
    values: tuple[str, ...]
    negated: bool
    at: int


@dataclass(frozen=True)
class Bare:
    """A value named alone, such as ``hedger``."""

    value: str
    at: int


@dataclass(frozen=True)
class Not:
    """The event does not happen."""

    item: Event


@dataclass(frozen=True)
class All:
    """Every item happens."""

    items: tuple[Event, ...]


@dataclass(frozen=True)
class Any:
    """At least one item happens."""

    items: tuple[Event, ...]


@dataclass(frozen=True)
class Always:
    """No condition."""


Event = Is | Bare | Not | All | Any | Always


@dataclass(frozen=True)
class Number:
    """An exact constant."""

    value: Rational


@dataclass(frozen=True)
class Name:
    """A parameter, the variable of ``over``, or (beside ``best``) an action."""

    name: str
    at: int


@dataclass(frozen=True)
class Labels:
    """A list of actions beside ``best``."""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class Negative:
    """Minus ``item``."""

    item: Expression


@dataclass(frozen=True)
class Binary:
    """``left`` ``sign`` ``right`` with sign one of + - * /."""

    sign: str
    left: Expression
    right: Expression
    at: int


@dataclass(frozen=True)
class Probability:
    """P(event | given) over the plays of one equilibrium."""

    event: Event
    given: Event
    at: int


@dataclass(frozen=True)
class Payoff:
    """The expected payoff of ``player`` given an event."""

    player: str
    given: Event
    at: int


@dataclass(frozen=True)
class BeliefIn:
    """What the audiences (or the named one) believe of ``event`` after what ``given`` says of the message."""

    audience: str | None
    event: Event
    given: Event
    at: int


@dataclass(frozen=True)
class Best:
    """The best responses of ``audience`` after ``given`` at a stated belief (the prior when None)."""

    audience: str
    given: Event
    belief: Expression | None
    about: str | None
    at: int


Expression = Number | Name | Labels | Negative | Binary | Probability | Payoff | BeliefIn | Best


@dataclass(frozen=True)
class Comparison:
    """``left`` ``sign`` ``right``."""

    left: Expression
    sign: str
    right: Expression
    at: int


@dataclass(frozen=True)
class Sweep:
    """``over variable in [low, high]``."""

    variable: str
    low: Expression
    high: Expression
    at: int


@dataclass(frozen=True)
class Statement:
    """A whole statement. ``quantifier`` is None for statements about best responses alone."""

    source: str
    comparison: Comparison
    overrides: tuple[tuple[str, Expression, int], ...] = ()
    sweep: Sweep | None = None
    quantifier: str | None = None
    surviving: tuple[tuple[str, int], ...] = field(default=())
