"""PyTorch beside mtlite: the same weights give the same translations and gradients, in every way to run it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from contenders.sizes import Sizes
from small_models import build

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.options import SearchConfig
from mtlite.data.batches import Batch, pad
from mtlite.storage.checkpoint import weight_arrays
from mtlite.translation.searcher import Searcher

torch = pytest.importorskip("torch")

SIZES = Sizes(60, 8, 12, 2, dropout=0.0, label_smoothing=0.1)


def sources() -> list[list[int]]:
    """Short ones first, as the benchmark gives them."""
    random = np.random.default_rng(3)
    return [[*random.integers(4, SIZES.vocabulary, length).tolist(), 3] for length in range(1, 13)]


@pytest.fixture(scope="module")
def ours() -> Any:
    """A model whose weights are large enough to prefer something."""
    rule = LengthRule(1.5, 2.0)
    sizes = {"embedding_size": SIZES.embedding, "units": SIZES.units, "layers": SIZES.layers}
    model = build("attention", vocabulary=SIZES.vocabulary, lengths=LengthRules(rule, rule, 40, 1), **sizes)
    random = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(random.normal(0.0, 0.7, weight.shape))
    return model


@pytest.mark.parametrize("beam", [1, 3])
def test_pytorch_finds_the_same_hypotheses(ours: Any, beam: int) -> None:
    from contenders.torch_model import with_weights
    from contenders.torch_search import Searchable, beam_search

    searcher = Searcher([ours], SearchConfig(beam_size=beam))
    expected = [each.ids[0] for each in searcher.search(sources())]
    limits = torch.from_numpy(searcher.limits(np.array([len(ids) for ids in sources()])))
    model = Searchable(with_weights(weight_arrays(ours.weights), SIZES), torch.float32)
    batch = torch.from_numpy(pad(sources()).astype(np.int64))
    found = beam_search(model, batch, limits, beam, searcher.config.length_penalty)
    assert found == expected
    assert len({len(ids) for ids in found}) > 3  # some leave the batch before others


def test_two_lanes_have_the_gradients_of_the_whole_batch() -> None:
    from contenders.torch_model import TorchTraining

    batch = Batch(pad(sources()), pad(sources()[::-1]))
    moved = []
    for lanes in (1, 2):
        torch.manual_seed(1)
        training = TorchTraining(SIZES, "float32", 2, lanes)
        training.train([batch])
        moved.append([parameter.grad.numpy() for parameter in training.parameters])
    for one, two in zip(*moved, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


def test_the_fastest_size_of_a_batch_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from contenders.torch_model import Lanes
    from contenders.torch_search import TorchTranslation

    translation = TorchTranslation.__new__(TorchTranslation)
    translation.lanes, translation.size = Lanes(1, 2), 0
    monkeypatch.setattr(TorchTranslation, "_seconds", lambda self, given, size: abs(size - 128))
    monkeypatch.setattr(TorchTranslation, "batch", lambda self, batch: batch)
    given = [[number] for number in range(300)]
    _, found = translation.translate_all(given)
    assert (translation.size, found) == (128, given)
