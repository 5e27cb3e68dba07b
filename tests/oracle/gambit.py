"""Our games as Gambit's extensive games, exact, and both programs' equilibria carried across."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from fractions import Fraction

import pygambit

from doubletalk.equilibrium.solution import Assessment, Distribution
from doubletalk.exact import ZERO, Rational, rational
from doubletalk.game.model import NO_REPLY, Game

__all__ = ["GambitGame", "gambit_equilibria"]

Key = tuple[str, str]


def fraction(value: Rational) -> Fraction:
    """The rational as Python's Fraction, which Gambit reads exactly."""
    return Fraction(int(value.p), int(value.q))


class GambitGame:
    """*game* as a tree: nature draws the type, the sender speaks, audiences move in order, the sender may reply.

    ``sets``  (player, our information set) -> Gambit's information set; the sender's are its type, or
              ``type|reply node`` where it replies
    ``moves`` the same keys -> our labels, in Gambit's order of actions
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self.tree = pygambit.Game.new_tree(players=list(game.players), title=game.title)
        self.sets: dict[Key, object] = {}
        self.moves: dict[Key, tuple[str, ...]] = {}
        self.outcomes = 0
        root = self.tree.root
        self.tree.append_move(root, self.tree.players.chance, list(game.types))
        self.tree.set_chance_probs(root.infoset, [fraction(p) for p in game.prior])
        for t, name in enumerate(game.types):
            labels = tuple(game.messages[m] for m in game.available[t])
            node = list(root.children)[t]
            self._move(node, game.sender, name, labels)
            for m, child in zip(game.available[t], list(node.children), strict=True):
                self._audiences(child, t, m, ())

    def _move(self, node: object, player: str, key: str, labels: tuple[str, ...]) -> None:
        if (player, key) in self.sets:
            self.tree.append_infoset(node, self.sets[player, key])
        else:
            self.tree.append_move(node, player, list(labels))
            self.sets[player, key], self.moves[player, key] = node.infoset, labels

    def _audiences(self, node: object, t: int, m: int, actions: tuple[int, ...]) -> None:
        game, j = self.game, len(actions)
        if j == len(game.audiences):
            self._reply(node, t, m, actions)
            return
        rest = (0,) * (len(game.audiences) - j)
        key = game.information_set(j, m, actions + rest)
        self._move(node, game.audiences[j].name, key, game.actions_after(m)[j])
        for a, child in enumerate(list(node.children)):
            self._audiences(child, t, m, (*actions, a))

    def _reply(self, node: object, t: int, m: int, actions: tuple[int, ...]) -> None:
        game = self.game
        labels = game.replies.get((t, m, actions), ())
        if labels:
            self._move(node, game.sender, f"{game.types[t]}|{game.reply_node(m, actions)}", tuple(labels))
        ends = list(node.children) if labels else [node]
        for c, end in zip(game.reply_range(t, m, actions), ends, strict=True):
            payoffs = [fraction(v) for v in game.payoffs[t, m, actions, c if labels else NO_REPLY]]
            self.outcomes += 1
            self.tree.set_outcome(end, self.tree.add_outcome(str(self.outcomes), payoffs))

    def max_regret(self, point: Assessment) -> Fraction:
        """Gambit's own exact regret of our assessment: 0 exactly at a Nash equilibrium."""
        profile = self.tree.mixed_behavior_profile(rational=True)
        plans: dict[Key, Distribution] = {(self.game.sender, name): plan for name, plan in point.sender.items()}
        plans |= {(who, key): plan for who, sets in point.responses.items() for key, plan in sets.items()}
        plans |= {
            (self.game.sender, f"{name}|{node}"): plan
            for name, nodes in point.replies.items()
            for node, plan in nodes.items()
        }
        for key, infoset in self.sets.items():
            for label, action in zip(self.moves[key], infoset.actions, strict=True):
                profile[action] = fraction(rational(plans[key].get(label, ZERO)))
        return Fraction(str(profile.max_regret()))

    def assessment(self, probabilities: Mapping[Key, Distribution]) -> Assessment:
        """A profile of Gambit's, by our keys, as an assessment of a game without a reply (and without beliefs)."""
        names = {audience.name for audience in self.game.audiences}
        responses: dict[str, dict[str, Distribution]] = {name: {} for name in names}
        sender = {}
        for (player, key), plan in probabilities.items():
            if player in names:
                responses[player][key] = plan
            else:
                sender[key] = plan
        return Assessment(sender, responses, {})

    def equilibria(self, method: str) -> list[dict[Key, Distribution]]:
        """What Gambit's exact *method* ("enummixed" for two players, or "enumpure") lists, by our keys."""
        if method == "enummixed":
            result = pygambit.nash.enummixed_solve(self.tree, rational=True).equilibria
            profiles = [profile.as_behavior() for profile in result]
        else:
            result = pygambit.nash.enumpure_solve(self.tree).equilibria
            profiles = [p.as_behavior() if hasattr(p, "as_behavior") else p for p in result]
        found = []
        for profile in profiles:
            plans = {}
            for key, infoset in self.sets.items():
                weights = [rational(str(profile[action])) for action in infoset.actions]
                plans[key] = {label: w for label, w in zip(self.moves[key], weights, strict=True) if w}
            found.append(plans)
        return found


def _work(game: Game, method: str, pipe: object) -> None:
    pipe.send(GambitGame(game).equilibria(method))
    pipe.close()


def gambit_equilibria(game: Game, method: str, seconds: float) -> list[dict[Key, Distribution]] | None:
    """``GambitGame.equilibria`` in a process of its own; None when it takes longer than *seconds*."""
    context = multiprocessing.get_context("forkserver")  # forking this process itself is unsafe once JAX has threads
    context.set_forkserver_preload([__name__])
    here, there = context.Pipe(duplex=False)
    worker = context.Process(target=_work, args=(game, method, there))
    worker.start()
    there.close()
    try:
        return here.recv() if here.poll(seconds) else None
    finally:
        worker.kill()
        worker.join()
        here.close()
