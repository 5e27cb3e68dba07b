"""Sobol indices: functions whose indices are known, the surrogate, and the intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from doubletalk.longgame.sobol import sobol_indices

UNIFORM = [stats.uniform(-np.pi, 2 * np.pi)] * 3
FIRST, TOTAL = np.array([0.3138, 0.4424, 0.0]), np.array([0.5574, 0.4424, 0.2436])


def ishigami(x):
    """Sobol' and Levitan (1999): a function with a strong interaction and known indices."""
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_a_quadratic_has_its_exact_indices_from_few_points():
    """a x + b y + c x y + d (z^2 - 1) of standard normals: shares are squares of its orthonormal weights."""
    inputs = [stats.norm(2, 3), stats.norm(), stats.norm()]

    def function(x):
        first, second, third = (x[:, 0] - 2) / 3, x[:, 1], x[:, 2]
        return 5 + 2 * first + second + 0.5 * first * second + 0.3 * (third**2 - 1)

    found = sobol_indices(function, inputs, 16, np.random.default_rng(1))
    whole = 4 + 1 + 0.25 + 2 * 0.09
    assert np.allclose(found.first, np.array([4, 1, 0.18]) / whole, atol=2e-3)  # the prior's moments are on a grid
    assert np.allclose(found.total, np.array([4.25, 1.25, 0.18]) / whole, atol=2e-3)
    assert abs(found.variance - whole) < 0.01 * whole
    assert found.surrogate > 0.9999


def test_a_skewed_prior_s_polynomials_are_orthonormal():
    """A half-normal, gamma or beta input alone explains everything, in degree one and two alike."""
    for prior in (stats.halfnorm(scale=2), stats.gamma(3, scale=0.5), stats.beta(2, 5)):
        inputs = [prior, stats.norm()]
        found = sobol_indices(lambda x: x[:, 0] ** 2, inputs, 32, np.random.default_rng(2))
        assert np.allclose(found.first, [1, 0], atol=0.01)
        assert np.allclose(found.total, [1, 0], atol=0.01)


def test_what_no_quadratic_explains_is_left_to_the_sample():
    """The Ishigami function: no surrogate is kept, and the indices are near the published ones."""
    found = sobol_indices(ishigami, UNIFORM, 1024, np.random.default_rng(3))
    assert np.isnan(found.surrogate)
    assert np.abs(found.first - FIRST).max() < 0.05
    assert np.abs(found.total - TOTAL).max() < 0.05


@pytest.mark.parametrize(("sample", "least"), [(16, 0.75), (64, 0.88)])
def test_intervals_cover_the_truth(sample, least):
    """Over 200 seeds, intervals of 90 % hold the index nine times in ten from 64 points, eight in ten from 16."""
    inside = []
    indices = ("first", FIRST), ("total", TOTAL)
    for seed in range(200):
        found = sobol_indices(ishigami, UNIFORM, sample, np.random.default_rng(seed))
        for name, truth in indices:
            inside += list((getattr(found, f"{name}_low") <= truth) & (truth <= getattr(found, f"{name}_high")))
    assert least < np.mean(inside) < 0.99


def test_the_surrogate_takes_out_noise():
    """A smooth function that is no quadratic: from 16 points half the error that SciPy's estimators have."""
    inputs = [stats.norm(scale=s) for s in (1.0, 0.7, 0.4, 0.2)]

    def function(x):
        return np.logaddexp(x.sum(axis=-1) + x[..., 0] * x[..., 1] / 2, 0.0)

    truth = sobol_indices(function, inputs, 2**14, np.random.default_rng(0)).total
    ours, theirs = [], []
    for seed in range(20):
        ours.append(sobol_indices(function, inputs, 16, np.random.default_rng(seed)).total - truth)
        other = stats.sobol_indices(func=lambda x: function(x.T)[None], n=16, dists=inputs,
                                    rng=np.random.default_rng(seed))  # fmt: skip
        theirs.append(np.asarray(other.total_order) - truth)
    assert np.sqrt(np.mean(np.square(ours))) < 0.65 * np.sqrt(np.mean(np.square(theirs)))


def test_what_does_not_vary_has_no_indices():
    """A constant gives nan, and two rows are enough to ask."""
    found = sobol_indices(lambda x: np.ones(len(x)), UNIFORM, 2, np.random.default_rng(1))
    assert np.isnan(found.first).all()
    assert found.variance == 0
