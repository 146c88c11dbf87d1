"""One training on several workers, as one of them sees it; `ALONE` is the usual training in one process.

Every worker holds the whole model and does the same updates. In an update, each computes the gradients of its own
batches; they are summed, so that all weights stay the same. The first worker, the chief, writes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import Any
from zlib import crc32

from mtlite.config.read import shown
from mtlite.config.recipe import Values
from mtlite.errors import MtliteError, RunError, explain
from mtlite.runtime import available_threads
from mtlite.training.channel import Channel, LostError
from mtlite.training.cluster import Cluster
from mtlite.translation.side_by_side import side_by_side

_SECONDS_TO_NOTICE = 5.0


class Workers:
    """A training in one process: its only worker."""

    number = 0

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes."""
        return self.number == 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def threads(self, asked: int) -> int:
        """Threads for this process where the recipe asks for some; 0 is all."""
        return asked

    def strategy(self) -> Any:
        """TensorFlow's strategy, to be made before anything is computed."""
        import tensorflow as tf

        return tf.distribute.get_strategy()

    def exchange(self, value: Any) -> list[Any]:
        """Gather a value of each worker, in their order. Values are what JSON can hold."""
        return [value]

    def of_chief(self, value: Any) -> Any:
        """The chief's value."""
        return self.exchange(value)[0]

    def agree(self, values: Values, remedy: str) -> None:
        """Raise RunError if these values, by name, are not the same on all workers."""

    def chief_first(self) -> AbstractContextManager[None]:
        """What is inside is done by the chief, then by the others."""
        return nullcontext()

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Apply a function to each item; the work is shared out, every worker has all results in their order."""
        return side_by_side(function, items)

    def signals(self, received: list[int]) -> list[int]:
        """The signals that any worker has received: all stop after the same update."""
        return received

    def check(self, weights: Sequence[Any]) -> None:
        """Raise RunError if the weights, Keras variables, are not the same on all workers, bit for bit."""


ALONE = Workers()


class Team(Workers):
    """Several workers. Inside `with`, they are connected; an error of one ends all.

    Args:
        seconds: to wait until all have come.
        check: is called while that lasts, and may raise an error.
    """

    def __init__(self, cluster: Cluster, seconds: float, check: Callable[[], None] = lambda: None) -> None:
        self.cluster, self.number, self.count = cluster, cluster.number, len(cluster.addresses)
        self._connect = lambda: Channel(cluster, seconds, check)

    def __enter__(self) -> Team:
        self.channel = self._connect()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        unexpected = isinstance(error, Exception) and not isinstance(error, MtliteError)
        if unexpected and self.channel.wait_for_loss(_SECONDS_TO_NOTICE):  # TensorFlow's words for it are many
            self.channel.close()
            raise LostError(self.channel.lost) from None
        reason = ""
        if error is not None:
            words = explain(error, "--debug")[0] if isinstance(error, Exception) else type(error).__name__
            reason = f"{self.cluster.name(self.number)} has stopped ({words})"
        self.channel.close("" if isinstance(error, LostError) else reason)

    def threads(self, asked: int) -> int:
        """On one machine, all its threads are shared out."""
        if asked or not self.cluster.on_one_machine:
            return asked
        return max(1, available_threads() // self.count)

    def strategy(self) -> Any:
        """All workers as one, by TensorFlow: NCCL where they have GPUs."""
        import tensorflow as tf

        os.environ["TF_CONFIG"] = self.cluster.tf_config()
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except (RuntimeError, tf.errors.OpError) as error:
            address, reason = self.cluster.addresses[self.number], " ".join(str(error).split())[:200]
            raise RunError(
                f"TensorFlow cannot connect the workers from {address} ({reason}): try other ports"
            ) from None

    def exchange(self, value: Any) -> list[Any]:
        return self.channel.exchange(json.loads(json.dumps(value, default=lambda tensor: tensor.numpy().tolist())))

    def agree(self, values: Values, remedy: str) -> None:
        chief, *others = self.exchange(dict(values))
        for number, theirs in enumerate(others, 1):
            for name in chief.keys() | theirs.keys():
                if chief.get(name) != theirs.get(name):
                    raise RunError(
                        f"workers differ: {name} is {shown(theirs.get(name))} for {self.cluster.name(number)}, "
                        f"{shown(chief.get(name))} for {self.cluster.name(0)}: {remedy}"
                    )

    @contextmanager
    def chief_first(self) -> Iterator[None]:
        if not self.is_chief:
            self.exchange(None)
        yield
        if self.is_chief:
            self.exchange(None)

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        shares = self.exchange(side_by_side(function, items[self.number :: self.count]))
        return [shares[place % self.count][place // self.count] for place in range(len(items))]

    def signals(self, received: list[int]) -> list[int]:
        return [signal for each in self.exchange(received) for signal in each]

    def check(self, weights: Sequence[Any]) -> None:
        checksum = 0
        for weight in weights:
            checksum = crc32(weight.numpy().tobytes(), checksum)
        self.agree({"the checksum of the weights": checksum}, "start all with --resume, on machines of one kind")
