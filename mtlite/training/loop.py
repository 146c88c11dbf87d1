"""Updates, validations and saved states, until the budget is used up."""

from __future__ import annotations

import dataclasses
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from mtlite.config import TrainingConfig, settled
from mtlite.data.batches import Batches, Position, Prefetched
from mtlite.errors import MtliteError
from mtlite.models.topologies.topology import Topology
from mtlite.run import Metrics, Run
from mtlite.training.checkpoint import assign_weights, load_state, save_arrays, save_state, weight_arrays
from mtlite.training.optimizer import Adam
from mtlite.training.progress import TrainingProgress
from mtlite.training.schedule import learning_rate
from mtlite.training.step import TrainingStep
from mtlite.training.summaries import Summaries
from mtlite.training.validation import Validation

_UPDATES_PER_LINE = 20  # of metrics.jsonl


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


@contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """Collect Ctrl-C, SIGTERM and SIGHUP in a list, so that an update is never cut in the middle."""
    received: list[int] = []
    watched = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

    def note(number: int, _: Any) -> None:
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice: stop at once
        received.append(number)

    try:
        before = [signal.signal(number, note) for number in watched]
    except ValueError:  # not the main thread: whoever runs this there handles signals
        yield received
        return
    try:
        yield received
    finally:
        for number, handler in zip(watched, before, strict=True):
            signal.signal(number, handler)


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
        state, problems = load_state(self.run.path)
        for problem in problems:
            self.console.print(f"warning: {problem}; the state before it is used", style="yellow", highlight=False)
        if state is not None:
            arrays, facts = state
            assign_weights(self.model.weights, arrays, self.run.path)
            self.optimizer.load(arrays)
            self.progress = Progress(**facts)
            self.console.print(f"going on after update {self.progress.update}", highlight=False)

    def save(self) -> None:
        """Save everything that is needed to go on."""
        self.metrics.flush()
        arrays = {**weight_arrays(self.model.weights), **self.optimizer.state()}
        save_state(self.run.path, arrays, dataclasses.asdict(self.progress))

    def fit(self) -> None:
        """Train until the budget is used up, or patience is.

        Raises:
            Interrupted: after a signal, with the state saved.
            MtliteError: if the loss is no longer a finite number.
        """
        self.load()
        progress = self.progress
        self.metrics = Metrics(self.run.path / "metrics.jsonl", progress.update)
        self.summaries = Summaries(self.run.path / "tensorboard" if self.config.tensorboard else None)
        shown = TrainingProgress(self.max_updates, progress.update, self.console)
        source = Prefetched(self.batches.from_position(Position(progress.epoch, progress.batch)))
        try:
            with _noted_signals() as signals:
                self._updates(source, shown, signals)
        finally:
            source.close()
            shown.close()
            self.metrics.close()
            self.summaries.close()

    def _out_of_patience(self) -> bool:
        return 0 < self.config.patience <= self.progress.validations_without_gain

    def _updates(self, source: Prefetched, shown: TrainingProgress, signals: list[int]) -> None:
        progress = self.progress
        seconds_before = float(self.metrics.last.get("seconds", 0.0))
        start = time.perf_counter()
        nll = target_tokens = all_tokens = 0.0
        line_start = start
        while progress.update < self.max_updates and not self._out_of_patience():
            batches = []
            for _ in range(self.step.batches_per_update):
                position, batch = next(source)
                batches.append(batch)
            rate = learning_rate(self.config, progress.update + 1, progress.plateau_scale)
            done = self.step(batches, rate, progress.update + 1)
            progress.update += 1
            progress.epoch, progress.batch = position
            if not math.isfinite(done.loss) or not math.isfinite(done.gradient_norm):
                raise MtliteError(
                    f"the loss is {done.loss} at update {progress.update} (gradient norm {done.gradient_norm}): "
                    f"training stopped, {self._last_good()}; try a lower training.learning_rate "
                    f"(now {self.config.learning_rate}) or training.clip_norm 1.0"
                )
            nll, target_tokens = nll + done.nll * done.tokens, target_tokens + done.tokens
            all_tokens += sum(float((side != 0).sum()) for batch in batches for side in batch)
            now = time.perf_counter()
            validate = progress.update % self.validate_every == 0 or progress.update == self.max_updates
            if progress.update % _UPDATES_PER_LINE == 0 or validate:
                speed = all_tokens / (now - line_start)
                values = {
                    "loss": round(nll / max(target_tokens, 1.0), 5),
                    "learning_rate": rate,
                    "gradient_norm": round(done.gradient_norm, 5),
                    "epoch": progress.epoch,
                    "tokens": int(all_tokens),
                }
                times = {"seconds": round(seconds_before + now - start, 3), "tokens_per_second": round(speed, 1)}
                self.metrics.write(kind="training", update=progress.update, **values, **times)
                self.summaries.write(progress.update, training_loss=values["loss"], learning_rate=rate)
                shown.update(progress.update, values["loss"], speed)
                nll = target_tokens = all_tokens = 0.0
            if validate:
                self._validate(shown, seconds_before - start)
            if validate or progress.update % self.save_every == 0 or signals:
                self.save()
            if progress.update % _UPDATES_PER_LINE == 0 or validate:
                line_start = time.perf_counter()
            if signals and progress.update < self.max_updates:
                raise Interrupted(
                    f"stopped by {signal.Signals(signals[0]).name} after update {progress.update}; "
                    f"go on with: mtlite train --run {self.run.path} --resume"
                )

    def _last_good(self) -> str:
        state, _ = load_state(self.run.path)
        return f"the state after update {state[1]['update']} is kept" if state else "no state had been saved yet"

    def _validate(self, shown: TrainingProgress, seconds_offset: float) -> None:
        progress = self.progress
        self.optimizer.swap()
        loss, bleu = self.validation.loss(), self.validation.bleu()
        # Ties (0.00 too) are decided by dev loss.
        best = (bleu, -loss) > (progress.best_bleu, -progress.best_loss)
        if best:
            progress.best_update, progress.best_bleu, progress.best_loss = progress.update, bleu, loss
            progress.validations_without_gain = 0
            facts = {"update": progress.update, "dev_bleu": bleu, "dev_loss": loss}
            save_arrays(self.run.path / "best.safetensors", weight_arrays(self.model.weights), facts)
        else:
            progress.validations_without_gain += 1
        self.optimizer.swap()
        if loss < progress.lowest_loss:
            progress.lowest_loss = loss
        elif self.config.schedule == "plateau":
            progress.plateau_scale *= self.config.plateau_factor
        seconds = round(seconds_offset + time.perf_counter(), 3)
        values = {"dev_loss": round(loss, 5), "dev_bleu": round(bleu, 4), "best": best}
        self.metrics.write(kind="validation", update=progress.update, **values, seconds=seconds)
        self.summaries.write(progress.update, dev_loss=loss, dev_bleu=bleu)
        shown.validated(progress.update, loss, bleu, best)
