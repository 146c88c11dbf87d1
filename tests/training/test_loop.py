"""The loop alone: what is trained and how it scores is made up, so that every decision can be foreseen."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import os
import signal
import types
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from faults import Killed, failing_at

from mtlite.config.resolve import ResolvedTraining
from mtlite.data.batches import Batch, Position
from mtlite.errors import DamagedError, MtliteError, RunError, Stopped
from mtlite.storage.checkpoint import load_state
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import load_arrays, save_arrays
from mtlite.storage.training_log import Reported, Validated, read_training_log
from mtlite.training.loop import Loop, Parts
from mtlite.training.optimizer import Adam
from mtlite.training.step import Update

CONFIG = ResolvedTraining(
    max_updates=60,
    validate_every=10,
    save_every=7,
    warmup_updates=0,
    batch_tokens=100,
    learning_rate=0.1,
    schedule="constant",
    tensorboard=False,
)


class Model:
    def __init__(self):
        self.weights = self.trainable_variables = [keras.Variable(np.ones(3, np.float32), name="w")]


class Data:
    """Epochs of eight batches, each of one pair that says which it is."""

    def from_position(self, position):
        for number in itertools.count(position.epoch * 8 + position.batch):
            yield Position(number // 8, number % 8 + 1), Batch(np.full((1, 1), number + 4), np.full((1, 2), 3))


class Step:
    """The gradient and the loss follow from the batches."""

    def __init__(self, optimizer, batches_per_update=1, losses=None):
        self.optimizer, self.batches_per_update, self.losses = optimizer, batches_per_update, losses or {}
        self.seen, self.rates = [], []

    def __call__(self, batches, rate, update):
        self.seen.append([int(batch.source[0, 0]) for batch in batches])
        self.rates.append(rate)
        gradient = tf.constant([math.sin(update), 1.0, sum(self.seen[-1]) / 100], tf.float32)
        norm = self.optimizer.apply([gradient], tf.constant(1.0), tf.constant(rate), tf.constant(float(update)))
        return Update(self.losses.get(update, 1.0 / update), 1.0 / update, 2.0 * len(batches), float(norm))


def before_update(loop, number, act):
    """The same loop, which does something before an update."""

    class Acting(Step):
        def __call__(self, batches, rate, update):
            if update == number:
                act()
            return super().__call__(batches, rate, update)

    loop.step.__class__ = Acting
    return loop


def die():
    raise Killed


class Validation:
    """Scores by the number of the validation; the last ones are repeated."""

    def __init__(self, bleus=(0.0,), losses=(1.0,)):
        self.bleus, self.losses = bleus, losses
        self.next = 0

    def loss(self):
        self.next += 1
        return float(self.losses[min(self.next, len(self.losses)) - 1])

    def bleu(self):
        return float(self.bleus[min(self.next, len(self.bleus)) - 1])


@pytest.fixture
def make(tmp_path, console):
    """`make(validation, …)`: a loop in the run directory `run`, on new weights."""

    def make(validation=None, folder="run", losses=None, batches_per_update=1, average=0.9, **options):
        model = Model()
        optimizer = Adam(model.trainable_variables, 0.0, average)
        step = Step(optimizer, batches_per_update, losses)
        run = Run(tmp_path / folder)
        run.path.mkdir(exist_ok=True)
        config = dataclasses.replace(CONFIG, **options)
        parts: Any = (model, optimizer, step, Data(), validation or Validation())
        return Loop(run, config, Parts(*parts), console)

    return make


def without_times(line):
    """A line of the training log as it is in every run."""
    if isinstance(line, Reported):
        return dataclasses.replace(line, seconds=0.0, tokens_per_second=0.0)
    return dataclasses.replace(line, seconds=0.0)


def lines_of(loop, kind=Reported | Validated):
    """The lines of the training log, without times."""
    lines = [line for line in read_training_log(loop.run.path / "training-log.jsonl") if isinstance(line, kind)]
    return [without_times(line) for line in lines]


def saved(loop):
    """The last saved state."""
    state, _ = load_state(loop.run.path)
    assert state is not None
    return state


def ending(loop):
    return [lines_of(loop), *((loop.run.path / f"{end}.safetensors").read_bytes() for end in ("best", "last"))]


def test_every_batch_in_order_and_every_line_of_the_log(make):
    loop = make(batches_per_update=2)
    loop.fit()
    assert loop.step.seen == [[number, number + 1] for number in range(4, 124, 2)]
    assert (loop.progress.update, loop.progress.epoch, loop.progress.batch) == (60, 14, 8)
    lines = lines_of(loop)
    assert [(line.kind, line.update) for line in lines] == [
        (kind, update) for update in range(10, 61, 10) for kind in ("training", "validation")
    ]
    assert lines[2].loss == pytest.approx(np.mean([1 / update for update in range(11, 21)]), abs=1e-5)
    assert lines[2].tokens == 10 * 2 * 3


class TestSeconds:
    """A budget of seconds, on a clock that goes on by half a second in every update."""

    @pytest.fixture(autouse=True)
    def _clock(self, monkeypatch):
        readings = types.SimpleNamespace(at=0.0)
        call = Step.__call__

        def slow(step, *arguments):
            readings.at += 0.5
            return call(step, *arguments)

        monkeypatch.setattr(Step, "__call__", slow)
        monkeypatch.setattr("mtlite.training.loop.time", types.SimpleNamespace(perf_counter=lambda: readings.at))

    def test_validations_and_schedule_keep_their_share(self, make):
        loop = make(max_seconds=10.0, schedule="linear", final_learning_rate=0.0)
        loop.fit()
        assert loop.progress.update == 20
        assert [line.update for line in lines_of(loop, Validated)] == [4, 7, 10, 14, 17, 20]
        assert loop.step.rates == pytest.approx([0.1 * (60 - 3 * update - 1) / 60 for update in range(20)])
        assert [line.share for line in lines_of(loop, Reported)][-1] == 1.0

    def test_what_is_used_is_remembered(self, make):
        loop = before_update(make(max_seconds=10.0), 15, die)
        with pytest.raises(Killed):
            loop.fit()
        again = make(max_seconds=10.0)
        again.fit()
        assert again.progress.update == 20
        assert again.progress.used == 10.0

    def test_without_one_no_time_is_in_the_state(self, make):
        loop = make()
        loop.fit()
        assert loop.progress.update == 60
        assert loop.progress.used == 0.0


class TestBest:
    def test_by_bleu_then_by_loss(self, make):
        bleus, losses = [0, 0, 0, 5, 5, 4], [3.0, 2.0, 2.5, 9.0, 8.0, 1.0]
        loop = make(Validation(bleus, losses))
        loop.fit()
        assert [line.best for line in lines_of(loop, Validated)] == [True, True, False, True, True, False]
        arrays, facts = load_arrays(loop.run.path / "best.safetensors")
        assert facts == {"update": 50, "dev_bleu": 5, "dev_loss": 8.0}
        assert loop.progress.best_update == 50
        assert arrays.keys() == {"weights/w"}

    def test_the_average_is_validated_and_kept_and_training_goes_on_with_the_weights(self, make):
        loop = make(max_updates=10)
        loop.fit()
        best = load_arrays(loop.run.path / "best.safetensors")[0]["weights/w"]
        last = load_arrays(loop.run.path / "last.safetensors")[0]
        np.testing.assert_array_equal(best, last["average/w"])
        assert (best != last["weights/w"]).all()
        np.testing.assert_array_equal(loop.model.weights[0].numpy(), last["weights/w"])


class TestPatience:
    def test_it_says_so(self, make, console):
        make(Validation([5.0, 1.0]), patience=2).fit()
        assert "stopped after update 30: no better dev BLEU in 2 validations; the weights of update 10" in (
            console.file.getvalue()
        )

    def test_training_stops_when_it_runs_out(self, make):
        loop = make(Validation([1, 2, 2, 2, 3], [1.0]), patience=2)
        loop.fit()
        assert loop.progress.update == 40
        assert loop.progress.validations_without_gain == 2

    def test_a_gain_starts_it_anew(self, make):
        loop = make(Validation([1, 0, 2, 0, 3, 0], [1.0]), patience=2)
        loop.fit()
        assert loop.progress.update == 60

    def test_it_is_remembered(self, make):
        make(Validation([1, 0]), patience=2, max_updates=20).fit()
        loop = make(Validation([0]), patience=2)
        loop.fit()
        assert loop.progress.update == 30
        again = make(patience=2)
        again.fit()
        assert again.step.seen == []


class TestResume:
    @pytest.mark.parametrize("stopped_at", [*range(1, 12), 20, 33, 59])
    def test_a_stop_after_any_update_changes_nothing(self, make, stopped_at):
        """States are saved every 7 updates, lines written every 10: sums of a line are part of the state."""
        bleus, losses = [1, 0, 2, 0, 3, 0], [3.0, 2.0, 2.0, 2.5, 1.0, 1.0]
        options = {"schedule": "cosine", "batches_per_update": 2}
        undisturbed = make(Validation(bleus, losses), "undisturbed", **options)
        undisturbed.fit()
        first = before_update(make(Validation(bleus, losses), **options), stopped_at + 1, die)
        with pytest.raises(Killed):
            first.fit()
        state, _ = load_state(first.run.path)
        done = state.progress.update if state else 0
        assert done == max([saved for saved in range(stopped_at + 1) if saved % 7 == 0 or saved % 10 == 0])
        second = make(Validation(bleus[done // 10 :], losses[done // 10 :]), **options)
        second.fit()
        assert ending(second) == ending(undisturbed)

    @pytest.mark.parametrize("number", range(16))
    def test_so_does_a_kill_while_a_state_is_written(self, make, number, monkeypatch):
        undisturbed = make(folder="undisturbed")
        undisturbed.fit()
        first = make()
        real = Loop.save

        def save(self):
            if self.progress.update < 14:
                real(self)
            else:
                with failing_at(number, Killed()) as reached:
                    real(self)
                assert len(reached) <= number
                raise Killed

        monkeypatch.setattr(Loop, "save", save)
        with pytest.raises(Killed):
            first.fit()
        monkeypatch.undo()
        second = make()
        second.fit()
        assert second.step.seen[0][0] - 4 in (10, 14)
        assert ending(second) == ending(undisturbed)

    def test_a_damaged_state_is_named_and_the_one_before_is_used(self, make, console):
        undisturbed = make(folder="undisturbed")
        undisturbed.fit()
        make(max_updates=20).fit()
        last = Run(undisturbed.run.path.parent / "run").path / "last.safetensors"
        content = bytearray(last.read_bytes())
        content[-1] ^= 1
        last.write_bytes(content)
        loop = make()
        loop.fit()
        shown = console.file.getvalue()
        assert f"warning: {last} is damaged: its checksum does not fit" in shown
        assert "going on after update 14" in shown
        assert ending(loop) == ending(undisturbed)

    @pytest.mark.parametrize("average", [0.0, 0.9])
    def test_lost_weights_of_the_last_validation_are_made_again(self, make, average):
        first = make(Validation([1, 2, 3, 4, 5, 6]), average=average)
        first.fit()
        expected = ending(first)
        (first.run.path / "best.safetensors").unlink()
        second = make(Validation([0]), average=average)
        second.fit()
        assert second.step.seen == []
        assert ending(second) == expected

    def test_a_cut_line_of_the_log_is_written_again(self, make):
        undisturbed = make(folder="undisturbed")
        undisturbed.fit()
        loop = make(max_updates=30)
        loop.fit()
        with open(loop.run.path / "training-log.jsonl", "a") as file:
            file.write('{"kind": "training", "update": 40, "loss": 0.1}\n{"kind": "valid')
        loop = make()
        loop.fit()
        assert ending(loop) == ending(undisturbed)

    def test_a_state_of_another_version_is_refused(self, make):
        make(max_updates=7).fit()
        path = make().run.path / "last.safetensors"
        arrays, facts = load_arrays(path)
        save_arrays(path, arrays, {**facts, "moon": "full"})
        (path.parent / "previous.safetensors").unlink(missing_ok=True)
        with pytest.raises(DamagedError, match="another version of mtlite, or damaged: unknown option 'moon'"):
            make().fit()

    def test_a_state_of_another_model_is_refused(self, make, monkeypatch):
        make(max_updates=7).fit()
        monkeypatch.setattr(Model, "__init__", lambda self: setattr(self, "weights", OTHER))
        monkeypatch.setattr(Model, "trainable_variables", property(lambda self: self.weights), raising=False)
        with pytest.raises(RunError, match=r"expected weights/w as float32 \(2,\), received float32 \(3,\)"):
            make().fit()


OTHER = [keras.Variable(np.ones(2, np.float32), name="w")]


class TestSignals:
    @pytest.fixture(autouse=True)
    def _usual_handlers(self):
        """Whoever started the tests in the background may have had signals ignored."""
        usual: dict[int, Any] = {
            signal.SIGINT: signal.default_int_handler,
            signal.SIGTERM: signal.SIG_DFL,
            signal.SIGHUP: signal.SIG_DFL,
        }
        before = {number: signal.signal(number, handler) for number, handler in usual.items()}
        yield
        for number, handler in before.items():
            signal.signal(number, handler)

    @pytest.mark.parametrize("update", [1, 33, 60])
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_the_update_is_finished_and_saved(self, make, number, update):
        undisturbed = make(folder="undisturbed")
        undisturbed.fit()
        before = signal.getsignal(number)
        loop = before_update(make(), update, lambda: os.kill(os.getpid(), number))
        with pytest.raises(
            Stopped, match=f"{number.name} after update {update}; go on with: mtlite train --run"
        ) as stop:
            loop.fit()
        assert str(stop.value).endswith(f"--run {loop.run.path} --resume")
        assert stop.value.exit_code == 128 + number
        assert signal.getsignal(number) == before
        resumed = make()
        resumed.fit()
        assert len(resumed.step.seen) == 60 - update
        assert ending(resumed) == ending(undisturbed)

    def test_a_second_ctrl_c_stops_at_once(self, make):
        def interrupt_twice():
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)

        loop = before_update(make(), 25, interrupt_twice)
        with pytest.raises(KeyboardInterrupt):
            loop.fit()
        assert saved(loop).progress.update == 21


class TestErrors:
    @pytest.mark.parametrize("loss", [math.nan, math.inf])
    def test_a_loss_that_is_not_finite(self, make, loss):
        loop = make(losses={33: loss})
        with pytest.raises(MtliteError) as stop:
            loop.fit()
        message = str(stop.value)
        for part in (f"loss is {loss}", "at update 33", "state after update 30 is kept", "training.learning_rate"):
            assert part in message
        state = saved(loop)
        assert state.progress.update == 30
        assert all(np.isfinite(array).all() for array in state.arrays.values())

    def test_before_any_state_was_saved(self, make):
        with pytest.raises(MtliteError, match="at update 3: training stopped, no state is saved"):
            make(losses={3: math.nan}).fit()

    @pytest.mark.parametrize("loss", [math.nan, math.inf])
    def test_a_dev_loss_that_is_not_finite(self, make, loss):
        loop = make(Validation([1], [1.0, 1.0, loss]))
        with pytest.raises(MtliteError, match=f"dev loss is {loss} at update 30.*after update 28 is kept"):
            loop.fit()
        assert load_arrays(loop.run.path / "best.safetensors")[1]["update"] == 10

    def test_a_full_disk(self, make, monkeypatch):
        undisturbed = make(folder="undisturbed")
        undisturbed.fit()
        real = Loop.save

        def save(self):
            with failing_at(2 if self.progress.update == 21 else -1, OSError(28, "No space left on device")):
                real(self)

        monkeypatch.setattr(Loop, "save", save)
        with pytest.raises(RunError, match=r"newest\.safetensors .No space left on device.*--resume"):
            make().fit()
        monkeypatch.undo()
        loop = make()
        loop.fit()
        assert loop.step.seen[0] == [4 + 20]
        assert ending(loop) == ending(undisturbed)

    def test_an_error_in_the_data(self, make, monkeypatch):
        def broken(self, position):
            yield from itertools.islice(Data.from_position(self, position), 3)
            raise RunError("the corpus is gone")

        loop = make()
        monkeypatch.setattr(loop, "batches", type("Broken", (Data,), {"from_position": broken})())
        with pytest.raises(RunError, match="the corpus is gone"):
            loop.fit()
        assert len(loop.step.seen) == 3


def test_nothing_that_is_kept_names_a_time(make):
    loop = make(max_updates=10)
    loop.fit()
    for end in ("best", "last"):
        _, facts = load_arrays(loop.run.path / f"{end}.safetensors")
        assert not {"seconds", "time", "date"} & {part for name in facts for part in name.split("_")}
    for line in (loop.run.path / "training-log.jsonl").read_text().splitlines():
        assert json.loads(line)["seconds"] >= 0
