"""Operations counted by running a model equal those counted by hand."""

from __future__ import annotations

import pytest
import tensorflow as tf
from small_models import build

from mtlite.ablation.flops import Product, training_flops, training_products


@pytest.mark.parametrize(
    ("op_type", "inputs", "output", "attributes", "expected"),
    [
        ("MatMul", ((2, 3), (3, 5)), (2, 5), {"transpose_a": False}, 2 * 2 * 3 * 5),
        ("MatMul", ((3, 2), (3, 5)), (2, 5), {"transpose_a": True}, 2 * 2 * 3 * 5),
        ("BatchMatMulV2", ((7, 2, 3), (7, 5, 3)), (7, 2, 5), {"adj_x": False, "adj_y": True}, 2 * 7 * 2 * 3 * 5),
        ("Einsum", ((2, 3), (3, 5)), (2, 5), {"equation": b"ij,jk->ik"}, 2 * 2 * 3 * 5),
        ("Einsum", ((7, 2, 3), (3, 5)), (7, 2, 5), {"equation": "...ij,jk->...ik"}, 2 * 7 * 2 * 3 * 5),
    ],
)
def test_one_product(op_type: str, inputs: tuple, output: tuple, attributes: dict, expected: int) -> None:
    assert Product(op_type, inputs, tf.float32, output, attributes).flops == expected


def test_encoder_decoder() -> None:
    vocabulary, embedding, units, source, target = 30, 4, 6, 5, 7
    options = {"vocabulary": vocabulary, "embedding_size": embedding, "units": units, "bidirectional": False}
    model = build("encoder-decoder", **options)
    lstm = (embedding + units) * 4 * units
    head = units * embedding + embedding * vocabulary
    forward = 2 * ((source + target) * lstm + target * head)
    # The gradient of a product is two products of the same size, that of a bias a product with a row of ones.
    expected = 3 * forward + 2 * ((source + target) * 4 * units + target * vocabulary)
    assert training_flops(model, source, target, 0.0) == expected
    batch = tf.constant([[4] * source] * 3), tf.constant([[4] * target] * 3)
    products = training_products(model, *batch, 0.0)
    assert sum(product.flops for product in products) == 3 * expected
    assert {product.dtype for product in products} == {tf.float32}
