"""`serve/batching.py`: what arrives together is one batch, and nobody gets another one's answer."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from mtlite.serve.batching import Batcher
from mtlite.serve.refusals import QueueFullError, StoppingError


class Model:
    """Translates into capitals, once `gate` is open; keeps its batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun, self.gate = threading.Event(), threading.Event()

    def translate(self, sentences):
        self.batches.append(sentences)
        self.begun.set()
        assert self.gate.wait(30)
        if "bad" in sentences:
            raise ValueError("a bad sentence")
        return [sentence.upper() for sentence in sentences]


def answer(future: Future[Any]) -> Any:
    """What a request has got."""
    return future.result(30)


@pytest.fixture
def model():
    made = Model()
    yield made
    made.gate.set()


@pytest.fixture
def batcher(model):
    made = Batcher(most_waiting=20)
    yield made
    model.gate.set()
    made.close()


def started(batcher, model):
    """The thread is busy with one sentence; whatever comes now waits."""
    first = batcher.submit(model.translate, ["first"])
    assert model.begun.wait(30)
    return first


def test_what_waits_for_one_model_is_one_batch(model, batcher):
    other, sizes = Model(), list[int]()
    other.gate.set()
    batcher._on_batch = sizes.append
    first = started(batcher, model)
    waiting = [batcher.submit(model.translate, [f"a{number}", f"b{number}"]) for number in range(3)]
    elsewhere = batcher.submit(other.translate, ["c"])
    last = batcher.submit(model.translate, ["d"])
    assert batcher.waiting == 8
    model.gate.set()
    assert answer(first) == ["FIRST"]
    assert [answer(each) for each in waiting] == [[f"A{number}", f"B{number}"] for number in range(3)]
    assert (answer(elsewhere), answer(last)) == (["C"], ["D"])
    assert model.batches == [["first"], ["a0", "b0", "a1", "b1", "a2", "b2", "d"]]
    assert other.batches == [["c"]]
    batcher.close()
    assert sizes == [1, 7, 1]


def test_a_batch_is_not_larger_than_others_can_wait_for(model):
    batcher = Batcher()
    started(batcher, model)
    waiting = [batcher.submit(model.translate, [f"{number}"] * 200) for number in range(4)]
    model.gate.set()
    assert [answer(each) for each in waiting] == [[f"{number}"] * 200 for number in range(4)]
    assert [len(batch) for batch in model.batches] == [1, 400, 400]
    batcher.close()


def test_a_sentence_that_cannot_be_translated_spoils_no_other_request(model, batcher):
    started(batcher, model)
    good, bad, better = (batcher.submit(model.translate, [each]) for each in ("good", "bad", "better"))
    model.gate.set()
    assert (answer(good), answer(better)) == (["GOOD"], ["BETTER"])
    with pytest.raises(ValueError, match="a bad sentence"):
        answer(bad)
    assert answer(batcher.submit(model.translate, ["next"])) == ["NEXT"]


def test_a_request_that_nobody_waits_for_is_left_out(model, batcher):
    started(batcher, model)
    gone, waiting = batcher.submit(model.translate, ["gone"]), batcher.submit(model.translate, ["waiting"])
    assert gone.cancel()
    model.gate.set()
    assert answer(waiting) == ["WAITING"]
    assert model.batches == [["first"], ["waiting"]]


def test_a_full_queue_refuses_and_an_empty_one_takes_anything(model, batcher):
    first = started(batcher, model)
    large = batcher.submit(model.translate, ["x"] * 100)
    with pytest.raises(QueueFullError) as caught:
        batcher.submit(model.translate, ["y"])
    assert all(word in str(caught.value) for word in ("100", "20", "later"))
    model.gate.set()
    assert (len(answer(first)), len(answer(large))) == (1, 100)
    assert answer(batcher.submit(model.translate, ["y"])) == ["Y"]


def test_a_stop_finishes_what_waits_and_takes_nothing_new(model):
    batcher = Batcher()
    first = started(batcher, model)
    waiting = batcher.submit(model.translate, ["waiting"])
    with ThreadPoolExecutor(1) as pool:
        closed = pool.submit(batcher.close)
        while not batcher._closed:
            assert not closed.done()
        with pytest.raises(StoppingError):
            batcher.submit(model.translate, ["late"])
        assert not waiting.done()
        model.gate.set()
        closed.result(30)
    assert first.done()
    assert waiting.done()
    assert (answer(first), answer(waiting)) == (["FIRST"], ["WAITING"])


def test_many_clients_at_once_get_their_own_answers(model):
    model.gate.set()
    batcher = Batcher()
    questions = [[f"{client} {number}" for number in range(client % 5)] for client in range(200)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda each: answer(batcher.submit(model.translate, each)), questions))
    assert answers == [[each.upper() for each in question] for question in questions]
    batcher.close()
