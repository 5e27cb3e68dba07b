"""The same dynamic games by sgamesolver (Eibelshaeuser and Poensgen 2019) and by QuantEcon.

Their notions of a solution differ from ours by what a shock is worth to its owner: here the value of a state is
logsumexp(Q), in sgamesolver's logit Markov quantal response equilibrium it is the mean of Q under play, and in
QuantEcon's discrete dynamic programme the maximum of Q. So the games are handed over with that worth paid openly, as
our equilibrium has it:

- sgamesolver: each player gets, in each state, the entropy of its own play there. At lambda = 1 its equilibrium is then
  ours, play and values, and it finds it by its own road, from uniform play at lambda = 0.
- QuantEcon: the owner gets -log P(a | s) with move a. All moves are then equally good and the value is ours.

That is a check of values and play, and a comparison of cost on the same arrays. QuantEcon needs nothing special;
sgamesolver 1.0.2 builds with Cython and NumPy at hand: ``pip install --no-build-isolation sgamesolver``.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from doubletalk.longgame.declaration import Actor, Coefficient, LongGame, Prior, Rule, Term, Variable
from doubletalk.longgame.layout import features, transitions
from doubletalk.longgame.solution import LongSolution

__all__ = ["bus_engine", "by_quantecon", "by_sgamesolver", "played", "stage_arrays"]

Floats = npt.NDArray[np.float64]


def bus_engine(mileages: int) -> LongGame:
    """Rust (1987): keep or replace an engine, with mileages 0 to *mileages* - 1."""
    levels = tuple(str(k) for k in range(mileages))
    drift = ((1, None, 0.5), (2, None, 0.1))
    miles = Variable("miles", levels, 0, (Rule({"owner": (1,)}, ((None, 0, 1.0),)), Rule({}, drift)))
    wear = tuple(40.0 * k / mileages for k in range(mileages))
    terms = (Term("wear", -1.0, {"owner": (0,)}, {"miles": wear}), Term("price", -1.0, {"owner": (1,)}))
    owner = Actor("owner", ("keep", "replace"), {}, 0.95, terms)
    fixed = Prior("fixed")
    return LongGame("Bus engine", "Rust (1987)", "month", (owner,), (miles,),
                    (Coefficient("wear", 0.1, fixed), Coefficient("price", 4.0, fixed)))  # fmt: skip


def stage_arrays(game: LongGame) -> tuple[list[Floats], Floats]:
    """For each actor u[state, m1, .., mI], and P[state, m1, .., mI, next state]; one stance, no barred moves."""
    levels = [len(variable.levels) for variable in game.variables]
    moves = [len(actor.moves) for actor in game.actors]
    values = np.array(game.values)
    payoffs = []
    for actor in game.actors:
        total = np.zeros((1, *levels, *moves))
        for group in features(game, actor.terms):
            total = total + np.tensordot(values[group.index], group.table, axes=1)
        payoffs.append(total[0].reshape(-1, *moves))
    following = np.ones((*levels, *moves, *(1,) * len(levels)))
    for place, table in enumerate(transitions(game)):
        wide = table.reshape((*table.shape[:-1], *(table.shape[-1] if k == place else 1 for k in range(len(levels)))))
        following = following * wide
    states = int(np.prod(levels))
    return payoffs, following.reshape(states, *moves, states)


def played(solution: LongSolution) -> list[Floats]:
    """For each actor its choice probabilities [state, own move], in a game in which all move at once."""
    found = []
    for i, actor in enumerate(solution.game.actors):
        table = solution.probabilities(actor.name)[..., 0]
        count = len(solution.game.variables)
        row = table[(slice(None),) * count + (0,) * i]
        found.append(row.reshape(-1, row.shape[-1]))
    return found


def by_sgamesolver(solution: LongSolution) -> dict[str, Any]:
    """Trace sgamesolver's logit equilibrium to lambda = 1; seconds, and the gaps in play and in values."""
    vars(np).setdefault("NaN", np.nan)  # sgamesolver 1.0.2 still asks for NumPy 1's name
    import sgamesolver

    game, play = solution.game, played(solution)
    payoffs, following = stage_arrays(game)
    entropies = [-(p * np.log(p)).sum(axis=1) for p in play]
    wide = (slice(None), *(None,) * len(play))
    paid = np.stack([u + h[wide] for u, h in zip(payoffs, entropies, strict=True)], axis=1)
    theirs = sgamesolver.SGame(list(paid), list(following), [actor.discount for actor in game.actors])
    traced = sgamesolver.homotopy.QRE(theirs)
    began = time.process_time()
    traced.solver_setup(target_lambda=1.0)
    traced.solver.verbose = 0
    traced.solve()
    seconds = time.process_time() - began
    found = traced.equilibrium
    if found is None:
        return {"seconds": seconds, "failed": "no equilibrium at the end of its path"}
    values = np.asarray(solution.unknown.values)[..., 0].reshape(len(play), -1)
    return {
        "seconds": seconds,
        "gap_in_play": max(float(np.abs(found.strategies[:, i, : p.shape[1]] - p).max()) for i, p in enumerate(play)),
        "gap_in_values": float(np.abs(found.values.T - values).max()),
    }


def by_quantecon(solution: LongSolution) -> dict[str, Any]:
    """Policy iteration on a game of one actor; seconds, and the gap in values."""
    import quantecon
    from scipy import sparse

    payoffs, following = stage_arrays(solution.game)
    play = played(solution)[0]
    states, moves = play.shape
    rewards = (payoffs[0] - np.log(play)).reshape(-1)
    chain = sparse.csr_matrix(following.reshape(states * moves, states))
    pairs = np.repeat(np.arange(states), moves), np.tile(np.arange(moves), states)
    theirs = quantecon.markov.DiscreteDP(rewards, chain, solution.game.actors[0].discount, *pairs)
    theirs.solve(method="policy_iteration")  # compiles
    began = time.process_time()
    found = theirs.solve(method="policy_iteration")
    return {
        "seconds": time.process_time() - began,
        "gap_in_values": float(np.abs(found.v - np.asarray(solution.unknown.values)[0, :, 0]).max()),
    }
