"""The first move of the solver: which pieces module applies to a game. Modules that are not needed are not loaded."""

from __future__ import annotations

from doubletalk.equilibrium.response import ResponseComplex
from doubletalk.exact import Rational
from doubletalk.game.model import Game

__all__ = ["response_complex"]


def response_complex(
    game: Game,
    name: str,
    concept: str = "sequential",
    asked: frozenset[tuple[int, tuple[Rational, ...]]] = frozenset(),
) -> ResponseComplex:
    """The response complex of *game*, whose solver class (``solver_class(game)[0]``) is *name*.

    ``concept`` "nash" adds what need not be rational because play does not reach it: the replies to one audience,
    the moves of audiences in sequence.

    ``asked``: beliefs at which audiences in sequence are to be resolved exactly (``Found.asked``).

    Raises TooLarge where audiences that connect have too many pure profiles.
    """
    if name == "separable":
        from doubletalk.equilibrium.pieces_separable import separable_complex

        return separable_complex(game)
    if name == "sequence form":
        from doubletalk.equilibrium.pieces_reply import reply_complex

        return reply_complex(game, concept)
    from doubletalk.equilibrium.pieces_partial import partial_complex

    return partial_complex(game, asked, concept)
