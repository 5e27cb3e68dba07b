"""The estimators, one function: from specification and data to a :class:`CrisisFit`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.covariance import full_covariance, inverse_of, npl_covariance, two_step_covariance
from doubletalk.crisis.data import CrisisData
from doubletalk.crisis.design import Design, build_design
from doubletalk.crisis.equilibria import Equilibria, find_equilibria
from doubletalk.crisis.first_stage import FirstStage, fit_first_stage, given_first_stage
from doubletalk.crisis.full import MIXTURE_NAMES, FullTerms, full_terms
from doubletalk.crisis.mpec import maximise_constrained
from doubletalk.crisis.optimise import Maximum
from doubletalk.crisis.pseudo import Beliefs, best_reply, maximise_pseudo, pseudo_terms
from doubletalk.crisis.reply import game_of
from doubletalk.crisis.result import METHODS, CrisisFit, multinomial_constant
from doubletalk.crisis.specification import SELECTIONS, CrisisSpecification
from doubletalk.crisis.starts import TAKES, climb_from_several, rules_compared, taken
from doubletalk.errors import InputError
from doubletalk.game.wording import listing, unknown

__all__ = ["NPL_TOLERANCE", "fit_crisis", "iterate_npl", "nearest_equilibria"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

NPL_TOLERANCE = 1e-10
"""NPL has converged when no belief moves by more in one update."""
NPL_ROUNDS = 2000
NPL_STALLED = 50


def fit_crisis(
    spec: CrisisSpecification,
    data: CrisisData,
    method: str = "npl",
    *,
    selection: str | None = None,
    robust: bool = False,
    first_stage_covariance: Array | None = None,
    starts: int = 1,
    take: str = "regular",
    seed: int = 1,
    tell: Tell | None = None,
) -> CrisisFit:
    """Estimate by *method* (``pl``, ``npl``, ``ml`` or ``mpec``).

    selection  rule of the full likelihood in place of the specification's
    robust     standard errors from scores summed by game, in place of the information matrix
    first_stage_covariance  (2 games, 2 games), of all pR, then all pF
    starts, seed, take  from how many starts the full likelihood is climbed, and which of its maxima is the estimate,
               ``regular`` or ``highest`` (see :mod:`doubletalk.crisis.starts`)

    Raises InputError for an unknown method or rule, and for data without counts.
    """
    rule = selection if selection is not None else spec.selection
    known = [name for name in METHODS if name != "bayes"]
    if method not in known:
        raise InputError(unknown("method", method, known))
    if rule not in SELECTIONS:
        raise InputError(unknown("selection", rule, SELECTIONS))
    if take not in TAKES:
        raise InputError(unknown("maximum to take", take, TAKES))
    counts = _counted(spec, data)
    began = time.perf_counter()
    every = build_design(spec, data)
    if not every.size:
        raise InputError("every utility is 0: there is nothing to estimate", spec.path)
    scales = every.scales()
    design = every.scaled(scales)
    given = spec.first_stage is not None
    first = given_first_stage(spec, data, first_stage_covariance) if given else fit_first_stage(spec, data)
    say = tell or _quiet
    with np.errstate(all="ignore"):
        pseudo = maximise_pseudo(design, counts, first.beliefs)
        if method == "pl":
            made = _pl(design, counts, first, pseudo, robust)
        elif method == "npl":
            made = _npl(design, counts, first, pseudo, robust, say)
        else:
            say(None, "full likelihood")
            start = _start(design, counts, first, pseudo, rule, say)
            several = (starts if method == "ml" else 1, seed, take)
            made = _ml(design, counts, start, rule, robust, several, say)
            if method == "mpec":
                made = _mpec(design, counts, start, made, robust)
    units = np.concatenate([scales, np.ones(len(made.estimates) - len(scales))])
    return replace(
        made,
        estimates=made.estimates / units,
        covariance=made.covariance / units[:, None] / units,
        method=method,
        selection=rule if method == "ml" else "best" if method == "mpec" else "",
        specification=spec.to_dict(),
        first_stage=first.words,
        game_names=data.names,
        plays=float(counts.sum()),
        constant=multinomial_constant(counts),
        design=every,
        counts=counts,
        diagnostics=_in_units(made.diagnostics, units),
        seconds=time.perf_counter() - began,
    )


def _start(
    design: Design, counts: Array, first: FirstStage, pseudo: Maximum, rule: str, tell: Tell
) -> Maximum:
    """Where the full likelihood is climbed from: the NPL estimate.

    Where NPL does not converge the likeliest of its end, the pseudo-likelihood estimate and the estimate under beliefs
    of one half.
    """
    found, _, _, change = iterate_npl(design, counts, first.beliefs, pseudo, tell)
    if change < NPL_TOLERANCE:
        return found
    half = np.full(design.games, 0.5)
    every = [found, pseudo, maximise_pseudo(design, counts, Beliefs(half, half))]
    extra = np.zeros(len(MIXTURE_NAMES) if rule == "mixture" else 0)
    values = [full_terms(design, counts, np.concatenate([one.point, extra]), rule).value for one in every]
    return every[int(np.argmax(np.nan_to_num(values, nan=-np.inf)))]


def _counted(spec: CrisisSpecification, data: CrisisData) -> Array:
    """The counts. Raises InputError without them, and where an outcome never happened."""
    if data.counts is None:
        raise InputError("estimation needs the counts of outcomes", data.source)
    never = [name for name, total in zip(spec.outcomes, data.counts.sum(axis=0), strict=True) if total == 0.0]
    if never:
        message = f"no game ever ended in {listing(never)}: no finite utilities fit outcomes that never happen"
        raise InputError(message, data.source)
    return data.counts


def _in_units(diagnostics: Mapping[str, Any], units: Array) -> dict[str, Any]:
    """The same with the parameters of every maximum in the units of the data."""
    if "maxima" not in diagnostics:
        return dict(diagnostics)
    maxima = [{**one, "parameters": (np.array(one["parameters"]) / units).tolist()} for one in diagnostics["maxima"]]
    return {**diagnostics, "maxima": maxima}


def _quiet(_share: float | None, _words: str) -> None:
    pass


def _record(design: Design, found: Maximum, names: tuple[str, ...] | None = None) -> CrisisFit:
    """A fit with what every method has; the rest is filled in by the caller."""
    size = len(found.point)
    return CrisisFit(
        method="", names=design.names if names is None else names, estimates=found.point,
        covariance=np.full((size, size), np.nan), errors_account_for="", log_likelihood=found.value, constant=0.0,
        resist=np.empty(0), firm=np.empty(0), converged=found.converged, message=found.message, steps=found.steps,
        gradient_size=found.gradient_size, seconds=0.0, specification={}, game_names=(), plays=0.0, selection="",
    )  # fmt: skip


def _pl(design: Design, counts: Array, first: FirstStage, found: Maximum, robust: bool) -> CrisisFit:
    terms = pseudo_terms(design, counts, first.beliefs, found.point)
    utilities = design.utilities(found.point)
    covariance, words = two_step_covariance(design, terms, utilities, first, robust)
    return replace(
        _record(design, found),
        covariance=covariance,
        errors_account_for=words,
        resist=first.beliefs.resist,
        firm=first.beliefs.firm,
        equilibria=find_equilibria(game_of(utilities)),
    )


def iterate_npl(
    design: Design, counts: Array, beliefs: Beliefs, found: Maximum, tell: Tell = _quiet
) -> tuple[Maximum, Beliefs, int, float]:
    """Nested pseudo-likelihood from *beliefs* and the estimate *found* under them.

    Where the change has not fallen by a tenth in NPL_STALLED updates beliefs go round in circles: from there on they
    move half of the way, which has the same fixed points (Kasahara & Shimotsu 2012, Econometrica 80); where that stalls
    too the search ends. Returns the last estimate, the beliefs under which it was made, the number of updates, and the
    last change.
    """
    change, changes, share = np.inf, list[float](), 1.0
    for count in range(1, NPL_ROUNDS + 1):
        moved = best_reply(design.utilities(found.point), beliefs)
        change = max(
            float(np.abs(moved.resist - beliefs.resist).max()), float(np.abs(moved.firm - beliefs.firm).max())
        )
        changes.append(change)
        if change < NPL_TOLERANCE:
            return found, beliefs, count, change
        if len(changes) > 2 * NPL_STALLED and min(changes[-NPL_STALLED:]) > 0.9 * min(changes[:-NPL_STALLED]):
            if share < 1.0:
                return found, beliefs, count, change
            share, changes = 0.5, []
        beliefs = Beliefs(*(a + share * (b - a) for a, b in zip(beliefs.both, moved.both, strict=True)))
        found = maximise_pseudo(design, counts, beliefs, found.point)
        tell(None, f"nested pseudo-likelihood, update {count}")
    return found, beliefs, NPL_ROUNDS, change


def _npl(design: Design, counts: Array, first: FirstStage, start: Maximum, robust: bool, tell: Tell) -> CrisisFit:
    found, beliefs, count, change = iterate_npl(design, counts, first.beliefs, start, tell)
    equilibria = find_equilibria(game_of(design.utilities(found.point)))
    q = equilibria.q[nearest_equilibria(equilibria, beliefs.resist)]
    terms = pseudo_terms(design, counts, beliefs, found.point)
    covariance, words = npl_covariance(design, terms, found.point, beliefs, q, robust)
    settled = change < NPL_TOLERANCE
    message = found.message if settled else f"beliefs still move by {change:.2g} after {count} updates"
    return replace(
        _record(design, found),
        covariance=covariance,
        errors_account_for=words,
        resist=beliefs.resist,
        firm=beliefs.firm,
        iterations=count,
        converged=found.converged and settled,
        message=message,
        equilibria=equilibria,
    )


def nearest_equilibria(equilibria: Equilibria, resist: Array) -> NDArray[np.intp]:
    """For each game the row of the equilibrium whose pR is nearest to *resist*."""
    away = np.abs(equilibria.resist - resist[equilibria.game])
    order = np.lexsort((away, equilibria.game))
    number = equilibria.number()
    return np.asarray(order[np.concatenate([[0], np.cumsum(number)[:-1]])], dtype=np.intp)


def _ml(
    design: Design, counts: Array, start: Maximum, rule: str, robust: bool, several: tuple[int, int, str], tell: Tell
) -> CrisisFit:
    peaks = climb_from_several(design, counts, start.point, rule, *several[:2], tell)
    chosen = taken(peaks, rule, several[2])
    found, terms = chosen.found, chosen.terms
    names = design.names + (MIXTURE_NAMES if rule == "mixture" else ())
    covariance, words = full_covariance(found.hessian, terms.scores, robust)
    fit = replace(_record(design, found, names), covariance=covariance, errors_account_for=words)
    if several[0] > 1:
        tell(None, "the other rules")
        fit = replace(
            fit,
            diagnostics={
                "maxima": [peak.to_dict() for peak in peaks],
                "taken": peaks.index(chosen),
                "seed": several[1],
                "rules": rules_compared(design, counts, start.point, found.point[: design.size]),
            },
        )
    return _at_equilibria(fit, terms)


def _at_equilibria(fit: CrisisFit, terms: FullTerms) -> CrisisFit:
    equilibria = terms.equilibria
    chosen = terms.chosen
    return replace(fit, resist=equilibria.resist[chosen], firm=equilibria.firm[chosen], equilibria=equilibria)


def _mpec(design: Design, counts: Array, start: Maximum, full: CrisisFit, robust: bool) -> CrisisFit:
    """The constrained problem, started from the nested pseudo-likelihood and not from the full likelihood."""
    equilibria = find_equilibria(game_of(design.utilities(start.point)))
    rows = np.concatenate([[0], np.cumsum(equilibria.number())[:-1]]).astype(np.intp)
    scale = np.sqrt(np.abs(np.diag(inverse_of(-start.hessian))))
    scale = np.where(np.isfinite(scale) & (scale > 0.0), scale, 1.0)
    found = maximise_constrained(design, counts, start.point, equilibria.q[rows], scale)
    terms = full_terms(design, counts, found.coefficients, "best")
    covariance, words = full_covariance(terms.hessian, terms.scores, robust)
    distance = float(np.abs((found.coefficients - full.coefficients) / scale).max()) if len(scale) else 0.0
    made = Maximum(
        found.coefficients, found.value, terms.scores.sum(axis=0), terms.hessian, found.steps, found.converged,
        found.message,
    )  # fmt: skip
    checks = {
        "largest_violation": found.violation,
        "full_likelihood_at_its_point": terms.value,
        "full_likelihood_maximum": full.log_likelihood,
        "largest_distance_in_standard_errors": distance,
    }
    fit = replace(_record(design, made), covariance=covariance, errors_account_for=words, diagnostics=checks)
    return _at_equilibria(fit, terms)
