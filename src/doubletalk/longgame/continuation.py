"""Following an equilibrium: from uniform play up in the precision of choices, or on from a stored solution.

At precision lambda all coefficients are multiplied by lambda: at 0 every move that may be made is equally likely, at 1
the game is the file's. Each equilibrium is the guess for the next. Where the branch from 0 turns back before 1 the
solver jumps to another, which shows as a large step in play; smaller steps then say where.

Source: Turocy (2005), Games and Economic Behavior 51, for the branch from 0; McKelvey and Palfrey (1998).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.longgame.declaration import LongGame

if TYPE_CHECKING:
    import xarray as xr

    from doubletalk.longgame.engine import Tables, Unknown
    from doubletalk.longgame.layout import Shape
    from doubletalk.longgame.solution import LongSolution
    from doubletalk.longgame.solving import Solved

__all__ = ["Step", "continue_in_precision", "follow", "solve_from", "stored_guess"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """One point of the path: lambda, residual, evaluations, and the largest change of a choice probability since."""

    precision: float
    residual: float
    evaluations: int
    moved: float


def follow(shape: Shape, tables: Tables, coefficients: Floats, precisions: Sequence[float]) -> Iterator[Solved]:
    """Equilibria at these precisions, each from the one before, the first from zero; residuals are the caller's."""
    from doubletalk.longgame.engine import start
    from doubletalk.longgame.solving import solve

    guess = start(shape)
    for precision in precisions:
        found = solve(shape, tables, precision * coefficients, guess)
        guess = found.unknown
        yield found


def continue_in_precision(
    game: LongGame, coefficients: Mapping[str, float] | None = None, *, steps: int = 10, policy: str | None = None
) -> tuple[LongSolution, tuple[Step, ...]]:
    """The equilibrium at the end of the path from lambda = 0 to 1 in equal steps, and the path.

    Raises ``DoubletalkError`` where a step reaches no equilibrium to the solver's residual.
    """
    from doubletalk.longgame.engine import tables_of
    from doubletalk.longgame.policies import under_policy
    from doubletalk.longgame.solution import LongSolution, endless, values_with
    from doubletalk.longgame.solving import TOLERANCE, play_of

    if steps < 1:
        raise InputError(f"a continuation has at least 1 step, found {steps}")
    endless(game, "a continuation")
    fixed: dict[int, Any] = {}
    if policy is not None:
        game, fixed = under_policy(game, policy)
    values = values_with(game, coefficients)
    shape, tables = tables_of(game, fixed)
    path: list[Step] = []
    before: list[Floats] = []
    precisions = [k / steps for k in range(steps + 1)]
    for precision, found in zip(precisions, follow(shape, tables, values, precisions), strict=True):
        size = float(found.residual)
        if not size <= TOLERANCE:
            raise DoubletalkError(
                f"the continuation found no equilibrium at lambda = {precision:.3g} (residual {size:.2g}); more steps "
                "may help"
            )
        play = play_of(shape, found)
        now = [np.exp(np.asarray(logs)) for logs in play.log_probabilities]
        moved = max(float(np.abs(a - b).max()) for a, b in zip(now, before or now, strict=True))
        path.append(Step(precision, size, int(found.evaluations), moved))
        before = now
    solution = LongSolution(game, shape, tables, values, found.unknown, play, size, int(found.evaluations))
    return solution, tuple(path)


def solve_from(
    game: LongGame, file: Path, coefficients: Mapping[str, float] | None = None, *, policy: str | None = None
) -> LongSolution:
    """The equilibrium that the solver reaches from a solution stored by ``longgame solve --out``."""
    from doubletalk.longgame.layout import shape_of
    from doubletalk.longgame.policies import under_policy
    from doubletalk.longgame.solution import endless, solve_long_game

    endless(game, "going on from a stored solution")
    shape = shape_of(game) if policy is None else shape_of(*under_policy(game, policy))
    return solve_long_game(game, coefficients, policy=policy, guess=stored_guess(game, shape, file))


def stored_guess(game: LongGame, shape: Shape, file: Path) -> Unknown:
    """A solution written by ``solve --out`` as a guess for *game*; InputError where it is of another game."""
    import jax.numpy as jnp
    import xarray as xr

    from doubletalk.longgame.engine import Unknown

    if not file.is_file():
        raise InputError("no such file", str(file))
    try:
        with xr.open_dataset(file, engine="scipy") as opened:
            stored = opened.load()
    except (OSError, ValueError, TypeError):
        raise InputError("is not a solution that 'longgame solve --out' wrote", str(file)) from None
    parts = _checked(game, shape, stored, file)
    values = [part if i == shape.informed else part[None] for i, part in enumerate(parts["V"])]

    def logs(i: int) -> Floats:
        """Log probabilities with one entry a kind of the moves that the actor has seen."""
        table, group = np.log(np.maximum(parts["P"][i], 1e-300)), shape.groups[shape.stage(i)]
        first = len(shape.levels) + (i == shape.informed)
        for j in range(i):
            kinds = shape.kinds[j]
            table = table.take([kinds.index(k) for k in range(max(kinds) + 1)] if j < group[0] else [0], first + j)
        return np.squeeze(table, tuple(first + j for j in range(group[0], i)))

    ratios = np.zeros(shape.ratios)
    if shape.informed >= 0:
        both = logs(shape.informed)
        ratios = both[1] - both[0]
    mixes = tuple(
        jnp.asarray(logs(i)) if len(shape.groups[shape.stage(i)]) > 1 else jnp.zeros(0) for i in range(len(shape.moves))
    )
    return Unknown(jnp.asarray(np.concatenate(values)), jnp.asarray(ratios), mixes)


def _checked(game: LongGame, shape: Shape, stored: xr.Dataset, file: Path) -> dict[str, list[Floats]]:
    """``V_`` and ``P_`` of each actor, with the sizes that the game's have."""
    parts: dict[str, list[Floats]] = {"V": [], "P": []}
    for i, actor in enumerate(game.actors):
        lead = (shape.stances,) if i == shape.informed else ()
        for kind, moves in (("V", ()), ("P", shape.moves[: i + 1])):
            name, expected = f"{kind}_{actor.name}", (*lead, *shape.levels, *moves, shape.points)
            found = stored[name].shape if name in stored else "nothing"
            if found != expected:
                raise InputError(f"is of another game: {name} has shape {found}, expected {expected}", str(file))
            parts[kind].append(np.asarray(stored[name].values, dtype=float))
    return parts
