"""Which covariates enter which utility: one formula per utility, read from a YAML file or built in Python.

The seven utilities are those of Lewis & Schultz (2003); a formula is written as in R: ``sqrt(x) + y`` has an
intercept, ``sqrt(x) + y - 1`` has none, ``1`` is an intercept alone and ``0`` fixes the utility at zero.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from doubletalk.errors import InputError
from doubletalk.game.nodes import Node, Scalar, Table, found, read_nodes, read_text, shown_path
from doubletalk.game.wording import quoted, unknown

__all__ = ["SELECTIONS", "UTILITIES", "CrisisSpecification", "parsed", "read_specification", "template", "variables"]

UTILITIES: Mapping[str, str] = {
    "SA": "A: status quo",
    "VA": "A: the target concedes",
    "CB": "B: conceding",
    "barWA": "A: standing firm (systematic part)",
    "barWB": "B: when A stands firm (systematic part)",
    "bara": "A: backing down (systematic part)",
    "VB": "B: when A backs down",
}
"""The utilities in the order in which coefficients are reported, with their meaning."""

SELECTIONS: Mapping[str, str] = {
    "best": "in each game the equilibrium under which its counts are most likely",
    "lowest": "in each game the equilibrium in which the target is least likely to resist",
    "highest": "in each game the equilibrium in which the target is most likely to resist",
    "mixture": "lowest, middle or highest equilibrium with probabilities that are estimated",
}
"""What decides between several equilibria of one game, by name."""

PRIOR_UNITS: Mapping[str, str] = {
    "standard": "of utility at mean covariates, and of what one standard deviation of a covariate does",
    "raw": "of the coefficients in the units of the data",
}
VERSION = "1"
FUNCTIONS = frozenset({"sqrt", "log", "log2", "log10", "exp", "abs", "I", "C", "center", "scale", "poly", "bs", "cs"})
_KEYS = ("doubletalk-crisis", "title", "source", "outcomes", "game", "utilities", "first_stage", "selection", "prior")
_PRIOR = ("scale", "units")
_OUTCOMES = ("sq", "cd", "sf", "bd")


@dataclass(frozen=True)
class CrisisSpecification:
    """Formulas, the columns of the counts, and the choices that do not depend on the method.

    formulas     utility -> right-hand side
    outcomes     the columns with the counts of status quo, concession, stand firm, back down
    game         the column that names the games; '' numbers them
    first_stage  columns with first-stage estimates of pR and pF, or None
    first_stage_formula  covariates of the built-in first stage; '' takes every variable of the utilities
    selection    one of SELECTIONS
    prior_scale  standard deviation of the normal priors of the Bayesian fit
    prior_units  'standard' (of standardised covariates) or 'raw' (of the coefficients as they are)
    path, lines  where it was read, for errors
    """

    formulas: Mapping[str, str]
    outcomes: tuple[str, str, str, str] = ("sq", "cd", "sf", "bd")
    title: str = ""
    source: str = ""
    game: str = ""
    first_stage: tuple[str, str] | None = None
    first_stage_formula: str = ""
    selection: str = "best"
    prior_scale: float = 5.0
    prior_units: str = "standard"
    path: str | None = field(default=None, compare=False)
    lines: Mapping[str, int | None] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Refuse formulas for unknown utilities, formulas that are none, and unknown selection rules."""
        for name in self.formulas:
            if name not in UTILITIES:
                raise self.error(unknown("utility", name, UTILITIES), name)
        for name in UTILITIES:
            if name not in self.formulas:
                message = f"utilities: {name} ({UTILITIES[name]}) is missing; write '{name}: 0' for zero"
                raise self.error(message, "utilities")
        for name, formula in (*self.formulas.items(), ("first_stage", self.first_stage_formula or "1")):
            _check_formula(self, name, formula)
        every = [*self.formulas.values(), self.first_stage_formula or "1"]
        both = {name for formula in every for name in called(formula)} & {n for f in every for n in variables(f)}
        if both:
            message = f"{sorted(both)[0]} is a column and a function here; give the column another name"
            raise self.error(message, "utilities")
        if self.selection not in SELECTIONS:
            raise self.error(unknown("selection", self.selection, SELECTIONS), "selection")
        if not 0.0 < self.prior_scale < float("inf"):
            raise self.error(f"prior scale: expected a positive number, found {self.prior_scale}", "prior")
        if self.prior_units not in PRIOR_UNITS:
            raise self.error(f"prior: {unknown('units', self.prior_units, PRIOR_UNITS)}", "prior")

    def error(self, message: str, key: str) -> InputError:
        """An error about what *key* says."""
        return InputError(message, self.path, self.lines.get(key))

    def to_dict(self) -> dict[str, object]:
        """Plain values, as the YAML file has them."""
        first = None if self.first_stage is None else {"pR": self.first_stage[0], "pF": self.first_stage[1]}
        return {
            "doubletalk-crisis": 1,
            "title": self.title,
            "source": self.source,
            "outcomes": dict(zip(_OUTCOMES, self.outcomes, strict=True)),
            "game": self.game,
            "utilities": dict(self.formulas),
            "first_stage": first if first is not None else {"formula": self.first_stage_formula},
            "selection": self.selection,
            "prior": {"scale": self.prior_scale, "units": self.prior_units},
        }


_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Call, ast.keyword, ast.expr_context,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult, ast.UAdd, ast.USub,
)  # fmt: skip


def _check_formula(spec: CrisisSpecification, name: str, formula: str) -> None:
    """A formula is arithmetic over names and known functions; nothing else is ever evaluated."""
    try:
        tree = parsed(formula)
    except (SyntaxError, ValueError):
        raise spec.error(f"{name}: {quoted(formula)} is not a formula such as 'sqrt(x) + y:z - 1'", name) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
            asked = ast.unparse(node.func)
            raise spec.error(f"{name}: {unknown('function', asked, sorted(FUNCTIONS))}", name)
        if not isinstance(node, _ALLOWED):
            raise spec.error(f"{name}: {quoted(_words(node))} is not part of a formula", name)


def parsed(formula: str) -> ast.Expression:
    """The formula as Python reads it, with the interaction x:y as x @ y. Raises SyntaxError."""
    if any(sign in formula for sign in "~@"):
        raise SyntaxError("a formula has no left-hand side")
    return ast.parse(formula.replace("^", "**").replace(":", "@"), mode="eval")


def variables(formula: str) -> list[str]:
    """The columns that a formula uses, in order."""
    tree = parsed(formula)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called]
    return list(dict.fromkeys(names))


def called(formula: str) -> list[str]:
    """The functions that a formula uses."""
    calls = [node.func for node in ast.walk(parsed(formula)) if isinstance(node, ast.Call)]
    return [func.id for func in calls if isinstance(func, ast.Name)]


def _words(node: ast.AST) -> str:
    signs: dict[type[ast.AST], str] = {ast.BitOr: "|", ast.BitAnd: "&", ast.Mod: "%", ast.FloorDiv: "//"}
    return signs.get(type(node)) or ast.unparse(node).replace("@", ":")


def read_specification(path: str | Path) -> CrisisSpecification:
    """The specification in a YAML file. Raises InputError with the file and the line."""
    place = Path(path)
    shown = shown_path(place)
    try:
        return _read(read_nodes(read_text(place)), shown)
    except InputError as wrong:
        if wrong.path is not None:
            raise
        raise InputError(wrong.message, shown, wrong.line) from None


def _read(node: Node, path: str) -> CrisisSpecification:
    top = _table(node, "a crisis specification")
    if "doubletalk-crisis" not in top.entries or _text(top, "doubletalk-crisis") != VERSION:
        line = top.line_of("doubletalk-crisis")
        raise InputError("not a crisis specification: expected the version, 'doubletalk-crisis: 1'", path, line)
    _keys(top, "the specification", _KEYS)
    if "utilities" not in top.entries:
        raise InputError("the key 'utilities' is missing: one formula for each utility", path, top.line)
    utilities = _table(top.entries["utilities"], "utilities")
    _keys(utilities, "utilities", tuple(UTILITIES))
    outcomes = _part(top, "outcomes", _OUTCOMES)
    first = _part(top, "first_stage", ("pR", "pF", "formula"))
    if ("pR" in first) != ("pF" in first) or ("pR" in first and "formula" in first):
        raise InputError("first_stage: give pR and pF (columns), or formula", path, top.line_of("first_stage"))
    sq, cd, sf, bd = (outcomes.get(name, name) for name in _OUTCOMES)
    lines = {**top.lines, **{key: utilities.line_of(key) for key in utilities.entries}}
    return CrisisSpecification(
        formulas={name: _text(utilities, name) for name in utilities.entries},
        outcomes=(sq, cd, sf, bd),
        title=_text(top, "title", ""),
        source=_text(top, "source", ""),
        game=_text(top, "game", ""),
        first_stage=(first["pR"], first["pF"]) if "pR" in first else None,
        first_stage_formula=first.get("formula", ""),
        selection=_text(top, "selection", "best"),
        prior_scale=_scale(top, path),
        prior_units=_part(top, "prior", _PRIOR).get("units", "standard"),
        path=path,
        lines=lines,
    )


def _scale(top: Table, path: str) -> float:
    prior = _part(top, "prior", _PRIOR)
    try:
        return float(prior.get("scale", "5"))
    except ValueError:
        message = f"prior: scale: expected a number, found {quoted(prior['scale'])}"
        raise InputError(message, path, top.line_of("prior")) from None


def _part(top: Table, key: str, known: tuple[str, ...]) -> dict[str, str]:
    if key not in top.entries:
        return {}
    part = _table(top.entries[key], key)
    _keys(part, key, known)
    return {name: _text(part, name) for name in part.entries}


def _table(node: Node, what: str) -> Table:
    if not isinstance(node, Table):
        raise InputError(f"{what}: expected a table, found {found(node)}", line=node.line)
    return node


def _keys(node: Table, what: str, allowed: tuple[str, ...]) -> None:
    for key in node.entries:
        if key not in allowed:
            raise InputError(f"{what}: {unknown('key', key, allowed)}", line=node.line_of(key))


def _text(node: Table, key: str, default: str | None = None) -> str:
    if key not in node.entries and default is not None:
        return default
    value = node.entries[key]
    if not isinstance(value, Scalar) or value.null or not value.text.strip():
        raise InputError(f"{key}: expected text, found {found(value)}", line=node.line_of(key))
    return " ".join(value.text.split())


def template() -> str:
    """A specification to copy and edit, with every key."""
    return _TEMPLATE


_TEMPLATE = """\
doubletalk-crisis: 1
title: What is estimated, in a line
# source: where the data are from

# The columns with how often each game ended in: status quo; A challenges and B concedes; B resists and A stands firm;
# B resists and A backs down.
outcomes: {sq: sq, cd: cd, sf: sf, bd: bd}

# The column that names the games (may be left out).
# game: dyad

# One formula for each utility. An intercept is included unless '- 1' is written; 0 fixes the utility at zero.
# Not everything is identified: leave the intercept out of SA (or VA), and fix VB (or CB).
utilities:
  SA: x1 + x2 - 1        # A, status quo
  VA: x1                 # A, when B concedes
  CB: x3                 # B, conceding
  barWA: x1 + x4         # A, standing firm, systematic part
  barWB: x3 + x4         # B, when A stands firm, systematic part
  bara: x1               # A, backing down, systematic part
  VB: 0                  # B, when A backs down

# Either the columns that hold first-stage estimates (first_stage: {pR: p_resist, pF: p_firm}), or the covariates of
# the built-in first stage. Left out, it uses every variable of the utilities.
# first_stage: {formula: x1 + x2 + x3 + x4}

# What decides between several equilibria in the full likelihood: best, lowest, highest or mixture.
selection: best

# Standard deviation of the normal priors of the Bayesian fit, of utility at mean covariates and of what one standard
# deviation of a covariate does (units: standard), or of the coefficients as they are (units: raw).
prior: {scale: 5, units: standard}
"""
