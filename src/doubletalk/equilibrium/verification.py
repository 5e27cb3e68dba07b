r"""Checks one assessment against the definition of equilibrium, by substitution, in exact arithmetic.

Nothing here is shared with the search: only the game, the assessment and rational numbers come in.

Conditions (theory, section 2). Write x(t, m) = p(t) sigma(m | t), r_j for the audiences' responses.

- The sender: for every type t, sum_m sigma(m | t) U(t, m) = max_m U*(t, m), where U follows everybody's strategies
  and U* replaces the sender's own replies by the best ones; and at every reply node each reply in use is a best one.
- Audience j at an information set I (what it saw of the message, and of earlier audiences): among the nodes
  (t, m, earlier actions) of I, with weights w, sum_a r_j(a | I) V_j(a) = max_a V_j(a), where
  V_j(a) = sum w V_j(node, a) / sum w.
- The weights: w = b(t, m) prod_k r_k(a_k | .) over the audiences k that moved before j, b being x where the cell of j
  is reached and the belief named for the cell otherwise. One belief serves all audiences that share the cell. Where
  every such w is zero, an earlier audience did something unexpected, and that says nothing about the type: the
  weights are the limit of those in which each audience errs with one small probability, so that only the nodes with
  the fewest errors count. Where the later audience knows all that the earlier one knew, that is b itself.

In concept "nash" the conditions bind only at information sets and reply nodes that play reaches, while the sender's
deviations are whole plans (a message and the best replies after it).

Source: Kreps & Wilson (1982), Sequential equilibria, Econometrica 50(4); theory.md, sections 2 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doubletalk.equilibrium.certificate import CellBelief, Certificate, Failure
from doubletalk.equilibrium.solution import Assessment
from doubletalk.equilibrium.verification_tables import Layout, Pair, Plan, Reader
from doubletalk.exact import ONE, ZERO, Rational, text
from doubletalk.game.model import Cell, Game

__all__ = ["Verifier", "verify"]

CONCEPTS = ("sequential", "nash")


def verify(game: Game, assessment: Assessment, concept: str = "sequential") -> Certificate:
    """Whether *assessment* is an equilibrium of *game*, with the reasons.

    Missing or malformed pieces of the assessment are failures in words, never errors.
    Raises ``ValueError`` when *concept* is neither "sequential" nor "nash".
    To check many assessments of one game, make a :class:`Verifier` once.
    """
    return Verifier(game, concept)(assessment)


class Verifier:
    """A game laid out for checking; call it with an assessment to get a certificate."""

    def __init__(self, game: Game, concept: str = "sequential") -> None:
        if concept not in CONCEPTS:
            raise ValueError(f"unknown concept {concept!r}; expected one of {', '.join(CONCEPTS)}")
        self.game, self.concept = game, concept
        self.tree = Layout(game)

    def __call__(self, assessment: Assessment) -> Certificate:
        """The certificate of *assessment*."""
        reader = Reader(self.tree)
        plan = reader.plan(assessment)
        named = reader.beliefs(assessment.beliefs)
        failures = reader.failures
        if plan is None:
            return Certificate(self.concept, False, {}, tuple(failures), {}, reader.beliefs_sound)
        x = {pair: self.game.prior[pair[0]] * chance for pair, chance in plan.sigma.items()}
        reached = tuple(any(x[pair] for pair in behind) for behind in self.tree.behind)
        used, consistent = self._cell_beliefs(x, reached, named, failures)
        check = _Check(self.tree, self.concept, plan, x, reached, used)
        gains = {self.game.sender: check.sender_gain(failures)}
        for j, audience in enumerate(self.game.audiences):
            gains[audience.name] = check.audience_gain(j, failures)
        shown = {
            cell.key: CellBelief("Bayes" if reached[c] else "named", self._labelled(cell, belief))
            for c, cell in enumerate(self.tree.cells)
            if (belief := used[c]) is not None
        }
        return Certificate(
            self.concept, not failures, gains, tuple(failures), shown, consistent and reader.beliefs_sound
        )

    def _cell_beliefs(
        self,
        x: Mapping[Pair, Rational],
        reached: tuple[bool, ...],
        named: Mapping[int, Mapping[Pair, Rational]],
        failures: list[Failure],
    ) -> tuple[list[Mapping[Pair, Rational] | None], bool]:
        """[cell] -> mu(t, m | cell): Bayes' rule where reached, else as named; and whether the named ones agree."""
        used: list[Mapping[Pair, Rational] | None] = []
        consistent = True
        for c, cell in enumerate(self.tree.cells):
            if not reached[c]:
                if c not in named and self.concept == "sequential":
                    consistent = False
                    words = f"no usable belief is named at {cell.key!r}, which play does not reach"
                    failures.append(Failure(cell.key, words))
                used.append(named.get(c))
                continue
            total = sum((x[pair] for pair in self.tree.behind[c]), ZERO)
            bayes = {pair: x[pair] / total for pair in self.tree.behind[c] if x[pair]}
            if c in named and {pair: q for pair, q in named[c].items() if q} != bayes:
                consistent = False
                given, ought = _show(self._labelled(cell, named[c])), _show(self._labelled(cell, bayes))
                failures.append(
                    Failure(cell.key, f"the belief named at {cell.key!r} is {given}, but Bayes' rule gives {ought}")
                )
            used.append(bayes)
        return used, consistent

    def _labelled(self, cell: Cell, belief: Mapping[Pair, Rational]) -> dict[str, Rational]:
        return {self.tree.belief_label(cell, pair): q for pair, q in belief.items() if q}


class _Check:
    """The inequalities for one plan: what each player gets and could get, wherever it moves."""

    def __init__(
        self,
        tree: Layout,
        concept: str,
        plan: Plan,
        x: Mapping[Pair, Rational],
        reached: tuple[bool, ...],
        beliefs: Sequence[Mapping[Pair, Rational] | None],
    ) -> None:
        self.tree, self.game, self.concept, self.plan = tree, tree.game, concept, plan
        self.x, self.reached, self.beliefs = x, reached, beliefs

    def fold(self, values: list[Rational], message: int, down_to: int) -> list[Rational]:
        """Expected *values* (by action profile) given the first *down_to* actions, the rest following the plan."""
        for k in range(len(self.game.audiences) - 1, down_to - 1, -1):
            width, sets = self.tree.widths[message][k], self.tree.sets[k].at[message]
            folded = []
            for prefix, where in enumerate(sets):
                start, total = prefix * width, ZERO
                for a, chance in enumerate(self.plan.responses[k][where]):
                    if chance:
                        total += chance * values[start + a]
                folded.append(total)
            values = folded
        return values

    def leaf_values(self, pair: Pair, player: int) -> list[Rational]:
        """[actions] -> the player's payoff when the sender replies as planned."""
        values = []
        for leaf, reply in zip(self.tree.leaves[pair], self.plan.replies[pair], strict=True):
            if reply is None:
                values.append(leaf.payoffs[0][player])
            else:
                values.append(sum((q * u[player] for q, u in zip(reply, leaf.payoffs, strict=True) if q), ZERO))
        return values

    def sender_gain(self, failures: list[Failure]) -> Rational:
        """The sender's largest gain, over types (whole plans) and, in concept "sequential", over reply nodes."""
        game, largest = self.game, ZERO
        for t, sendable in enumerate(game.available):
            gets, could, by = ZERO, None, ""
            for m in sendable:
                pair = t, m
                planned = self.leaf_values(pair, 0)
                best = [max(u[0] for u in leaf.payoffs) for leaf in self.tree.leaves[pair]]
                if self.concept == "sequential" and planned != best:
                    largest = max(largest, self._reply_failures(pair, planned, best, failures))
                if self.plan.sigma[pair]:
                    gets += self.plan.sigma[pair] * self.fold(planned, m, 0)[0]
                offer = self.fold(best, m, 0)[0]
                if could is None or offer > could:
                    could, by = offer, game.messages[m]
            if could is not None and could > gets:
                largest = max(largest, could - gets)
                failures.append(_deviation(game.sender, f"type {game.types[t]}", gets, could, by))
        return largest

    def _reply_failures(
        self, pair: Pair, planned: list[Rational], best: list[Rational], failures: list[Failure]
    ) -> Rational:
        largest = ZERO
        for leaf, gets, could in zip(self.tree.leaves[pair], planned, best, strict=True):
            if could > gets:
                by = next(c for c, u in zip(leaf.replies, leaf.payoffs, strict=True) if u[0] == could)
                where = f"type {self.game.types[pair[0]]}, reply at {leaf.node}"
                failures.append(_deviation(self.game.sender, where, gets, could, by))
                largest = max(largest, could - gets)
        return largest

    def audience_gain(self, j: int, failures: list[Failure]) -> Rational:
        """Audience *j*'s largest gain over its information sets (those that bind under the concept)."""
        audience, sets, largest = self.game.audiences[j], self.tree.sets[j], ZERO
        for where, (weight, values) in sorted(self._at_sets(j).items()):
            response = self.plan.responses[j][where]
            could = max(values)
            gets = sum((q * v for q, v in zip(response, values, strict=True) if q), ZERO)
            if could > gets:
                largest = max(largest, (could - gets) / weight)
                by = sets.actions[where][values.index(could)]
                failures.append(_deviation(audience.name, sets.labels[where], gets / weight, could / weight, by))
        return largest

    def _at_sets(self, j: int) -> dict[int, tuple[Rational, list[Rational]]]:
        """Information set of *j* -> (total weight, weighted payoff of each action), over the nodes that count there."""
        sets = self.tree.sets[j]
        nash = self.concept == "nash"
        fewest: dict[int, int] = {}
        totals: dict[int, tuple[Rational, list[Rational]]] = {}
        for (t, m), _ in self.x.items():
            cell = sets.cell_of[m]
            belief = self.beliefs[cell]
            weight = None if belief is None else belief.get((t, m))
            if not weight or (nash and not self.reached[cell]):
                continue
            values = self.fold(self.leaf_values((t, m), j + 1), m, j + 1)
            width = self.tree.widths[m][j]
            for prefix, (errors, chance) in enumerate(self._arrivals(m, j)):
                where = sets.at[m][prefix]
                if errors > fewest.get(where, errors) or (nash and errors):
                    continue
                if errors < fewest.get(where, errors + 1):
                    fewest[where] = errors
                    totals[where] = ZERO, [ZERO] * width
                w = weight * chance
                total, sums = totals[where]
                mine = values[prefix * width : (prefix + 1) * width]
                totals[where] = total + w, [s + w * v for s, v in zip(sums, mine, strict=True)]
        return totals

    def _arrivals(self, message: int, j: int) -> list[tuple[int, Rational]]:
        """[earlier actions] -> (number of unexpected ones, probability of the expected ones) before *j* moves."""
        arrivals = [(0, ONE)]
        for k in range(j):
            sets = self.tree.sets[k].at[message]
            arrivals = [
                (errors, chance * q) if q else (errors + 1, chance)
                for (errors, chance), where in zip(arrivals, sets, strict=True)
                for q in self.plan.responses[k][where]
            ]
        return arrivals


def _deviation(player: str, where: str, gets: Rational, could: Rational, by: str) -> Failure:
    words = f"{player} ({where}) gets {text(gets)} and could get {text(could)} by {by!r}"
    return Failure(where, words, player, gets, could, by)


def _show(belief: Mapping[str, Rational]) -> str:
    return ", ".join(f"{label}: {text(q)}" for label, q in belief.items())
