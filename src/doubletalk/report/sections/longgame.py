"""The long game: does the cycle arise and for which coefficients, what relief does, which policy fares best."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.case.long_claims import SURE
from doubletalk.case.long_data import cycle_rows, policy_rows, response_rows
from doubletalk.case.long_study import CycleRow, LongStudy
from doubletalk.longgame.weighing import Weighed
from doubletalk.report.chronicle_data import csv_text
from doubletalk.report.longgame_figure import response_svg
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.tables import code, details, paragraphs, safe, stacked

__all__ = ["longgame"]

HEADING = "The long game"


def longgame(content: PageContent) -> Section | None:
    """The cycle, what relief does, policies compared; None in a case without a long game."""
    found = content.study.long if content.study is not None else None
    if found is None:
        return None
    if found.missing:
        words = f"The case has a long game, {found.plan.game.title}. It was not solved here: {found.missing}."
        return Section("longgame", HEADING, paragraphs([words]))
    body = _intro(content, found)
    body += _cycle(content, found) if found.cycle else ""
    body += _responses(content, found) if found.responses else ""
    body += _policies(content, found) if found.weighed is not None else ""
    files = {
        "longgame-cycle.csv": cycle_rows(found),
        "longgame-responses.csv": response_rows(found),
        "longgame-policies.csv": policy_rows(found),
    }
    return Section("longgame", HEADING, body, {name: csv_text(rows) for name, rows in files.items() if rows})


def _intro(content: PageContent, found: LongStudy) -> str:
    game = found.plan.game
    actors = ", ".join(content.name(actor.name) for actor in game.actors)
    known = (
        f" Whether {content.name(game.informed)} is {' or '.join(map(content.name, game.stances))} the others do not "
        "know; what they believe moves with what it does."
        if len(game.stances) == 2
        else ""
    )
    words = (
        f"{game.title}. In every {game.period} {actors} move in this order, each looking ahead.{known} Everybody plays "
        "a Markov logit equilibrium: the better of two moves is the likelier one, not the only one. There may be "
        "further equilibria; this is the one that the solver reaches from play without a future."
    )
    caution = (
        "The coefficients are those of the file. They are assumptions, no estimates, so what is below says what "
        f"follows from them and not what happened. Numbers are from {found.paths} simulated paths and more; ± is one "
        "standard error of the simulation, and says nothing of how right the coefficients are."
    )
    return paragraphs([words, caution]) + (
        details("Where the sizes come from", f"<p>{safe(game.source)}</p>") if game.source else ""
    )


# ---- the cycle -------------------------------------------------------------------------------------------------------


def _cycle(content: PageContent, found: LongStudy) -> str:
    plan = found.plan
    rows = {row.name: row for row in found.cycle}
    filed, nothing = rows["filed"], rows.get("nothing")
    worse = "" if filed.worse is None else (
        f" In {_share(filed.worse, filed.worse_error)} the last step leaves more {plan.worse} than the first did."
    )  # fmt: skip
    told = [
        f"Looked for: {plan.cycle.replace(' then ', ', then ')}, in this order, within {plan.within} "
        f"{plan.game.period}s from the start. Other moves may come in between.",
        f"With the coefficients of the file {_share(filed.share, filed.error)} of the paths hold it.{worse}",
    ]
    if nothing is not None:
        told.append(
            f"Such a round also comes about by chance. With all {_mechanisms(found)} mechanisms at zero, so that moves "
            f"are chosen by their price and by chance alone, it is in {_share(nothing.share, nothing.error)} of the "
            f"paths. Against that, what is at stake in the file makes the round {_than(nothing)}."
        )
    head = ("Version of the game", "Whole round", "With a worse end", "Against the file", "So it is")
    whole = [("", _cycle_cells(content, found, row)) for row in found.cycle if row.value is None]
    parts = sorted((row for row in found.cycle if row.value is not None), key=lambda row: row.change)
    cells = [("", _cycle_cells(content, found, row)) for row in parts]
    words = (
        "One coefficient at a time is set to zero, the others held; prices of moves are left as they are. "
        + " ".join(_feeding(parts))
        + f" A difference counts from {SURE:g} standard errors on; every version is simulated with the same random "
        "numbers."
    )
    return (
        f"<h3>Does the cycle arise?</h3>{paragraphs(told)}"
        + stacked(head, whole)
        + (f"<p>{safe(words)}</p>" + details(f"All {len(parts)} coefficients", stacked(head, cells)) if parts else "")
    )


def _feeding(parts: Sequence[CycleRow]) -> list[str]:
    """Which coefficients make the round more frequent, which rarer, and which do neither; the strongest first."""
    sure = [row for row in parts if abs(row.change) > SURE * row.change_error]
    feeds = [row.name for row in sure if row.change < 0]
    damps = [row.name for row in reversed(sure) if row.change > 0]
    rest = [row.name for row in parts if row not in sure]
    told = {
        "Rarer without, so that they feed it": feeds,
        "More frequent without, so that they damp it": damps,
        "No difference": rest,
    }
    return [f"{words}: {', '.join(names)}." for words, names in told.items() if names]


def _mechanisms(found: LongStudy) -> int:
    return sum(row.value is not None for row in found.cycle)


def _than(nothing: CycleRow) -> str:
    """How the game as filed stands to one in which nothing is at stake."""
    if abs(nothing.change) <= SURE * nothing.change_error:
        return "neither more nor less frequent, within the error"
    return "rarer" if nothing.change > 0 else "more frequent"


def _cycle_cells(content: PageContent, found: LongStudy, row: CycleRow) -> Sequence[str]:
    means = {c.name: c.means for c in found.plan.game.coefficients}
    names = {"filed": "as filed", "nothing": "nothing at stake"}
    if row.value is not None:
        name = f"{code(row.name)} at 0 (file: {row.value:g})<br><small>{safe(means[row.name])}</small>"
    elif row.name.startswith("lens "):
        name = f"{safe(content.name(row.name.removeprefix('lens ')))}, known to all"
    else:
        name = safe(names.get(row.name, row.name))
    share = _plus(row.share, row.error)
    worse = "–" if row.worse is None or row.worse_error is None else _plus(row.worse, row.worse_error)
    if row.name == "filed":
        return name, share, worse, "–", "–"
    sure = abs(row.change) > SURE * row.change_error
    return (
        name,
        share,
        worse,
        f"{row.change:+.3f} ± {row.change_error:.3f}",
        ("rarer" if row.change < 0 else "more frequent") if sure else "no difference",
    )


def _plus(value: float, error: float) -> str:
    return f"{value:.3f} ± {error:.3f}"


def _share(value: float, error: float | None) -> str:
    return f"{100 * value:.1f} ± {100 * (error or 0.0):.1f} per cent"


# ---- responses -------------------------------------------------------------------------------------------------------


def _responses(content: PageContent, found: LongStudy) -> str:
    plan, game = found.plan, found.plan.game
    begin = f"from {plan.start}" if plan.start else "at the start of the file"
    actor, _, move = plan.relief.partition("=")
    words = (
        f"The move {plan.relief} is made once, {begin}, whatever would have been chosen. The lines say by how "
        f"much the mean level of each variable then differs from play without it, for each true stance; a level counts "
        "one more than the level below it. Bands are 90 per cent of the simulation's error."
    )
    title = f"What follows when {content.name(actor)} plays {move}"
    wide, narrow = (response_svg(found.responses, game.period, title, wide=w) for w in (True, False))
    last = plan.periods
    shown = sorted({max(1, last // 3), max(1, 2 * last // 3), last})
    rows = []
    for each in found.responses:
        changes = [f"{each.change[n]:+.3f} ± {each.error[n]:.3f}" for n in shown]
        rows.append(("", (safe(f"{each.variable}, {content.name(each.stance)}"), f"{each.plain[last]:.3f}", *changes)))
    head = ("Variable, true stance", f"Level without it after {last}", *(f"Change after {n}" for n in shown))
    return (
        f"<h3>{safe(title)}</h3>{paragraphs([words, *_lasting(content, found)])}"
        f'<figure><div class="scroll">{wide}</div>{narrow}</figure>'
        + details("The numbers", stacked(head, rows, css="exact"))
    )


def _lasting(content: PageContent, found: LongStudy) -> list[str]:
    """Which changes are left at the end, for each stance."""
    lines = []
    for stance in dict.fromkeys(each.stance for each in found.responses):
        told = []
        for each in found.responses:
            if each.stance == stance and abs(each.change[-1]) > SURE * each.error[-1]:
                told.append(f"a {'higher' if each.change[-1] > 0 else 'lower'} level of {each.variable}")
        left = " and ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else "".join(told)
        after = f"after {found.plan.periods} {found.plan.game.period}s"
        whom = f"{content.name(found.plan.game.informed)} is {content.name(stance)}" if found.plan.game.informed else ""
        ends = f"what is left {after} is {left or 'no difference beyond the error'}."
        lines.append(f"If {whom}, {ends}" if whom else ends[:1].upper() + ends[1:])
    return lines


# ---- policies --------------------------------------------------------------------------------------------------------


def _policies(content: PageContent, found: LongStudy) -> str:
    weighed, outcomes, game = found.weighed, found.outcomes, found.plan.game
    assert weighed is not None
    assert outcomes is not None
    actor = content.name(weighed.actor)
    words = (
        f"Under a policy {actor} follows a rule, come what may, and all the others adapt to it. Counted over "
        f"{weighed.periods} {game.period}s; 'optimising' is play in which {actor} has no rule."
    )
    means = {outcome.name: outcome.means or outcome.name for outcome in game.outcomes}
    head = ("Policy", *(means[name] for name in outcomes.outcomes))
    table = [
        ("", (code(name), *(f"{m:.2f} ± {e:.2f}" for m, e in zip(outcomes.mean[p], outcomes.error[p], strict=True))))
        for p, name in enumerate(outcomes.policies)
    ]
    about = {policy.name: policy.means for policy in game.policies}
    listed = "".join(f"<li>{code(n)}: {safe(about[n])}</li>" for n in weighed.policies if about.get(n))
    left = "".join(f"<p>Not compared: {code(name)}; {safe(why)}.</p>" for name, why in found.left_out.items())
    return (
        f"<h3>Policies of {safe(actor)} compared</h3>{paragraphs([words])}"
        + (f"<ul>{listed}</ul>" if listed else "")
        + stacked(head, table, css="exact small")
        + _worth(content, actor, weighed, found)
        + left
    )


def _worth(content: PageContent, actor: str, weighed: Weighed, found: LongStudy) -> str:
    game, choice = found.plan.game, weighed.choice
    head = (
        "Policy",
        *(f"Worth if {content.name(case)}" for case in weighed.cases),
        *(f"Regret if {content.name(case)}" for case in weighed.cases),
        "Largest regret",
    )
    rows = [
        (
            "",
            (
                code(name),
                *(f"{w:.2f} ± {e:.2f}" for w, e in zip(weighed.worth[p], weighed.worth_error[p], strict=True)),
                *(f"{w:.2f} ± {e:.2f}" for w, e in zip(weighed.regret[p], weighed.regret_error[p], strict=True)),
                f"{choice.most_regret[p]:.2f}",
            ),
        )
        for p, name in enumerate(weighed.policies)
    ]
    told = [
        f"Worth is {actor}'s discounted payoff in the model over these {weighed.periods} {game.period}s; regret is how "
        f"much less than the best policy for that stance. The smallest largest regret is that of "
        f"{weighed.policies[choice.minimax]} ({choice.most_regret[choice.minimax]:.2f})."
        + (f" Within the error of it: {', '.join(weighed.close(SURE))}." if weighed.close(SURE) else "")
        + " Regret depends on which policies are compared."
    ]
    if len(game.stances) == 2:
        first, *rest = weighed.stretches
        best = f"{first.policy}" + "".join(f", from {each.low:.2f} on {each.policy}" for each in rest)
        told.append(
            f"By the belief at the start that {content.name(game.informed)} is {content.name(game.stances[-1])}, and "
            f"over all time to come, the policy of most worth is {best}{'' if rest else ' at every belief'}."
        )
    if any(policy.has_memory for policy in game.policies if policy.name in weighed.policies):
        told.append(
            f"Policies that count {game.period}s are solved on {found.memory_points} points of belief, the others on "
            f"{game.points}."
        )
    return paragraphs(told) + stacked(head, rows, css="exact small")
