"""More updates for a training than its schedule had; its facts and every comparison say so."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from rich.console import Console

from mtlite.config.options import Config
from mtlite.errors import UsageError
from mtlite.storage.checkpoint import load_state
from mtlite.storage.run_directory import CONFIG, FACTS, RESOLVED, RESULT, Extension, Run, yaml_of


def extend(run: Run, saved: Config, config: Config, console: Console) -> None:
    """Note the new number of updates, the only option that may differ; the same command mends an interruption."""
    updates = config.training.max_updates
    if (
        replace(saved, training=replace(saved.training, max_updates=updates)) != config
        or not (run.path / FACTS).is_file()
    ):
        raise UsageError(
            f"--resume goes on with the options of {run.path / CONFIG}, which differ from those given: leave them out "
            "(only a larger training.max_updates may be given, or another place of the corpus)"
        )
    training, facts = run.config.training, run.facts
    if training.max_seconds:
        raise UsageError("training.max_updates: the run has training.max_seconds: start a new run")
    if updates is None or updates < training.max_updates + (not facts.extensions):
        raise UsageError(f"training.max_updates: expected more than {training.max_updates:,}, received {updates}")
    state, _ = load_state(run.path)
    extension = Extension(state.progress.update if state else 0, training.max_updates)
    if run.finished and extension.update < training.max_updates:
        raise UsageError(f"{run.path} stopped early (training.patience): more updates would stop at once")
    resolved = replace(run.config, training=replace(training, max_updates=updates))
    sha256 = hashlib.sha256(yaml_of(resolved)).hexdigest()
    if facts.resolved != sha256:
        run.write_facts(replace(facts, resolved=sha256, extensions=[*facts.extensions, extension]))
    run.write_config(RESOLVED, resolved)
    (run.path / RESULT).unlink(missing_ok=True)  # its scores are those of the shorter training
    run.write_config(CONFIG, config)
    console.print(f"{extension} to {updates:,}")
