"""How long an output may be, learnt once from the training pairs and stored with the run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from mtlite.config.read import Between
from mtlite.limits import MAX_HYPOTHESIS_TOKENS, MAX_INTERCEPT, MAX_POSITIONS, MAX_SLOPE, MAX_SPREAD

EXTRA_TOKENS = 10  # beyond the length rule; autoregressive search stops there
_STEP = 0.05  # between the slopes that are tried


@dataclass(frozen=True)
class LengthRule:
    """N = max(1, ceil(slope · S + intercept)) output positions for a source of S tokens."""

    slope: Annotated[float, Between(0, MAX_SLOPE)]
    intercept: Annotated[float, Between(-(2**20), MAX_INTERCEPT)]

    def __call__(self, source_lengths: np.ndarray) -> np.ndarray:
        """`[batch]` source lengths → `[batch]` output lengths, both int32."""
        positions = np.ceil(self.slope * source_lengths.astype(np.float32) + self.intercept - 1e-4)
        return np.asarray(np.maximum(1, positions), np.int32)

    @classmethod
    def fit(cls, lengths: np.ndarray, counts: np.ndarray, share: float) -> LengthRule:
        """Fit the rule with the fewest output positions that covers a share of the pairs (ties: the smaller slope).

        If targets are longer than any rule allows, it is the longest rule: by default, cleaning leaves none of these.

        `lengths` are the distinct pairs of source and target length `[distinct, 2]`, `counts` how often each occurs.
        """
        source, target = lengths[:, 0].astype(float), lengths[:, 1].astype(float)
        needed = math.ceil(share * counts.sum())
        best = (math.inf, cls(MAX_SLOPE, MAX_INTERCEPT))
        for slope in np.arange(0, MAX_SLOPE + _STEP / 2, _STEP):
            # ceil(slope · S + intercept) reaches T as soon as the sum exceeds T − 1; both are multiples of the step.
            excess = target - 1 - slope * source + _STEP
            order = np.argsort(excess, kind="stable")
            intercept = excess[order][np.searchsorted(np.cumsum(counts[order]), needed)]
            if intercept > MAX_INTERCEPT:
                continue
            total = float((np.maximum(1, np.ceil(slope * source + intercept - 1e-4)) * counts).sum())
            if total < best[0] - 0.5:
                best = (total, cls(round(float(slope), 2), round(float(intercept), 2)))
        return best[1]


@dataclass(frozen=True)
class LengthRules:
    """Every rule that a topology may need.

    `expansion` is the smallest k for which 99.9% of the targets fit into k·S positions, repeated tokens counted twice.
    """

    direct: LengthRule  # covers 99% of the training pairs; what topologies that write in one pass may write
    search: LengthRule  # covers 99.9%; ten more is where autoregressive search stops
    fixed: Annotated[int, Between(1, MAX_POSITIONS)]  # `direct` at the source length that 99.5% have at most
    expansion: Annotated[int, Between(1, MAX_SPREAD)]

    @classmethod
    def fit(cls, pairs: np.ndarray) -> LengthRules:
        """Fit all rules to source length, target length (both with `</s>`), repeated target neighbours `[pairs, 3]`."""
        width = int(pairs[:, 1].max()) + 1  # one number for both lengths: counting rows takes long
        numbers, counts = np.unique(pairs[:, 0].astype(np.int64) * width + pairs[:, 1], return_counts=True)
        lengths = np.stack(np.divmod(numbers, width), axis=1)
        direct = LengthRule.fit(lengths, counts, 0.99)
        long_source = int(np.quantile(pairs[:, 0], 0.995, method="inverted_cdf"))
        # CTC targets have no </s>, but a blank between equal neighbours.
        factors = np.ceil(np.maximum(pairs[:, 1] - 1 + pairs[:, 2], 1) / pairs[:, 0])
        return cls(
            direct=direct,
            search=LengthRule.fit(lengths, counts, 0.999),
            fixed=min(max(1, math.ceil(direct.slope * long_source + direct.intercept - 1e-4)), MAX_POSITIONS),
            expansion=min(int(np.quantile(factors, 0.999, method="inverted_cdf")), MAX_SPREAD),
        )

    def limits(self, source_lengths: np.ndarray) -> np.ndarray:
        """How many tokens autoregressive search may write for sources of these lengths `[batch]`."""
        limits = self.search(source_lengths) + EXTRA_TOKENS
        return np.minimum(limits, MAX_HYPOTHESIS_TOKENS)  # type: ignore[no-any-return]

    def most_positions(self, source_length: int) -> int:
        """How many positions a topology that writes in one pass may have for sources of at most this length."""
        positions = int(self.direct(np.array([source_length]))[0]), self.fixed, self.expansion * source_length
        return max(positions)
