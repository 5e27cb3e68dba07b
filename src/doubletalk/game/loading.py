"""Game files: read once, made into a :class:`Game` for any parameter values.

One game: ``load_game("beer-quiche.yaml")``. Many: ``file = read_game_file("exchange.yaml")``, then
``file.game({"h": Fraction(k, 10)})`` for each k, which does not read or resolve the file again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import TypeAlias

from doubletalk.errors import GameFileError, InputError, TooLarge
from doubletalk.exact import ONE, Rational, rational, text
from doubletalk.game.declaration import Declaration, Parameter, Prior, Trait
from doubletalk.game.expressions import Expression, ExpressionError
from doubletalk.game.layout import Layout, lay_out, payoff_table
from doubletalk.game.model import Game
from doubletalk.game.nodes import read_nodes, read_text, shown_path
from doubletalk.game.reading import read_declaration
from doubletalk.game.wording import quoted, unknown

__all__ = ["GameFile", "ParameterValue", "game_file_from_text", "game_from_text", "load_game", "read_game_file"]

ParameterValue: TypeAlias = Rational | Fraction | str | int
"""An exact number, or text that spells one: ``"9/10"``, ``"0.9"``."""


@dataclass(frozen=True)
class GameFile:
    """A game file that was read and found right: its structure resolved, its numbers still formulas.

    ``path``        what errors call the file
    ``declaration`` every rule, term and formula, with its line
    """

    path: str
    declaration: Declaration
    _layouts: dict[tuple[int, ...], Layout] = field(default_factory=dict, compare=False, repr=False)

    @property
    def title(self) -> str:
        """The file's title."""
        return self.declaration.title

    @property
    def source(self) -> str:
        """The file's source, "" where it names none."""
        return self.declaration.source

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """name -> the parameter with its formula and its line, in the order of the file."""
        return {parameter.name: parameter for parameter in self.declaration.parameters}

    def values(self, parameters: Mapping[str, ParameterValue] | None = None) -> dict[str, Rational]:
        """The value of every parameter when those in *parameters* are given instead of computed.

        Raises ``InputError`` for a name that the file does not have, or a value that is not an exact number.
        """
        given = dict(parameters or {})
        known = [parameter.name for parameter in self.declaration.parameters]
        for name in given:
            if name not in known:
                raise InputError(f"{unknown('parameter', str(name), known)}", self.path)
        values: dict[str, Rational] = {}
        for parameter in self.declaration.parameters:
            name = parameter.name
            if name in given:
                values[name] = self._given(name, given[name])
            else:
                values[name] = self._evaluate(parameter.expression, values, f"parameter {quoted(name)}", parameter.line)
        return values

    def game(self, parameters: Mapping[str, ParameterValue] | None = None, *, drop_null_types: bool = False) -> Game:
        """The game for these parameter values; parameters that are not given keep the file's own value.

        With *drop_null_types*, types whose prior is 0 at these values are left out, with the trait values and the
        messages that only they have; without it a prior of 0 is an error, as a negative one always is.
        Raises ``GameFileError`` and, for a wrong parameter, ``InputError``.
        """
        declared = self.declaration
        values = self.values(parameters)
        weights = [self._priors(trait, values, drop_null_types, bool(parameters)) for trait in declared.traits]
        prior = {t: p for t, _ in enumerate(declared.types) if (p := self._prior(t, weights)) != 0}
        layout = self._layout(tuple(prior))
        adds = [
            [self._evaluate(term.add, values, f"payoffs of {quoted(player)}: add", term.line) for term in terms]
            for player, terms in declared.terms.items()
        ]
        types = [declared.types[t] for t in layout.kept]
        traits = {
            trait.name: tuple(label for label, weight in shares.items() if weight != 0)
            for trait, shares in zip(declared.traits, weights, strict=True)
        }
        return Game(
            title=declared.title,
            source=declared.source,
            sender=declared.sender,
            types=tuple(sender_type.label for sender_type in types),
            prior=tuple(prior.values()),
            messages=layout.messages,
            available=layout.available,
            audiences=layout.audiences,
            replies=layout.replies,
            payoffs=payoff_table(layout, adds),
            parameters=values,
            traits=traits if declared.has_traits else {},
            trait_values=tuple(t.values for t in types) if declared.has_traits else (),
            channels=declared.channels,
            message_parts=tuple(declared.message_parts[m] for m in layout.messages) if declared.channels else (),
        )

    def _given(self, name: str, value: ParameterValue) -> Rational:
        try:
            return rational(value)
        except (TypeError, ValueError) as wrong:
            raise InputError(f"parameter {quoted(name)}: {' '.join(str(wrong).split())}", self.path) from None

    def _evaluate(
        self, expression: Expression, values: Mapping[str, Rational], what: str, line: int | None
    ) -> Rational:
        try:
            return expression.evaluate(values)
        except ExpressionError as wrong:
            raise GameFileError(f"{what}: {wrong.message}", self.path, line) from None

    def _priors(
        self, trait: Trait, values: Mapping[str, Rational], drop: bool, overridden: bool
    ) -> dict[str, Rational]:
        what = f"trait {quoted(trait.name)}" if trait.name else "types"
        shares = {
            prior.label: self._evaluate(prior.expression, values, f"{what}: {quoted(prior.label)}", prior.line)
            for prior in trait.values
        }
        for prior in trait.values:
            self._check_share(prior, shares[prior.label], what, drop, overridden)
        total = sum(shares.values(), start=0 * ONE)
        if total != 1:
            sums = " + ".join(text(share) for share in list(shares.values())[:12])
            problem = f"{what}: the priors must sum to 1, but {sums[:200]} = {_short(total)}"
            raise GameFileError(problem, self.path, trait.line)
        return shares

    def _check_share(self, prior: Prior, share: Rational, what: str, drop: bool, overridden: bool) -> None:
        who = f"{what}: the prior of {quoted(prior.label)}"
        if share < 0:
            raise GameFileError(f"{who} is {_short(share)}; a probability cannot be negative", self.path, prior.line)
        if share == 0 and not drop:
            kind = "trait value" if what != "types" else "type"
            hint = " (or ask for the game without null types)" if overridden else ""
            raise GameFileError(f"{who} is 0; drop the {kind}{hint}", self.path, prior.line)

    def _prior(self, t: int, weights: list[dict[str, Rational]]) -> Rational:
        sender_type = self.declaration.types[t]
        labels = sender_type.values or (sender_type.label,)
        return prod((shares[label] for shares, label in zip(weights, labels, strict=True)), start=ONE)

    def _layout(self, kept: tuple[int, ...]) -> Layout:
        if kept not in self._layouts:
            self._layouts[kept] = lay_out(self.declaration, kept)
        return self._layouts[kept]


def _short(value: Rational) -> str:
    shown = text(value)
    return shown if len(shown) <= 60 else f"about {shown[:20]}…"


def game_file_from_text(content: str, name: str = "<text>") -> GameFile:
    """The game file that *content* spells, called *name* in errors; see :func:`read_game_file`."""
    try:
        declared = read_declaration(read_nodes(content, "a game, beginning 'doubletalk: 1'"))
        file = GameFile(name, declared)
        file._layout(tuple(range(len(declared.types))))
    except GameFileError as wrong:
        raise GameFileError(wrong.message, name, wrong.line) from None
    except TooLarge as wrong:
        raise TooLarge(f"{name}: {wrong}") from None
    file.game()
    return file


def read_game_file(path: str | Path) -> GameFile:
    """The game file at *path*, every rule of the format checked, with the file's own parameter values too.

    Raises ``GameFileError`` (path, line, what was found, what was expected) and ``TooLarge``.
    """
    place = Path(path)
    return game_file_from_text(read_text(place), name=shown_path(place))


def load_game(
    path: str | Path, parameters: Mapping[str, ParameterValue] | None = None, *, drop_null_types: bool = False
) -> Game:
    """The game in the file at *path*, for its own parameter values or those given."""
    return read_game_file(path).game(parameters, drop_null_types=drop_null_types)


def game_from_text(
    content: str,
    name: str = "<text>",
    parameters: Mapping[str, ParameterValue] | None = None,
    *,
    drop_null_types: bool = False,
) -> Game:
    """The game that *content* spells in the format of a game file; *name* stands for the path in errors."""
    return game_file_from_text(content, name).game(parameters, drop_null_types=drop_null_types)
