"""What a game file declares, after its rules were checked and before numbers are put in.

Everything is by label and in the order of the file; ``layout`` turns it into plays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from doubletalk.game.expressions import Expression

__all__ = ["AudienceRule", "Condition", "Declaration", "Parameter", "Prior", "ReplyRule", "SenderType", "Term", "Trait"]


@dataclass(frozen=True)
class Parameter:
    """A named constant; its expression may use the parameters before it."""

    name: str
    expression: Expression
    line: int | None


@dataclass(frozen=True)
class Prior:
    """A type or a trait value with its probability."""

    label: str
    expression: Expression
    line: int | None


@dataclass(frozen=True)
class Trait:
    """One independent part of the type; ``values`` sum to one."""

    name: str
    values: tuple[Prior, ...]
    line: int | None


@dataclass(frozen=True)
class SenderType:
    """A type: ``values`` is its value of each trait, () for plain types."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    """Holds when every test holds (the key's label is among ``labels``) and no ``excluded`` condition does."""

    tests: tuple[tuple[str, tuple[str, ...]], ...]
    excluded: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class AudienceRule:
    """``observation`` message -> what it sees of it; ``watches`` earlier audiences; ``actions`` by observation."""

    name: str
    observation: Mapping[str, str]
    watches: tuple[int, ...]
    actions: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class ReplyRule:
    """Where the condition holds the sender chooses among ``actions``."""

    condition: Condition
    actions: tuple[str, ...]
    line: int | None


@dataclass(frozen=True)
class Term:
    """``add`` is paid to the player wherever the condition holds."""

    condition: Condition
    add: Expression
    line: int | None


@dataclass(frozen=True)
class Declaration:
    """A checked game file.

    ``traits``    the declared traits; for plain types one nameless trait that holds the priors
    ``sendable``  [type] -> its messages
    ``message_parts`` message -> its component of each channel, {} without channels
    ``terms``     player -> payoff terms, sender first, then audiences in order
    """

    title: str
    source: str
    parameters: tuple[Parameter, ...]
    sender: str
    traits: tuple[Trait, ...]
    traits_line: int | None
    types: tuple[SenderType, ...]
    sendable: tuple[tuple[str, ...], ...]
    channels: Mapping[str, tuple[str, ...]]
    message_parts: Mapping[str, tuple[str, ...]]
    audiences: tuple[AudienceRule, ...]
    replies: tuple[ReplyRule, ...]
    terms: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)

    @property
    def has_traits(self) -> bool:
        """Whether types are tuples of named traits."""
        return self.traits[0].name != ""

    @property
    def players(self) -> tuple[str, ...]:
        """The sender, then the audiences."""
        return (self.sender, *(audience.name for audience in self.audiences))

    @property
    def messages(self) -> tuple[str, ...]:
        """Every message, in order of first appearance."""
        return tuple(dict.fromkeys(label for labels in self.sendable for label in labels))
