"""What kind of game this is, read from its payoffs and never asked of the user: it decides which solver applies.

============== ==================================================================================================
separable      no audience's comparison of its own actions depends on what others do, the sender's payoff is a sum
               over audiences, nobody watches anybody, no reply
sequential     audiences that tell the same messages apart move one after another, each seeing every earlier action;
trait          fastest where payoffs depend on the type through at most two classes
sequence form  one audience, any number of types, a reply
partial        anything else
============== ==================================================================================================

For all but the last the solver proves that its list of equilibria is complete (theory, section 3), but for audiences in
sequence whose ties make the set curved: the solution then says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from doubletalk.exact import ZERO, Rational
from doubletalk.game.model import Game
from doubletalk.game.wording import quoted

__all__ = ["is_separable", "solver_class", "trait_classes"]

Classes = tuple[tuple[int, ...], ...]


def solver_class(game: Game) -> tuple[str, str]:
    """(class, reason): "separable", "sequential trait", "sequence form" or "partial", and why, in words."""
    if is_separable(game):
        if len(game.audiences) == 1:
            return "separable", "there is one audience and no reply"
        return "separable", "no audience's choice depends on another's, and the sender's payoff is a sum over audiences"
    if len(game.audiences) == 1:
        return "sequence form", "one audience acts and the sender may reply"
    obstacle = _not_in_sequence(game)
    if obstacle is not None:
        return "partial", f"the audiences' choices are connected, and {obstacle}"
    classes = trait_classes(game)
    counts = {1: "do not depend on the type", 2: "depend on the type through two classes"}
    how = counts.get(len(classes), f"tell {len(classes)} classes of types apart")
    return "sequential trait", f"the audiences move in sequence, each sees all before it, and payoffs {how}"


def is_separable(game: Game) -> bool:
    """Whether the audiences can be studied one at a time.

    Nobody watches anybody, there is no reply, each audience's payoff is f(t, m, own action) + g(t, m, the others'
    actions), and the sender's payoff is, for each t and m, a sum of one function of each audience's action.
    Cost: a few subtractions per play and audience.
    """
    if game.replies or any(audience.watches for audience in game.audiences):
        return False
    if len(game.audiences) == 1:
        return True
    return all(
        _sender_adds_up(game, t, m) and all(_apart(game, t, m, j) for j in range(len(game.audiences)))
        for t, sent in enumerate(game.available)
        for m in sent
    )


def _sender_adds_up(game: Game, t: int, m: int) -> bool:
    """u(t, m, a) = u(t, m, 0) + sum over j of [u(t, m, a_j, 0) - u(t, m, 0)] for every a."""
    (c,) = game.reply_range(t, m, ())
    nothing = (0,) * len(game.audiences)
    base = game.payoffs[t, m, nothing, c][0]
    for actions in game.action_profiles(m):
        alone = ZERO
        for j, action in enumerate(actions):
            alone += game.payoffs[t, m, (*nothing[:j], action, *nothing[j + 1 :]), c][0] - base
        if game.payoffs[t, m, actions, c][0] != base + alone:
            return False
    return True


def _apart(game: Game, t: int, m: int, j: int) -> bool:
    """u_j(t, m, a) - u_j(t, m, 0_j, a_-j) is the same for every a_-j."""
    (c,) = game.reply_range(t, m, ())
    gains: dict[int, Rational] = {}
    for actions in game.action_profiles(m):
        other = (*actions[:j], 0, *actions[j + 1 :])
        gain = game.payoffs[t, m, actions, c][1 + j] - game.payoffs[t, m, other, c][1 + j]
        if gains.setdefault(actions[j], gain) != gain:
            return False
    return True


def _not_in_sequence(game: Game) -> str | None:
    """Why the audiences do not move in full view one after another, or None when they do."""
    everyone = tuple(range(len(game.audiences)))
    for j, audience in enumerate(game.audiences):
        mine = [cell for cell in game.cells() if j in cell.audiences]
        if any(cell.audiences != everyone for cell in mine):
            return f"{quoted(audience.name)} does not see the same of the message as the others"
        if audience.watches != tuple(range(j)):
            unseen = game.audiences[next(i for i in range(j) if i not in audience.watches)].name
            return f"{quoted(audience.name)} does not see what {quoted(unseen)} does"
    return None


def trait_classes(game: Game) -> Classes:
    """The coarsest partition of the types that the continuation play cannot tell from any finer one.

    Two types are alike when, after every message that both can send, they have the same replies, the same differences
    between their own payoffs over the replies to given actions, and each audience has the same differences between
    its payoffs over all continuations. A class holds types that are pairwise alike. Types that share no message are
    alike for want of evidence, so that "alike" need not be transitive: one class or two are found whenever they exist;
    beyond that the partition is by types' first fitting class and may be finer than the coarsest. Where several fit,
    a declared trait's own partition is preferred. Classes are ascending, and ordered by their first type.
    """
    count = len(game.types)
    profiles = [{m: tuple(_differences(game, t, m)) for m in game.available[t]} for t in range(count)]
    unlike: list[set[int]] = [set() for _ in range(count)]
    for t, s in combinations(range(count), 2):
        if any(profiles[t][m] != profiles[s][m] for m in profiles[t].keys() & profiles[s].keys()):
            unlike[t].add(s)
            unlike[s].add(t)
    if not any(unlike):
        return (tuple(range(count)),)
    candidates = [*_trait_partitions(game, unlike), _two_classes(unlike), _first_fit(unlike)]
    return min((classes for classes in candidates if classes), key=len)


def _differences(game: Game, t: int, m: int) -> Iterator[object]:
    """All that decisions after message *m* can depend on, when the type is *t*."""
    first: tuple[Rational, ...] | None = None
    for actions in game.action_profiles(m):
        replies = game.reply_range(t, m, actions)
        yield game.replies.get((t, m, actions), ())
        answer = game.payoffs[t, m, actions, replies[0]][0]
        for c in replies:
            payoff = game.payoffs[t, m, actions, c]
            first = payoff if first is None else first
            yield payoff[0] - answer
            yield tuple(mine - base for mine, base in zip(payoff[1:], first[1:], strict=True))


def _trait_partitions(game: Game, unlike: list[set[int]]) -> Iterator[Classes]:
    for k, values in enumerate(game.traits.values()):
        groups = [tuple(t for t, own in enumerate(game.trait_values) if own[k] == value) for value in values]
        if all(not unlike[t].intersection(group) for group in groups for t in group):
            yield tuple(sorted(group for group in groups if group))


def _two_classes(unlike: list[set[int]]) -> Classes:
    """A split in two with unlike types on different sides, () when there is none."""
    side: dict[int, int] = {}
    for start in range(len(unlike)):
        if start in side:
            continue
        side[start] = 0
        waiting = [start]
        while waiting:
            t = waiting.pop()
            for s in unlike[t]:
                if s not in side:
                    side[s] = 1 - side[t]
                    waiting.append(s)
                elif side[s] == side[t]:
                    return ()
    return tuple(tuple(t for t in range(len(unlike)) if side[t] == which) for which in (0, 1))


def _first_fit(unlike: list[set[int]]) -> Classes:
    """Types in order of how many they are unlike, each put in the first class that holds none of those."""
    classes: list[list[int]] = []
    for t in sorted(range(len(unlike)), key=lambda t: (-len(unlike[t]), t)):
        home = next((group for group in classes if not unlike[t].intersection(group)), None)
        if home is None:
            classes.append([t])
        else:
            home.append(t)
    return tuple(sorted(tuple(sorted(group)) for group in classes))
