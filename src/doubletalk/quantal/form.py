"""A game as arrays, one player an information set: what the logit equations need.

Every information set h is played by somebody of its own, who cares only about what follows there. With pi the
probabilities of all actions, W_k = log p(t) + sum of log pi over the actions of play k, and K(a) the plays that go
through action a,

    U(a) = sum over k in K(a) of u_k exp(W_k) / sum over k in K(a) of exp(W_k)

is the payoff expected from a *given that its information set is reached*. Everything is computed from logarithms,
so that beliefs stay exact where every route has a tiny probability. Sums run over lists of plays and not through
matrix products, whose threads would cost more than they bring at this size.

Source: McKelvey & Palfrey (1998), Quantal response equilibria for extensive form games, Experimental Economics 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from doubletalk.exact import decimal
from doubletalk.game.model import Game, History

__all__ = ["AgentForm", "Array", "Profile", "agent_form"]

Array: TypeAlias = npt.NDArray[np.float64]
Groups: TypeAlias = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
Profile: TypeAlias = Mapping[str, Mapping[str, Mapping[str, float]]]
"""player -> information set (type, ``Game.information_set`` or ``type|reply node``) -> action -> probability."""


@dataclass(frozen=True, eq=False)
class AgentForm:
    """Arrays over the A actions of all information sets and the K plays.

    ``sets``      [set] -> (player, key, labels of its actions)
    ``starts``    [set] -> index of its first action; ``set_of`` [action] -> its set
    ``free``      indices of the actions that are not the first of their set: the N unknowns
    ``incidence`` (A, K): whether the play goes through the action
    ``by_play``   actions, play after play, and where each play's begin
    ``by_action`` plays, action after action, and where each action's begin
    ``payoffs``   (A, K): payoff of the action's player in the play, divided by ``scale``
    ``scale``     the widest range of any player's payoffs, 1 where nobody's payoff ever changes
    ``log_prior`` (K,)
    """

    sets: tuple[tuple[str, str, tuple[str, ...]], ...]
    starts: npt.NDArray[np.intp]
    set_of: npt.NDArray[np.intp]
    free: npt.NDArray[np.intp]
    incidence: npt.NDArray[np.bool_]
    by_play: Groups
    by_action: Groups
    payoffs: Array
    log_prior: Array
    scale: float

    def log_probabilities(self, z: Array) -> Array:
        """log pi (A,) from the log-odds *z* (N,) of each action against the first of its set."""
        full = np.zeros(len(self.set_of))
        full[self.free] = z
        return self.normalised(full)

    def normalised(self, full: Array) -> Array:
        """Logarithms of the softmax of *full* (A,) within every set."""
        top = np.maximum.reduceat(full, self.starts)[self.set_of]
        total = np.add.reduceat(np.exp(full - top), self.starts)
        return np.asarray(full - top - np.log(total)[self.set_of], dtype=np.float64)

    def through(self, log_pi: Array) -> Array:
        """(A, K): the probability of each play given that it goes through the action."""
        log_play = np.add.reduceat(log_pi[self.by_play[0]], self.by_play[1]) + self.log_prior
        weights = np.where(self.incidence, log_play, -np.inf)
        weights = np.exp(weights - weights.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float64)

    def utilities(self, log_pi: Array) -> Array:
        """U (A,), divided by ``scale``."""
        return np.asarray((self.through(log_pi) * self.payoffs).sum(axis=1), dtype=np.float64)

    def response(self, log_pi: Array) -> tuple[Array, Array]:
        """U (A,) and its derivatives (A, A) by log pi: dU(a) / d log pi(b) = E[u 1(b) | a] - U(a) P(b | a)."""
        given = self.through(log_pi)
        paid = given * self.payoffs
        u = paid.sum(axis=1)
        paid -= u[:, None] * given
        plays, begin = self.by_action
        return u, np.add.reduceat(paid[:, plays], begin, axis=1)

    def system(self, x: Array) -> tuple[Array, Array]:
        """F (N,) and its Jacobian (N, N + 1) at x = (z, mu), mu = rationality times ``scale``.

        F(a) = z(a) - mu (U(a) - U(first action of the set)); F = 0 is the logit equilibrium.
        """
        z, mu = x[:-1], x[-1]
        log_pi = self.log_probabilities(z)
        u, by_log = self.response(log_pi)
        first = self.starts[self.set_of[self.free]]
        gain = u[self.free] - u[first]
        by_z = self.chained(by_log[self.free] - by_log[first], log_pi)
        jacobian = np.empty((len(z), len(x)))
        jacobian[:, :-1] = np.eye(len(z)) - mu * by_z
        jacobian[:, -1] = -gain
        return z - mu * gain, jacobian

    def chained(self, by_log: Array, log_pi: Array) -> Array:
        """Derivatives (..., N) by z from derivatives (..., A) by log pi: d log pi(a) / dz(b) = 1(a is b) - pi(b)
        within a set, 0 between sets."""
        sums = np.add.reduceat(by_log, self.starts, axis=-1)[..., self.set_of[self.free]]
        return np.asarray(by_log[..., self.free] - sums * np.exp(log_pi[self.free]), dtype=np.float64)

    def moved(self, by_z: Array, log_pi: Array) -> Array:
        """The derivative (A,) of log pi along a direction (N,) in z."""
        full = np.zeros(len(self.set_of))
        full[self.free] = by_z
        mean = np.add.reduceat(np.exp(log_pi) * full, self.starts)
        return np.asarray(full - mean[self.set_of], dtype=np.float64)

    def residual(self, x: Array) -> float:
        """The largest difference between a probability and the logit response to all of them."""
        log_pi = self.log_probabilities(x[:-1])
        answer = self.normalised(x[-1] * self.utilities(log_pi))
        return float(np.abs(np.exp(log_pi) - np.exp(answer)).max(initial=0.0))

    def profile(self, z: Array) -> Profile:
        """The probabilities by player, information set and action."""
        pi = np.exp(self.log_probabilities(z))
        found: dict[str, dict[str, dict[str, float]]] = {}
        for (player, key, labels), start in zip(self.sets, self.starts, strict=True):
            found.setdefault(player, {})[key] = {name: float(pi[start + n]) for n, name in enumerate(labels)}
        return found


def agent_form(game: Game) -> AgentForm:
    """The arrays of *game*; information sets in order of first appearance in ``Game.histories``."""
    numbers: dict[tuple[str, str], int] = {}
    labels: list[tuple[str, ...]] = []
    routes: list[list[tuple[int, int]]] = []
    for history in game.histories():
        route = []
        for player, key, names, action in _moves(game, history):
            if (player, key) not in numbers:
                numbers[player, key] = len(labels)
                labels.append(names)
            route.append((numbers[player, key], action))
        routes.append(route)
    sizes = [len(names) for names in labels]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
    set_of = np.repeat(np.arange(len(sizes)), sizes)
    by_play = [[int(starts[n]) + action for n, action in route] for route in routes]
    through: list[list[int]] = [[] for _ in set_of]
    incidence = np.zeros((len(set_of), len(routes)), dtype=np.bool_)
    for k, taken in enumerate(by_play):
        incidence[taken, k] = True
        for action in taken:
            through[action].append(k)
    table = np.array([[decimal(v) for v in game.payoffs[h]] for h in game.histories()]).T
    scale = float(np.ptp(table, axis=1).max()) or 1.0
    players = [game.players.index(player) for player, _ in numbers]
    return AgentForm(
        sets=tuple((player, key, names) for (player, key), names in zip(numbers, labels, strict=True)),
        starts=starts,
        set_of=set_of,
        free=np.setdiff1d(np.arange(len(set_of)), starts),
        incidence=incidence,
        by_play=_grouped(by_play),
        by_action=_grouped(through),
        payoffs=table[players][set_of] / scale,
        log_prior=np.log([decimal(game.prior[h[0]]) for h in game.histories()]),
        scale=scale,
    )


def _grouped(lists: list[list[int]]) -> Groups:
    """The lists one after another, and where each begins."""
    begin = np.cumsum([0, *map(len, lists)])[:-1]
    return np.concatenate([np.array(row, dtype=np.intp) for row in lists]), begin.astype(np.intp)


def _moves(game: Game, history: History) -> list[tuple[str, str, tuple[str, ...], int]]:
    """The moves of a play: (player, information set, labels of its actions, action taken)."""
    t, m, actions, c = history
    name = game.types[t]
    sendable = game.available[t]
    moves = [(game.sender, name, tuple(game.messages[k] for k in sendable), sendable.index(m))]
    for j, who in enumerate(game.audiences):
        moves.append((who.name, game.information_set(j, m, actions), game.actions_after(m)[j], actions[j]))
    if (t, m, actions) in game.replies:
        moves.append((game.sender, f"{name}|{game.reply_node(m, actions)}", tuple(game.replies[t, m, actions]), c))
    return moves
