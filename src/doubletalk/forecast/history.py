"""A history of moves: which move each actor made in each period, as indices into its list of moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError

__all__ = ["History"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class History:
    """Moves made in T periods by A actors.

    ``chosen`` has shape ``(T, A)``; ``chosen[t, a]`` indexes ``moves[a]``. ``covariates`` has shape ``(T, C)`` and
    holds what is known *before* the moves of the period are made (an election calendar, say); it may have no columns.
    """

    periods: tuple[str, ...]
    actors: tuple[str, ...]
    moves: tuple[tuple[str, ...], ...]
    chosen: Ints
    covariates: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = (len(self.periods), len(self.actors))
        if self.chosen.shape != shape:
            raise DoubletalkError(f"moves chosen have shape {self.chosen.shape}; expected (periods, actors) = {shape}")
        if self.covariates.ndim != 2 or self.covariates.shape[0] != shape[0]:
            raise DoubletalkError(
                f"covariates have shape {self.covariates.shape}; expected ({shape[0]}, number of columns)"
            )
        for a, names in enumerate(self.moves):
            column = self.chosen[:, a]
            if column.size and (column.min() < 0 or column.max() >= len(names)):
                raise DoubletalkError(f"a move of {self.actors[a]} is out of range; its moves are {', '.join(names)}")

    def __len__(self) -> int:
        return len(self.periods)

    def before(self, period: int) -> History:
        """The history of the periods before ``period`` (an index)."""
        return History(self.periods[:period], self.actors, self.moves, self.chosen[:period], self.covariates[:period])
