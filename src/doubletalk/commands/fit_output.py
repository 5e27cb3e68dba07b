"""What ``doubletalk fit`` prints and draws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from doubletalk.longgame.smoothing import TRUSTED

if TYPE_CHECKING:
    from doubletalk.longgame.checks import Check
    from doubletalk.longgame.fitted import Move
    from doubletalk.longgame.fitting_run import Fitted

__all__ = ["figure_files", "fitted_json", "printed"]

UNLIKELY = 0.05


def printed(found: Fitted, *, stance: bool, most: int) -> str:
    """The verdict in the first line, the table of coefficients, checks that fail, and the stance if asked for."""
    lines = [_verdict(found), *_about(found), "", *_coefficients(found), "", *_failing(found)]
    if found.moves:
        lines += ["", *_stance(found, most, stance)]
    elif stance:
        lines += ["", "the stance: one only, or known at the start, so nothing moves its probability"]
    return "\n".join(lines) + "\n"


def _verdict(found: Fitted) -> str:
    if found.diagnosis is None:
        good = "at a mode, its weights can be believed" if found.settled else "NOT TO BE BELIEVED"
        return f"QUICK (mode and adaptive importance sampling): {good}{_quick_faults(found)}"
    if found.diagnosis.converged:
        return "converged: R-hat below 1.01, bulk and tail ESS above 400 for every coefficient, no divergences"
    return f"NOT CONVERGED: {'; '.join(found.diagnosis.faults)}"


def _quick_faults(found: Fitted) -> str:
    faults = []
    if not found.mode.settled:
        faults.append(f"largest gradient {found.mode.gradient:.2g}")
    weighted, least = found.weighted, 2 * len(found.mode.names)
    if not weighted.pareto_k < TRUSTED:
        faults.append(f"Pareto k {weighted.pareto_k:.2f} is not below {TRUSTED}: run without --quick")
    elif not weighted.effective >= least:
        faults.append(f"{weighted.effective:.0f} effective draws, {least} are needed: run without --quick")
    return f" ({'; '.join(faults)})" if faults else ""


def _about(found: Fitted) -> list[str]:
    plan, chains = found.request.plan, found.chains
    quarters = found.coded.quarters
    lines = [
        f"{found.game.title}: {len(quarters)} quarters, {quarters[0]} to {quarters[-1]}, coding "
        f"{found.request.coding}, lens {found.request.lens}, {found.request.beliefs} beliefs"
    ]
    w = found.weighted
    if found.diagnosis is None:
        lines.append(
            f"log likelihood at the mode {found.mode.log_likelihood:.2f}; log marginal likelihood {w.log_evidence:.2f} "
            f"+- {w.error:.2f} (Laplace {found.mode.log_evidence:.2f}); {len(w.points)} draws worth {w.effective:.0f}, "
            f"Pareto k {w.pareto_k:.2f}"
        )
        return lines
    assert found.bridged is not None
    lines.append(
        f"log marginal likelihood {found.bridged[0]:.2f} +- {found.bridged[1]:.2f} by bridge sampling, "
        f"{w.log_evidence:.2f} +- {w.error:.2f} by importance sampling (Pareto k {w.pareto_k:.2f}), "
        f"{found.mode.log_evidence:.2f} by Laplace"
    )
    loose = float((chains.stats["residual"] > plan.tolerance).mean())
    lines.append(
        f"{plan.chains} chains of {chains.u.shape[1]} draws{_cut(found)} after {plan.warmup}, seed {plan.seed}; "
        f"{chains.gradients} gradients in {chains.seconds:.0f} s of processor time; equilibrium looser than "
        f"{plan.tolerance:g} at {100 * loose:.1f} % of draws (at most {chains.stats['residual'].max():.1g})"
    )
    return lines


def _cut(found: Fitted) -> str:
    return "" if found.chains.whole else f" (of {found.request.plan.draws}: stopped by --time-limit)"


def _coefficients(found: Fitted) -> list[str]:
    if found.diagnosis is None:
        lines = [f"{'coefficient':<20} {'mean':>7} {'sd':>6} {'90 % interval':>16} {'mode':>7}   means"]
        for k, c in enumerate(_names(found)):
            values = np.asarray(found.data.posterior[c]).reshape(-1)
            low, high = np.quantile(values, (0.05, 0.95))
            span = f"{low:.2f} to {high:.2f}"
            lines.append(f"{c:<20} {values.mean():>7.2f} {values.std(ddof=1):>6.2f} {span:>16} "
                         f"{found.mode.mode[k]:>7.2f}   {_means(found, c)}")  # fmt: skip
        return lines
    lines = [
        f"{'coefficient':<20} {'mean':>7} {'sd':>6} {'90 % interval':>16} {'R-hat':>6} {'bulk':>5} {'tail':>5}   means"
    ]
    for r in found.diagnosis.rows:
        span = f"{r.low:.2f} to {r.high:.2f}"
        lines.append(f"{r.name:<20} {r.mean:>7.2f} {r.sd:>6.2f} {span:>16} {r.rhat:>6.3f} {r.ess_bulk:>5.0f} "
                     f"{r.ess_tail:>5.0f}   {r.means}")  # fmt: skip
    return lines


def _names(found: Fitted) -> tuple[str, ...]:
    return found.mode.names


def _means(found: Fitted, name: str) -> str:
    return next((c.means for c in (*found.game.coefficients, *found.game.unobserved) if c.name == name), "")


def _failing(found: Fitted) -> list[str]:
    """The checks with a small tail probability, of how many."""
    every = found.posterior_checks
    bad = [check for check in every if check.tail < UNLIKELY]
    lines = [f"predictive checks: {len(bad)} of {len(every)} statistics have a tail probability below {UNLIKELY}"]
    for check in bad:
        lines.append(
            f"  {check.actor} {check.what}, {check.kind}: {check.observed:g} seen, {check.low:g} to {check.high:g} "
            f"simulated, tail {check.tail:.3f}"
        )
    cycle = next((check for check in every if check.kind == "cycles"), None)
    if cycle is not None and cycle not in bad:
        lines.append(f"  the cycle ({cycle.what}): {cycle.observed:g} seen, {cycle.low:g} to {cycle.high:g} simulated, "
                     f"tail {cycle.tail:.3f}")  # fmt: skip
    return lines


def _stance(found: Fitted, most: int, whole: bool) -> list[str]:
    name = found.game.stances[-1]
    moves = found.moves
    lines = [f"P({name}): {moves[0].before:.2f} at the start of {moves[0].quarter}, {moves[-1].after:.2f} after "
             f"{moves[-1].quarter}; what moved it most, in log odds:"]  # fmt: skip
    for move in sorted(moves, key=lambda m: -abs(m.change))[:most]:
        lines.append(f"  {move.quarter} {move.move:<20} {move.change:+.2f} ({move.low:+.2f} to {move.high:+.2f})   "
                     f"{', '.join(move.rows) or 'no row: the default move'}")  # fmt: skip
    if whole:
        lines += ["", f"{'quarter':<8} {'before':>7} {'90 %':>14} {'given all':>10} {'change':>7}   move"]
        for move, (low, high), later in zip(moves, found.band, found.later, strict=True):
            lines.append(f"{move.quarter:<8} {move.before:>7.3f} {f'{low:.2f} to {high:.2f}':>14} {later:>10.3f} "
                         f"{move.change:>+7.2f}   {move.move}")  # fmt: skip
    return lines


def fitted_json(found: Fitted) -> dict[str, Any]:
    """Everything that is printed, as plain numbers."""
    content: dict[str, Any] = {
        "format": "doubletalk fit 1", "method": "quick" if found.diagnosis is None else "nuts",
        "converged": found.settled, "verdict": _verdict(found), "lens": found.request.lens,
        "coding": found.request.coding, "beliefs": found.request.beliefs, "quarters": list(found.coded.quarters),
    }  # fmt: skip
    content |= {"log_evidence": found.weighted.log_evidence, "log_evidence_error": found.weighted.error,
                "pareto_k": found.weighted.pareto_k, "effective": found.weighted.effective}  # fmt: skip
    if found.bridged is not None:
        content |= {"log_evidence_bridge": found.bridged[0], "log_evidence_bridge_error": found.bridged[1]}
    if found.diagnosis is not None:
        content["divergences"], content["whole"] = found.diagnosis.divergences, found.chains.whole
        content["coefficients"] = [vars(row) for row in found.diagnosis.rows]
    else:
        content["coefficients"] = [
            {"name": n, "mode": m, "low": a, "high": b, "means": _means(found, n)}
            for n, m, a, b in zip(found.mode.names, found.mode.mode, found.mode.low, found.mode.high, strict=True)
        ]
    content["posterior_checks"] = [vars(check) for check in found.posterior_checks]
    content["prior_checks"] = [vars(check) for check in found.prior_checks]
    content["shares"] = [vars(window) for window in found.shares]
    content["stance"] = [
        {**_move(move), "band": list(band), "given_all": later}
        for move, band, later in zip(found.moves, found.band, found.later, strict=True)
    ]
    plain: dict[str, Any] = _plain(content)
    return plain


def _move(move: Move) -> dict[str, Any]:
    return {**vars(move), "rows": list(move.rows)}


def _plain(value: Any) -> Any:
    """Numbers that are not finite as null, NumPy's as plain ones."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def figure_files(found: Fitted) -> dict[str, str | bytes]:
    """Name -> content of every figure (SVG and PNG) and of the table of checks."""
    from doubletalk.report.fit_figure import checks_chart, drawn_png, drawn_svg, shares_chart, stance_chart

    title = found.game.title
    charts = {
        "posterior_checks": (checks_chart(found.posterior_checks, f"{title}: simulated at posterior draws, and seen"),
                             "posterior predictive checks"),
        "shares": (shares_chart(found.shares, found.coded.quarters, f"{title}: shares of quarters, simulated and seen"),
                   "shares of moves over time"),
    }  # fmt: skip
    if found.prior_checks:
        charts["prior_checks"] = (checks_chart(found.prior_checks, f"{title}: simulated at prior draws, and seen"),
                                  "prior predictive checks")  # fmt: skip
    if found.moves:
        name = found.game.stances[-1]
        charts["stance"] = (stance_chart(found.moves, found.band, found.later, name, f"{title}: P({name})"),
                            f"probability of {name}")  # fmt: skip
    files: dict[str, str | bytes] = {"checks.csv": _csv(found)}
    for name, (chart, heading) in charts.items():
        files[f"{name}.svg"], files[f"{name}.png"] = drawn_svg(chart, heading), drawn_png(chart)
    return files


def _csv(found: Fitted) -> str:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["draws", "statistic", "actor", "what", "observed", "mean", "low", "high", "tail"])

    def rows(draws: str, every: tuple[Check, ...]) -> None:
        for c in every:
            numbers = (f"{x:.4g}" for x in (c.observed, c.mean, c.low, c.high, c.tail))
            writer.writerow([draws, c.kind, c.actor, c.what, *numbers])

    rows("posterior", found.posterior_checks)
    rows("prior", found.prior_checks)
    for w in found.shares:
        span = f"share {found.coded.quarters[w.first]} to {found.coded.quarters[w.last - 1]}"
        writer.writerow(["posterior", span, w.actor, w.what, *(f"{x:.4g}" for x in (w.observed, w.mean, w.low, w.high,
                                                                                  w.tail))])  # fmt: skip
    return text.getvalue()
