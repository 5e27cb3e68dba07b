"""``doubletalk talk``: what talk is worth, to whom, and what a second audience does to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.games import assignments, game_file
from doubletalk.commands.running import Exit, Interruption, ProgressBar, note, put, terminal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from doubletalk.equilibrium.solution import Solution
    from doubletalk.exact import Rational
    from doubletalk.game.model import Game
    from doubletalk.talk import Commitment, Pooling, Signal, TalkWorth, Taxonomy

__all__ = ["talk"]


def talk(
    game: Annotated[str, typer.Argument(metavar="GAME", help="A game file, or the name of a library game.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter; repeatable.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="S", help="Stop each solve after S seconds.")
    ] = None,
) -> None:
    """What talk is worth: against silence, full disclosure and commitment; in public and in private."""
    values = assignments(settings or [])
    if time_limit is not None and not (time_limit > 0 and math.isfinite(time_limit)):
        raise typer.BadParameter("expected a positive number of seconds", param_hint="'--time-limit'")
    the_game = game_file(game).game(values)
    interruption = Interruption()
    with ProgressBar() as bar, interruption.watched():
        from doubletalk.equilibrium.solve import solve
        from doubletalk.talk import pooling, taxonomy, value_of_talk

        solution = solve(the_game, time_limit=time_limit, progress=bar)
        if interruption.happened:
            raise KeyboardInterrupt
        worth = value_of_talk(the_game, solution)
        kind = taxonomy(the_game, time_limit, bar)
        pool = pooling(the_game, solution)
    if json:
        from doubletalk.equilibrium.output import json_text
        from doubletalk.talk.output import talk_json

        put(json_text(talk_json(the_game, worth, kind, pool)))
    else:
        _show(terminal(), the_game, worth, kind, pool)
    if interruption.happened:
        raise KeyboardInterrupt
    if _stopped(solution) or any(_stopped(each) for each in (kind.solutions or {}).values()):
        note("stopped early: the time limit was reached; not all equilibria are known")
        raise typer.Exit(Exit.LIMIT)


def _stopped(solution: Solution) -> bool:
    return not solution.complete and "time limit" in (solution.why_incomplete or "")


def _show(console: Console, game: Game, worth: TalkWorth, kind: Taxonomy, pool: Pooling) -> None:
    from rich.text import Text

    console.print(Text(game.title, style="bold"))
    if game.source:
        console.print(Text(game.source, style="dim"))
    console.print(Text("\nExpected payoffs, before the type is drawn"))
    console.print(_payoffs(game, worth))
    for line in (*_talk_lines(game, worth), *_commitment_lines(game, worth.commitment)):
        console.print(Text(line))
    console.print(Text("\nPublic and private talk", style="bold"))
    if kind.kind is None:
        console.print(Text(f"The taxonomy of public and private talk does not apply: {kind.why_not}."))
    else:
        console.print(Text(f"Farrell and Gibbons: {kind.kind}."))
        for line in _channel_lines(kind):
            console.print(Text(line))
        console.print(_channels(game, kind))
    if pool.gains:
        console.print(Text("\nIf the audiences told each other what they heard, and the sender did not know:"))
        for who, gain in pool.gains.items():
            console.print(Text(f"  {who} would gain {gain} over the equilibria."))


def _table(headings: tuple[str, ...]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for n, heading in enumerate(headings):
        table.add_column(heading, style="cyan" if n == 0 else "", overflow="fold")
    return table


def _payoffs(game: Game, worth: TalkWorth) -> Table:
    """A row for each way of speaking, a column for each player."""
    from rich.text import Text

    table = _table(("", *game.players))
    best = worth.commitment
    committed: dict[str, object] = {**best.everybody(game.sender)}
    if best.value is not None and not best.exact:
        committed[game.sender] = f"at least {best.value}"
    rows: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("silence", worth.silence.payoffs),
        ("equilibria, worst to best", worth.equilibria),
        (f"equilibria best for {game.sender}", worth.at_sender_best),
        ("full disclosure", worth.disclosure.payoffs),
        (f"{game.sender} commits", committed),
    )
    for label, values in rows:
        table.add_row(label, *(Text(str(values.get(who, "not known"))) for who in game.players))
    return table


def _talk_lines(game: Game, worth: TalkWorth) -> Iterator[str]:
    """Who gains, who pays, and what is not known."""
    words = {
        "gains": ("gains", "gain"),
        "pays": ("pays", "pay"),
        "gets the same": ("gets the same", "get the same"),
        "depends": ("may gain or pay", "may gain or pay"),
    }
    yield ""
    for verdict, (one, several) in words.items():
        who = [name for name, found in worth.verdicts.items() if found == verdict]
        if who:
            does = one if len(who) == 1 else several
            yield f"Against silence, in the equilibria best for {game.sender}: {', '.join(who)} {does}."
    by_message = worth.silence.by_message
    if any(payoffs != worth.silence.payoffs for payoffs in by_message.values()):
        for message, payoffs in by_message.items():
            yield f"Silence by {message}: {', '.join(f'{who} {value}' for who, value in payoffs.items())}."
    if worth.silence.why_not:
        yield f"Silence: {worth.silence.why_not}."
    if worth.disclosure.why_not:
        yield f"Full disclosure: {worth.disclosure.why_not}."
    if worth.why_not:
        yield f"Equilibria: {worth.why_not}."


def _commitment_lines(game: Game, best: Commitment) -> Iterator[str]:
    """The optimal signals."""
    if best.why_not:
        bound = "" if best.at_most is None else f" It is at most {best.at_most}."
        yield f"Commitment: {best.why_not}.{bound}"
    if best.signals:
        yield f"\nWhat {game.sender} would commit to (one best rule):"
    for signal in best.signals:
        who = "" if len(signal.audiences) == len(game.audiences) else f" to {' and '.join(signal.audiences)}"
        heard = f"{signal.heard}{who}, with probability {signal.probability}"
        yield f"  {heard}: belief {_believes(signal)}; {_does(signal.responses)}"
    if best.adverse is not None and best.adverse != best.value:
        yield f"  With ties broken against {game.sender} the value is {best.adverse}."


def _believes(signal: Signal) -> str:
    """The belief about the type."""
    types: dict[str, Rational] = {}
    for label, chance in signal.belief.items():
        known = label.partition("|")[0]
        types[known] = types[known] + chance if known in types else chance
    return ", ".join(f"{label} {chance}" for label, chance in types.items())


def _does(responses: Mapping[str, Mapping[str, Mapping[str, object]]]) -> str:
    """``"judge: convict"``; where an audience watches another, with what it saw."""
    parts = []
    for who, plan in responses.items():
        for where, chances in plan.items():
            seen = where.partition("|")[2]
            deed = " or ".join(f"{a} {c}" if len(chances) > 1 else a for a, c in chances.items())
            parts.append(f"{who}{f' after {seen}' if seen else ''}: {deed}")
    return "; ".join(parts)


def _channel_lines(kind: Taxonomy) -> Iterator[str]:
    """What can be told to whom."""
    for audience in kind.audiences:
        told = "can" if audience.separating_alone is not None else "cannot"
        yield f"  {audience.name}: {told} be told the whole truth alone; {audience.effect}."
    can = "can" if kind.separating_public is not None else "cannot"
    yield f"  In public the whole truth {can} be told."


def _channels(game: Game, kind: Taxonomy) -> Table:
    """Payoffs over all equilibria, by channel."""
    from rich.text import Text

    table = _table(("over all equilibria", *game.players))
    rows = {"in public": kind.public, "in private": kind.private}
    for label, ranges in rows.items():
        if ranges is not None:
            table.add_row(label, *(Text(str(ranges[who])) for who in game.players))
    return table
