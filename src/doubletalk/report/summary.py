"""A solution put into words, once, for every face that shows it (terminal, notebook, report).

Nothing here knows of widths, colours or tags: a :class:`SolutionView` is text in rows, in the order to be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from doubletalk.equilibrium.solution import Distribution, Family, Outcome, Solution
from doubletalk.exact import ZERO, Rational, text
from doubletalk.game.model import Cell, Game
from doubletalk.report.payoffs import payoff_words
from doubletalk.report.wording import belief_words, joined, range_words, responses_words

__all__ = ["AfterView", "OutcomeView", "SolutionView", "outcome_view", "solution_view"]

NEVER, SOMETIMES, ALWAYS = "never said", "said in some of these equilibria", "said"


@dataclass(frozen=True)
class AfterView:
    """What follows one observation.

    ``heard``    the messages that cannot be told apart here: ``"beer"``, ``"court or both"``
    ``by``       the audiences that observe this, "" when all do
    ``status``   ``"said"``, ``"never said"`` or ``"said in some of these equilibria"``
    ``options``  the possibilities: (one line per audience, what is or must be believed); more than one where
                 several families differ here
    """

    heard: str
    by: str
    status: str
    options: tuple[tuple[tuple[str, ...], str], ...]


@dataclass(frozen=True)
class OutcomeView:
    """One outcome in words; every row is (label, text)."""

    id: int
    kind: str
    families: int
    points: int
    unique: bool
    says: tuple[tuple[str, str], ...]
    after: tuple[AfterView, ...]
    replies: tuple[tuple[str, str], ...]
    payoffs: tuple[tuple[str, str], ...]
    survives: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SolutionView:
    """The whole answer: a heading, the standing of the list, the outcomes."""

    title: str
    source: str
    setting: str
    standing: str
    outcomes: tuple[OutcomeView, ...]


def solution_view(solution: Solution) -> SolutionView:
    """All of *solution* in words."""
    game = solution.game
    prior = joined([f"{label} {text(chance)}" for label, chance in zip(game.types, game.prior, strict=True)])
    setting = [f"{game.sender}: {prior}"]
    if game.parameters:
        setting.append(", ".join(f"{name} = {text(value)}" for name, value in game.parameters.items()))
    outcomes = tuple(outcome_view(game, outcome) for outcome in solution.outcomes)
    return SolutionView(game.title, game.source, "; ".join(setting), _standing(solution), outcomes)


def _standing(solution: Solution) -> str:
    name = "Nash equilibrium" if solution.concept == "nash" else "sequential equilibrium"
    count = len(solution.outcomes)
    noun = "outcome" if count == 1 else "outcomes"
    if solution.complete:
        return f"{count} {name} {noun}: proved to be all."
    found = f"{count} {name} {noun} found" if count else f"No {name} outcome found"
    if solution.curved and solution.complete_with_curved:
        sets = "one curved set" if len(solution.curved) == 1 else f"{len(solution.curved)} curved sets"
        return (
            f"{found}. With {sets}, given by conditions in the JSON (`curved`), they are proved to be all equilibria. "
            f"Why they are curved: {solution.why_incomplete}."
        )
    return f"{found}, but there may be others: {solution.why_incomplete}."


def outcome_view(game: Game, outcome: Outcome) -> OutcomeView:
    """One outcome in words."""
    return OutcomeView(
        id=outcome.id,
        kind=outcome.kind,
        families=len(outcome.families),
        points=sum(len(f.sender_extremes) * len(f.response_extremes) for f in outcome.families),
        unique=outcome.unique_outcome,
        says=_says(game, outcome),
        after=tuple(_after(game, outcome, cell) for cell in game.cells()),
        replies=_replies(game, outcome),
        payoffs=payoff_words(game, outcome),
        survives=_survives(outcome.survives),
    )


def _says(game: Game, outcome: Outcome) -> tuple[tuple[str, str], ...]:
    senders = [sender for family in outcome.families for sender in family.sender_extremes]
    return tuple((label, range_words([sender[label] for sender in senders], game.messages)) for label in game.types)


def _survives(verdicts: Mapping[str, bool | None]) -> tuple[tuple[str, str], ...]:
    words = {True: "survives", False: "fails", None: "not judged"}
    return tuple((name.replace("_", " "), words[verdict]) for name, verdict in verdicts.items())


def _after(game: Game, outcome: Outcome, cell: Cell) -> AfterView:
    heard = " or ".join(game.messages[m] for m in cell.messages)
    together = len(cell.audiences) == len(game.audiences)
    by = "" if together else ", ".join(game.audiences[j].name for j in cell.audiences)
    reached = [_arrivals(game, cell, sender) for family in outcome.families for sender in family.sender_extremes]
    status = ALWAYS if all(reached) else SOMETIMES if any(reached) else NEVER
    options: dict[tuple[tuple[str, ...], str], None] = {}
    for family in outcome.families:
        does = tuple(_does(game, cell, j, family) for j in cell.audiences)
        options[does, _belief(game, cell, family)] = None
    return AfterView(heard, by, status, tuple(options))


def _does(game: Game, cell: Cell, audience: int, family: Family) -> str:
    """What one audience does in one cell, by what else it saw."""
    who = game.audiences[audience]
    labels = who.actions[who.observation_of[cell.messages[0]]]
    situations: dict[str, str] = {}
    for message in cell.messages:
        for actions in game.action_profiles(message):
            key = game.information_set(audience, message, actions)
            seen = key.partition("|")[2].replace("|", ", ")
            if seen not in situations:
                rules = [response[who.name][key] for response in family.response_extremes]
                situations[seen] = range_words(rules, labels)
    return f"{who.name}: {responses_words(situations)}"


def _arrivals(game: Game, cell: Cell, sender: Mapping[str, Distribution]) -> dict[str, Rational]:
    """Unnormalised weight of every type in the cell, positive ones only."""
    weights: dict[str, Rational] = {}
    for t, m in _members(game, cell):
        chance = sender[game.types[t]].get(game.messages[m], ZERO)
        if chance != 0:
            weights[game.types[t]] = weights.get(game.types[t], ZERO) + game.prior[t] * chance
    return weights


def _members(game: Game, cell: Cell) -> list[tuple[int, int]]:
    return [(t, m) for m in cell.messages for t in game.senders_of(m)]


def _belief(game: Game, cell: Cell, family: Family) -> str:
    """By Bayes' rule where the cell is reached in this family, otherwise what the family's responses need.

    Where several messages look alike the words are about the type alone; the file has the beliefs by message too.
    """
    present = {t for t, _ in _members(game, cell)}
    labels = [label for t, label in enumerate(game.types) if t in present]
    groups = _trait_groups(game, present)
    arrivals = [weights for sender in family.sender_extremes if (weights := _arrivals(game, cell, sender))]
    if arrivals:
        posteriors = [{k: w / sum(weights.values(), ZERO) for k, w in weights.items()} for weights in arrivals]
        return belief_words(_distinct(posteriors), labels, groups)
    beliefs = [_about_types(game, cell, belief) for belief in family.belief_extremes.get(cell.key, ())]
    return belief_words(_distinct(beliefs), labels, groups) if beliefs else ""


def _about_types(game: Game, cell: Cell, belief: Distribution) -> dict[str, Rational]:
    """The belief about the type alone."""
    if set(belief) <= set(game.types):
        return dict(belief)
    weights: dict[str, Rational] = {}
    for t, m in _members(game, cell):
        weight = belief.get(f"{game.types[t]}|{game.messages[m]}", ZERO)
        if weight != 0:
            weights[game.types[t]] = weights.get(game.types[t], ZERO) + weight
    return weights


def _distinct(points: Sequence[Mapping[str, Rational]]) -> list[Mapping[str, Rational]]:
    kept: list[Mapping[str, Rational]] = []
    for candidate in points:
        if candidate not in kept:
            kept.append(candidate)
    return kept


def _trait_groups(game: Game, present: set[int]) -> dict[str, list[str]]:
    """Trait value -> the types among *present* that have it."""
    groups: dict[str, list[str]] = {}
    for t in sorted(present):
        for value in game.trait_values[t] if game.trait_values else ():
            groups.setdefault(value, []).append(game.types[t])
    return groups


def _replies(game: Game, outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """What the sender does in the end: (after which moves, which types do what), rows that agree joined."""
    plans = [plan for family in outcome.families for plan in _reply_plans(family)]
    if not plans:
        return ()
    rows: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for message in range(len(game.messages)):
        for actions in game.action_profiles(message):
            words = _reply_words(game, plans, message, actions)
            if words:
                moves = tuple(labels[a] for labels, a in zip(game.actions_after(message), actions, strict=True))
                rows.setdefault((moves, words), []).append(game.messages[message])
    spoken: dict[tuple[str, ...], set[str]] = {}
    for moves, words in rows:
        spoken.setdefault(moves, set()).add(words)
    listed = []
    for (moves, words), messages in rows.items():
        where = ", ".join(moves)
        listed.append((where if len(spoken[moves]) == 1 else f"{' or '.join(messages)}, {where}", words))
    return tuple(listed)


def _reply_plans(family: Family) -> Iterable[Mapping[str, Mapping[str, Distribution]]]:
    yield from family.reply_extremes
    for plans in family.belief_replies.values():
        yield from plans


def _reply_words(
    game: Game,
    plans: Sequence[Mapping[str, Mapping[str, Distribution]]],
    message: int,
    actions: tuple[int, ...],
) -> str:
    node = game.reply_node(message, actions)
    by_words: dict[str, list[str]] = {}
    for t in game.senders_of(message):
        label = game.types[t]
        rules = [plan[label][node] for plan in plans if node in plan.get(label, {})]
        labels = game.replies.get((t, message, actions))
        if rules and labels:
            by_words.setdefault(range_words(rules, labels), []).append(label)
    if len(by_words) == 1:
        return next(iter(by_words))
    return "; ".join(f"{words} ({', '.join(types)})" for words, types in by_words.items())
