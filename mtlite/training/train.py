"""The whole road: raw sentences in, a trained model and its scores out."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import datasets
from rich.console import Console

from mtlite import __version__
from mtlite.config.options import Config, settled
from mtlite.config.recipe import checked
from mtlite.console import StandardError
from mtlite.data.corpus import Corpus
from mtlite.data.prepare import Prepared, data_report, prepare
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import RunError
from mtlite.runtime import choose_precision, lanes, machine, start_tensorflow
from mtlite.storage.checkpoint import check_state
from mtlite.storage.run_directory import FORMAT, Run
from mtlite.translation.loading import load_lengths, load_tokenizers, open_run

PACKAGES = (
    *("tensorflow", "keras", "numpy", "sentencepiece", "sacrebleu", "datasets", "pyarrow", "safetensors"),
    *("docstring-parser", "PyYAML", "rich", "scipy", "matplotlib"),
)


def train(
    config: Config,
    run: str | Path | None = None,
    resume: bool = False,
    name: str = "run",
    console: Console | None = None,
) -> Run:
    """Train a model and score it.

    Args:
        config: what to do.
        run: the run directory, new or empty (default: runs/NAME-N).
        resume: go on with the run that is there.
        name: for the default run directory.
        console: where progress is shown.

    Returns:
        The run, finished: its `result.json` holds the scores.

    Raises:
        MtliteError: if the corpus, the configuration or the run directory cannot be used.
    """
    console = console or make_console()
    config = checked(config)
    place = Run(Path(run) if run else Run.free_path(name))
    if not resume:
        place.refuse_existing()
    place.refuse_foreign()
    if place.path.is_dir():
        place.refuse_strange_entries()
    if resume and place.finished:
        console.print(f"{place.path} is finished: nothing to do")
        return place
    with place.locked():
        _fit(place, _begin(place, config, resume, console), console)
        from mtlite.translation.scoring import evaluate_run

        console.print(f"run directory {place.path}")
        evaluate_run(place, console)
    return place


def make_console() -> Console:
    """Progress goes to standard error, as plain text; standard output is for results."""
    return Console(file=cast(IO[str], StandardError()), markup=False, highlight=False, soft_wrap=True)


def dry_run(config: Config, console: Console) -> None:
    """Show what a training would start from, and about how long it would take; nothing is written."""
    prepared = prepare(checked(config), console.print)
    for line in data_report(prepared):
        console.print(line)
    start_tensorflow(config.training.threads)
    from mtlite.training.estimate import seconds_per_update

    seconds = seconds_per_update(prepared)
    training = prepared.config.training
    updates, minutes = settled(training.max_updates), seconds * settled(training.max_updates) / 60
    if training.max_seconds:
        updates, minutes = round(training.max_seconds / seconds), training.max_seconds / 60
    console.print(
        f"{updates:,} updates of about {seconds:.2f} s: about {minutes:.0f} minutes on this machine, "
        "validations not counted"
    )


class _Ready(NamedTuple):
    """What is left of the preparation in training: nothing that grows with the corpus."""

    config: Config
    tokenizers: Tokenizers
    encoded: datasets.Dataset


def _begin(place: Run, config: Config, resume: bool, console: Console) -> _Ready:
    """Prepare the corpus; make the run directory, or compare with what is there."""
    if resume and (place.path / "run.json").is_file():
        saved = open_run(place.path).facts()
        tokenizers, config = load_tokenizers(place, saved), place.config()
        if (known := saved.get("resolved")) and known != place.checksum("resolved.yaml"):
            raise RunError(f"{place.path / 'resolved.yaml'} was altered: put it back, or start a new run")
        check_state(place.path, console.print)
        prepared = prepare(config, console.print, tokenizers)
        _compare_with_saved(saved, prepared, console)
    else:
        prepared = prepare(config, console.print)
        for line in data_report(prepared):
            console.print(line)
        console.print(
            f"prepared in {prepared.seconds:.1f} s, {prepared.tokenizer_seconds:.1f} s of them for the tokenizer"
        )
        _create(place, config, prepared)
    return _Ready(prepared.config, prepared.tokenizers, prepared.encoded)


def _create(run: Run, given: Config, prepared: Prepared) -> None:
    """Write everything that later stages need. run.json is written last: with it, the folder is a run."""
    prepared.tokenizers.save(run.path)
    run.write_config("config.yaml", given.to_dict())
    config = prepared.config
    config.training.precision = choose_precision(config.training.precision)  # type: ignore[assignment]
    run.write_config("resolved.yaml", config.to_dict())
    sides = {
        f"{name}.{side}": run.write_side(f"{name}.{side}", list(pairs[side]))
        for name, pairs in _held_out(prepared.corpus).items()
        for side in ("source", "target")
    }
    from mtlite.config.length_rules import Lengths

    run.write_json(
        "run.json",
        {
            "format": FORMAT,
            "source_language": prepared.corpus.source_language,
            "target_language": prepared.corpus.target_language,
            "source_vocabulary": len(prepared.tokenizers.source),
            "target_vocabulary": len(prepared.tokenizers.target),
            "joint": prepared.tokenizers.joint,
            "source_tokenizer": prepared.tokenizers.source.sha256,
            "target_tokenizer": prepared.tokenizers.target.sha256,
            "lengths": Lengths.fit(prepared.lengths).to_dict(),
            "training_pairs": len(prepared.corpus.train),
            "training_fingerprint": prepared.fingerprint,
            "sides": sides,
            "tests": list(prepared.corpus.tests),
            "resolved": run.checksum("resolved.yaml"),
            "packages": _versions(),
            "machine": machine(),
            "seconds": {"preparation": prepared.seconds, "tokenizer": prepared.tokenizer_seconds},
        },
    )


def _versions() -> dict[str, str]:
    return {"mtlite": __version__, **{package: version(package) for package in PACKAGES}}


def _held_out(corpus: Corpus) -> dict[str, Any]:
    return {"dev": corpus.dev, **corpus.tests}


def _compare_with_saved(saved: dict[str, Any], prepared: Prepared, console: Console) -> None:
    """Refuse other data; warn of what can change sums."""
    received = {
        "training_fingerprint": ("training pairs are", prepared.fingerprint),
        "source_tokenizer": ("source tokenizer is", prepared.tokenizers.source.sha256),
        "target_tokenizer": ("target tokenizer is", prepared.tokenizers.target.sha256),
    }
    for key, (what, fingerprint) in received.items():
        if saved[key] != fingerprint:
            raise RunError(f"the {what} not what this run was started with: put them back, or start a new run")
    now = _versions()
    changed = [
        f"{package} {saved['packages'].get(package)} → {now[package]}"
        for package in now
        if now[package] != saved["packages"].get(package)
    ]
    changed += [
        f"{key} {saved['machine'].get(key)} → {value}"
        for key, value in machine().items()
        if saved["machine"].get(key) != value
    ]
    if changed:
        console.print(f"warning: the run may not end bit for bit as it would have: {', '.join(changed)}")


def _fit(run: Run, ready: _Ready, console: Console) -> None:
    """Build everything and train."""
    config, tokenizers, encoded = ready
    threads = start_tensorflow(config.training.threads, config.training.deterministic)
    import keras
    import tensorflow as tf

    from mtlite.data.batches import Batches
    from mtlite.topologies.build import build_model
    from mtlite.training.loop import Loop
    from mtlite.training.optimizer import Adam
    from mtlite.training.step import TrainingStep
    from mtlite.training.validation import Validation

    facts = run.facts()
    first, others = facts.get("threads", threads), facts.get("other_threads", [])
    others = sorted({*others, *([threads] if threads != first else [])})
    if others:
        console.print(
            f"warning: begun with {first} threads, then {', '.join(map(str, others))}: sums may differ in the last "
            "digits from those of a run with one number of threads"
        )
        facts["other_threads"] = others
    strategy = tf.distribute.get_strategy()
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_model(
            config.model,
            source_vocabulary=facts["source_vocabulary"],
            target_vocabulary=facts["target_vocabulary"],
            joint=facts["joint"],
            lengths=load_lengths(run, facts),
            precision=choose_precision(config.training.precision),
        )
        optimizer = Adam(model.trainable_variables, config.training.clip_norm, config.training.moving_average)
    facts.update(threads=first, parameters=model.count_params())
    console.print(
        f"{config.model.topology}: {model.count_params():,} weights, products in "
        f"{choose_precision(config.training.precision)}, {threads} threads"
    )
    dev = (run.read_side("dev.source"), run.read_side("dev.target"))
    training = config.training
    validation = Validation(model, tokenizers, *dev, facts["target_language"], config.search, training.batch_tokens)
    if validation.cut:
        console.print(
            f"warning: {validation.cut:,} dev sources have more than {config.search.max_source_tokens:,} pieces and "
            "are cut (search.max_source_tokens)"
        )
    if "unreachable" not in facts:
        facts["unreachable"] = round(validation.unreachable(), 6)
        if facts["unreachable"]:
            console.print(
                f"warning: {config.model.topology} has no position for {facts['unreachable']:.1%} of the pieces of the "
                "dev references; they are left out of the loss, not of BLEU"
            )
    run.write_json("run.json", facts)
    step = TrainingStep(model, optimizer, config.seed, training.label_smoothing, training.accumulate, strategy, lanes())
    batches = Batches(encoded, tokenizers, training.batch_tokens, config.seed, config.tokenizer.sampling)
    seconds = Loop(run, training, model, optimizer, step, batches, validation, console).fit()
    facts["seconds"] = {**facts.get("seconds", {}), "training": seconds}
    run.write_json("run.json", facts)
    console.print(f"trained in {seconds / 60:.1f} minutes, validations included")
