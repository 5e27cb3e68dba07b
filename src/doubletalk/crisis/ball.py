r"""The reply function W and the parts of its slope in ball arithmetic (Arb): rigorous enclosures at a point.

As in :mod:`doubletalk.crisis.reply`, but every number is a ball that contains the true value for the game's numbers as
they stand in double precision. With h = d/sqrt 2 and k = -z1,

    S = F(h) F(k) + 1/(2 pi) int_0^{pi/4} exp(-(h^2 + k^2 - 2 h k sin t) / (2 cos^2 t)) dt

(both terms positive), the integral with rigorous error by Arb's adaptive Gauss-Legendre rule (Johansson 2018). Far out,

    z1, z2 > FAR:    F(z2) Q(z1) <= S <= Q(z1),  F(z1) Q(z2) <= B <= Q(z2)        with Q = 1 - F
    z1, z2 < -40:    F(d/sqrt 2) - F(z1) <= S <= F(d/sqrt 2),  the same for B with -d and z2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flint import acb, arb

__all__ = ["BallGame", "BallPoint", "TooFarError", "ball_reply", "limits"]

FAR = 12
FAR_LOW = -40
WIDEST = 60
"""Games whose two utilities of A are farther apart than this are not certified."""
LARGEST_EXPONENT = 10**6


class TooFarError(ArithmeticError):
    """The game lies outside what is enclosed."""


@dataclass(frozen=True)
class BallGame:
    """A game's numbers, exact: SA, SA - VA, barWA, bara, barWB - CB, VB - CB."""

    status: Any
    gain: Any
    firm: Any
    back: Any
    resist: Any
    stake: Any

    @property
    def gap(self) -> Any:
        """d = barWA - bara."""
        return self.firm - self.back


@dataclass(frozen=True)
class BallPoint:
    """W, the odds R, |m'|, and the hazards at a point; ``endless``: W is farther from 0 than e^100000, and R too."""

    value: Any
    odds: Any
    steep: Any
    hazard_s: Any
    hazard_b: Any
    endless: bool = False


def _cdf(x: Any) -> Any:
    return (-x / arb(2).sqrt()).erfc() / 2


def _density(x: Any) -> Any:
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def _own_way(z: Any, d: Any) -> Any:
    """P(e1 > z, e2 < e1 + d)."""
    h, k = d / arb(2).sqrt(), -z
    constant, product = -(h * h + k * k) / 2, h * k

    def integrand(t: Any, _analytic: bool) -> Any:
        sine = t.sin()
        return ((constant + product * sine) / (1 - sine * sine)).exp()

    integral = acb.integral(integrand, 0, arb.pi() / 4, abs_tol=arb(0)).real
    return _cdf(h) * _cdf(k) + integral / (2 * arb.pi())


def _mills(z: Any) -> Any:
    """Q(z)/f(z) for z > FAR."""
    if z < 1000:
        return _cdf(-z) / _density(z)
    return (z / (1 + z * z)).union(1 / z)


def ball_reply(game: BallGame, q: Any) -> BallPoint:
    """W and its parts at the exact number *q*. Raises TooFarError."""
    below, above = _cdf(q), _cdf(-q)
    return _at(game, game.status + game.gain * (above / below), _density(q) / (below * below))


def limits(game: BallGame) -> tuple[Any, BallPoint]:
    """W as q falls to minus infinity (None where it is unbounded), and the point at which it ends as q grows."""
    top = _at(game, game.status, arb(0))
    d = game.gap
    if game.gain > 0:
        if d < 0:
            return None, top
        return game.resist + (0 if d > 0 else game.stake), top
    if game.gain < 0:
        h = d / arb(2).sqrt()
        return game.resist + game.stake * _cdf(-h) / _cdf(h), top
    return top.value, top


def _at(game: BallGame, c: Any, steep: Any) -> BallPoint:
    z1, z2, d = c - game.firm, c - game.back, game.gap
    if not abs(d) < WIDEST:
        raise TooFarError(f"standing firm and backing down differ by more than {WIDEST} for A")
    if z1 > FAR and z2 > FAR:
        return _far(game, z1, z2, steep)
    if z1 < FAR_LOW and z2 < FAR_LOW:
        h = d / arb(2).sqrt()
        s = _cdf(h).union(_cdf(h) - _cdf(z1))
        b = _cdf(-h).union(_cdf(-h) - _cdf(z2))
    else:
        s, b = _own_way(z1, d), _own_way(z2, -d)
    if not (s > 0 and b > 0):
        raise TooFarError("a probability cannot be told from 0")
    odds = b / s
    value = game.resist + game.stake * odds
    return BallPoint(value, odds, steep, _density(z1) * _cdf(z2) / s, _density(z2) * _cdf(z1) / b)


def _far(game: BallGame, z1: Any, z2: Any, steep: Any) -> BallPoint:
    mills1, mills2 = _mills(z1), _mills(z2)
    near_one = (1 - _cdf(-arb(FAR))).union(arb(1))
    hazards = near_one / mills1, near_one / mills2
    exponent = -game.gap * (z1 + z2) / 2
    if exponent > LARGEST_EXPONENT:
        least = arb(LARGEST_EXPONENT).exp() / 2
        side = 1 if game.stake > 0 else -1
        return BallPoint(side * arb(100_000).exp(), least, steep, *hazards, endless=bool(game.stake != 0))
    ratio = exponent.exp() if exponent > -LARGEST_EXPONENT else arb(0).union(arb(-LARGEST_EXPONENT).exp())
    odds = ratio * mills2 / mills1 * near_one.union(1 / near_one)
    return BallPoint(game.resist + game.stake * odds, odds, steep, *hazards)
