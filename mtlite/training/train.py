"""Raw sentences in, a trained model and its scores out."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from mtlite.card.card import write_card_or_warn
from mtlite.config.options import Config, DataConfig
from mtlite.config.places import in_full, is_on_hub, is_same_elsewhere, without_places
from mtlite.config.recipe import Values, as_config, dotted, read_config
from mtlite.console import make_console
from mtlite.data.batches import Batches
from mtlite.data.prepare import Prepared, data_report, prepare
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import RunError, UsageError
from mtlite.runtime import choose_precision, lanes, machine, start_tensorflow
from mtlite.storage.checkpoint import assign_weights, check_state
from mtlite.storage.run_directory import CARD, CONFIG, FACTS, LOG, RESOLVED, START, Facts, ReadRun, Run, Seen
from mtlite.storage.tensors import load_arrays
from mtlite.storage.training_log import Validated, read_training_log
from mtlite.training.curves import advice
from mtlite.training.extension import extend
from mtlite.training.start import Start, start_of
from mtlite.training.workers import ALONE, Workers
from mtlite.translation.loading import load_tokenizers, topology_config
from mtlite.version import __version__

if TYPE_CHECKING:
    from mtlite.topologies.topology import Topology
    from mtlite.training.validation import Validation

PACKAGES = (
    *("tensorflow", "keras", "numpy", "sentencepiece", "sacrebleu", "datasets", "pyarrow", "safetensors"),
    *("docstring-parser", "PyYAML", "rich", "scipy", "matplotlib", "langcodes"),
)
_SECONDS_TO_SEE = 5.0  # what was written on another machine


def train(
    config: Config | str | Path | Values,
    run: str | Path | None = None,
    resume: bool = False,
    name: str = "run",
    console: Console | None = None,
) -> Run:
    """Train a model and score it; the scores are in `result.json` of the run.

    `config` may be the path of a recipe, or options by name, such as `{"model.units": 256}`; `run` is a new or empty
    folder (default: runs/NAME-N), or, with `resume`, the one to go on with. Raise MtliteError if one cannot be used.
    """
    checked = as_config(config)
    return train_run(checked, Run(Path(run)) if run else Run.new(name), resume, console or make_console())


def train_run(config: Config, run: Run, resume: bool, console: Console, workers: Workers = ALONE) -> Run:
    """Train with a configuration that was read, in a given run directory; `workers` are connected."""
    what = {"--resume": resume, **dotted(without_places(config).to_dict()), **_packages(), **_kind_of_machine()}
    workers.agree(what, "start all with one recipe and the same options, versions and kind of machine")
    if workers.is_chief:
        return _lead(config, run, resume, console, workers)
    return _follow(run, config.data, console, workers)


def _follow(run: Run, data: DataConfig, console: Console, workers: Workers) -> Run:
    """Train as a worker that is not the chief: read the run directory that the chief has prepared, write nothing."""
    if checksum := workers.of_chief(None):  # none if there is nothing to do
        run = ReadRun(run.path)
        _refuse_unseen(run, workers.exchange(_sees(run, checksum)))
        _fit(run, _prepare_again(run, data, console), console, workers)
        workers.exchange("scored")
    return run


def _sees(run: Run, checksum: str) -> bool:
    """Whether the facts of a run are here those that the chief wrote; a network folder shows them after a while."""
    until = time.monotonic() + _SECONDS_TO_SEE
    while True:
        with contextlib.suppress(RunError):
            if run.checksum(FACTS) == checksum:
                return True
        if time.monotonic() > until:
            return False
        time.sleep(0.1)


def _wait_for_workers(run: Run, workers: Workers) -> None:
    """Let the others read what was prepared; RunError if one of them does not see it."""
    workers.of_chief(run.checksum(FACTS))
    _refuse_unseen(run, workers.exchange(True))


def _refuse_unseen(run: Run, seen: list[bool]) -> None:
    if not all(seen):
        raise RunError(
            f"worker {seen.index(False)} does not see the run directory {run.path}: expected the {FACTS} that the "
            "chief wrote: give --run with a folder that all workers share"
        )


def _lead(config: Config, run: Run, resume: bool, console: Console, workers: Workers) -> Run:
    """Train as the only worker, or as the chief: prepare the run directory, write into it, score."""
    if is_on_hub(str(run.path)):
        raise UsageError(f"--run {run.path}: expected a folder here: upload the run when it is finished (hf upload)")
    if not resume:
        run.refuse_existing()
    run.refuse_foreign()
    if run.path.is_dir():
        run.refuse_strange_entries()
    config = in_full(config)
    saved = in_full(read_config(run.path / CONFIG)) if resume and (run.path / CONFIG).is_file() else config
    same = is_same_elsewhere(saved, config)
    if resume and run.finished and same:
        console.print(f"{run.path} is finished: nothing to do (a larger training.max_updates goes on)")
        if not (run.path / CARD).exists():  # the training was killed when it had its scores
            write_card_or_warn(run, load_tokenizers(run), console.print)
        workers.of_chief(None)
        return run
    with run.locked():
        if not resume:
            run.refuse_existing(ours=True)  # what another start may have made in the meantime
        console.print(f"run directory {run.path}")
        if not same:
            extend(run, saved, config, console)
        elif saved != config:
            run.write_config(CONFIG, config)  # the corpus was moved
        begun = resume and (run.path / FACTS).is_file()
        prepared = _go_on(run, config.data, console) if begun else _begin(run, config, console)
        _wait_for_workers(run, workers)
        _fit(run, prepared, console, workers)
        from mtlite.translation.scoring import score_run

        score_run(run, console)
        write_card_or_warn(run, load_tokenizers(run), console.print)
        workers.exchange("scored")  # all end together
    return run


def dry_run(config: Config, console: Console) -> None:
    """Show what a training would start from, and about how long it would take; write nothing."""
    prepared = _prepare(config, console, start_of(config))
    start_tensorflow(config.training.threads)
    from mtlite.training.estimate import seconds_per_update

    seconds, training = seconds_per_update(prepared), prepared.config.training
    updates, minutes = training.max_updates, seconds * training.max_updates / 60
    if training.max_seconds:
        updates, minutes = round(training.max_seconds / seconds), training.max_seconds / 60
    console.print(
        f"{updates:,} updates of about {seconds:.2f} s: about {minutes:.0f} minutes on this machine, "
        "validations not counted"
    )


def _prepare(config: Config, console: Console, start: Start | None) -> Prepared:
    if start:
        config = start.taken_over(config)
        console.print(f"starts from {start.run.path}: its weights, model and tokenizer are taken over")
    prepared = prepare(config, console.print, start.tokenizers if start else None)
    prepared = start.fitted(prepared) if start else prepared
    for line in data_report(prepared):
        console.print(line)
    return prepared


def _begin(run: Run, config: Config, console: Console) -> Prepared:
    """Prepare the corpus and make the run directory."""
    start = start_of(config)
    prepared = _prepare(config, console, start)
    console.print(f"prepared in {prepared.seconds:.1f} s, {prepared.tokenizer_seconds:.1f} s of them for the tokenizer")
    prepared.tokenizers.save(run.path)
    run.write_config(CONFIG, config)
    # A run keeps the dtype that it began with, on whatever machine it goes on.
    training = prepared.config.training
    training = dataclasses.replace(training, precision=choose_precision(training.precision))
    run.write_config(RESOLVED, dataclasses.replace(prepared.config, training=training))
    sides = {name: run.write_side(name, lines) for name, lines in prepared.corpus.sides().items()}
    started_from = start.copy_weights(run) if start else None
    # Written last: with it, the folder is a run.
    run.write_facts(
        Facts(
            source_language=prepared.corpus.source_language,
            target_language=prepared.corpus.target_language,
            source_vocabulary=len(prepared.tokenizers.source),
            target_vocabulary=len(prepared.tokenizers.target),
            joint=prepared.tokenizers.joint,
            source_tokenizer=prepared.tokenizers.source.sha256,
            target_tokenizer=prepared.tokenizers.target.sha256,
            lengths=prepared.rules,
            training_pairs=len(prepared.corpus.train),
            training_fingerprint=prepared.fingerprint,
            sides=sides,
            tests=list(prepared.corpus.tests),
            started_from=started_from,
            resolved=run.checksum(RESOLVED),
            packages=_packages(),
            machine=machine(),
            date=datetime.now(UTC).date().isoformat(),
            seen=_seen(prepared),
            seconds={"preparation": prepared.seconds, "tokenizer": prepared.tokenizer_seconds},
        )
    )
    return prepared


def _seen(prepared: Prepared) -> Seen:
    """What is known of the training pairs."""
    source, target = prepared.lengths[:, :2].max(axis=0).tolist()
    return Seen(prepared.cleaning.before, prepared.cleaning.removed, source, target)


def _go_on(run: Run, data: DataConfig, console: Console) -> Prepared:
    """Prepare the corpus, from where it lies now, as the run did, and compare it with the facts of the run."""
    if run.facts.resolved != run.checksum(RESOLVED):
        raise RunError(f"{run.path / RESOLVED} was altered: put it back, or start a new run")
    check_state(run.path, console.print)
    prepared = _prepare_again(run, data, console)
    before, now = {**run.facts.packages, **run.facts.machine}, {**_packages(), **machine()}
    named = now.keys() - {"node"}  # its name changes nothing
    changed = [
        f"{name} {before.get(name)} → {now[name]}" for name in now if name in named and now[name] != before.get(name)
    ]
    if changed:
        console.print(f"warning: the run may not end bit for bit as it would have: {', '.join(changed)}")
    return prepared


def _prepare_again(run: Run, data: DataConfig, console: Console) -> Prepared:
    """Prepare the corpus as the run did; RunError if it is another one."""
    prepared = prepare(dataclasses.replace(run.config, data=data), console.print, load_tokenizers(run))
    if run.facts.training_fingerprint != prepared.fingerprint:
        raise RunError("the training pairs are not what this run was started with: put them back, or start a new run")
    return prepared


def _packages() -> dict[str, str]:
    """The versions that a result depends on."""
    return {"mtlite": __version__, **{package: version(package) for package in PACKAGES}}


def _kind_of_machine() -> dict[str, str]:
    return {name: value for name, value in machine().items() if name != "processor"}


def _fit(run: Run, prepared: Prepared, console: Console, workers: Workers) -> None:
    """Build everything and train."""
    config, encoded, tokenizers = run.config, prepared.encoded, prepared.tokenizers
    del prepared  # the rest of it grows with the corpus
    training = config.training
    threads = start_tensorflow(workers.threads(training.threads), training.deterministic)
    workers.agree({"the number of threads": threads}, "give the same training.threads to all")
    import keras

    from mtlite.topologies.build import build_model
    from mtlite.training.loop import Loop, Parts
    from mtlite.training.optimizer import Adam
    from mtlite.training.step import Objective, TrainingStep

    facts = _with_threads(run.facts, threads, console)
    strategy = workers.strategy()
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_model(topology_config(run))
        if run.facts.started_from:
            assign_weights(model.weights, load_arrays(run.path / START)[0], run.path / START)
        optimizer = Adam(model.trainable_variables, training.clip_norm, training.moving_average)
    facts = dataclasses.replace(facts, parameters=model.count_params())
    console.print(
        f"{config.model.topology}: {model.count_params():,} weights, products in {model.config.precision}, "
        f"{threads} threads"
    )
    validation = _validation(run, model, tokenizers, console, workers)
    if facts.unreachable is None:
        facts = dataclasses.replace(facts, unreachable=round(validation.unreachable(), 6))
        if facts.unreachable:
            console.print(
                f"warning: {config.model.topology} has no position for {facts.unreachable:.1%} of the pieces of the "
                "dev references; they are left out of the loss, not of BLEU"
            )
    run.write_facts(facts)
    # The parts of a batch stay those that the run began with: dropout is drawn for each.
    parts = lanes(facts.threads or threads)
    objective = Objective(training.label_smoothing, training.consistency)
    step = TrainingStep(model, optimizer, config.seed, objective, training.accumulate, strategy, parts)
    batches = Batches(encoded, tokenizers, training.batch_tokens, config.seed, config.tokenizer.sampling)
    loop = Loop(run, training, Parts(model, optimizer, step, batches, validation, workers), console)
    seconds = loop.fit()
    run.write_facts(dataclasses.replace(facts, seconds={**facts.seconds, "training": seconds}))
    console.print(f"trained in {seconds / 60:.1f} minutes, validations included")
    if workers.is_chief:
        for line in advice(config, [line for line in read_training_log(run.path / LOG) if isinstance(line, Validated)]):
            console.print(line, highlight=False)


def _validation(run: Run, model: Topology, tokenizers: Tokenizers, console: Console, workers: Workers) -> Validation:
    from mtlite.training.validation import Validation

    search, batch_tokens = run.config.search, run.config.training.batch_tokens
    sides = run.read_side("dev.source"), run.references("dev")
    validation = Validation(model, tokenizers, sides, run.facts.target_language, search, batch_tokens, workers.map)
    if validation.truncated:
        console.print(
            f"warning: {validation.truncated:,} dev sources have more than {search.max_source_tokens:,} pieces and "
            "are cut (search.max_source_tokens)"
        )
    return validation


def _with_threads(facts: Facts, threads: int, console: Console) -> Facts:
    """Note the number of threads; it changes sums in the last digits."""
    first = threads if facts.threads is None else facts.threads
    others = sorted({*facts.other_threads, *([threads] if threads != first else [])})
    if others:
        console.print(
            f"warning: begun with {first} threads, then {', '.join(map(str, others))}: sums may differ in the last "
            "digits from those of a run with one number of threads"
        )
    return dataclasses.replace(facts, threads=first, other_threads=others)
