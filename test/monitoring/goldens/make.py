"""Writes statistics.json: what scipy and numpy say of samples that the tests compute for themselves.
Needs scipy 1.17 and numpy 2.4; run it beside this file: python make.py"""

import json
import pathlib

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

MASK = (1 << 32) - 1


def sequence(seed, count):
    """Uniform numbers that TypeScript makes as well: a linear congruential generator (Numerical Recipes)."""
    state, values = seed, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) & MASK
        values.append(state / 2**32)
    return np.array(values)


def psi(p_counts, q_counts):
    p, q = p_counts / p_counts.sum(), q_counts / q_counts.sum()
    return float(np.sum((q - p) * np.log(q / p)))


# seed and size of each sample, a factor and a shift of the second, decimals it is rounded to (ties)
CASES = [
    (1, 12, 2, 9, 1.0, 0.1, None),
    (3, 30, 4, 30, 1.0, 0.0, None),
    (5, 30, 6, 30, 1.0, 0.3, None),
    (7, 100, 8, 40, 1.5, 0.0, 1),
    (9, 1000, 10, 200, 1.0, 0.02, None),
    (11, 1000, 12, 200, 1.0, 0.5, None),
    (13, 1000, 14, 997, 1.1, 0.0, 2),
    (15, 3000, 16, 2900, 1.0, 0.03, None),
    (17, 20000, 18, 15000, 1.0, 0.004, None),
    (19, 20000, 20, 15000, 1.0, 0.02, None),
    (21, 20000, 22, 15000, 1.02, 0.0, 3),
]
samples = []
for seed_a, n, seed_b, m, factor, shift, decimals in CASES:
    a, b = sequence(seed_a, n), sequence(seed_b, m) * factor + shift
    if decimals is not None:
        a, b = np.floor(a * 10**decimals) / 10**decimals, np.floor(b * 10**decimals) / 10**decimals
    ks = stats.ks_2samp(a, b)
    edges = np.unique(np.quantile(a, np.arange(1, 10) / 10))
    edges = edges[edges < a.max()]
    # (edge, edge]: the first edge that is not below the value
    counts = [np.bincount(np.searchsorted(edges, x, side="left"), minlength=len(edges) + 1) for x in (a, b)]
    pooled = np.sqrt(((n - 1) * a.var(ddof=1) + (m - 1) * b.var(ddof=1)) / (n + m - 2))
    samples.append(
        {
            "case": [seed_a, n, seed_b, m, factor, shift, decimals],
            "ks": [float(ks.statistic), float(ks.pvalue)],
            "wasserstein": float(stats.wasserstein_distance(a, b)),
            "jensenShannon": float(jensenshannon(*counts, base=2)),
            "psi": psi(*counts) if all(c.min() > 0 for c in counts) else None,
            "cohen": float((b.mean() - a.mean()) / pooled),
            "cliff": float(2 * stats.mannwhitneyu(b, a).statistic / (n * m) - 1),
        }
    )

tables = []
for a, b in [([10, 20, 30], [15, 15, 30]), ([5, 5], [9, 1]), ([100, 200, 300, 44], [90, 230, 280, 60])]:
    result = stats.chi2_contingency([a, b], correction=False)
    tables.append({"a": a, "b": b, "statistic": float(result.statistic), "p": float(result.pvalue)})

tails = [[x, k, float(stats.chi2.sf(x, k))] for x in (0.1, 1, 5, 20, 80, 300) for k in (1, 2, 3, 9, 40)]
p = [0.001, 0.2, 0.03, 0.03, 0.9, 0.011, 0.5, 0.04]

folder = pathlib.Path(__file__).parent
(folder / "statistics.json").write_text(
    json.dumps(
        {
            "samples": samples,
            "tables": tables,
            "chiSquareTails": tails,
            "benjaminiHochberg": {"p": p, "adjusted": stats.false_discovery_control(p).tolist()},
        },
        indent=2,
    )
    + "\n"
)
