"""Updates, validations and saved states, until the budget is used up."""

from __future__ import annotations

import dataclasses
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from mtlite.config.options import TrainingConfig, settled
from mtlite.console import TrainingProgress
from mtlite.data.batches import Batches, Position, Prefetched
from mtlite.data.ids import PAD
from mtlite.errors import MtliteError, RunError
from mtlite.storage.checkpoint import assign_weights, load_state, save_state, weight_arrays
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import save_arrays
from mtlite.storage.training_log import Metrics
from mtlite.topologies.topology import Topology
from mtlite.training.optimizer import Adam
from mtlite.training.schedule import learning_rate
from mtlite.training.step import TrainingStep
from mtlite.training.tensorboard import Summaries
from mtlite.training.validation import Validation
from mtlite.translation.loading import WEIGHTS

_UPDATES_PER_LINE = 20  # of metrics.jsonl
_MOST_FACTS_BYTES = 1 << 20  # names of arrays, and where a training stands


class Interrupted(MtliteError):
    """The user stopped the training; its state is saved."""


@dataclass
class Progress:
    """Where a training stands: with the arrays, all that a resumed training needs."""

    update: int = 0
    epoch: int = 0
    batch: int = 0
    best_update: int = 0
    best_bleu: float = -1.0
    best_loss: float = math.inf
    validations_without_gain: int = 0
    plateau_scale: float = 1.0
    lowest_loss: float = math.inf
    used: float = 0.0  # of a budget of seconds; without one it stays 0, so that states are the same in every run
    # since the last line of metrics.jsonl
    nll: float = 0.0
    target_tokens: float = 0.0
    all_tokens: int = 0


def progress_of(facts: dict[str, Any], origin: Path) -> Progress:
    """What a saved state says, checked.

    Raises:
        RunError: if it is of another version, or holds what no training has written.
    """
    try:
        progress = Progress(**facts)
    except TypeError as error:
        raise RunError(f"{origin}: the saved state is of another version of mtlite ({error})") from None
    for field in dataclasses.fields(Progress):
        value, counts = getattr(progress, field.name), type(field.default) is int
        right = type(value) is int and 0 <= value < 2**63 if counts else type(value) in (int, float)
        if not right:
            raise RunError(f"{origin}: the saved state is damaged: {field.name} is {str(value)[:80]!r}")
    return progress


@contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """Collect Ctrl-C, SIGTERM and SIGHUP in a list, so that an update is never cut in the middle.

    Signals that were ignored before stay so: nohup lets a training outlive its terminal.
    """
    received: list[int] = []
    watched = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

    def note(number: int, _: Any) -> None:
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice: stop at once
        received.append(number)

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():  # elsewhere, whoever runs this handles signals
        before = {number: signal.getsignal(number) for number in watched}
        before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, note)
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


class Loop:
    """Trains a model and keeps its best and its last state in the run directory.

    Args:
        run: where everything is kept.
        config: nothing left open.
        model: the topology.
        optimizer: of its weights.
        step: does one update.
        batches: the training data.
        validation: scores the model.
        console: for progress.
    """

    def __init__(
        self,
        run: Run,
        config: TrainingConfig,
        model: Topology,
        optimizer: Adam,
        step: TrainingStep,
        batches: Batches,
        validation: Validation,
        console: Console,
    ) -> None:
        self.run, self.config, self.model, self.optimizer = run, config, model, optimizer
        self.step, self.batches, self.validation, self.console = step, batches, validation, console
        self.max_updates, self.validate_every = settled(config.max_updates), settled(config.validate_every)
        self.save_every = settled(config.save_every)
        self.progress = Progress()

    def load(self) -> None:
        """Take over the last saved state, if there is one."""
        state, problems = load_state(self.run.path, self._most_state_bytes())
        for problem in problems:
            self.console.print(f"warning: {problem}", style="yellow", highlight=False)
        if state is not None:
            arrays, facts = state
            assign_weights(self.model.weights, arrays, self.run.path)
            self.optimizer.load(arrays, self.run.path)
            self.progress = progress_of(facts, self.run.path)
            if 0 < self.progress.best_update == self.progress.update and not (self.run.path / WEIGHTS).exists():
                self.optimizer.swap()
                self._keep_best()
                self.optimizer.swap()
            self.console.print(f"going on after update {self.progress.update}", highlight=False)

    def _most_state_bytes(self) -> int:
        """What a state of this model can have: weights, their averages and two arrays of Adam, and the facts."""
        return 16 * sum(int(math.prod(weight.shape)) for weight in self.model.weights) + _MOST_FACTS_BYTES

    def save(self) -> None:
        """Save everything that is needed to go on."""
        self.metrics.flush()
        arrays = {**weight_arrays(self.model.weights), **self.optimizer.state()}
        save_state(self.run.path, arrays, dataclasses.asdict(self.progress))

    def fit(self) -> float:
        """Train until the budget is used up, or patience is.

        Returns:
            Seconds from the first to the last update, validations and interrupted parts included.

        Raises:
            Interrupted: after a signal, with the state saved.
            MtliteError: if the loss is no longer a finite number.
        """
        self.load()
        progress = self.progress
        self.metrics = Metrics(self.run.path / "metrics.jsonl", progress.update)
        self.summaries = Summaries(self.run.path / "tensorboard" if self.config.tensorboard else None)
        shown = TrainingProgress(self.max_updates, self._at(), self.console)
        source = Prefetched(self.batches.from_position(Position(progress.epoch, progress.batch)))
        try:
            with _noted_signals() as signals:
                self._updates(source, shown, signals)
            return self._seconds()
        finally:
            source.close()
            shown.close()
            self.metrics.close()
            self.summaries.close()

    def _at(self) -> float:
        """How much of the budget is used, in updates."""
        if not self.config.max_seconds:
            return self.progress.update
        return self.max_updates * min(1.0, self.progress.used / self.config.max_seconds)

    def _out_of_patience(self) -> bool:
        return 0 < self.config.patience <= self.progress.validations_without_gain

    def _updates(self, source: Prefetched, shown: TrainingProgress, signals: list[int]) -> None:
        progress = self.progress
        self.seconds_before = float(self.metrics.last.get("seconds", 0.0)) - time.perf_counter()
        line_start, tokens_before = time.perf_counter(), progress.all_tokens
        while (before := self._at()) < self.max_updates and not self._out_of_patience():
            begin, batches = time.perf_counter(), []
            for _ in range(self.step.batches_per_update):
                position, batch = next(source)
                batches.append(batch)
            rate = learning_rate(self.config, before + 1, progress.plateau_scale)
            done = self.step(batches, rate, progress.update + 1)
            if not math.isfinite(done.loss) or not math.isfinite(done.gradient_norm):
                raise self._not_finite(f"loss is {done.loss} (gradient norm {done.gradient_norm})", progress.update + 1)
            progress.update += 1
            progress.epoch, progress.batch = position
            progress.nll += done.nll * done.tokens
            progress.target_tokens += done.tokens
            progress.all_tokens += sum(int((side != PAD).sum()) for batch in batches for side in batch)
            if self.config.max_seconds:
                progress.used += time.perf_counter() - begin
            at = self._at()
            validate = at // self.validate_every > before // self.validate_every or at >= self.max_updates
            line = progress.update % _UPDATES_PER_LINE == 0 or validate
            if line:
                speed = (progress.all_tokens - tokens_before) / (time.perf_counter() - line_start)
                self._report(shown, rate, done.gradient_norm, speed)
            if validate:
                self._validate(shown)
            if validate or progress.update % self.save_every == 0 or signals:
                self.save()
            if line:
                line_start, tokens_before = time.perf_counter(), 0
            if validate and self._out_of_patience() and progress.update < self.max_updates:
                self.console.print(
                    f"stopped after update {progress.update}: no better dev BLEU in {self.config.patience} "
                    f"validations; the weights of update {progress.best_update} are kept",
                    highlight=False,
                )
            if signals:
                raise Interrupted(
                    f"stopped by {signal.Signals(signals[0]).name} after update {progress.update}; "
                    f"go on with: mtlite train --run {self.run.path} --resume"
                )

    def _report(self, shown: TrainingProgress, rate: float, gradient_norm: float, speed: float) -> None:
        """A line of metrics.jsonl over the updates since the one before."""
        progress = self.progress
        loss = progress.nll / max(progress.target_tokens, 1.0)
        self.metrics.write(
            kind="training",
            update=progress.update,
            loss=round(loss, 5),
            learning_rate=rate,
            gradient_norm=round(gradient_norm, 5),
            **({"share": round(self._at() / self.max_updates, 6)} if self.config.max_seconds else {}),
            epoch=progress.epoch,
            tokens=progress.all_tokens,
            seconds=self._seconds(),
            tokens_per_second=round(speed, 1),
        )
        self.summaries.write(progress.update, training_loss=loss, learning_rate=rate)
        shown.update(progress.update, self._at(), loss, speed)
        progress.nll, progress.target_tokens, progress.all_tokens = 0.0, 0.0, 0

    def _seconds(self) -> float:
        """Seconds of training so far, those before a resumption included."""
        return round(self.seconds_before + time.perf_counter(), 3)

    def _not_finite(self, what: str, update: int) -> MtliteError:
        state, _ = load_state(self.run.path)
        kept = "no state is saved"
        if state is not None:
            kept = f"the state after update {state[1]['update']} is kept in {self.run.path}"
        return MtliteError(
            f"the {what} at update {update}: training stopped, {kept}; --resume would end here again: start a new run "
            f"with a lower training.learning_rate (now {self.config.learning_rate}), a longer training.warmup_updates "
            "or training.clip_norm 1.0"
        )

    def _keep_best(self) -> None:
        """Write the weights of the best validation: those of the model, as they were validated."""
        progress = self.progress
        facts = {"update": progress.best_update, "dev_bleu": progress.best_bleu, "dev_loss": progress.best_loss}
        save_arrays(self.run.path / WEIGHTS, weight_arrays(self.model.weights), facts)

    def _validate(self, shown: TrainingProgress) -> None:
        progress = self.progress
        self.optimizer.swap()
        loss, bleu = self.validation.loss(), self.validation.bleu()
        if not math.isfinite(loss):
            raise self._not_finite(f"dev loss is {loss}", progress.update)
        # Ties (0.00 too) are decided by dev loss.
        best = (bleu, -loss) > (progress.best_bleu, -progress.best_loss)
        if best:
            progress.best_update, progress.best_bleu, progress.best_loss = progress.update, bleu, loss
            progress.validations_without_gain = 0
            self._keep_best()
        else:
            progress.validations_without_gain += 1
        self.optimizer.swap()
        if loss < progress.lowest_loss:
            progress.lowest_loss = loss
        elif self.config.schedule == "plateau":
            progress.plateau_scale *= self.config.plateau_factor
        self.metrics.write(
            kind="validation",
            update=progress.update,
            dev_loss=round(loss, 5),
            dev_bleu=round(bleu, 4),
            best=best,
            seconds=self._seconds(),
        )
        self.summaries.write(progress.update, dev_loss=loss, dev_bleu=bleu)
        shown.validated(progress.update, loss, bleu, best)
