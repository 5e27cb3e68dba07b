"""Talk is cheap when every type can say everything and what is said changes nobody's payoffs or possibilities."""

from __future__ import annotations

from doubletalk.game.model import Game

__all__ = ["costly"]


def costly(game: Game) -> str | None:
    """Why the game is not public cheap talk, in words; None when it is."""
    everything = tuple(range(len(game.messages)))
    for t, sendable in enumerate(game.available):
        if sendable != everything:
            return f"talk is not cheap: {game.types[t]} cannot send every message"
    if any(len(cell.audiences) < len(game.audiences) or len(cell.messages) > 1 for cell in game.cells()):
        return "talk is not public: some audience does not see the whole message"
    for m in everything[1:]:
        if game.actions_after(m) != game.actions_after(0):
            return f"talk is not cheap: actions after '{game.messages[m]}' differ from those after '{game.messages[0]}'"
    for t, m, actions, c in game.histories():
        if game.replies.get((t, m, actions)) != game.replies.get((t, 0, actions)):
            return f"talk is not cheap: replies after '{game.messages[m]}' differ from those after '{game.messages[0]}'"
        if game.payoffs[t, m, actions, c] != game.payoffs[t, 0, actions, c]:
            return f"talk is not cheap: payoffs after '{game.messages[m]}' differ from those after '{game.messages[0]}'"
    return None
