"""The entry game of Aguirregabiria and Mira (2007), section 4, as a long-game file, and what it looks like at rest."""

from __future__ import annotations

from itertools import product
from math import log

import numpy as np

FIRMS = ("a", "b", "c", "d", "e")
FIXED = (-1.9, -1.8, -1.7, -1.6, -1.5)
EXPERIMENTS = ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (1.0, 0.0), (1.0, 2.0), (1.0, 4.0))
"""theta_RN and theta_EC of the six experiments; theta_RS = 1, discount 0.95 in all."""
STEP = [[0.8, 0.2, 0, 0, 0], [0.2, 0.6, 0.2, 0, 0], [0, 0.2, 0.6, 0.2, 0], [0, 0, 0.2, 0.6, 0.2], [0, 0, 0, 0.2, 0.8]]


def entry_file(rival: float, entry: float, firms: int = 5) -> str:
    """Profit of an active firm: fixed + size - rival ln(1 + active rivals) - entry (where it was not active)."""
    names = FIRMS[:firms]
    lines = ["doubletalk_longgame: 1", "title: Entry and exit", "discount: 0.95", "at_once: all", "actors:"]
    lines += [f"  {name}: {{moves: [stay_out, be_in]}}" for name in names]
    lines += ["states:", f"  size: {{levels: [s1, s2, s3, s4, s5], start: s3, markov: {STEP}}}"]
    for name in names:
        rules = f"[{{when: {{{name}: be_in}}, to: was_in}}, {{to: was_out}}]"
        lines.append(f"  before_{name}: {{levels: [was_out, was_in], rules: {rules}}}")
    lines += ["coefficients:", "  size_worth: {value: 1}"]
    lines += [f"  entry: {{value: {entry}}}", f"  rival: {{value: {rival}}}"]
    lines += [f"  fixed_{name}: {{value: {value}}}" for name, value in zip(names, FIXED, strict=False)]
    lines.append("payoffs:")
    for name in names:
        others = [each for each in names if each != name]
        lines.append(f"  {name}:")
        lines.append(f"    - {{coefficient: fixed_{name}, when: {{{name}: be_in}}}}")
        lines.append(f"    - {{coefficient: size_worth, when: {{{name}: be_in}}, times: {{size: [1, 2, 3, 4, 5]}}}}")
        lines.append(f"    - {{coefficient: entry, add: -1, when: {{{name}: be_in, before_{name}: was_out}}}}")
        for moves in product(("stay_out", "be_in"), repeat=len(others)):
            if count := moves.count("be_in"):
                when = ", ".join(f"{who}: {move}" for who, move in zip((name, *others), ("be_in", *moves), strict=True))
                lines.append(f"    - {{coefficient: rival, add: {-log(1 + count)!r}, when: {{{when}}}}}")
    return "\n".join(lines) + "\n"


def at_rest(chances: np.ndarray) -> dict[str, float | np.ndarray]:
    """Statistics of the stationary distribution; *chances* [size, before.., firm] of being active."""
    firms = chances.shape[-1]
    states = list(product(range(5), *(range(2) for _ in range(firms))))
    moves = np.array(list(product(range(2), repeat=firms)))
    flat = chances.reshape(-1, firms)
    made = np.prod(np.where(moves[None] == 1, flat[:, None], 1 - flat[:, None]), axis=-1)  # [state, moves]
    sizes = np.array([state[0] for state in states])
    chain = (np.array(STEP)[sizes][:, :, None] * made[:, None, :]).reshape(len(states), -1)
    vector = np.linalg.lstsq(
        np.vstack([chain.T - np.eye(len(states)), np.ones(len(states))]), np.r_[np.zeros(len(states)), 1], rcond=None
    )[0]
    joint = vector[:, None] * made
    before = np.array([state[1:] for state in states])
    now, was = np.broadcast_to(moves.sum(1), joint.shape), np.broadcast_to(before.sum(1)[:, None], joint.shape)
    enter = ((1 - before)[:, None] * moves[None]).sum(-1)
    leave = (before[:, None] * (1 - moves)[None]).sum(-1)

    def mean(x):
        return float((joint * x).sum())

    def together(x, y):
        return mean(x * y) - mean(x) * mean(y)

    return {
        "active": mean(now), "sd": together(now, now) ** 0.5, "persistence": together(now, was) / together(was, was),
        "entrants": mean(enter), "excess": mean(enter + leave - np.abs(enter - leave)),
        "correlation": together(enter, leave) / (together(enter, enter) * together(leave, leave)) ** 0.5,
        "each": (joint[:, :, None] * moves[None]).sum((0, 1)),
    }  # fmt: skip
