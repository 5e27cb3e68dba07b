"""Commitment before audiences that share every observation and care about each other, or before a reply.

A signal is a pair (piece, extreme response) of the response complex. Each has its own copy of the unknowns of its
observation, in the piece's cone; the copies' weights x(t, m) sum to the prior over messages and signals. The sender's
payoff is linear in the copies, because the response of each is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.equilibrium.response import Row, Station
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game
from doubletalk.talk.answers import Prize, Rules, payoff_rows
from doubletalk.talk.commitment_data import Commitment, Signal
from doubletalk.talk.commitment_separable import check_size
from doubletalk.talk.programme import Programme
from doubletalk.talk.ranges import Range

__all__ = ["pieces_commitment"]


@dataclass(frozen=True)
class _Copy:
    """One signal: where, over which beliefs, what everybody gets, which vertex (None for an outer bound)."""

    station: int
    equal: tuple[Row, ...]
    at_least: tuple[Row, ...]
    prize: Prize
    vertex: int | None
    place: Mapping[int, int]


def pieces_commitment(game: Game) -> Commitment:
    """The commitment value by the game's response complex; two-sided where the complex has gaps."""
    rules = Rules.of(game)
    complex_ = rules.complex
    gaps = "; ".join(complex_.gaps) or None
    if len(complex_.stations) != len(game.cells()):
        return Commitment(None, None, (), {}, None, gaps)
    copies = _copies(game, rules)
    found, programme = _solved(game, rules, copies)
    value = None if found is None else found[0]
    curved = getattr(complex_, "curved", ())
    at_most = value
    if curved:
        wider, _ = _solved(game, rules, [*copies, *_bounds(rules, copies)])
        at_most = None if wider is None else wider[0]
    why = None if value is not None and value == at_most else gaps
    if found is None:
        return Commitment(None, at_most, (), {}, None, why)
    payoffs = {}
    if why is None:
        programme.equal(_objective(copies, 0), found[0])
        for j, audience in enumerate(game.audiences, start=1):
            row = _objective(copies, j)
            low, high = programme.smallest(row), programme.largest(row)
            if low is None or high is None:
                raise ArithmeticError("an optimal rule was lost")
            payoffs[audience.name] = Range(low, high[0])
    signals = tuple(s for s in (_signal(game, rules, copy, found[1]) for copy in copies) if s is not None)
    return Commitment(value, at_most, signals, payoffs, None, why)


def _copies(game: Game, rules: Rules) -> list[_Copy]:
    copies: list[_Copy] = []
    at = 0
    for s, station in enumerate(rules.complex.stations):
        names = _unknowns(rules, station)
        for piece in station.pieces:
            if piece.simplex and len(piece.support[0]) > 1:
                continue  # a face of the cone of each of its actions alone
            for v in piece.support[0]:
                prize = payoff_rows(game, rules, station, station.blocks[0], v)
                place = {u: at + k for k, u in enumerate(names)}
                at += len(names)
                copies.append(_Copy(s, piece.equal, piece.at_least, prize, v, place))
    return copies


def _bounds(rules: Rules, copies: list[_Copy]) -> list[_Copy]:
    """Copies for what the pieces leave out: more than what is rational there, so that the value is an upper bound."""
    at = sum(len(copy.place) for copy in copies)
    found = []
    for cell in getattr(rules.complex, "curved", ()):
        names = _unknowns(rules, rules.complex.stations[cell.station])
        for vertex in cell.vertices:
            place = {u: at + k for k, u in enumerate(names)}
            at += len(names)
            found.append(_Copy(cell.station, cell.equal, cell.at_least, (dict(vertex.payoffs),), None, place))
    return found


def _unknowns(rules: Rules, station: Station) -> list[int]:
    links = [link for link in rules.complex.links if min(link) in station.pairs]
    return sorted({*station.pairs, *(u for link in links for u in link)})


def _solved(
    game: Game, rules: Rules, copies: list[_Copy]
) -> tuple[tuple[Rational, tuple[Rational, ...]] | None, Programme]:
    complex_ = rules.complex
    size = sum(len(copy.place) for copy in copies)
    check_size(game, size)
    programme = Programme(size)
    for t, p in enumerate(game.prior):
        pairs = [i for i, (who, _) in enumerate(complex_.pairs) if who == t]
        programme.equal({copy.place[i]: ONE for copy in copies for i in pairs if i in copy.place}, p)
    for copy in copies:
        for row in (*copy.equal, *(link for link in complex_.links if min(link) in copy.place)):
            programme.equal({copy.place[u]: v for u, v in row.items()})
        for row in copy.at_least:
            programme.at_least({copy.place[u]: v for u, v in row.items()})
    return programme.largest(_objective(copies, 0)), programme


def _objective(copies: list[_Copy], player: int) -> dict[int, Rational]:
    return {copy.place[u]: v for copy in copies for u, v in copy.prize[player].items()}


def _signal(game: Game, rules: Rules, copy: _Copy, point: tuple[Rational, ...]) -> Signal | None:
    station = rules.complex.stations[copy.station]
    weights = {i: point[copy.place[i]] for i in station.pairs if point[copy.place[i]] != 0}
    weight = sum(weights.values(), ZERO)
    if weight == 0 or copy.vertex is None:
        return None
    several = len({rules.complex.pairs[i][1] for i in station.pairs}) > 1
    belief: dict[str, Rational] = {}
    for i, value in weights.items():
        t, m = rules.complex.pairs[i]
        key = f"{game.types[t]}|{game.messages[m]}" if several else game.types[t]
        belief[key] = value / weight
    block = station.blocks[0]
    responses = block.behaviour(block.vertices[copy.vertex].point)
    return Signal(station.key, tuple(a.name for a in game.audiences), weight, belief, responses)
