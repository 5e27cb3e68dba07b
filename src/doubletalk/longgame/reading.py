"""Reading a long-game file; every error names the file, the line, what was found and what was expected."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from pathlib import Path

from doubletalk.errors import InputError, TooLarge
from doubletalk.game.fields import check_keys, items, label, labels, reference, required, table, words
from doubletalk.game.nodes import Items, Node, Scalar, Table, found, read_nodes, read_text, shown_path
from doubletalk.game.wording import quoted, unknown
from doubletalk.longgame.declaration import (
    STANCE,
    Actor,
    Coefficient,
    Condition,
    Counter,
    LongGame,
    Markov,
    Outcome,
    Policy,
    PolicyRule,
    Prior,
    Rule,
    Term,
    Variable,
)

__all__ = ["load_long_game", "long_game_from_text", "number", "prior_of"]

MAX_NODES = 50_000_000
_Chance = tuple[float, Prior]
"""A probability with its prior."""

_TOP = ("doubletalk_longgame", "title", "source", "period", "discount", "beliefs", "informed", "actors", "at_once",
        "states", "horizon", "coefficients", "payoffs", "policies", "outcomes")  # fmt: skip
_FAMILIES = {"normal": 2, "half_normal": 1, "uniform": 2, "gamma": 2, "beta": 2}
_TERM = ("coefficient", "add", "when", "times")


def load_long_game(path: str | Path) -> LongGame:
    """Read a long-game file; ``InputError`` with file and line for the first thing that is wrong, ``TooLarge``."""
    file = Path(path)
    return long_game_from_text(read_text(file), shown_path(file))


def long_game_from_text(text: str, path: str = "") -> LongGame:
    """Read a long-game file from its text."""
    try:
        return _Reader(path).game(read_nodes(text))
    except InputError as wrong:
        raise InputError(wrong.message, path or None, wrong.line) from None


def number(node: Node, what: str, low: float = -math.inf, high: float = math.inf) -> float:
    """A number such as 2, 0.5, -1/3 between *low* and *high*."""
    try:
        value = float(Fraction(node.text)) if isinstance(node, Scalar) and "_" not in node.text else math.nan
    except (ValueError, ZeroDivisionError, OverflowError):
        value = math.nan
    if not math.isfinite(value) or not low <= value <= high:
        limits = f" from {low:g} to {high:g}" if high < math.inf else f" of at least {low:g}" if low > -math.inf else ""
        raise InputError(f"{what}: found {found(node)}, expected a number{limits} such as 0.5 or 1/16", line=node.line)
    return value


def prior_of(node: Node, what: str) -> Prior:
    """A prior such as {normal: [0, 1]}."""
    entry = table(node, f"{what}, prior")
    if len(entry.entries) != 1:
        raise InputError(f"{what}, prior: expected one family such as {{normal: [0, 1]}}", line=node.line)
    family, value = next(iter(entry.entries.items()))
    if family not in _FAMILIES:
        raise InputError(f"{what}, prior: {unknown('family', family, list(_FAMILIES))}", line=node.line)
    given = items(value, what) if isinstance(value, Items) else (value,)
    numbers = tuple(number(each, f"{what}, prior") for each in given)
    positive = {"normal": numbers[1:], "uniform": ()}.get(family, numbers)
    if len(numbers) != _FAMILIES[family] or any(x <= 0 for x in positive) or (
        family == "uniform" and numbers[0] >= numbers[1]
    ):  # fmt: skip
        raise InputError(
            f"{what}, prior: {family} takes {_FAMILIES[family]} number(s), scales and shapes above 0",
            line=node.line,
        )
    return Prior(family, numbers)


class _Reader:
    """Reads one file; what is known so far is kept for the parts that refer to it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.axes: dict[str, tuple[str, ...]] = {}
        self.parts: dict[str, tuple[str, str, int]] = {}  # part -> (actor, part's labels by place)
        self.part_labels: dict[str, tuple[str, ...]] = {}
        self.actor_parts: dict[str, dict[str, tuple[str, ...]]] = {}
        self.together: tuple[tuple[str, ...], ...] = ()

    def game(self, node: Node) -> LongGame:
        top = table(node, "a long-game file")
        version = required(top, "doubletalk_longgame", "a long-game file")
        if not isinstance(version, Scalar) or version.text != "1":
            raise InputError(f"doubletalk_longgame: found {found(version)}, expected version 1", line=version.line)
        check_keys(top, "the long-game file", _TOP)
        actors = table(required(top, "actors", "the long-game file"), "actors")
        states = table(required(top, "states", "the long-game file"), "states")
        informed, stances, (belief, belief_prior), hazard = self.informed(top, actors)
        self.names(actors, states, stances)
        self.together = self.at_once(top, list(actors.entries), informed if len(stances) == 2 else "")
        coefficients = self.coefficients(table(required(top, "coefficients", "the long-game file"), "coefficients"))
        terms = self.payoffs(table(required(top, "payoffs", "the long-game file"), "payoffs"), actors, coefficients)
        self.all_used(coefficients, terms, top)
        made = tuple(self.actor(top, name, value, terms) for name, value in actors.entries.items())
        variables = tuple(self.variable(name, value) for name, value in states.entries.items())
        points = int(number(top.entries.get("beliefs", Scalar("21")), "beliefs", 2, 10_001)) if len(stances) == 2 else 1
        game = LongGame(
            title=words(required(top, "title", "the long-game file"), "title"),
            source=words(top.entries["source"], "source") if "source" in top.entries else "",
            period=words(top.entries["period"], "period") if "period" in top.entries else "period",
            actors=made, variables=variables, coefficients=coefficients, informed=informed, stances=stances,
            belief=belief, hazard=tuple(chance for chance, _ in hazard), points=points, path=self.path,
            at_once=self.together,
            belief_prior=belief_prior, hazard_priors=tuple(prior for _, prior in hazard),
            horizon=int(number(top.entries["horizon"], "horizon", 1, 1000)) if "horizon" in top.entries else 0,
        )  # fmt: skip
        size = game.states * prod(len(actor.moves) for actor in made) * points
        if size > MAX_NODES:
            raise TooLarge(f"the game has {size:,} (state, moves, belief) nodes; at most {MAX_NODES:,}")
        policies = self.section(top, "policies", self.policy)
        outcomes = self.section(top, "outcomes", self.outcome)
        return LongGame(**{**game.__dict__, "policies": tuple(policies), "outcomes": tuple(outcomes)})

    def section(self, top: Table, key: str, read):  # type: ignore[no-untyped-def]
        if key not in top.entries:
            return []
        node = table(top.entries[key], key)
        return [read(name, value, node.line_of(name)) for name, value in node.entries.items()]

    def informed(self, top: Table, actors: Table) -> tuple[str, tuple[str, ...], _Chance, tuple[_Chance, ...]]:
        known = Prior("fixed")
        if "informed" not in top.entries:
            return "", ("only",), (0.5, known), ((0.0, known),)
        node = table(top.entries["informed"], "informed")
        check_keys(node, "informed", ("actor", "stances", "belief"))
        name = reference(required(node, "actor", "informed"), "actor", "informed, actor", list(actors.entries))
        listed = table(required(node, "stances", "informed"), "informed, stances")
        if len(listed.entries) not in (1, 2):
            raise InputError(f"informed, stances: found {len(listed.entries)}, expected one or two", line=listed.line)
        hazard: list[_Chance] = []
        for stance, value in listed.entries.items():
            what = f"stance {quoted(stance)}"
            if isinstance(value, Scalar) and value.null:
                hazard.append((0.0, known))
                continue
            entry = table(value, what)
            check_keys(entry, what, ("leaves", "means"))
            hazard.append(self.chance(entry.entries.get("leaves", Scalar("0")), f"{what}, leaves"))
        belief = self.chance(node.entries.get("belief", Scalar("1/2")), "informed, belief")
        return name, tuple(listed.entries), belief, tuple(hazard)

    def at_once(self, top: Table, order: list[str], informed: str) -> tuple[tuple[str, ...], ...]:
        """Groups of actors that move at once: `all`, or lists of actors who follow each other in the order of play."""
        if "at_once" not in top.entries:
            return ()
        node = top.entries["at_once"]
        if isinstance(node, Scalar) and node.text == "all":
            groups = [tuple(order)]
        else:
            groups = [
                tuple(reference(each, "actor", "at_once", order) for each in items(group, "at_once, a group"))
                for group in items(node, "at_once")
            ]
        named = [name for group in groups for name in group]
        for group in groups:
            first = order.index(group[0])
            if len(group) < 2 or list(group) != order[first : first + len(group)] or len(set(named)) < len(named):
                raise InputError(
                    f"at_once: found the group {', '.join(group)}; expected two or more actors who follow each other "
                    f"in 'actors' ({', '.join(order)}), each in one group", line=node.line,
                )  # fmt: skip
            if informed in group[:-1]:
                raise InputError(
                    f"at_once: {informed} has a stance, so it must be the last of its group; list it last among "
                    f"{', '.join(group)} (they move at once all the same)", line=node.line,
                )  # fmt: skip
        return tuple(groups)

    def sees(self, name: str) -> list[str]:
        """The actors whose moves an actor has seen when it moves: those before it but for those who move with it."""
        order = list(self.actor_parts)
        own = next((group for group in self.together if name in group), (name,))
        return order[: order.index(own[0])]

    def chance(self, node: Node, what: str) -> _Chance:
        """A probability, alone or with a prior: ``1/2`` or ``{value: 1/2, prior: {beta: [2, 2]}}``."""
        if not isinstance(node, Table):
            return number(node, what, 0, 1), Prior("fixed")
        check_keys(node, what, ("value", "prior"))
        value = number(required(node, "value", what), f"{what}, value", 0, 1)
        if "prior" not in node.entries:
            return value, Prior("fixed")
        prior = prior_of(node.entries["prior"], what)
        bounds = prior.parameters if prior.family == "uniform" else (0.0, 1.0)
        if prior.family not in ("beta", "uniform") or not 0 <= bounds[0] < bounds[1] <= 1:
            raise InputError(
                f"{what}, prior: a probability takes beta: [a, b] or uniform within 0 and 1", line=node.line
            )
        return value, prior

    def names(self, actors: Table, states: Table, stances: tuple[str, ...]) -> None:
        """All axes and their labels, before anything refers to them."""
        self.axes = {STANCE: stances}
        for name, value in states.entries.items():
            self.fresh(name, states.line_of(name))
            what = f"state {quoted(name)}"
            levels = labels(required(table(value, what), "levels", what), f"{what}, levels")
            self.axes[name] = levels
        for name, value in actors.entries.items():
            self.fresh(name, actors.line_of(name))
            what = f"actor {quoted(name)}"
            moves = required(table(value, what), "moves", what)
            if isinstance(moves, Table):
                inner = {part: labels(node, f"{what}, {part}") for part, node in table(moves, what).entries.items()}
                for place, part in enumerate(inner):
                    self.fresh(part, moves.line_of(part))
                    self.parts[part] = (name, part, place)
                    self.part_labels[part] = inner[part]
                self.actor_parts[name] = inner
                self.axes[name] = tuple(",".join(combined) for combined in product(*inner.values()))
            else:
                self.actor_parts[name] = {}
                self.axes[name] = labels(moves, f"{what}, moves")

    def fresh(self, name: str, line: int | None) -> None:
        if name in self.axes or name in self.parts or name in ("move", "belief"):
            raise InputError(
                f"the name {quoted(name)} is taken; states, actors and parts have distinct names", line=line
            )

    def condition(
        self, node: Node, what: str, allowed: Sequence[str], extra: Mapping[str, tuple[str, ...]] | None = None
    ) -> Condition:
        """A table axis -> label or list of labels; parts of a move become sets of whole moves."""
        known = [*allowed, *(part for part, (actor, _, _) in self.parts.items() if actor in allowed), *(extra or {})]
        read: dict[str, tuple[int, ...]] = {}
        for key, value in table(node, what).entries.items():
            if key not in known:
                raise InputError(f"{what}: {unknown('state, actor or part', key, known)}", line=node.line)
            if extra and key in extra:
                axis, own = key, extra[key]
            elif key in self.parts:
                axis, own = self.parts[key][0], self.part_labels[key]
            else:
                axis, own = key, self.axes[key]
            asked = value.items if isinstance(value, Items) else (value,)
            chosen = {reference(each, f"label of {quoted(key)}", what, own) for each in asked}
            if key in self.parts and not (extra and key in extra):
                place = self.parts[key][2]
                found_moves = {m for m, move in enumerate(self.axes[axis]) if move.split(",")[place] in chosen}
            else:
                found_moves = {own.index(each) for each in chosen}
            before = set(read.get(axis, tuple(found_moves)))
            read[axis] = tuple(sorted(before & found_moves))
        return read

    def everything(self, but: Sequence[str] = ()) -> list[str]:
        return [axis for axis in self.axes if axis not in but]

    def coefficients(self, node: Table) -> tuple[Coefficient, ...]:
        read = []
        for name, value in node.entries.items():
            what = f"coefficient {quoted(name)}"
            entry = table(value, what)
            check_keys(entry, what, ("value", "prior", "means", "source"))
            prior = prior_of(entry.entries["prior"], what) if "prior" in entry.entries else Prior("fixed")
            text = {
                key: words(entry.entries[key], f"{what}, {key}") for key in ("means", "source") if key in entry.entries
            }
            read.append(Coefficient(name, number(required(entry, "value", what), f"{what}, value"), prior, **text))
        return tuple(read)

    def term(self, node: Node, what: str, coefficients: Sequence[str] | None) -> Term:
        entry = table(node, what)
        check_keys(entry, what, _TERM if coefficients is not None else _TERM[1:])
        name = ""
        if coefficients is not None:
            name = reference(required(entry, "coefficient", what), "coefficient", what, coefficients)
        add = number(entry.entries.get("add", Scalar("1")), f"{what}, add")
        when = (
            self.condition(entry.entries["when"], f"{what}, when", self.everything()) if "when" in entry.entries else {}
        )
        times = {}
        if "times" in entry.entries:
            for axis, value in table(entry.entries["times"], f"{what}, times").entries.items():
                reference(Scalar(axis, value.line), "state or actor", f"{what}, times", self.everything())
                weights = tuple(number(each, f"{what}, times {axis}") for each in items(value, f"{what}, times"))
                if len(weights) != len(self.axes[axis]):
                    raise InputError(
                        f"{what}, times: found {len(weights)} numbers, expected one for each of "
                        f"{', '.join(self.axes[axis])}", line=value.line,
                    )  # fmt: skip
                times[axis] = weights
        return Term(name, add, when, times)

    def payoffs(self, node: Table, actors: Table, coefficients: Sequence[Coefficient]) -> dict[str, tuple[Term, ...]]:
        names = [coefficient.name for coefficient in coefficients]
        read = {}
        for name, value in node.entries.items():
            reference(Scalar(name, node.line_of(name)), "actor", "payoffs", list(actors.entries))
            what = f"payoffs of {quoted(name)}"
            read[name] = tuple(self.term(each, what, names) for each in items(value, what))
        return read

    def all_used(self, coefficients: Sequence[Coefficient], terms: Mapping[str, tuple[Term, ...]], top: Table) -> None:
        used = {term.coefficient for each in terms.values() for term in each}
        listed = table(top.entries["coefficients"], "coefficients")
        for coefficient in coefficients:
            if coefficient.name not in used:
                line = listed.line_of(coefficient.name)
                raise InputError(f"the coefficient {quoted(coefficient.name)} is in no payoff", line=line)

    def actor(self, top: Table, name: str, node: Node, terms: Mapping[str, tuple[Term, ...]]) -> Actor:
        what = f"actor {quoted(name)}"
        entry = table(node, what)
        check_keys(entry, what, ("moves", "unavailable", "means"))
        discount = required(top, "discount", "the long-game file")
        if isinstance(discount, Table):
            discount = required(discount, name, "discount")
        barred = []
        if "unavailable" in entry.entries:
            for each in items(entry.entries["unavailable"], f"{what}, unavailable"):
                line = table(each, f"{what}, unavailable")
                entries = dict(line.entries)
                if "move" in entries:
                    entries[name] = entries.pop("move")
                earlier = [*self.sees(name), name]
                allowed = [axis for axis in self.axes if axis not in self.actor_parts and axis != STANCE] + earlier
                barred.append(self.condition(Table(entries, line.line, line.lines), f"{what}, unavailable", allowed))
        beta = number(discount, f"discount of {name}", 0, 0.9999)
        return Actor(name, self.axes[name], self.actor_parts[name], beta, terms.get(name, ()), tuple(barred))

    def variable(self, name: str, node: Node) -> Variable:
        what = f"state {quoted(name)}"
        entry = table(node, what)
        check_keys(entry, what, ("levels", "start", "rules", "markov", "means", "source"))
        levels = self.axes[name]
        start = levels.index(
            reference(entry.entries.get("start", Scalar(levels[0])), "level", f"{what}, start", levels)
        )
        if "markov" in entry.entries and "rules" in entry.entries:
            raise InputError(f"{what}: 'markov' and 'rules' exclude each other", line=entry.line)
        if "markov" in entry.entries:
            rows = items(entry.entries["markov"], f"{what}, markov")
            matrix = tuple(tuple(number(x, f"{what}, markov", 0, 1) for x in items(row, what)) for row in rows)
            size = len(levels)
            if len(matrix) != size or any(len(row) != size or abs(sum(row) - 1) > 1e-9 for row in matrix):
                raise InputError(f"{what}, markov: expected {size} rows of {size} that add up to 1", line=entry.line)
            return Variable(name, levels, start, (), Markov(matrix))
        rules = items(entry.entries["rules"], f"{what}, rules") if "rules" in entry.entries else ()
        return Variable(name, levels, start, tuple(self.rule(each, what, levels) for each in rules))

    def rule(self, node: Node, what: str, levels: tuple[str, ...]) -> Rule:
        entry = table(node, f"{what}, a rule")
        check_keys(entry, f"{what}, a rule", ("when", "up", "down", "to"))
        allowed = self.everything(but=(STANCE,))
        when = self.condition(entry.entries["when"], f"{what}, when", allowed) if "when" in entry.entries else {}
        chances: list[tuple[int | None, int | None, float]] = []
        for key, shift in (("up", 1), ("down", -1)):
            if key in entry.entries:
                chances.append((shift, None, number(entry.entries[key], f"{what}, {key}", 0, 1)))
        if "to" in entry.entries:
            target = entry.entries["to"]
            if isinstance(target, Scalar):
                target = Table({target.text: Scalar("1", target.line)}, target.line, {target.text: target.line})
            for level, chance in table(target, f"{what}, to").entries.items():
                reference(Scalar(level, chance.line), "level", f"{what}, to", levels)
                chances.append((None, levels.index(level), number(chance, f"{what}, to", 0, 1)))
        if sum(chance for _, _, chance in chances) > 1 + 1e-9:
            raise InputError(f"{what}, a rule: the chances add up to more than 1", line=entry.line)
        return Rule(when, tuple(chances))

    def policy(self, name: str, node: Node, line: int | None) -> Policy:
        what = f"policy {quoted(name)}"
        entry = table(node, what)
        check_keys(entry, what, ("actor", "means", "source", "counters", "rules", "otherwise"))
        order = list(self.actor_parts)
        actor = reference(required(entry, "actor", what), "actor", what, order)
        states = [axis for axis in self.axes if axis not in order and axis != STANCE]
        counters, extra = [], {}
        if "counters" in entry.entries:
            for key, value in table(entry.entries["counters"], f"{what}, counters").entries.items():
                inner = table(value, f"{what}, counter {quoted(key)}")
                self.fresh(key, inner.line)
                check_keys(inner, f"{what}, counter", ("when", "most", "sticky"))
                most = int(number(required(inner, "most", what), f"{what}, most", 1, 40))
                always = inner.entries.get("when")
                when = {} if always is None else self.condition(always, f"{what}, counter", [*states, *order])
                sticky = inner.entries.get("sticky", Scalar("false"))
                reference(sticky, "choice", f"{what}, sticky", ("true", "false"))
                counters.append(Counter(key, most, when, isinstance(sticky, Scalar) and sticky.text == "true"))
                extra[key] = tuple(str(k) for k in range(most + 1))
        seen = [*states, *self.sees(actor)]
        rules = []
        for each in items(entry.entries["rules"], f"{what}, rules") if "rules" in entry.entries else ():
            inner = table(each, f"{what}, a rule")
            check_keys(inner, f"{what}, a rule", ("when", "belief", "move"))
            when = (
                self.condition(inner.entries["when"], f"{what}, when", seen, extra) if "when" in inner.entries else {}
            )
            limits = (0.0, 1.0)
            if "belief" in inner.entries:
                ends = items(inner.entries["belief"], f"{what}, belief")
                if len(ends) != 2:
                    raise InputError(f"{what}, belief: expected [low, high]", line=inner.line)
                limits = (number(ends[0], f"{what}, belief", 0, 1), number(ends[1], f"{what}, belief", 0, 1))
            move = reference(required(inner, "move", what), "move", f"{what}, move", self.axes[actor])
            rules.append(PolicyRule(when, self.axes[actor].index(move), limits))
        other = reference(required(entry, "otherwise", what), "move", f"{what}, otherwise", self.axes[actor])
        text = {key: words(entry.entries[key], f"{what}, {key}") for key in ("means", "source") if key in entry.entries}
        return Policy(name, actor, tuple(rules), self.axes[actor].index(other), tuple(counters), **text)

    def outcome(self, name: str, node: Node, line: int | None) -> Outcome:
        what = f"outcome {quoted(name)}"
        label(Scalar(name, line), what)
        entry = table(node, what)
        check_keys(entry, what, ("means", "terms", "when", "add", "times"))
        means = words(entry.entries["means"], f"{what}, means") if "means" in entry.entries else ""
        if "terms" in entry.entries:
            return Outcome(name, tuple(self.term(x, what, None) for x in items(entry.entries["terms"], what)), means)
        rest = {key: value for key, value in entry.entries.items() if key != "means"}
        if not rest:
            raise InputError(f"{what}: expected 'when', 'times' or 'terms'", line=line)
        return Outcome(name, (self.term(Table(rest, entry.line, entry.lines), what, None),), means)
