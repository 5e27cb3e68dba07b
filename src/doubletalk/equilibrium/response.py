"""The interface between the two moves of the solver: what a *piece* is (theory, section 3).

``pieces`` modules turn a game into a :class:`ResponseComplex`: stations (observations that share one belief) with
the list of pieces that cover every (belief, rational response) pair. ``assembly`` chooses one piece per station
and a set of messages per type, and returns the products X x Z.

Two vectors of unknowns, never in one constraint together:

    x   one entry per ``unknowns``: first the weights x(t, m) = p(t) sigma(m | t) of every possible (type, message)
        pair in the order of ``pairs``; then any further weights that a pieces module needs, for instance
        y(t, m, actions, c) = x(t, m) * P(reply c | ...), tied to x by the ``links``
    z   the responses: for each *block* of a station, weights over that block's vertices, summing to one
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from doubletalk.equilibrium.solution import Distribution
from doubletalk.exact import ZERO, Rational

__all__ = ["Block", "Bound", "Piece", "Point", "ResponseComplex", "Row", "Station", "Vertex"]

Point = tuple[Rational, ...]
"""A vector of x or of z."""

Row = Mapping[int, Rational]
"""A homogeneous linear form over x: unknown index -> coefficient."""


@dataclass(frozen=True)
class Vertex:
    """One extreme response at a station.

    ``payoffs``  index of a pair (t, m) -> what this response adds to the sender's payoff there
    ``point``    its coordinates in the block's response space (realisation weights), all of one length in a block
    ``twins``    the points of further responses that differ in name alone: same payoffs for the sender, and no belief
                 under which the audience prefers one to another
    """

    payoffs: Mapping[int, Rational]
    point: tuple[Rational, ...]
    twins: tuple[tuple[Rational, ...], ...] = ()

    @property
    def points(self) -> tuple[tuple[Rational, ...], ...]:
        """Its own point and its twins'."""
        return (self.point, *self.twins)


@dataclass(frozen=True)
class Block:
    """All vertices that any piece of the station may use, for responses that are chosen independently.

    Separable audiences: one block per audience, its vertices the pure actions, points the unit vectors. Interacting
    audiences: one block whose vertices are the extreme points of all the pieces' response polytopes.
    ``behaviour`` turns a point (any mixture of the vertices' points within one piece) into what the audiences do:
    audience -> information set -> action -> probability, at every information set of this block.
    """

    vertices: tuple[Vertex, ...]
    behaviour: Callable[[tuple[Rational, ...]], Mapping[str, Mapping[str, Distribution]]]


@dataclass(frozen=True)
class Piece:
    """A pair (Q, Z): every response in Z is sequentially rational for every belief in Q.

    ``equal``    rows that vanish on Q; ``at_least`` rows that are >= 0 on Q (x >= 0 itself is understood)
    ``support``  [block] -> indices of the vertices whose hull is Z's factor in that block
    ``simplex``  True when every subset of the support is itself a piece with a larger or equal Q (faces of the
                 envelope of a separable audience), so that the search may insist on full support
    ``corners``  the supports of the extreme normalised beliefs of Q, where known: the beliefs in Q with support T
                 exist if and only if the corners inside T cover it
    """

    equal: tuple[Row, ...]
    at_least: tuple[Row, ...]
    support: tuple[tuple[int, ...], ...]
    simplex: bool
    corners: frozenset[frozenset[int]] | None = None

    def allows(self, x: tuple[Rational, ...]) -> bool:
        """Whether the beliefs x, one entry per unknown, lie in Q."""
        return all(sum((v * x[u] for u, v in row.items()), ZERO) == 0 for row in self.equal) and all(
            sum((v * x[u] for u, v in row.items()), ZERO) >= 0 for row in self.at_least
        )


@dataclass(frozen=True)
class Bound:
    """What is known of a piece that is not exact but contains what the exact pieces leave out.

    ``groups``        vertices of the station's only block; each group has positive weight in what is left out
    ``reached_only``  something is left out only where play arrives
    ``coordinates``, ``covered``  at these normalised values of the forms over x nothing is left out
    ``moves``         (earlier actions, action) that may be played in what is left out
    ``points``        vertex -> its coordinates, which a bound keeps from the response space
    ``worth``         with two audiences: vertex -> the first audience's action in it, and [action] -> what that action
                      is worth to the first audience as a form over x, the second going on as the vertex says
    """

    groups: tuple[tuple[int, ...], ...] = ()
    reached_only: bool = False
    coordinates: tuple[Row, ...] = ()
    covered: frozenset[tuple[Rational, ...]] = frozenset()
    moves: frozenset[tuple[tuple[int, ...], int]] = frozenset()
    points: Mapping[int, Point] = field(default_factory=dict)
    worth: Mapping[int, tuple[int, tuple[Row, ...]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Station:
    """One observation with one belief: who is there is decided by what was seen.

    ``key``     the belief key of the contract (``Assessment.beliefs``)
    ``pairs``   indices into ``ResponseComplex.pairs`` of the (t, m) that lead here, ascending
    ``pieces``  each with some nonzero belief in its Q
    """

    key: str
    pairs: tuple[int, ...]
    blocks: tuple[Block, ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class ResponseComplex:
    """Everything the assembly needs.

    ``pairs``    all possible (type, message)
    ``unknowns`` number of entries of x, at least len(pairs)
    ``links``    homogeneous rows over x that always vanish (ties of further weights to x(t, m))
    ``base``     [pair] -> the part of the sender's payoff that no response changes
    ``gaps``     reasons, in words, why the pieces may not be all; () when completeness is proved
    ``replies``  turns a point x into type -> reply node -> reply -> probability; None in games without a reply
    """

    pairs: tuple[tuple[int, int], ...]
    unknowns: int
    links: tuple[Row, ...]
    base: tuple[Rational, ...]
    stations: tuple[Station, ...]
    gaps: tuple[str, ...] = ()
    replies: Callable[[tuple[Rational, ...]], Mapping[str, Mapping[str, Distribution]]] | None = field(default=None)
