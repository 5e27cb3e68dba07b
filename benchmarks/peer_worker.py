"""One attempt of another program at one game, run as ``python -m benchmarks.peer_worker REQUEST`` by ``peers``.

The memory of this process is capped and a timer ends it, so that nothing that a peer does can hang the benchmark.
Prints one line of JSON. Times are processor times, which other work on the machine does not lengthen; importing and
building the game are not counted.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import warnings
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

from benchmarks.games import Size, beer_quiche, random_game
from benchmarks.peers import MEMORY_GIB
from doubletalk.game.model import NO_REPLY, Game


def gambit_tree(game: Game) -> Any:
    """The game as Gambit's extensive game in exact rationals: nature, sender, audiences in order."""
    import pygambit

    tree = pygambit.Game.new_tree(players=list(game.players), title=game.title)
    tree.append_move(tree.root, tree.players.chance, list(game.types))
    tree.set_chance_probs(tree.root.infoset, [_fraction(p) for p in game.prior])
    sets: dict[tuple[int, int], Any] = {}

    def move(node: Any, player: int, where: int, labels: list[str]) -> None:
        if (player, where) in sets:
            tree.append_infoset(node, sets[player, where])
        else:
            tree.append_move(node, game.players[player], labels)
            sets[player, where] = node.infoset

    def descend(node: Any, t: int, m: int, acts: tuple[int, ...]) -> None:
        j = len(acts)
        if j == len(game.audiences):
            values = [_fraction(v) for v in game.payoffs[t, m, acts, NO_REPLY]]
            tree.set_outcome(node, tree.add_outcome("|".join(map(str, (t, m, *acts))), values))
            return
        labels = list(game.actions_after(m)[j])
        move(node, j + 1, game.audiences[j].observation_of[m], labels)
        for a, child in enumerate(list(node.children)):
            descend(child, t, m, (*acts, a))

    for t, node in enumerate(list(tree.root.children)):
        move(node, 0, t, [game.messages[m] for m in game.available[t]])
        for m, child in zip(game.available[t], list(node.children), strict=True):
            descend(child, t, m, ())
    return tree


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def strategic_form(game: Game) -> tuple[list[list[float]], list[list[float]]]:
    """Expected payoffs (sender, audience) by pure strategies, of a game with one audience."""
    (audience,) = game.audiences
    plans = list(product(*game.available))
    answers = list(product(*(range(len(labels)) for labels in audience.actions)))
    tables: tuple[list[list[float]], list[list[float]]] = ([], [])
    for plan in plans:
        rows: tuple[list[float], list[float]] = ([], [])
        for answer in answers:
            ends = [(t, m, (answer[audience.observation_of[m]],), NO_REPLY) for t, m in enumerate(plan)]
            for player in (0, 1):
                value = sum(game.prior[end[0]] * game.payoffs[end][player] for end in ends)
                rows[player].append(float(_fraction(value)))
        tables[0].append(rows[0])
        tables[1].append(rows[1])
    return tables


def prepared(method: str, game: Game) -> Callable[[], int]:
    """The attempt itself, everything built: calling it solves and returns how many equilibria were listed."""
    if method.startswith("doubletalk"):
        from doubletalk.equilibrium import solve

        return lambda: sum(len(outcome.families) for outcome in solve(game, "nash").outcomes)
    if method.startswith("gambit"):
        import pygambit

        tree = gambit_tree(game)
        if method == "gambit enummixed":
            return lambda: len(pygambit.nash.enummixed_solve(tree, rational=True).equilibria)
        strategic = method.endswith("strategic")
        return lambda: len(pygambit.nash.enumpoly_solve(tree, use_strategic=strategic).equilibria)
    import nashpy
    import numpy

    first, second = strategic_form(game)
    bimatrix = nashpy.Game(numpy.array(first), numpy.array(second))
    if method == "nashpy vertex enumeration":
        return lambda: len(list(bimatrix.vertex_enumeration()))
    return lambda: len(list(bimatrix.support_enumeration()))


def _limit(seconds: float) -> None:
    """Caps memory and sets the timer, whose default action ends the process even inside compiled code."""
    try:
        import resource
    except ImportError:
        return
    cap = MEMORY_GIB * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (cap, cap))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Answer one request of ``peers.attempt``."""
    game = beer_quiche() if request["size"] is None else random_game(request["seed"], Size(**request["size"]))
    solve = prepared(request["method"], game)
    warnings.simplefilter("ignore")
    _limit(request["limit_s"])
    start = time.process_time()
    listed = solve()
    return {"end": "answered", "seconds": round(time.process_time() - start, 6), "listed": listed}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))) + "\n")
