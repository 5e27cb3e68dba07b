"""Small long games for the tests of lenses, and records simulated from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import logsumexp

from doubletalk.longgame.declaration import Actor, Coefficient, LongGame, Markov, Prior, Term, Variable
from doubletalk.longgame.likelihood import Observed
from doubletalk.longgame.posterior import Posterior
from doubletalk.longgame.simulate import simulate
from doubletalk.longgame.solution import solve_long_game


def coin_game(low: float, high: float) -> LongGame:
    """One actor, two moves, no future: P(second move) = 1 / (1 + exp(-c)), c uniform on [low, high]."""
    actor = Actor("c", ("no", "yes"), {}, 0.0, (Term("lean", 1.0, {"c": (1,)}),))
    weather = Variable("weather", ("dry", "wet"), 0, (), Markov(((0.5, 0.5), (0.5, 0.5))))
    return LongGame("coin", "", "day", (actor,), (weather,), (Coefficient("lean", 0.0, Prior("uniform", (low, high))),))


def lens_game(*, points: int = 3, worth: float = 2.0) -> LongGame:
    """A client whose stance says what an open door is worth to it, and a west that opens the door or shuts it.

    ``worth`` is what the last stance has of an open door beyond the first, by its own coefficient ``prize``; the first
    has ``gain`` from a shut one instead.
    """
    normal, positive = Prior("normal", (0.0, 1.0)), Prior("half_normal", (1.5,))
    client = Actor("client", ("hold", "strike"), {}, 0.6, (
        Term("cost", -1.0, {"client": (1,)}),
        Term("prize", 1.0, {"stance": (1,), "client": (1,), "door": (1,)}),
        Term("gain", 1.0, {"stance": (0,), "client": (1,), "door": (0,)}),
    ))  # fmt: skip
    west = Actor("west", ("shut", "open"), {}, 0.6, (
        Term("mind", -1.0, {"client": (1,), "west": (1,)}),
        Term("trade", 1.0, {"west": (1,)}),
    ))  # fmt: skip
    door = Variable("door", ("shut", "open"), 0, (), Markov(((0.6, 0.4), (0.4, 0.6))))
    values = {"cost": 0.5, "prize": worth, "gain": worth, "mind": 0.7, "trade": 0.3}
    return LongGame(
        "lens", "", "quarter", (client, west), (door,),
        tuple(Coefficient(name, value, positive if name in ("prize", "gain") else normal) for name, value in
              values.items()), "client", ("first", "last"), 0.5, (0.02, 0.03), points,
    )  # fmt: skip


def swapped(game: LongGame) -> LongGame:
    """The same game with its two stances in the other order."""
    turn = {0: 1, 1: 0}

    def turned(term: Term) -> Term:
        when = {axis: tuple(turn[x] for x in v) if axis == "stance" else v for axis, v in term.when.items()}
        return replace(term, when=when)

    actors = tuple(replace(actor, terms=tuple(map(turned, actor.terms))) for actor in game.actors)
    return replace(
        game, actors=actors, stances=game.stances[::-1], belief=1 - game.belief, hazard=game.hazard[::-1]
    )


def record_of(game: LongGame, periods: int, seed: int, stance: int | None = None) -> Observed:
    """A simulated history of *game* as levels and moves."""
    solved = solve_long_game(game)
    run = simulate(game, solved.tables, solved.play, paths=1, periods=periods, seed=seed, stance=stance)
    return Observed(np.asarray(run.levels[:-1, 0]), np.asarray(run.moves[:, 0]))


def quadrature(posterior: Posterior, nodes: int) -> float:
    """The log marginal likelihood of a game with two free coefficients by Gauss and Hermite's product rule."""
    assert len(posterior.names) == 2
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    logs = [
        posterior(np.array([x, y]), 1e-8, gradient=False).likelihood + np.log(v) + np.log(w)
        for x, v in zip(points, weights, strict=True)
        for y, w in zip(points, weights, strict=True)
    ]
    return float(logsumexp(logs) - np.log(2 * np.pi))
