"""Lenses on a long game: what they restrict, their evidence by other roads, predictions, labels, simulated truth."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from scipy.special import betainc, betaln, expit, logsumexp

jax = pytest.importorskip("jax")

from lens_games import coin_game, lens_game, quadrature, record_of, swapped  # noqa: E402

from doubletalk.lenses.comparing import pairs, score_pairs, strength, told, weights_of  # noqa: E402
from doubletalk.lenses.declaration import EITHER, Held, Lens, Lenses  # noqa: E402
from doubletalk.lenses.evidence import LensEvidence, SavedFit, evidence_of  # noqa: E402
from doubletalk.lenses.future import leave_future_out, paired  # noqa: E402
from doubletalk.lenses.keeping import Kept, fingerprint  # noqa: E402
from doubletalk.lenses.reading import plain_lenses  # noqa: E402
from doubletalk.lenses.restricting import directions, free_names, idle, one_stance, under  # noqa: E402
from doubletalk.lenses.work import Asked, Record, compare_lenses  # noqa: E402
from doubletalk.longgame.bridge import bridge  # noqa: E402
from doubletalk.longgame.coordinates import held  # noqa: E402
from doubletalk.longgame.declaration import Coefficient, Prior  # noqa: E402
from doubletalk.longgame.fitting import lens as stance_lens  # noqa: E402
from doubletalk.longgame.likelihood import Observed  # noqa: E402
from doubletalk.longgame.posterior import Posterior  # noqa: E402
from doubletalk.longgame.sequential import particles_of, stages  # noqa: E402
from doubletalk.longgame.smoothing import judged, smoothed  # noqa: E402
from doubletalk.longgame.stance import stance_over_time  # noqa: E402

PERIODS = 40
"""One length of records, so that little is compiled anew."""


def quiet(share: float, words: str) -> None:
    """Progress that nobody watches."""


def flips(yes: int, count: int) -> Observed:
    """A record of the coin game: so many of *count* days with the second move, spread evenly."""
    moves = np.zeros((count, 1), dtype=int)
    moves[np.linspace(0, count - 1, yes).astype(int)] = 1
    return Observed(np.zeros((count, 1), dtype=int), moves)


# ---- what a lens restricts -------------------------------------------------------------------------------------------


def test_one_stance_is_the_limit_of_the_belief() -> None:
    """The game of one stance has the likelihood of the game of two at a belief of nought or one without switching."""
    game = lens_game()
    observed = record_of(game, PERIODS, 1)
    for stance, which in (("first", "first"), ("last", "last")):
        alone = Posterior(one_stance(game, stance), observed)
        both = Posterior(stance_lens(game, which), observed)
        u = alone.coordinates.start() + 0.2
        assert abs(alone(u, 1e-9).likelihood - both(u, 1e-9).likelihood) < 1e-7


def test_what_only_the_other_stance_has_is_idle_and_costs_nothing() -> None:
    """An idle coefficient is held, and leaving it in changes neither the likelihood nor the marginal likelihood."""
    game = lens_game()
    seen = under(game, Lens("first", stance="first"))
    assert idle(one_stance(game, "first")) == ("prize",)
    assert free_names(seen) == ("cost", "gain", "mind", "trade")
    observed = record_of(game, PERIODS, 2)
    without = evidence_of("first", seen, observed, draws=200)
    within = evidence_of("first", one_stance(game, "first"), observed, draws=200)
    assert within.free == ("cost", "prize", "gain", "mind", "trade")
    assert abs(without.laplace - within.laplace) < 1e-4
    assert abs(without.log_evidence - within.log_evidence) < 4 * np.hypot(without.error, within.error)


def test_two_coefficients_on_one_feature_are_one_direction() -> None:
    """The rank of the payoffs counts directions, not names."""
    game = lens_game()
    client = game.actors[0]
    twin = Coefficient("twin", 0.0, Prior("normal", (0.0, 1.0)))
    doubled = replace(client, terms=(*client.terms, replace(client.terms[0], coefficient="twin")))
    more = replace(game, actors=(doubled, game.actors[1]), coefficients=(*game.coefficients, twin))
    assert directions(game) == 5
    assert len(free_names(more)) == 6
    assert directions(more) == 5
    assert directions(held(game, {"cost": 0.0, "mind": 0.0})) == 3


def test_a_lens_holds_and_replaces_what_it_says() -> None:
    """Held coefficients lose their prior, replaced priors and the initial belief are the lens's own."""
    prior = Prior("half_normal", (2.0,))
    seen = under(lens_game(), Lens("x", held={"cost": Held(0.25, "why")}, priors={"mind": prior}, belief=0.2))
    found = {c.name: c for c in seen.coefficients}
    assert found["cost"].value == 0.25
    assert found["cost"].prior.family == "fixed"
    assert found["mind"].prior == prior
    assert seen.belief == 0.2


# ---- coordinates, weights, stance ------------------------------------------------------------------------------------


def test_the_gradient_in_normal_coordinates_is_that_of_differences() -> None:
    """Value and slope in z belong together, and value less likelihood is the standard normal density."""
    game = lens_game()
    posterior = Posterior(game, record_of(game, PERIODS, 4))
    z = posterior.coordinates.start() + 0.3
    point = posterior(z, 1e-9)
    assert abs(point.value - point.likelihood - stats.norm.logpdf(z).sum()) < 1e-6
    for k in range(len(z)):
        step = np.zeros_like(z)
        step[k] = 1e-4
        change = posterior(z + step, 1e-9).value - posterior(z - step, 1e-9).value
        assert abs(point.slope[k] - change / 2e-4) < 1e-4 * (1 + abs(point.slope[k]))


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_smoothed_weights_are_those_of_arviz() -> None:
    """Pareto smoothing and its k agree with ArviZ's."""
    arviz = pytest.importorskip("arviz")
    random = np.random.default_rng(5)
    for logs in (random.normal(size=500), 2 * random.standard_t(3, size=400), random.exponential(2.0, size=1000)):
        ours, k = smoothed(logs)
        theirs, other = arviz.psislw(logs)
        assert abs(k - float(other)) < 1e-6
        assert np.abs(np.exp(ours) - np.exp(np.asarray(theirs))).max() < 1e-6


def test_weights_that_hardly_differ_are_not_called_heavy_tailed() -> None:
    """The shape of a tail is free of scale: squeezed towards even, weights keep k and are judged even."""
    logs = np.log(1 + 1e-6 * np.random.default_rng(3).pareto(0.5, size=400))
    assert smoothed(logs)[1] > 0.7
    assert judged(logs)[1] <= 0.5
    heavy = np.log(np.random.default_rng(3).pareto(0.5, size=400))
    assert judged(heavy)[1] == smoothed(heavy)[1] > 0.7


def test_few_weights_are_left_as_they_are() -> None:
    """Of a handful of draws no tail is fitted: the weights are normalised and k is not a number."""
    logs, k = smoothed(np.array([0.0, 1.0, 2.0, -np.inf]))
    assert np.isnan(k)
    assert abs(logsumexp(logs)) < 1e-12


def test_hindsight_is_the_sum_over_stance_histories() -> None:
    """The backward recursion from beliefs alone equals the sum over all histories of the stance, written out."""
    random, hazard, size = np.random.default_rng(3), (0.1, 0.2), 5
    likelihood = random.uniform(0.1, 1.0, size=(size, 2))
    b, beliefs = 0.35, [0.35]
    for t in range(size):
        after = b * likelihood[t, 1] / (b * likelihood[t, 1] + (1 - b) * likelihood[t, 0])
        b = after * (1 - hazard[1]) + (1 - after) * hazard[0]
        beliefs.append(b)
    weight = {}
    for path in itertools.product((0, 1), repeat=size):
        p = 0.35 if path[0] else 0.65
        for t, stance in enumerate(path):
            p *= likelihood[t, stance]
            if t + 1 < size:
                p *= hazard[stance] if path[t + 1] != stance else 1 - hazard[stance]
        weight[path] = p
    over = stance_over_time(np.array([beliefs]), hazard)
    whole = sum(weight.values())
    for t in range(size):
        assert abs(over.hindsight[0, t] - sum(p for path, p in weight.items() if path[t]) / whole) < 1e-12
    assert np.allclose(over.shift[0], np.log(likelihood[:, 1] / likelihood[:, 0]))
    assert abs(over.then[0, -1] - over.hindsight[0, -1]) < 1e-12


# ---- evidence by other roads -----------------------------------------------------------------------------------------


def coin_evidence(yes: int, no: int, low: float, high: float) -> float:
    """log of the mean of p^yes (1 - p)^no over c on [low, high], p = 1 / (1 + exp(-c)), dc = dp / p (1 - p)."""
    ends = betainc(yes, no, expit(high)) - betainc(yes, no, expit(low))
    return float(betaln(yes, no) + np.log(ends) - np.log(high - low))


@pytest.mark.parametrize(("yes", "count"), [(4, 30), (15, 30)])
def test_evidence_is_exact_where_a_formula_has_it(yes: int, count: int) -> None:
    """Importance sampling gives the incomplete-beta formula of the coin game within its own error; Laplace is near."""
    game, observed = coin_game(-3, 3), flips(yes, count)
    found = evidence_of("coin", game, observed, draws=400)
    exact = coin_evidence(yes, count - yes, -3, 3)
    assert found.fit.settled
    assert found.pareto_k < 0.7
    assert found.error < 0.05
    assert abs(found.log_evidence - exact) < 4 * found.error + 1e-6
    assert abs(found.laplace - exact) < 0.2


def test_evidence_is_that_of_quadrature_with_the_equilibrium_inside() -> None:
    """Two coefficients of a game with a stance: a product rule over the prior gives the same marginal likelihood."""
    game = held(lens_game(), {"cost": 0.5, "mind": 0.7, "trade": 0.3})
    observed = record_of(game, PERIODS, 4)
    found = evidence_of("mixed", game, observed, draws=300)
    exact = quadrature(Posterior(game, observed), 9)
    assert found.free == ("prize", "gain")
    assert abs(found.log_evidence - exact) < 4 * found.error + 1e-4
    assert abs(found.laplace - exact) < 0.3


def test_a_saved_fit_that_has_converged_gives_its_marginal_likelihood() -> None:
    """Bridge sampling from a saved fit is quoted before the lens's own draws, and trusted if the chains converged."""
    own = LensEvidence("mixed", ("a", "b"), 2, fit=None, draws=None, log_evidence=-9.0, error=0.5)
    for converged in (True, False):
        found = own.with_fit(SavedFit("fit.nc", "chains", None, converged, (-10.0, 0.1)))
        assert found.best == (-10.0, 0.1, "bridge sampling")
        assert found.trusted is converged
    assert own.with_fit(SavedFit("fit.nc", "chains", None, True)) is own
    drawn = replace(own, fit=SimpleNamespace(settled=True), draws=SimpleNamespace(), effective=90.0, pareto_k=0.1)
    short, done = (SavedFit("fit.nc", "chains", None, converged, (-10.0, 0.1)) for converged in (False, True))
    assert drawn.with_fit(short).best == (-9.0, 0.5, "importance sampling")
    assert drawn.with_fit(done).best == replace(drawn, pareto_k=0.9).with_fit(short).best == own.with_fit(done).best


# ---- leave-future-out ------------------------------------------------------------------------------------------------


def run_of(game, observed, chains, origin):
    """The stages of a sequential run whose errors are counted from the origin on."""
    posterior = Posterior(game, observed)
    return stages(particles_of(posterior), len(posterior.names), chains, counted=origin)


def test_scores_are_the_exact_predictions_of_the_coin() -> None:
    """One step ahead, log p(y_t | y before) from the formula of the coin game equals the score within its error."""
    game, observed = coin_game(-3, 3), flips(12, 40)
    found = leave_future_out(run_of(game, observed, 200, 20), 20)
    moves = np.asarray(observed.moves)[:, 0]
    counts = [(int(moves[:t].sum()), t - int(moves[:t].sum())) for t in range(20, 41)]
    exact = np.diff([coin_evidence(*pair, -3, 3) for pair in counts])
    assert found.trusted
    assert np.abs(found.scores[:, 0] - exact).max() < 0.05
    assert abs(found.log_evidence - coin_evidence(*counts[-1], -3, 3)) < 4 * found.evidence_error
    assert abs(found.total - exact.sum()) < 4 * found.errors[-1] + 1e-3
    assert found.errors[0] == found.errors[-1]  # one actor


def test_scores_add_up_to_two_marginal_likelihoods() -> None:
    """By the chain rule the sum from the origin on is log p(all) - log p(before it); actors add up to the whole."""
    game = under(lens_game(), Lens("first", stance="first"))
    observed = record_of(lens_game(), PERIODS, 6)
    found = leave_future_out(run_of(game, observed, 60, 25), 25)
    before, whole = (evidence_of("x", game, observed, draws=200, until=until) for until in (25, PERIODS))
    exact, error = whole.log_evidence - before.log_evidence, np.hypot(whole.error, before.error)
    assert abs(found.total - exact) < 4 * np.hypot(error, found.errors[-1]) + 0.01
    assert abs(found.log_evidence - whole.log_evidence) < 4 * np.hypot(whole.error, found.evidence_error) + 0.01
    assert found.scores.shape == (15, 2)
    difference, spread = paired(found, found)
    assert (difference, spread) == (0.0, 0.0)


def test_particles_that_run_thin_are_renewed() -> None:
    """A record that turns after the origin has them renewed there, and every score is made with believable weights."""
    moves = np.zeros((40, 1), dtype=int)
    moves[22:] = 1
    observed = Observed(np.zeros((40, 1), dtype=int), moves)
    found = leave_future_out(run_of(coin_game(-4, 4), observed, 30, 20), 20)
    assert min(found.refits) >= 22
    assert found.trusted
    with pytest.raises(ValueError, match="counted from period 20 on, the scores from 21 on"):
        leave_future_out(run_of(coin_game(-4, 4), observed, 5, 20), 21)


# ---- lenses compared -------------------------------------------------------------------------------------------------


def compared(game, observed, **asked):
    """All plain lenses of a game on a record."""
    record = Record("coding", tuple(f"q{t}" for t in range(len(np.asarray(observed.moves)))), observed)
    settings = {"draws": 300, "fewer": 0, "points": None, "scales": (), "beliefs": (), **asked}
    return compare_lenses(game, plain_lenses(game), (record,), Asked(**settings), Kept(), quiet)


def test_swapping_the_stances_labels_swaps_the_verdict() -> None:
    """With the stances in the other order every number of the one lens is that of the other, and so is the verdict."""
    game = lens_game()
    observed = record_of(one_stance(game, "last"), PERIODS, 9)
    here = compared(game, observed, draws=0)
    there = compared(swapped(game), observed, draws=0)
    for name in ("first", "last", "mixed"):  # names follow their stance
        assert abs(here.evidence[name].laplace - there.evidence[name].laplace) < 1e-5
    named = {**game.__dict__, "stances": ("last", "first")}  # names stay in their place: the verdict turns round
    crossed = compared(swapped(replace(game, **named)), observed, draws=0)
    assert abs(here.evidence["first"].laplace - crossed.evidence["last"].laplace) < 1e-5
    factor = {(p.one, p.other): p.log_factor for p in pairs(here.evidence)}[("first", "last")]
    turned = {(p.one, p.other): p.log_factor for p in pairs(crossed.evidence)}[("first", "last")]
    assert abs(factor) > 0.5
    assert abs(factor + turned) < 1e-5


def test_the_lens_that_made_the_record_wins_on_the_whole() -> None:
    """Over records simulated from each stance the mean log Bayes factor is for that stance, by several errors."""
    game = lens_game(worth=2.0)
    means = {}
    for truth, stance in enumerate(game.stances):
        factors = []
        for seed in range(8):
            observed = record_of(one_stance(game, stance), PERIODS, seed)
            found = [evidence_of(s, under(game, Lens(s, stance=s)), observed).laplace for s in game.stances]
            factors.append(found[truth] - found[1 - truth])
        means[stance] = np.mean(factors), np.std(factors, ddof=1) / np.sqrt(len(factors))
    for mean, error in means.values():
        assert mean > 3 * error
        assert mean > 1.0


def test_words_follow_the_size_and_the_error() -> None:
    """The words are those of Kass and Raftery's steps; an error that spans a step gives both words."""
    assert [strength(x) for x in (0.5, 2, 4, 9)] == ["hardly any", "positive", "strong", "very strong"]
    assert "hardly any evidence between them: a at 1.6 to 1 against b" in told("a", "b", 0.5, 0.1)
    assert told("a", "b", -4.0, 0.05) == "strong evidence for b against a: 54.6 to 1"
    assert told("a", "b", 0.9, 0.2).startswith("hardly any to positive evidence for a against b")
    assert told("a", "b", 0.1, 0.2) == "within the Monte-Carlo error the record does not tell a from b"
    assert told("a", "b", float("nan"), 0.1) == "a against b: not known"


# ---- long work -------------------------------------------------------------------------------------------------------


def test_what_is_kept_is_not_worked_out_again(tmp_path, monkeypatch) -> None:
    """A second run fits nothing and gives the same; another prior is another piece of work; a broken file is redone."""
    from doubletalk.lenses import work

    made = []

    def counted(*given, **options):
        made.append(given[0])
        return evidence_of(*given, **options)

    monkeypatch.setattr(work, "evidence_of", counted)
    game = lens_game()
    observed = record_of(game, PERIODS, 3)
    record = Record("coding", tuple(map(str, range(PERIODS))), observed)
    asked = Asked(40, 40, None, None, PERIODS - 1, scales=(2.0,), beliefs=(0.3,), chains=6)
    lenses = replace(plain_lenses(game), lenses=(Lens("last", stance="last"), Lens("mixed")))
    first = compare_lenses(game, lenses, (record,), asked, Kept(tmp_path), quiet)
    count = len(made)
    again = compare_lenses(game, lenses, (record,), asked, Kept(tmp_path), quiet)
    assert count == len(made)
    assert count >= len(lenses.names)
    assert not list(tmp_path.glob("particles-*"))
    for name in lenses.names:
        assert first.evidence[name].log_evidence == again.evidence[name].log_evidence
        assert np.array_equal(first.scores[name].scores, again.scores[name].scores)
        assert first.evidence[name].free == again.evidence[name].free
    assert [(v.kind, v.value, v.lens) for v in again.variations] == [
        ("priors", "2", "last"), ("priors", "2", "mixed"), ("belief", "0.3", "mixed")
    ]  # fmt: skip
    assert again.variations == first.variations
    assert fingerprint(game, observed) != fingerprint(replace(game, belief=0.4), observed)
    for file in tmp_path.glob("*.npz"):
        file.write_bytes(b"PK\x03\x04 no archive")
    compare_lenses(game, lenses, (record,), asked, Kept(tmp_path), quiet)
    assert len(made) == 2 * count


def test_an_interrupted_comparison_keeps_what_was_found(tmp_path) -> None:
    """Ctrl-C in the second lens leaves the first, and says where it was."""
    game = lens_game()
    record = Record("coding", tuple(map(str, range(PERIODS))), record_of(game, PERIODS, 3))

    def stop(share: float, words: str) -> None:
        if words.startswith("weighing last"):
            raise KeyboardInterrupt

    lenses = replace(plain_lenses(game), lenses=(Lens("first", stance="first"), Lens("last", stance="last")))
    found = compare_lenses(game, lenses, (record,), Asked(50, 0, points=None), Kept(tmp_path), stop)
    assert found.stopped == "interrupted while weighing last"
    assert list(found.evidence) == ["first"]
    assert len(list(tmp_path.glob("*.npz"))) == 1


def test_probabilities_of_lenses_and_actors_scores_add_up() -> None:
    """Probabilities sum to one; the actors' paired differences sum to the difference for all."""
    game = lens_game()
    lenses = replace(plain_lenses(game), lenses=(Lens("first", stance="first"), Lens("last", stance="last")))
    record = Record("coding", tuple(map(str, range(PERIODS))), record_of(game, PERIODS, 5))
    asked = Asked(80, 80, None, None, PERIODS - 6, scales=(), beliefs=())
    found = compare_lenses(game, lenses, (record,), asked, Kept(), quiet)
    assert abs(sum(weights_of(found.evidence).values()) - 1) < 1e-12
    rows = score_pairs(found.scores, found.actors)
    for one, other in itertools.combinations(found.scores, 2):
        parts = {row.actor: row.difference for row in rows if (row.one, row.other) == (one, other)}
        assert abs(parts[""] - parts["client"] - parts["west"]) < 1e-12


def test_lenses_without_a_file_are_either_and_each(tmp_path) -> None:
    """A game of two stances has three plain lenses, each stance with its own."""
    found = plain_lenses(lens_game())
    assert [(lens.name, lens.stance) for lens in found.lenses] == [
        ("mixed", EITHER), ("first", "first"), ("last", "last")
    ]  # fmt: skip
    assert isinstance(found, Lenses)


def test_bridge_sampling_has_the_known_constant_and_its_error() -> None:
    """Of a normal in four dimensions the constant is known: the bridge hits it within its error, whose size is that of
    many repetitions."""
    random, d = np.random.default_rng(8), 4
    exact = d / 2 * np.log(2 * np.pi) + 7.0
    found = []
    for _ in range(60):
        draws, proposals = random.normal(size=(200, d)), random.normal(0.4, 1.3, size=(300, d))

        def ratio(x):
            return 7.0 - (x**2).sum(axis=1) / 2 - stats.norm(0.4, 1.3).logpdf(x).sum(axis=1)

        found.append(bridge(ratio(draws), ratio(proposals)))
    values, errors = np.array(found).T
    assert abs(values.mean() - exact) < 4 * values.std() / np.sqrt(60)
    assert 0.7 < errors.mean() / values.std() < 1.45
    assert bridge(np.zeros(5), np.zeros(5)) == (0.0, 0.0)
    few = bridge(ratio(draws), ratio(proposals), effective=20)
    assert few[1] > found[-1][1]  # dependent draws count for less
