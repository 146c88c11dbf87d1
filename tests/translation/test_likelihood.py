"""How probable a model finds given translations: sentence by sentence, whatever stands beside them."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import build_varied

from mtlite.config.registry import TOPOLOGIES
from mtlite.data.ids import EOS
from mtlite.translation.likelihood import LikelihoodScorer

SOURCES = [[5, 6, 7, EOS], [5, EOS], [9, 8, 7, 6, 5, 4, EOS], [EOS]]
TARGETS = [[8, 9, EOS], [5, 6, 7, 8, 9, 10, 11, EOS], [EOS], [4, EOS]]


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_each_sentence_gets_its_own(topology: str) -> None:
    model = build_varied(topology)
    found = {size: LikelihoodScorer(model, SOURCES, TARGETS, size)() for size in (1, 20, 1000)}
    for number, (source, target) in enumerate(zip(SOURCES, TARGETS, strict=True)):
        alone = model.loss_of(np.array([source]), np.array([target]), 0.0)
        for likelihood in found.values():
            assert likelihood.nll[number] == pytest.approx(float(alone.nll), rel=1e-5)
            assert likelihood.pieces[number] == float(alone.tokens)
            assert likelihood.unreachable[number] == float(alone.unreachable)
            assert likelihood.writable[number] == (float(alone.unreachable) == 0)
