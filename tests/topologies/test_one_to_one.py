"""One-to-one sees one token at a time."""

from __future__ import annotations

import numpy as np
from small_models import build

from mtlite.data.ids import EOS


def test_one_to_one_sees_one_token() -> None:
    model = build("one-to-one")
    logits = model((np.array([[5, 6, 7, EOS], [7, 6, 5, EOS]]), np.array([[EOS], [EOS]]))).numpy()
    # Not to the last bit: some processors add up in another order by the row of a product.
    np.testing.assert_allclose(logits[0, [0, 1, 2]], logits[1, [2, 1, 0]], atol=1e-6)
