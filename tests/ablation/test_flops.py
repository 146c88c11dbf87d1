"""Operations counted by running a model equal those counted by hand."""

from __future__ import annotations

import pytest

from mtlite.ablation.flops import product_flops, training_flops
from mtlite.config import ModelConfig
from mtlite.models.build import build_model
from mtlite.models.lengths import LengthRule, Lengths


@pytest.mark.parametrize(
    ("kind", "inputs", "output", "attributes", "expected"),
    [
        ("MatMul", [(2, 3), (3, 5)], (2, 5), ("transpose_a", False), 2 * 2 * 3 * 5),
        ("MatMul", [(3, 2), (3, 5)], (2, 5), ("transpose_a", True), 2 * 2 * 3 * 5),
        ("BatchMatMulV2", [(7, 2, 3), (7, 5, 3)], (7, 2, 5), ("adj_x", False, "adj_y", True), 2 * 7 * 2 * 3 * 5),
        ("Einsum", [(2, 3), (3, 5)], (2, 5), ("equation", b"ij,jk->ik"), 2 * 2 * 3 * 5),
        ("Einsum", [(7, 2, 3), (3, 5)], (7, 2, 5), ("equation", "...ij,jk->...ik"), 2 * 7 * 2 * 3 * 5),
    ],
)
def test_one_product(kind: str, inputs: list, output: tuple, attributes: tuple, expected: int) -> None:
    assert product_flops(kind, inputs, output, attributes) == expected


def test_encoder_decoder() -> None:
    vocabulary, embedding, units, source, target = 30, 4, 6, 5, 7
    rule = LengthRule(1.0, 2.0)
    model = build_model(
        ModelConfig("encoder-decoder", embedding, units, 1, False, dropout=0.0, embedding_dropout=0.0),
        source_vocabulary=vocabulary,
        target_vocabulary=vocabulary,
        joint=True,
        lengths=Lengths(rule, rule, 9, 1),
        precision="float32",
    )
    lstm = (embedding + units) * 4 * units
    head = units * embedding + embedding * vocabulary
    forward = 2 * ((source + target) * lstm + target * head)
    # The gradient of a product is two products of the same size.
    assert training_flops(model, source, target, 0.0) == 3 * forward
