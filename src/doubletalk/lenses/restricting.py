"""A long game under a lens: the stance, the coefficients that are held, the priors that are its own.

A lens with one stance known to all is the game of one stance: no belief, nothing to be inferred from deeds. Its payoffs
are the terms of that stance; a coefficient that only the other stance has is then **idle**: the likelihood does not
depend on it, so its posterior is its prior and its share in the marginal likelihood is exactly one. It is held.

How much freedom a lens has is counted twice: the coefficients that are free and not idle, and the **directions**, the
rank of the payoffs in them. Two coefficients on the same feature are two coefficients and one direction.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from doubletalk.errors import InputError
from doubletalk.game.wording import unknown
from doubletalk.lenses.declaration import EITHER, Lens
from doubletalk.longgame.coordinates import held
from doubletalk.longgame.declaration import STANCE, LongGame, Term
from doubletalk.longgame.layout import feature

__all__ = ["directions", "free_names", "idle", "one_stance", "under"]


def under(game: LongGame, lens: Lens) -> LongGame:
    """The game as *lens* sees it, idle coefficients held at the file's values."""
    known = [c.name for c in game.coefficients]
    for name in (*lens.held, *lens.priors):
        if name not in known:
            raise InputError(f"lens '{lens.name}': {unknown('coefficient', name, known)}")
    coefficients = tuple(replace(c, prior=lens.priors.get(c.name, c.prior)) for c in game.coefficients)
    seen = replace(game, coefficients=coefficients)
    seen = held(seen, {name: item.value for name, item in lens.held.items()})
    if lens.stance != EITHER and len(game.stances) == 2:
        seen = one_stance(seen, lens.stance)
    if lens.belief is not None:
        seen = replace(seen, belief=lens.belief)
    values = {c.name: c.value for c in seen.coefficients}
    return held(seen, {name: values[name] for name in idle(seen)})


def one_stance(game: LongGame, stance: str) -> LongGame:
    """The game in which everybody knows that the informed actor has *stance* and keeps it.

    Terms of the other stance stay, with weight zero: games of either stance then share one compiled program.
    """
    if stance not in game.stances:
        raise InputError(unknown("stance", stance, game.stances))
    index = game.stances.index(stance)

    def seen(term: Term) -> Term:
        add = term.add if index in term.when.get(STANCE, (index,)) else 0.0
        add *= term.times[STANCE][index] if STANCE in term.times else 1.0
        return replace(
            term, add=add, when={axis: labels for axis, labels in term.when.items() if axis != STANCE},
            times={axis: weights for axis, weights in term.times.items() if axis != STANCE},
        )  # fmt: skip

    return replace(
        game,
        actors=tuple(replace(actor, terms=tuple(map(seen, actor.terms))) for actor in game.actors),
        outcomes=tuple(replace(outcome, terms=tuple(map(seen, outcome.terms))) for outcome in game.outcomes),
        stances=(stance,),
        hazard=(0.0,),
        points=1,
    )


def idle(game: LongGame) -> tuple[str, ...]:
    """Coefficients with a prior on which no payoff depends."""
    live = {term.coefficient for actor in game.actors for term in actor.terms if feature(game, term).any()}
    return tuple(c.name for c in game.coefficients if c.prior.family != "fixed" and c.name not in live)


def free_names(game: LongGame) -> tuple[str, ...]:
    """Coefficients that have a prior."""
    return tuple(c.name for c in game.coefficients if c.prior.family != "fixed")


def directions(game: LongGame) -> int:
    """Rank of the payoffs of all actors, over all states, moves and stances, in the free coefficients."""
    names = free_names(game)
    grid = tuple(len(labels) for labels in game.axes.values())
    gram = np.zeros((len(names), len(names)))
    for actor in game.actors:
        columns = {name: np.zeros((1,) * len(grid)) for name in names}
        for term in actor.terms:
            if term.coefficient in columns:
                columns[term.coefficient] = columns[term.coefficient] + feature(game, term)
        table = np.stack([np.broadcast_to(column, grid).ravel() for column in columns.values()])
        gram += table @ table.T
    scale = np.sqrt(np.where(np.diag(gram) > 0, np.diag(gram), 1.0))
    return int(np.linalg.matrix_rank(gram / np.outer(scale, scale), tol=1e-9, hermitian=True)) if len(names) else 0
