"""Worlds: the same game where sizes that no source settles fall one way or the other.

A **crux** is a parameter that no source gives, on which answers turn, and the size that it has to be compared with. No
value of it is neutral, so none is chosen: the parameter is set to a third of the other size and to three times that
size, and everything is answered in both cases. The worlds are all combinations of the answers to all cruxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from doubletalk.exact import Rational, rational

__all__ = ["FACTORS", "Crux", "World", "worlds_of"]

FACTORS: Mapping[str, Rational] = {"less": rational("1/3"), "more": rational(3)}
"""The two answers to a crux, each a multiple of the size that it is compared with. Three, so that no chain of a crux
and a size that is twice another (docs/decisions.md) brings two sizes back to one value."""


@dataclass(frozen=True)
class Crux:
    """A size that no source settles.

    ``asks``    the question in words;  ``less``, ``more`` what either answer means, in words
    ``parameter`` is set to a third and to three times the value of ``against``
    ``only``    crux id -> answer: it is asked only where that crux is answered so; elsewhere it makes no difference
    """

    id: str
    asks: str
    parameter: str
    against: str
    less: str
    more: str
    only: Mapping[str, str]

    def says(self, answer: str) -> str:
        """What the answer ("less" or "more") means, in words."""
        return self.less if answer == "less" else self.more


@dataclass(frozen=True)
class World:
    """One combination of answers. ``settings`` crux id -> "less" or "more" (a crux that is not asked is absent).

    ``name``   short and unique, such as ``d=rho/3, v=3s``
    ``values`` parameter -> value, over those of the game file
    ``as_filed`` whether these are the values in the game file; such a world is no better founded than the others
    """

    name: str
    settings: Mapping[str, str]
    values: Mapping[str, Rational]
    as_filed: bool


def worlds_of(cruxes: Sequence[Crux], defaults: Mapping[str, Rational]) -> tuple[World, ...]:
    """All worlds, in the order of the cruxes, ``less`` before ``more``; one world as filed where there is no crux."""
    if not cruxes:
        return (World("as filed", {}, {}, True),)
    found: dict[str, World] = {}
    for answers in product(FACTORS, repeat=len(cruxes)):
        given = {crux.id: answer for crux, answer in zip(cruxes, answers, strict=True)}
        asked = [crux for crux in cruxes if all(given[other] == answer for other, answer in crux.only.items())]
        name = ", ".join(_words(crux, given[crux.id]) for crux in asked)
        values = {crux.parameter: FACTORS[given[crux.id]] * defaults[crux.against] for crux in asked}
        as_filed = all(defaults[parameter] == value for parameter, value in values.items())
        found.setdefault(name, World(name, {crux.id: given[crux.id] for crux in asked}, values, as_filed))
    return tuple(found.values())


def _words(crux: Crux, answer: str) -> str:
    size = f"{crux.against}/3" if answer == "less" else f"3{crux.against}"
    return f"{crux.parameter}={size}"
