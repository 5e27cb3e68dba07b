"""What talk is worth, and to whom: every equilibrium against silence, full disclosure and commitment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.equilibrium.solution import Solution
from doubletalk.errors import InputError
from doubletalk.game.model import Game
from doubletalk.talk.commitment import commitment
from doubletalk.talk.commitment_data import Commitment
from doubletalk.talk.equilibria import Equilibria
from doubletalk.talk.ranges import Range
from doubletalk.talk.silence import Disclosure, Silence, full_disclosure, silence

__all__ = ["TalkWorth", "against_silence", "value_of_talk"]

VERDICTS = ("gains", "pays", "gets the same", "depends")
"""How a range of payoffs compares with a benchmark."""


@dataclass(frozen=True)
class TalkWorth:
    """Everybody's expected payoffs, before the type is drawn.

    ``equilibria``      player -> its worst and best equilibrium
    ``at_sender_best``  player -> its payoff over the equilibria that are best for the sender
    ``outcomes_best``   player -> ids of the outcomes that hold its best equilibria
    ``silence``, ``disclosure``, ``commitment``   the benchmarks
    ``verdicts``        player -> how the sender's best equilibria compare with silence: gains, pays, gets the same,
                        depends (on ties, or on which of several equilibria is played); {} where there is no silence
    ``exact``           whether the equilibrium ranges are exact; ``why_not`` says why where they are not
    """

    equilibria: Mapping[str, Range]
    at_sender_best: Mapping[str, Range]
    outcomes_best: Mapping[str, tuple[int, ...]]
    silence: Silence
    disclosure: Disclosure
    commitment: Commitment
    verdicts: Mapping[str, str]
    exact: bool
    why_not: str | None

    @property
    def gainers(self) -> tuple[str, ...]:
        """Who is better off in every equilibrium that is best for the sender than in silence."""
        return tuple(who for who, verdict in self.verdicts.items() if verdict == "gains")

    @property
    def payers(self) -> tuple[str, ...]:
        """Who is worse off in every equilibrium that is best for the sender than in silence."""
        return tuple(who for who, verdict in self.verdicts.items() if verdict == "pays")


def value_of_talk(game: Game, solution: Solution) -> TalkWorth:
    """What everybody gets from talk in the equilibria of *solution*, and in the three benchmarks.

    Exact over whole families (``equilibria``). Raises ``InputError`` when *solution* is of another game.
    """
    if solution.game != game:
        raise InputError(f"the solution is of {solution.game.title!r}, not of {game.title!r}; solve the game first")
    equilibria = Equilibria(solution)
    best = equilibria.ranges_at(equilibria.best_for(game.sender))
    quiet = silence(game)
    obstacle = equilibria.obstacle
    return TalkWorth(
        equilibria=equilibria.ranges(),
        at_sender_best=best,
        outcomes_best={who: _outcomes(equilibria, who) for who in game.players},
        silence=quiet,
        disclosure=full_disclosure(game),
        commitment=commitment(game),
        verdicts={who: against_silence(best[who], quiet.payoffs[who]) for who in best if quiet.payoffs},
        exact=obstacle is None,
        why_not=obstacle,
    )


def _outcomes(equilibria: Equilibria, player: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(point.outcome for point in equilibria.best_for(player)))


def against_silence(talk: Range, quiet: Range) -> str:
    """One of ``VERDICTS``."""
    if talk.low > quiet.high:
        return "gains"
    if talk.high < quiet.low:
        return "pays"
    if talk.settled and talk == quiet:
        return "gets the same"
    return "depends"
