"""From a game to all its equilibria: pieces, assembly, then the answer in the words of the game."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from doubletalk.equilibrium.assembly import Found, Product, Progress, components, find_products
from doubletalk.equilibrium.pieces_separable import separable_complex
from doubletalk.equilibrium.polyhedra import Polytope, hull_contains
from doubletalk.equilibrium.response import Piece, ResponseComplex, Station
from doubletalk.equilibrium.solution import Distribution, Family, Outcome, Solution
from doubletalk.equilibrium.summary import Summary, summarise
from doubletalk.errors import InputError
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game
from doubletalk.game.structure import solver_class

__all__ = ["CONCEPTS", "solve"]

CONCEPTS = ("sequential", "nash")
NASH_GAP = (
    "the Nash concept is complete only for separable audiences; for this game the list holds the sequential "
    "equilibria, each of which is Nash"
)


def solve(
    game: Game, concept: str = "sequential", time_limit: float | None = None, progress: Progress | None = None
) -> Solution:
    """Every equilibrium of *game*, as exact sets (theory, sections 2 and 3).

    ``concept``     "sequential" (rational at every information set) or "nash" (only where play arrives)
    ``time_limit``  seconds after which the search stops; the answer then says ``complete=False``
    ``progress``    called with the share of the search that is done

    Cost grows with the number of choices that survive pruning; see docs/performance.md. Raises InputError for an
    unknown concept and TooLarge when no limit is set and the search would take hours.
    """
    if concept not in CONCEPTS:
        raise InputError(f"unknown concept {concept!r}; expected one of {', '.join(CONCEPTS)}")
    start = time.perf_counter()
    name = solver_class(game)[0]
    complex_ = _complex_maker(name, game)(game)
    wider, bounds = _with_bounds(complex_)
    built = time.perf_counter()
    separable = name == "separable"
    found = find_products(
        wider, game.prior, concept if separable else "sequential", time_limit, progress, frozenset(bounds)
    )
    gaps = [reason for reason in complex_.gaps if reason not in bounds.values()]
    gaps += dict.fromkeys(reason for bound, reason in bounds.items() if bound in found.outside)
    if concept == "nash" and not separable:
        gaps.append(NASH_GAP)
    if found.stopped is not None:
        gaps.append(found.stopped)
    outcomes = _outcomes(game, complex_, found, concept == "nash" and separable)
    timing = {"pieces": built - start, "solve": time.perf_counter() - start}
    return Solution(game, concept, not gaps, "; ".join(gaps) if gaps else None, outcomes, name, timing)


def _complex_maker(name: str, game: Game) -> Callable[[Game], ResponseComplex]:
    if name == "separable":
        return separable_complex
    if name == "sequence form":
        from doubletalk.equilibrium.pieces_reply import reply_complex

        return reply_complex
    from doubletalk.equilibrium.pieces_sequential import moves_in_sequence, sequential_complex

    if moves_in_sequence(game):
        return sequential_complex
    from doubletalk.equilibrium.pieces_partial import partial_complex

    return partial_complex


def _with_bounds(complex_: ResponseComplex) -> tuple[ResponseComplex, dict[tuple[int, int], str]]:
    """The complex with its curved cells added as pieces that bound them, and (station, piece) -> reason for each.

    The search then shows whether what the exact pieces leave out can be part of any equilibrium at all.
    """
    curved = getattr(complex_, "curved", ())
    if not curved:
        return complex_, {}
    stations = list(complex_.stations)
    bounds: dict[tuple[int, int], str] = {}
    for cell in curved:
        station = stations[cell.station]
        (block,) = station.blocks
        first = len(block.vertices)
        support = tuple(range(first, first + len(cell.vertices)))
        bounds[cell.station, len(station.pieces)] = cell.reason
        stations[cell.station] = replace(
            station,
            blocks=(replace(block, vertices=(*block.vertices, *cell.vertices)),),
            pieces=(*station.pieces, Piece(cell.equal, cell.at_least, (support,), simplex=False)),
        )
    return replace(complex_, stations=tuple(stations)), bounds


# ---- products into families, families into outcomes ------------------------------------------------------------------


def _outcomes(game: Game, complex_: ResponseComplex, found: Found, nash: bool) -> tuple[Outcome, ...]:
    numbers = components(found.products)
    families = [_family(game, complex_, p, n + 1, nash) for p, n in zip(found.products, numbers, strict=True)]
    groups: dict[object, list[int]] = {}
    summaries: dict[int, Summary] = {}
    for number in dict.fromkeys(numbers):
        members = [i for i, n in enumerate(numbers) if n == number]
        summary = summarise(game, [families[i] for i in members])
        key: object = summary.key if summary.unique else number
        summaries.setdefault(members[0], summary)
        groups.setdefault(key, []).extend(members)
    drafts = [(summaries[members[0]], [families[i] for i in members]) for members in groups.values()]
    drafts.sort(key=lambda d: d[0].order)
    return tuple(
        Outcome(
            id=n,
            kind=s.kind,
            unique_outcome=s.unique,
            sender=s.sender if s.unique else None,
            outcome=s.rows if s.unique else None,
            payoffs=s.payoffs if s.unique else None,
            families=tuple(members),
        )
        for n, (s, members) in enumerate(drafts, start=1)
    )


def _family(game: Game, complex_: ResponseComplex, product: Product, component: int, nash: bool) -> Family:
    senders = tuple(_strategy(game, complex_, x) for x in product.senders)
    responses = tuple(_behaviour(complex_, z) for z in product.responses)
    replies = tuple(complex_.replies(x) for x in product.senders) if complex_.replies is not None else ()
    beliefs: dict[str, tuple[Distribution, ...]] = {}
    off_path: dict[str, tuple[Mapping[str, Mapping[str, Distribution]], ...]] = {}
    for o, station in enumerate(complex_.stations):
        if nash or all(any(x[i] != 0 for i in station.pairs) for x in product.senders):
            continue
        extremes = _supporting_beliefs(complex_, o, product)
        beliefs[station.key] = tuple(_belief(game, complex_, station, x) for x in extremes)
        if complex_.replies is not None and complex_.unknowns > len(complex_.pairs):
            off_path[station.key] = tuple(_replies_here(game, complex_, station, x) for x in extremes)
    return Family(senders, responses, beliefs, component, replies, off_path)


def _strategy(game: Game, complex_: ResponseComplex, x: tuple[Rational, ...]) -> dict[str, dict[str, Rational]]:
    """sigma(m | t) = x(t, m) / p(t)."""
    plan: dict[str, dict[str, Rational]] = {label: {} for label in game.types}
    for i, (t, m) in enumerate(complex_.pairs):
        if x[i] != 0:
            plan[game.types[t]][game.messages[m]] = x[i] / game.prior[t]
    return plan


def _behaviour(complex_: ResponseComplex, z: tuple[Rational, ...]) -> dict[str, dict[str, Distribution]]:
    merged: dict[str, dict[str, Distribution]] = {}
    at = 0
    for station in complex_.stations:
        for block in station.blocks:
            size = len(block.vertices[0].point)
            for audience, plan in block.behaviour(z[at : at + size]).items():
                merged.setdefault(audience, {}).update(plan)
            at += size
    return merged


def _supporting_beliefs(complex_: ResponseComplex, o: int, product: Product) -> list[tuple[Rational, ...]]:
    """Extreme points, over all unknowns, of the beliefs at an unreached station that support all of Z there."""
    station = complex_.stations[o]
    first = sum(len(b.vertices[0].point) for s in complex_.stations[:o] for b in s.blocks)
    points = []
    at = first
    for block in station.blocks:
        size = len(block.vertices[0].point)
        points.append({z[at : at + size] for z in product.responses})
        at += size
    found: set[tuple[Rational, ...]] = set()
    for piece in _supporting_pieces(station, points):
        found.update(_belief_vertices(complex_, station, piece))
    return sorted(found, reverse=True)


def _supporting_pieces(station: Station, points: list[set[tuple[Rational, ...]]]) -> list[Piece]:
    """Pieces whose responses contain the given ones; for simplex pieces the one with the largest belief cone."""
    if all(p.simplex for p in station.pieces):
        support = tuple(
            tuple(v for v, vertex in enumerate(block.vertices) if any(_uses(p, vertex.point) for p in here))
            for block, here in zip(station.blocks, points, strict=True)
        )
        return [p for p in station.pieces if p.support == support]
    chosen = []
    for piece in station.pieces:
        hulls = [[b.vertices[v].point for v in s] for b, s in zip(station.blocks, piece.support, strict=True)]
        if all(hull_contains(hull, p) for hull, here in zip(hulls, points, strict=True) for p in here):
            chosen.append(piece)
    return chosen


def _uses(point: tuple[Rational, ...], unit: tuple[Rational, ...]) -> bool:
    return any(p != 0 and u != 0 for p, u in zip(point, unit, strict=True))


def _belief_vertices(complex_: ResponseComplex, station: Station, piece: Piece) -> list[tuple[Rational, ...]]:
    here = set(station.pairs)
    for link in complex_.links:
        if min(link) in here:
            here.update(link)
    unknowns = sorted(here)
    place = {u: n for n, u in enumerate(unknowns)}
    body = Polytope(len(unknowns))
    body.equal({place[i]: ONE for i in station.pairs}, ONE)
    for link in complex_.links:
        if min(link) in here:
            body.equal({place[u]: v for u, v in link.items()})
    for row in piece.equal:
        body.equal({place[u]: v for u, v in row.items()})
    for row in piece.at_least:
        body.at_least({place[u]: v for u, v in row.items()})
    return [tuple(v[place[u]] if u in place else ZERO for u in range(complex_.unknowns)) for v in body.vertices()]


def _belief(game: Game, complex_: ResponseComplex, station: Station, x: tuple[Rational, ...]) -> dict[str, Rational]:
    several = len({complex_.pairs[i][1] for i in station.pairs}) > 1
    belief = {}
    for i in station.pairs:
        t, m = complex_.pairs[i]
        if x[i] != 0:
            belief[f"{game.types[t]}|{game.messages[m]}" if several else game.types[t]] = x[i]
    return belief


def _replies_here(
    game: Game, complex_: ResponseComplex, station: Station, x: tuple[Rational, ...]
) -> dict[str, dict[str, Distribution]]:
    """The replies that go with a belief, at the nodes behind this station's messages, for the types believed in."""
    if complex_.replies is None:
        return {}
    here = {game.messages[complex_.pairs[i][1]] for i in station.pairs}
    believed = {(game.types[t], game.messages[m]) for i in station.pairs if x[i] != 0 for t, m in [complex_.pairs[i]]}
    plans = {}
    for label, plan in complex_.replies(x).items():
        kept = {n: r for n, r in plan.items() if n.split("|")[0] in here and (label, n.split("|")[0]) in believed}
        if kept:
            plans[label] = kept
    return plans
