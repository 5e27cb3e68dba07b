"""What a file of lenses says: for each account which stance it sees, what it leaves free, and why the rest is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from doubletalk.longgame.declaration import Prior

__all__ = ["EITHER", "Held", "Lens", "Lenses"]

EITHER = "either"
"""The stance of a lens under which the informed actor may have either, as the long game has it."""


@dataclass(frozen=True)
class Held:
    """A coefficient that a lens holds at a value, with the reason and where the reason is from."""

    value: float
    because: str
    source: str = ""


@dataclass(frozen=True)
class Lens:
    """One account of the long game.

    stance    the one stance that everybody knows the informed actor to have, or ``EITHER``
    held      coefficient -> the value at which it is held; all others that have a prior in the long game are free
    priors    coefficient -> a prior of this lens, instead of the long game's
    belief    P(last stance) at the start, None for the long game's; only with ``EITHER``
    sentence  the sentence of ``source`` that the account comes from; ``who`` a side of the case that it is named after
    line      its line in the file
    """

    name: str
    means: str = ""
    stance: str = EITHER
    held: Mapping[str, Held] = field(default_factory=dict)
    priors: Mapping[str, Prior] = field(default_factory=dict)
    belief: float | None = None
    source: str = ""
    sentence: str = ""
    who: str = ""
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Lenses:
    """A file of lenses; ``title`` and ``note`` (how the restrictions were chosen) in words."""

    title: str
    lenses: tuple[Lens, ...]
    note: str = ""
    path: str = field(default="", compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the file's order."""
        return tuple(lens.name for lens in self.lenses)

    def named(self, name: str) -> Lens:
        """The lens of that name; KeyError where there is none."""
        for lens in self.lenses:
            if lens.name == name:
                return lens
        raise KeyError(name)
