"""Updates, validations and saved states, until the budget is used up."""

from __future__ import annotations

import math
import signal
import time
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from rich.console import Console

from mtlite.config.resolve import ResolvedTraining
from mtlite.console import TrainingProgress, acknowledge_signals, announce, collect_signals
from mtlite.data.batches import Batches, Position, Prefetched
from mtlite.data.ids import PAD
from mtlite.errors import MtliteError, Stopped
from mtlite.storage.checkpoint import WEIGHTS, Progress, assign_weights, load_state, save_state, weight_arrays
from mtlite.storage.run_directory import LOG, Run
from mtlite.storage.tensors import save_arrays
from mtlite.storage.training_log import NoLog, Reported, TrainingLog, Validated
from mtlite.topologies.topology import Topology
from mtlite.training.optimizer import Adam
from mtlite.training.schedule import learning_rate
from mtlite.training.step import TrainingStep, Update
from mtlite.training.tensorboard import Summaries
from mtlite.training.validation import Validation
from mtlite.training.workers import ALONE, Workers

_UPDATES_PER_LINE = 20  # of the training log
_STOPPING = "stopping: this update is finished and saved first; Ctrl-C again stops at once"
_MOST_FACTS_BYTES = 1 << 20  # names of arrays, and the progress of a training


class Parts(NamedTuple):
    """The parts of a training."""

    model: Topology
    optimizer: Adam
    step: TrainingStep
    batches: Batches
    validation: Validation
    workers: Workers = ALONE


class Loop:
    """Trains a model and keeps its best and its last state in the run directory."""

    def __init__(self, run: Run, config: ResolvedTraining, parts: Parts, console: Console) -> None:
        self.run, self.config, self.console = run, config, console
        self.model, self.optimizer, self.step, self.batches, self.validation, self.workers = parts
        self.progress = Progress()

    def load(self) -> None:
        """Restore the last saved state, if there is one."""
        # Weights, their averages and two arrays of Adam, and the facts.
        most_bytes = 16 * sum(math.prod(weight.shape) for weight in self.model.weights) + _MOST_FACTS_BYTES
        with self.workers.chief_first():  # it puts aside what is damaged
            state, problems = load_state(self.run.path, most_bytes)
        saved = {"the update of the saved state": state.progress.update if state else 0}
        self.workers.agree(saved, "put the run directory into a folder that all workers share")
        for problem in problems:
            self.console.print(f"warning: {problem}", style="yellow", highlight=False)
        if state is None:
            return
        assign_weights(self.model.weights, state.arrays, self.run.path)
        self.optimizer.load(state.arrays, self.run.path)
        self.progress = state.progress
        if 0 < self.progress.best_update == self.progress.update and not (self.run.path / WEIGHTS).exists():
            self.optimizer.swap()
            self._keep_best()
            self.optimizer.swap()
        self.console.print(f"going on after update {self.progress.update}", highlight=False)

    def save(self) -> None:
        """Save everything that is needed to resume."""
        self.workers.check(self.model.weights)
        if not self.workers.is_chief:
            return
        self.log.flush()
        save_state(self.run.path, {**weight_arrays(self.model.weights), **self.optimizer.state()}, self.progress)

    def fit(self) -> float:
        """Train until the budget is used up, or patience is; raise Stopped after a signal, with the state saved.

        Return the seconds from the first to the last update, validations and interrupted parts included.
        """
        self.load()
        progress = self.progress
        chief = self.workers.is_chief
        self.log = TrainingLog(self.run.path / LOG, progress.update) if chief else NoLog()
        self.summaries = Summaries(self.run.path / "tensorboard" if self.config.tensorboard and chief else None)
        self.shown = TrainingProgress(self.config.max_updates, self._at(), self.console)
        source = Prefetched(self.batches.from_position(Position(progress.epoch, progress.batch)))
        try:
            with acknowledge_signals(_STOPPING, self.console.print), collect_signals() as signals:
                self._updates(source, signals)
            return self._seconds()
        finally:
            source.close()
            self.shown.close()
            self.log.close()
            self.summaries.close()

    def _at(self) -> float:
        """How much of the budget is used, in updates."""
        if not self.config.max_seconds:
            return self.progress.update
        return self.config.max_updates * min(1.0, self.progress.used / self.config.max_seconds)

    def _out_of_patience(self) -> bool:
        return 0 < self.config.patience <= self.progress.validations_without_gain

    def _updates(self, source: Prefetched, signals: list[int]) -> None:
        config, progress = self.config, self.progress
        self.seconds_before = self.log.seconds - time.perf_counter()
        line_start, tokens_before = time.perf_counter(), progress.all_tokens
        compiling: AbstractContextManager[None] = announce("compiling the first update", self.console.print)
        while (before := self._at()) < config.max_updates and not self._out_of_patience():
            rate = learning_rate(config, before + 1)
            with compiling:
                done = self._update(source, rate)
            compiling = nullcontext()
            at = self._at()
            validate = at // config.validate_every > before // config.validate_every or at >= config.max_updates
            if progress.update % _UPDATES_PER_LINE == 0 or validate:
                speed = (progress.all_tokens - tokens_before) / (time.perf_counter() - line_start)
                self._report(rate, done.gradient_norm, speed)
            if validate:
                self._validate()
            stopping = self.workers.signals(signals)
            if validate or progress.update % config.save_every == 0 or stopping:
                self.save()
            if progress.all_tokens == 0:  # a line was just written
                line_start, tokens_before = time.perf_counter(), 0
            if validate and self._out_of_patience() and progress.update < config.max_updates:
                self.console.print(
                    f"stopped after update {progress.update}: no better dev BLEU in {config.patience} "
                    f"validations; the weights of update {progress.best_update} are kept",
                    highlight=False,
                )
            if stopping:
                self.workers.exchange("saved")  # nobody ends before
                raise Stopped(
                    f"stopped by {signal.Signals(stopping[0]).name} after update {progress.update}; "
                    f"go on with: mtlite train --run {self.run.path} --resume",
                    stopping[0],
                )

    def _update(self, source: Prefetched, rate: float) -> Update:
        """Take the next batches, do one update, and note the progress."""
        begin, progress = time.perf_counter(), self.progress
        taken = [next(source) for _ in range(self.step.batches_per_update)]
        batches = [batch for _, batch in taken]
        done = self.step(batches, rate, progress.update + 1)
        if not math.isfinite(done.loss) or not math.isfinite(done.gradient_norm):
            raise self._not_finite(f"loss is {done.loss} (gradient norm {done.gradient_norm})", progress.update + 1)
        progress.update += 1
        progress.epoch, progress.batch = taken[-1][0]
        progress.nll += done.nll * done.tokens
        progress.target_tokens += done.tokens
        progress.all_tokens += sum(int((side != PAD).sum()) for batch in batches for side in batch)
        if self.config.max_seconds:
            progress.used += self.workers.of_chief(time.perf_counter() - begin)
        return done

    def _report(self, rate: float, gradient_norm: float, speed: float) -> None:
        """Log the updates since the last line."""
        progress = self.progress
        loss = progress.nll / max(progress.target_tokens, 1.0)
        self.log.write(
            Reported(
                update=progress.update,
                loss=round(loss, 5),
                learning_rate=rate,
                gradient_norm=round(gradient_norm, 5),
                share=round(self._at() / self.config.max_updates, 6) if self.config.max_seconds else None,
                epoch=progress.epoch,
                tokens=progress.all_tokens,
                seconds=self._seconds(),
                tokens_per_second=round(speed, 1),
            )
        )
        self.summaries.write(progress.update, training_loss=loss, learning_rate=rate)
        self.shown.update(progress.update, self._at(), loss, speed)
        progress.nll, progress.target_tokens, progress.all_tokens = 0.0, 0.0, 0

    def _seconds(self) -> float:
        """Seconds of training so far, including those before it was resumed."""
        return round(self.seconds_before + time.perf_counter(), 3)

    def _not_finite(self, what: str, update: int) -> MtliteError:
        state, _ = load_state(self.run.path)
        kept = "no state is saved"
        if state is not None:
            kept = f"the state after update {state.progress.update} is kept in {self.run.path}"
        return MtliteError(
            f"the {what} at update {update}: training stopped, {kept}; --resume would end here again: start a new run "
            f"with a lower training.learning_rate (now {self.config.learning_rate}), a longer training.warmup_updates "
            "or training.clip_norm 1.0"
        )

    def _keep_best(self) -> None:
        """Write the weights as they were validated."""
        if not self.workers.is_chief:
            return
        progress = self.progress
        facts = {"update": progress.best_update, "dev_bleu": progress.best_bleu, "dev_loss": progress.best_loss}
        save_arrays(self.run.path / WEIGHTS, weight_arrays(self.model.weights), facts)

    def _validate(self) -> None:
        progress = self.progress
        self.optimizer.swap()
        loss = self.validation.loss()
        if not math.isfinite(loss):
            raise self._not_finite(f"dev loss is {loss}", progress.update)
        bleu = self.validation.bleu()
        # Ties (0.00 too) are decided by dev loss.
        best = progress.best_loss is None or (bleu, -loss) > (progress.best_bleu, -progress.best_loss)
        if best:
            progress.best_update, progress.best_bleu, progress.best_loss = progress.update, bleu, loss
            progress.validations_without_gain = 0
            self._keep_best()
        else:
            progress.validations_without_gain += 1
        self.optimizer.swap()
        self.log.write(
            Validated(
                update=progress.update,
                dev_loss=round(loss, 5),
                dev_bleu=round(bleu, 4),
                best=best,
                seconds=self._seconds(),
            )
        )
        self.summaries.write(progress.update, dev_loss=loss, dev_bleu=bleu)
        self.shown.validated(progress.update, loss, bleu, best)
