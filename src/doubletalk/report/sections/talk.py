"""What talk is worth: every equilibrium against silence, the whole truth and a speaker who binds itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doubletalk.equilibrium.output import json_text
from doubletalk.equilibrium.solution import Solution
from doubletalk.errors import DoubletalkError
from doubletalk.exact import Rational
from doubletalk.game.model import Game
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.sections.badges import which_world
from doubletalk.report.tables import details, paragraphs, safe, stacked, table
from doubletalk.report.window_figure import brief_words
from doubletalk.talk import Commitment, Pooling, Range, Signal, TalkWorth, Taxonomy, pooling, taxonomy, value_of_talk
from doubletalk.talk.output import talk_json

__all__ = ["talk"]

LONGEST_SEARCH_S = 20.0
"""Seconds that each solve of the comparison of public and private talk may take."""


def talk(content: PageContent) -> Section | None:
    """The worth of talk in every game of the case; ``talk.json`` has the same numbers."""
    parts: list[str] = []
    files: dict[str, str] = {}
    for number, (name, solution) in enumerate(content.solutions):
        game = solution.game
        head = f"<h3>{safe(name)}</h3>" if len(content.solutions) > 1 else ""
        try:
            worth = value_of_talk(game, solution)
            kind = taxonomy(game, LONGEST_SEARCH_S)
            pool = pooling(game, solution)
        except DoubletalkError as wrong:
            parts.append(f"{head}<p>It could not be worked out for this game: {safe(wrong)}.</p>")
            continue
        files["talk.json" if number == 0 else f"talk-{name}.json"] = json_text(talk_json(game, worth, kind, pool))
        parts.append(head + _game(content, solution, worth, kind, pool))
    return Section("talk", "What talk is worth", "".join(parts), files) if parts else None


def _game(content: PageContent, solution: Solution, worth: TalkWorth, kind: Taxonomy, pool: Pooling) -> str:
    game = solution.game
    sender = content.name(game.sender)
    intro = (
        f"What each can expect before it is known what {sender} is. Where something is left open (which "
        "equilibrium is played, what somebody indifferent does) the range is given; both of its ends occur. Numbers "
        "too long to be read are rounded here; talk.json has them exactly."
    )
    head = ("If", *(_cap(content.name(who)) for who in game.players))
    body = [
        f"<p>{safe(intro)}</p>{which_world(content)}",
        stacked(head, [("", row) for row in _rows(content, game, worth)]),
        paragraphs([*_compared(content, game, worth), *_gaps(content, game, worth)]),
        _commitment(content, game, worth.commitment),
        "<h3>In public and in private</h3>",
        paragraphs(_channels(content, game, kind, pool)),
    ]
    return "".join(body)


def _rows(content: PageContent, game: Game, worth: TalkWorth) -> Iterator[tuple[str, ...]]:
    sender = content.name(game.sender)
    best = worth.commitment
    committed = best.everybody(game.sender)
    rows: tuple[tuple[str, Mapping[str, Range]], ...] = (
        ("nothing could be said", worth.silence.payoffs),
        ("an equilibrium is played, the worst to the best for each", worth.equilibria),
        (f"an equilibrium is played that is best for {sender}", worth.at_sender_best),
        ("the truth were known", worth.disclosure.payoffs),
        (f"{sender} could bind itself to a rule of what to say", committed),
    )
    for label, values in rows:
        bound = "at least " if values is committed and not best.exact else ""
        cells = [bound * (who == game.sender) + _range(values.get(who)) for who in game.players]
        yield (safe(label[:1].upper() + label[1:]), *map(safe, cells))


def _range(value: Range | None) -> str:
    if value is None:
        return "not known"
    low, high = brief_words(value.low), brief_words(value.high)
    return low if value.settled else f"{low} to {high}"


def _compared(content: PageContent, game: Game, worth: TalkWorth) -> Iterator[str]:
    """Who would gain from the truth, what it would be worth to bind oneself, who gains and pays by talk."""
    truth = worth.disclosure.payoffs
    known = [who for who in game.players if who in truth]
    told = [f"{content.name(who)} {_against(truth[who], worth.equilibria[who])}" for who in known]
    if told:
        yield f"If the truth were known, {'; '.join(told)}."
    best = worth.commitment
    if best.value is not None:
        gain = best.value - worth.equilibria[game.sender].high
        more = f"worth {brief_words(gain)} more than its best equilibrium" if gain > 0 else "worth nothing"
        yield f"To bind itself in advance to a rule of what to say is {more} to {content.name(game.sender)}."
    words = {"gains": "gain", "pays": "pay", "gets the same": "get the same", "depends": "may gain or pay"}
    for verdict, word in words.items():
        who = [content.name(name) for name, found in worth.verdicts.items() if found == verdict]
        if who:
            sender = content.name(game.sender)
            yield f"Against silence, in the equilibria best for {sender}, these {word}: {', '.join(who)}."


def _against(benchmark: Range, play: Range) -> str:
    if benchmark.low > play.high:
        return "would do better than in any equilibrium"
    if benchmark.high < play.low:
        return "would do worse than in any equilibrium"
    if benchmark == play:
        return "would get what it gets in any case"
    if benchmark.high == play.low:
        return "would do no better than in the equilibrium that is worst for it"
    if benchmark.low == play.high:
        return "would do as well as in the equilibrium that is best for it"
    return "would do better than in some equilibria and worse than in others"


def _cap(words: str) -> str:
    return words[:1].upper() + words[1:]


def _gaps(content: PageContent, game: Game, worth: TalkWorth) -> Iterator[str]:
    """What could not be worked out, and why."""
    if worth.silence.why_not:
        yield f"Silence could not be compared: {worth.silence.why_not}."
    if worth.disclosure.why_not:
        yield f"The truth known: {worth.disclosure.why_not}."
    if worth.why_not:
        yield f"The ranges over equilibria may be too narrow: {worth.why_not}."
    best = worth.commitment
    if best.why_not:
        bound = "" if best.at_most is None else f" It is at most {brief_words(best.at_most)}."
        yield f"The rule that {content.name(game.sender)} would bind itself to: {best.why_not}.{bound}"


def _commitment(content: PageContent, game: Game, best: Commitment) -> str:
    """One best rule as a table, folded."""
    if not best.signals:
        return ""
    rows = [
        (safe(signal.heard), safe(brief_words(signal.probability)), safe(_believed(signal)), _done(content, signal))
        for signal in best.signals
    ]
    body = table(("Said", "with probability", "then it is believed", "and done"), rows)
    if best.adverse is not None and best.adverse != best.value:
        body += f"<p>With ties broken against the speaker it is worth {safe(brief_words(best.adverse))}.</p>"
    return details(f"One best rule for {content.name(game.sender)}", body)


def _believed(signal: Signal) -> str:
    types: dict[str, Rational] = {}
    for label, chance in signal.belief.items():
        known = label.partition("|")[0]
        types[known] = types[known] + chance if known in types else chance
    return "; ".join(f"{label} {brief_words(chance)}" for label, chance in types.items())


def _done(content: PageContent, signal: Signal) -> str:
    """What each audience does at the signal; of what follows other moves only those that happen."""
    lines: list[str] = []
    happened: set[str] = set()
    for who, plan in signal.responses.items():
        for where, chances in plan.items():
            seen = where.split("|")[1:]
            if set(seen) <= happened or not seen:
                shown = ", ".join(a if len(chances) == 1 else f"{a} {brief_words(c)}" for a, c in chances.items())
                lines.append(safe(f"{content.name(who)}{' after ' + ', '.join(seen) if seen else ''}: {shown}"))
                happened |= {f"{who}={a}" for a in chances}
    return "<br>".join(lines)


def _channels(content: PageContent, game: Game, kind: Taxonomy, pool: Pooling) -> Iterator[str]:
    """What the audiences would gain by telling each other, and what private talk would change."""
    if pool.gains:
        for who, gain in pool.gains.items():
            yield (
                f"If the audiences told each other what they heard, and {content.name(game.sender)} did not know, "
                f"{content.name(who)} would gain {_range(gain)} over the equilibria."
            )
    elif len(game.audiences) > 1 and all(len(cell.audiences) == len(game.audiences) for cell in game.cells()):
        yield "All audiences hear the same, so that none would learn anything by asking another."
    else:
        yield f"What the audiences would gain by telling each other what they heard does not apply: {pool.why_not}."
    if kind.kind is None:
        yield (
            "What would change if each were spoken to in private is not worked out for this kind of game: "
            f"{kind.why_not}. The comparison of Farrell and Gibbons (1989) is made for costless talk to audiences "
            "that do not watch each other."
        )
        return
    yield f"By the classification of Farrell and Gibbons (1989) this is a game of {kind.kind}."
    for label, ranges in (("in public", kind.public), ("in private", kind.private)):
        if ranges is not None:
            each = "; ".join(f"{content.name(who)} {_range(ranges[who])}" for who in game.players)
            yield f"Over all equilibria {label}: {each}."
