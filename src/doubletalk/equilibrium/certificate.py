"""What a check of one assessment found: the answer, the largest gain from deviating, and the beliefs it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.equilibrium.solution import Distribution
from doubletalk.exact import Rational, text

__all__ = ["CellBelief", "Certificate", "Failure"]


@dataclass(frozen=True)
class Failure:
    """One condition that does not hold.

    ``player``  who would deviate, or None when a piece of the assessment is missing or malformed
    ``where``   the information set, type or field
    ``gets``    what the player gets there as things stand; ``could_get`` what it would get by ``by``; None as above
    ``words``   the same as a sentence
    """

    where: str
    words: str
    player: str | None = None
    gets: Rational | None = None
    could_get: Rational | None = None
    by: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """Plain values, rationals as text."""
        return {
            "player": self.player,
            "where": self.where,
            "gets": None if self.gets is None else text(self.gets),
            "could_get": None if self.could_get is None else text(self.could_get),
            "by": self.by,
            "words": self.words,
        }


@dataclass(frozen=True)
class CellBelief:
    """The belief used behind one cell (``Game.cells``): ``origin`` is "Bayes" where reached, else "named"."""

    origin: str
    belief: Distribution


@dataclass(frozen=True)
class Certificate:
    """The result of :func:`doubletalk.equilibrium.verification.verify`.

    ``valid``                every condition of ``concept`` holds exactly
    ``gains``                player -> its largest gain from deviating, over all its information sets (the sender's over
                             its types and reply nodes); all zero when valid; {} when the strategies themselves are
                             missing or malformed, so that nothing can be computed from them
    ``failures``             each condition that does not hold; () when valid
    ``beliefs``              cell key -> the belief used there; a cell with no usable belief is absent
    ``posterior_consistent`` whether every belief that the assessment names is a distribution over those who could have
                             been there and agrees with Bayes' rule wherever that applies
    """

    concept: str
    valid: bool
    gains: Mapping[str, Rational]
    failures: tuple[Failure, ...]
    beliefs: Mapping[str, CellBelief]
    posterior_consistent: bool

    def to_json(self) -> dict[str, object]:
        """Plain values for the solution file, rationals as text."""
        return {
            "concept": self.concept,
            "valid": self.valid,
            "gains": {player: text(gain) for player, gain in self.gains.items()},
            "posterior_consistent": self.posterior_consistent,
            "beliefs": {
                key: {"origin": cell.origin, "belief": {label: text(weight) for label, weight in cell.belief.items()}}
                for key, cell in self.beliefs.items()
            },
            "failures": [failure.to_json() for failure in self.failures],
        }
