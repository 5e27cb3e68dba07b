"""Exact sets in words: what is done, with which probabilities, and what must be believed for it.

Every phrase is exact. A range of responses gives each action's least and greatest probability; a set of beliefs is
described by its facets, so that "at least 1/2 on weak" is the whole condition and not an outline of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ppl import C_Polyhedron, Generator_System, Linear_Expression, Variable, point

from doubletalk.equilibrium.solution import Distribution
from doubletalk.exact import ONE, ZERO, Rational, rational, text

__all__ = ["belief_words", "joined", "mixture_words", "range_words", "responses_words", "spread_words"]

FACETS_SHOWN = 6
"""Conditions on a belief that are written out; beyond this the number of extreme points is given instead."""


def mixture_words(chances: Distribution) -> str:
    """One distribution: ``"leave"``, or ``"fight 1/2, leave 1/2"``."""
    held = [(label, value) for label, value in chances.items() if value != 0]
    if len(held) == 1:
        return held[0][0]
    return joined([f"{label} {text(value)}" for label, value in held])


def joined(parts: Sequence[str]) -> str:
    """A list in one line: commas, or semicolons where a part has a comma of its own."""
    return ("; " if any("," in part for part in parts) else ", ").join(parts)


def spread_words(low: Rational, high: Rational) -> str:
    """``"1/2"`` or ``"1/2 to 1"``."""
    return text(low) if low == high else f"{text(low)} to {text(high)}"


def range_words(points: Sequence[Distribution], labels: Sequence[str]) -> str:
    """The hull of some distributions over *labels*: ``"fight 1/2 to 1, else leave"``."""
    spreads = {}
    for label in labels:
        values = [chances.get(label, ZERO) for chances in points]
        if max(values) != 0:
            spreads[label] = (min(values), max(values))
    if all(low == high for low, high in spreads.values()):
        return mixture_words({label: low for label, (low, _) in spreads.items()})
    if all(low == 0 and high == 1 for low, high in spreads.values()):
        return "any mix of " + _listed(spreads, "and")
    if len(spreads) == 2:
        first, second = spreads
        return f"{first} {spread_words(*spreads[first])}, else {second}"
    return joined([f"{label} {spread_words(low, high)}" for label, (low, high) in spreads.items()])


def responses_words(responses: Mapping[str, str]) -> str:
    """What one audience does in several situations: ``"if west=relieve: pay; otherwise hold"``.

    *responses* maps the situation ("" where there is only one) to the words for what is done in it. The commonest
    response comes last, without its situations.
    """
    where: dict[str, list[str]] = {}
    for situation, words in responses.items():
        where.setdefault(words, []).append(situation)
    if len(where) == 1:
        return next(iter(where))
    usual = max(where, key=lambda words: len(where[words]))
    rest = [f"if {' or '.join(where[words])}: {words}" for words in where if words != usual]
    return "; ".join([*rest, f"otherwise {usual}"])


def belief_words(extremes: Sequence[Distribution], labels: Sequence[str], names: Mapping[str, Iterable[str]]) -> str:
    """The hull of the beliefs *extremes* over *labels*, in words.

    ``names``  name of a group (a trait's value) -> the labels that belong to it, for shorter conditions

    Examples: ``"anything"``, ``"surely weak"``, ``"weak at least 1/2"``, ``"hedger from 1/3 to 1/2"``.
    """
    held = [label for label in labels if any(belief.get(label, ZERO) != 0 for belief in extremes)]
    if len(held) == 1:
        return f"surely {held[0]}"
    if len(extremes) == 1:
        return mixture_words({label: extremes[0].get(label, ZERO) for label in held})
    conditions = _conditions(extremes, held, _groups(held, names))
    if not conditions:
        return "anything" if len(held) == len(labels) else "any mix of " + _listed(held, "and")
    if len(conditions) > FACETS_SHOWN:
        ranges = joined([f"{label} {_spread(extremes, label)}" for label in held])
        return f"{ranges} (a set with {len(extremes)} extreme points)"
    phrase = " and ".join(conditions)
    missing = [label for label in labels if label not in held]
    return phrase + (f"; nothing on {_listed(missing, 'or')}" if missing else "")


def _spread(points: Sequence[Distribution], label: str) -> str:
    values = [chances.get(label, ZERO) for chances in points]
    return spread_words(min(values), max(values))


def _groups(held: Sequence[str], names: Mapping[str, Iterable[str]]) -> dict[frozenset[str], str]:
    """Set of labels -> its name: a label for itself, a trait's value for all the labels here that have it."""
    groups = {frozenset(members) & frozenset(held): name for name, members in names.items()}
    groups.update({frozenset([label]): label for label in held})
    return groups


def _conditions(
    extremes: Sequence[Distribution], held: Sequence[str], groups: Mapping[frozenset[str], str]
) -> list[str]:
    """The facets of the hull, other than that chances are not negative, each as a phrase."""
    lower: dict[str, Rational] = {}
    upper: dict[str, Rational] = {}
    others: list[str] = []
    for form, is_equality in _facets(extremes, held):
        values = sorted(set(form.values()))
        bound = _bound(form, values, groups) if len(values) == 2 else None
        if bound is None:
            others.append(_comparison(form, is_equality))
            continue
        name, level, at_least = bound
        if at_least or is_equality:
            lower[name] = level
        if not at_least or is_equality:
            upper[name] = level
    phrases = [_interval(name, lower.get(name), upper.get(name)) for name in dict.fromkeys([*lower, *upper])]
    return phrases + others


def _facets(extremes: Sequence[Distribution], held: Sequence[str]) -> list[tuple[dict[str, Rational], bool]]:
    """(label -> coefficient, is an equality) with form >= 0 or = 0, over beliefs that sum to one."""
    generators = Generator_System()
    for belief in extremes:
        values = [belief.get(label, ZERO) for label in held]
        scale = 1
        for value in values:
            scale = scale * int(value.q) // _gcd(scale, int(value.q))
        weights = [int((value * scale).p) for value in values]
        generators.insert(point(sum((w * Variable(i) for i, w in enumerate(weights)), Linear_Expression(0)), scale))
    facets = []
    for constraint in C_Polyhedron(generators).minimized_constraints():
        constant = int(constraint.inhomogeneous_term())
        row = [int(constraint.coefficient(Variable(i))) + constant for i in range(len(held))]
        if any(row) and not (constraint.is_inequality() and min(row) == 0 and sorted(row)[-2] == 0):
            facets.append(({label: rational(c) for label, c in zip(held, row, strict=True)}, constraint.is_equality()))
    return facets


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def _bound(
    form: Mapping[str, Rational], values: Sequence[Rational], groups: Mapping[frozenset[str], str]
) -> tuple[str, Rational, bool] | None:
    """A form with two values is a bound on the chance of one group: (name, level, whether a lower bound).

    low + (high - low) P(group with the high value) >= 0, or the same about the rest of the labels.
    """
    low, high = values
    above = frozenset(label for label, c in form.items() if c == high)
    below = frozenset(form) - above
    level = -low / (high - low)
    first = next(iter(form))
    for members, sign in sorted([(above, True), (below, False)], key=lambda pair: (first not in pair[0])):
        if members in groups:
            return groups[members], level if sign else ONE - level, sign
    smaller, sign = (above, True) if len(above) <= len(below) else (below, False)
    name = _listed([label for label in form if label in smaller], "or")
    return name, level if sign else ONE - level, sign


def _interval(name: str, low: Rational | None, high: Rational | None) -> str:
    if low is not None and high is not None:
        return f"{name} {text(low)}" if low == high else f"{name} from {text(low)} to {text(high)}"
    return f"{name} at least {text(low)}" if low is not None else f"{name} at most {text(high or ZERO)}"


def _comparison(form: Mapping[str, Rational], is_equality: bool) -> str:
    """``"2 P(low) + P(mid) >= 3 P(high)"``."""
    left = " + ".join(_term(c, label) for label, c in form.items() if c > 0)
    right = " + ".join(_term(-c, label) for label, c in form.items() if c < 0)
    return f"{left or '0'} {'=' if is_equality else '≥'} {right or '0'}"


def _term(coefficient: Rational, label: str) -> str:
    return f"P({label})" if coefficient == 1 else f"{text(coefficient)} P({label})"


def _listed(labels: Iterable[str], last: str) -> str:
    """``"a, b and c"``."""
    *most, end = labels
    return f"{', '.join(most)} {last} {end}" if most else end
