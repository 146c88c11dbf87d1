"""What an author of a topology can do wrong is said in one line that names the method."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf
from small_models import config_of

from mtlite.errors import UsageError
from mtlite.topologies.autoregressive import Decoded
from mtlite.topologies.contract import check_topology
from mtlite.topologies.direct import Direct
from mtlite.topologies.encoder_decoder import EncoderDecoder
from mtlite.topologies.padded import Padded
from mtlite.topologies.topology import Loss, Topology

CONFIG = config_of("encoder-decoder")


def problem(base: type[Topology], **methods: Any) -> str:
    """What is said of a topology with some methods replaced."""
    cls = type("Mine", (base,), methods)
    with pytest.raises(UsageError) as error:
        check_topology(cls(CONFIG, name="topology"))
    (line,) = str(error.value).splitlines()
    return line


def test_a_state_may_be_none_or_of_tuples() -> None:
    class Stateless(EncoderDecoder):
        def read(self, source: tf.Tensor) -> Any:
            return super().read(source)[1][0][0], None

        def decode(self, tokens: tf.Tensor, state: Any, memory: Any) -> Decoded:
            assert state is None
            return Decoded(self.at_each(tokens, memory), None)

    class Tuples(EncoderDecoder):
        def read(self, source: tf.Tensor) -> Any:
            memory, last = super().read(source)
            return memory, tuple(map(tuple, last))

    for cls in (Stateless, Tuples):
        check_topology(cls(CONFIG, name="topology"))


def read_one(self: EncoderDecoder, source: tf.Tensor) -> Any:
    return EncoderDecoder.read(self, source)[1]


def decoded(**changed: Any) -> Any:
    """A `decode` whose result has other parts."""

    def decode(self: EncoderDecoder, tokens: tf.Tensor, state: Any, memory: Any) -> Any:
        found = EncoderDecoder.decode(self, tokens, state, memory)
        return found._replace(**{name: change(getattr(found, name)) for name, change in changed.items()})

    return decode


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ({"read": read_one}, "Mine.read: expected a pair of memory and state, received list of 1"),
        ({"read": lambda self, source: None}, "Mine.read: expected a pair of memory and state, received null"),
        ({"read": lambda self, source: ({}, [3.0])}, "Mine.read: expected state of tensors with 2 rows, received 3.0"),
        ({"read": lambda self, source: ([tf.ones([])], None)}, "Mine.read: expected memory of tensors with 2 rows"),
        ({"read": lambda self, source: source.nothing}, "test_contract.py: AttributeError: "),
        ({"decode": lambda self, *_: tf.ones([2, 3, 8])}, "Mine.decode: expected Decoded(features, state), received "),
        (
            {"decode": decoded(features=lambda x: x[:, 0])},
            "expected features of shape [2, 3, any], received shape [2, 8]",
        ),
        (
            {"decode": decoded(features=lambda x: x[:1])},
            "expected features of shape [2, 3, any], received shape [1, 3, 8]",
        ),
        ({"decode": decoded(state=lambda _: None)}, "Mine.decode: expected a state like the one before (shape [4, 8] "),
        ({"decode": decoded(state=lambda x: [*x, *x])}, "Mine.decode: expected a state like the one before"),
        ({"decode": decoded(state=lambda _: [tf.ones([1, 8])])}, "Mine.decode: expected state of tensors with 2 rows"),
        ({"decode": decoded(attention=lambda _: 1)}, "expected attention of shape [2, 3, 4] float32, received 1"),
        ({"losses_of": lambda self, *_: tf.ones([2])}, "Mine.losses_of: expected a Loss, received shape [2] float32"),
        (
            {"losses_of": lambda self, *_: Loss(*[tf.ones([])] * 4)},
            "Mine.losses_of: expected total of shape [2] float32, received shape [] float32",
        ),
    ],
)
def test_of_an_autoregressive_topology(methods: dict[str, Any], message: str) -> None:
    assert message in problem(EncoderDecoder, **methods)


@pytest.mark.parametrize(
    ("base", "methods", "message"),
    [
        (Direct, {}, "Mine: expected a method features, found none"),
        (Topology, {}, "Mine: expected a class that extends Autoregressive or Direct"),
        (Padded, {"features": lambda self, source: source}, "Mine.features: expected features of shape [2, any, any]"),
        (
            Padded,
            {"features": lambda self, source: tf.ones([2, 1, 8])},
            "expected the 6 positions that `positions` says",
        ),
        (
            Padded,
            {"positions": lambda self, source: tf.fill([2], 3.0)},
            "Mine.positions: expected positions of shape [2] int32, received shape [2] float32",
        ),
        (
            Padded,
            {"positions": lambda self, source: 3},
            "Mine.positions: expected positions of shape [2] int32, received 3",
        ),
    ],
)
def test_of_a_direct_topology(base: type[Topology], methods: dict[str, Any], message: str) -> None:
    assert message in problem(base, **methods)
