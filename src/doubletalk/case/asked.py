"""One statement at one point of its range: constants computed, sides turned into forms, best responses looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.case.best import BestResponse, best_response, type_belief
from doubletalk.case.decide import Difference
from doubletalk.case.evaluation import Evaluator, FamilySpace, Form
from doubletalk.case.events import Play, Vocabulary, known_or_error, names_in, resolve
from doubletalk.case.syntax import (
    BeliefIn,
    Best,
    Binary,
    ClaimError,
    Expression,
    Labels,
    Name,
    Negative,
    Number,
    Payoff,
    Probability,
    Statement,
)
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["Asked", "constant", "difference_of", "labels_of", "reply_to_best"]

_Linear = tuple[Rational, list[tuple[Rational, Form]]]


@dataclass(frozen=True)
class Asked:
    """A statement with the values of the variable of its ``over`` (none when it runs over a parameter)."""

    statement: Statement
    variables: Mapping[str, Rational]


def constant(expression: Expression, values: Mapping[str, Rational], statement: str) -> Rational:
    """The value of an expression over *values*; raises ``ClaimError`` for an unknown name or a quantity."""
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Name):
        known_or_error(expression.name, list(values), "a parameter", statement, expression.at)
        return values[expression.name]
    if isinstance(expression, Negative):
        return -constant(expression.item, values, statement)
    if isinstance(expression, Binary):
        left, right = constant(expression.left, values, statement), constant(expression.right, values, statement)
        if expression.sign == "/" and right == 0:
            raise ClaimError("division by zero", statement, expression.at)
        return _apply(expression.sign, left, right)
    raise ClaimError("found a quantity or a list, expected a constant", statement, expression.at)


def _apply(sign: str, left: Rational, right: Rational) -> Rational:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    return left * right if sign == "*" else left / right


def difference_of(asked: Asked, evaluator: Evaluator, space: FamilySpace) -> Difference:
    """Left side minus right side as a linear combination of forms over the family *space*."""
    comparison, source = asked.statement.comparison, asked.statement.source
    if comparison.sign == "includes":
        raise ClaimError(
            "'includes' goes with best(...); numbers are compared with =, !=, <, <=, >, >=", source, comparison.at
        )
    values = {**evaluator.game.parameters, **asked.variables}
    base, terms = _linear(comparison.left, evaluator, space, values, source)
    other, more = _linear(comparison.right, evaluator, space, values, source)
    return Difference(base - other, tuple(terms + [(-c, form) for c, form in more]))


def _linear(
    side: Expression, evaluator: Evaluator, space: FamilySpace, values: Mapping[str, Rational], source: str
) -> _Linear:
    if isinstance(side, Probability):
        return ZERO, [(ONE, evaluator.probability(space, side, source))]
    if isinstance(side, Payoff):
        return ZERO, [(ONE, evaluator.payoff(space, side, source))]
    if isinstance(side, BeliefIn):
        return ZERO, [(ONE, evaluator.belief(space, side, source))]
    if isinstance(side, Best):
        raise ClaimError("best(...) stands alone on the left of =, != or includes", source, side.at)
    if isinstance(side, Negative):
        base, terms = _linear(side.item, evaluator, space, values, source)
        return -base, [(-c, form) for c, form in terms]
    if isinstance(side, Binary):
        left = _linear(side.left, evaluator, space, values, source)
        right = _linear(side.right, evaluator, space, values, source)
        return _combined(side, left, right, source)
    return constant(side, values, source), []


def _combined(side: Binary, left: _Linear, right: _Linear, source: str) -> _Linear:
    if side.sign in "+-":
        factor = ONE if side.sign == "+" else -ONE
        return left[0] + factor * right[0], left[1] + [(factor * c, form) for c, form in right[1]]
    if right[1] and left[1]:
        raise ClaimError("two quantities are multiplied or divided; only constants may be", source, side.at)
    if side.sign == "*":
        factor, other = (right[0], left) if not right[1] else (left[0], right)
        return factor * other[0], [(factor * c, form) for c, form in other[1]]
    if right[1]:
        raise ClaimError("a constant is divided by a quantity; compare the quantity itself", source, side.at)
    if right[0] == 0:
        raise ClaimError("division by zero", source, side.at)
    return left[0] / right[0], [(c / right[0], form) for c, form in left[1]]


def reply_to_best(asked: Asked, game: Game) -> BestResponse:
    """The best responses that ``best(...)`` on the left asks for; the same after every message it leaves open."""
    best, source = asked.statement.comparison.left, asked.statement.source
    assert isinstance(best, Best)
    words = Vocabulary(game)
    names = [audience.name for audience in game.audiences]
    who = names.index(known_or_error(best.audience, names, "an audience", source, best.at))
    allowed = {"message", *game.channels, *names[:who]}
    if names_in(best.given, words) - allowed:
        listed = ", ".join(sorted(names_in(best.given, words) - allowed))
        raise ClaimError(
            f"best({best.audience} | ...) may name the message and earlier audiences, not {listed}", source, best.at
        )
    values = {**game.parameters, **asked.variables}
    weight = None if best.belief is None else constant(best.belief, values, source)
    belief = type_belief(game, best.about, weight)
    happens = resolve(best.given, words, source)
    found: dict[BestResponse, str] = {}
    for m, message in enumerate(game.messages):
        for profile in game.action_profiles(m):
            if any(profile[who:]):
                continue
            labels = tuple(options[a] for options, a in zip(game.actions_after(m), profile, strict=True))
            if happens(Play((0, m, profile, 0), 0, m, profile, labels, None)):
                found.setdefault(best_response(game, who, m, belief, dict(enumerate(profile[:who]))), message)
    if not found:
        raise ClaimError(f"nothing fits the condition of best({best.audience} | ...)", source, best.at)
    if len(found) > 1:
        raise ClaimError(
            f"the best response of {best.audience} depends on what is left open; name the message and every "
            "earlier action",
            source,
            best.at,
        )
    return next(iter(found))


def labels_of(asked: Asked, found: BestResponse) -> tuple[str, ...]:
    """The actions on the right of a comparison with ``best``."""
    right, source = asked.statement.comparison.right, asked.statement.source
    if not isinstance(right, Name | Labels):
        raise ClaimError(
            "best(...) is compared with an action or a list of actions", source, asked.statement.comparison.at
        )
    names = (right.name,) if isinstance(right, Name) else right.names
    for name in names:
        known_or_error(name, list(found.actions), f"an action of '{found.audience}'", source, right.at)
    return names
