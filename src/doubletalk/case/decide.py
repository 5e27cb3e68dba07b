r"""Does a comparison hold everywhere in a family, somewhere, or nowhere: decided exactly.

A comparison  const + sum_k c_k N_k / D_k  (op)  0  with forms N_k, D_k that are linear in each factor (``evaluation``).

- One denominator: the value is an average of its values at the vertices where the condition occurs, so these decide.
- Several: multiply out. The sign is that of a polynomial that is homogeneous in the weights of each factor; if all its
  coefficients are >= 0 it is >= 0 on the whole family (Bernstein), and after multiplying by (sum of weights)^n every
  positive polynomial gets there (Polya 1928). A counterexample is looked for at vertices, midpoints and centres.
Where the condition never occurs (D = 0) the comparison is **not defined**; such points count neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product

from doubletalk.case.evaluation import Form, Tensor
from doubletalk.exact import ONE, ZERO, Rational

__all__ = ["Difference", "Truth", "decide"]

MOST_RAISES = 3
"""How often the degree is raised before a positive polynomial is given up as not decided."""
MOST_TERMS = 60_000
"""Polynomials with more terms than this are not multiplied out."""

Point = tuple[tuple[Rational, ...], ...]
_Monomial = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Difference:
    """``constant`` + sum of coefficient * form: left side minus right side."""

    constant: Rational
    terms: tuple[tuple[Rational, Form], ...]


@dataclass(frozen=True)
class Truth:
    """The answer for one family.

    ``true_at``, ``false_at``, ``undefined_at`` a vertex per factor (of ``factors``) that shows it, else None; where
    only an inner point shows it, ``inner`` is True and the vertex is one with positive weight there
    ``decided``   False when neither a proof nor a counterexample was found; ``why`` says so in words
    ``low``, ``high`` the span of left minus right over the points looked at (exact with a single denominator)
    """

    factors: tuple[str, ...]
    true_at: tuple[int, ...] | None
    false_at: tuple[int, ...] | None
    undefined_at: tuple[int, ...] | None
    decided: bool
    why: str | None
    low: Rational | None
    high: Rational | None
    inner: bool = False

    @property
    def defined(self) -> bool:
        """Whether the comparison has a value anywhere in the family."""
        return self.low is not None


TESTS: Mapping[str, Callable[[Rational], bool]] = {
    "=": lambda d: d == 0,
    "!=": lambda d: d != 0,
    "<": lambda d: d < 0,
    "<=": lambda d: d <= 0,
    ">": lambda d: d > 0,
    ">=": lambda d: d >= 0,
}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def decide(difference: Difference, sign: str, sizes: Mapping[str, int]) -> Truth:
    """Where ``difference`` ``sign`` 0 holds over the product of simplices with ``sizes`` vertices per factor."""
    factors = tuple(sorted({f for _, form in difference.terms for f in form.factors})) or ("sender",)
    counts = [sizes[f] for f in factors]
    groups = _by_denominator(difference, factors, counts)
    samples = list(_vertices(counts))
    values = [(point, _value(point, difference.constant, groups)) for point in samples]
    if len(groups) > 1:
        values += [(point, _value(point, difference.constant, groups)) for point in _inner_points(counts)]
    test = TESTS[sign]
    known = [(point, value) for point, value in values if value is not None]
    hits = [point for point, value in known if test(value)]
    misses = [point for point, value in known if not test(value)]
    span = [value for _, value in known]
    low, high = (min(span), max(span)) if span else (None, None)
    true_at, false_at = (_vertex(hits[0]) if hits else None), (_vertex(misses[0]) if misses else None)
    undefined = next((_vertex(point) for point, value in values if value is None), None)
    decided, why = True, None
    between = low is not None and high is not None and low < 0 < high
    if sign in ("=", "!=") and between:  # the defined points are connected, so the value 0 is taken in between
        inside = next(point for point, value in known if value > 0)
        true_at, false_at = true_at or _vertex(inside), false_at or _vertex(inside)
    elif known and len(groups) > 1 and not (hits and misses):
        decided = _proved(difference.constant, groups, counts, sign if hits else _OPPOSITE[sign])
        why = None if decided else "neither a proof for all mixtures of the family nor a counterexample was found"
    if not all(form.exact for _, form in difference.terms) and not (hits and misses) and len(samples) > 1:
        decided, why = False, "several audiences mix independently in a family, where extreme points need not decide"
    inner = bool((hits and not _is_vertex(hits[0])) or (misses and not _is_vertex(misses[0])))
    return Truth(factors, true_at, false_at, undefined, decided, why, low, high, inner)


def _by_denominator(difference: Difference, factors: tuple[str, ...], counts: list[int]) -> list[tuple[Tensor, Tensor]]:
    """[(numerator, denominator)] over all factors, forms with one denominator added up."""
    groups: list[tuple[dict[tuple[int, ...], Rational], Tensor]] = []
    for coefficient, form in difference.terms:
        top = _widened(form.numerator, form.factors, factors, counts)
        bottom = _widened(form.denominator, form.factors, factors, counts)
        same = next((above for above, below in groups if below == bottom), None)
        if same is None:
            same = {}
            groups.append((same, bottom))
        for key, value in top.items():
            same[key] = same.get(key, ZERO) + coefficient * value
    return list(groups)


def _widened(tensor: Tensor, has: tuple[str, ...], wants: tuple[str, ...], counts: list[int]) -> Tensor:
    """The same form over more factors (multiplied by sum of weights = 1), in the order ``wants``."""
    wide = {}
    places = [has.index(f) if f in has else None for f in wants]
    for key in product(*(range(n) for n in counts)):
        found: list[int] = [0] * len(has)
        for place, index in zip(places, key, strict=True):
            if place is not None:
                found[place] = index
        value = tensor.get(tuple(found), ZERO)
        if value != 0:
            wide[key] = value
    return wide


def _vertices(counts: list[int]) -> Iterator[Point]:
    for key in product(*(range(n) for n in counts)):
        yield tuple(tuple(ONE if k == i else ZERO for k in range(n)) for i, n in zip(key, counts, strict=True))


def _inner_points(counts: list[int]) -> Iterator[Point]:
    """Centres and midpoints of edges, factor by factor, at most a few hundred points."""
    choices = []
    for n in counts:
        centre = tuple(ONE / n for _ in range(n))
        halves = [
            tuple(ONE / 2 if k in pair else ZERO for k in range(n)) for pair in list(combinations(range(n), 2))[:12]
        ]
        ends = [tuple(ONE if k == i else ZERO for k in range(n)) for i in range(min(n, 6))]
        choices.append([centre, *halves, *ends])
    for count, point in enumerate(product(*choices)):
        if count >= 400:
            return
        yield point


def _at(tensor: Tensor, point: Point) -> Rational:
    total = ZERO
    for key, value in tensor.items():
        weight = value
        for index, weights in zip(key, point, strict=True):
            weight *= weights[index]
            if weight == 0:
                break
        total += weight
    return total


def _value(point: Point, constant: Rational, groups: list[tuple[Tensor, Tensor]]) -> Rational | None:
    total = constant
    for above, below in groups:
        bottom = _at(below, point)
        if bottom == 0:
            return None
        total += _at(above, point) / bottom
    return total


def _vertex(point: Point) -> tuple[int, ...]:
    return tuple(next(k for k, weight in enumerate(weights) if weight > 0) for weights in point)


def _is_vertex(point: Point) -> bool:
    return all(ONE in weights for weights in point)


# -- proof for all mixtures ------------------------------------------------------------------------------------------


def _proved(constant: Rational, groups: list[tuple[Tensor, Tensor]], counts: list[int], sign: str) -> bool:
    """Whether ``sign`` 0 holds at every point where all denominators are positive."""
    polynomial = _cleared(constant, groups, counts)
    if polynomial is None:
        return False
    if sign == "!=":
        return _positive(polynomial, groups, counts, True) or _positive(_negated(polynomial), groups, counts, True)
    if sign == "=":
        return not polynomial
    if sign in ("<", "<="):
        polynomial = _negated(polynomial)
    return _positive(polynomial, groups, counts, sign in ("<", ">"))


def _cleared(
    constant: Rational, groups: list[tuple[Tensor, Tensor]], counts: list[int]
) -> dict[_Monomial, Rational] | None:
    """The comparison's left side times all denominators, as a polynomial in the weights."""
    total: dict[_Monomial, Rational] = {}
    parts = [[below for _, below in groups]] if constant != 0 else []
    factors_of = [(constant, parts[0])] if parts else []
    for k, (above, _) in enumerate(groups):
        factors_of.append((ONE, [above if i == k else below for i, (_, below) in enumerate(groups)]))
    for coefficient, tensors in factors_of:
        piece: dict[_Monomial, Rational] | None = {tuple(() for _ in counts): coefficient}
        for tensor in tensors:
            piece = _times(piece, tensor) if piece is not None else None
        if piece is None:
            return None
        for key, value in piece.items():
            total[key] = total.get(key, ZERO) + value
    return {key: value for key, value in total.items() if value != 0}


def _times(polynomial: Mapping[_Monomial, Rational], tensor: Tensor) -> dict[_Monomial, Rational] | None:
    if len(polynomial) * len(tensor) > MOST_TERMS * 10:
        return None
    made: dict[_Monomial, Rational] = {}
    for key, value in polynomial.items():
        for index, other in tensor.items():
            longer = tuple(tuple(sorted((*part, i))) for part, i in zip(key, index, strict=True))
            made[longer] = made.get(longer, ZERO) + value * other
    return made if len(made) <= MOST_TERMS else None


def _negated(polynomial: Mapping[_Monomial, Rational]) -> dict[_Monomial, Rational]:
    return {key: -value for key, value in polynomial.items()}


def _positive(
    polynomial: Mapping[_Monomial, Rational], groups: list[tuple[Tensor, Tensor]], counts: list[int], strict: bool
) -> bool:
    ones = dict.fromkeys(product(*(range(n) for n in counts)), ONE)
    raised: dict[_Monomial, Rational] | None = dict(polynomial)
    for _ in range(MOST_RAISES + 1):
        if raised is None:
            return False
        if all(value >= 0 for value in raised.values()):
            return not strict or _strict_on_domain(raised, groups, counts)
        raised = _times(raised, ones)
    return False


def _strict_on_domain(
    polynomial: Mapping[_Monomial, Rational], groups: list[tuple[Tensor, Tensor]], counts: list[int]
) -> bool:
    """With coefficients >= 0: whether it is > 0 on each smallest face on which every denominator is positive."""
    positive = [tuple(set(part) for part in key) for key, value in polynomial.items() if value > 0]
    for chosen in product(*(list(below) for _, below in groups)):
        face = [{key[f] for key in chosen} for f in range(len(counts))]
        if not any(all(part <= side for part, side in zip(key, face, strict=True)) for key in positive):
            return False
    return True
