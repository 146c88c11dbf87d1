"""One cell, in a process of its own: a training, then everything that only a comparison asks for.

    python -m mtlite.ablation.cell RECIPE RUN --pair 12 14 --beam 5 --parent $$

A cell is done when its `outcome.json` is there. What was done before a kill is not done again: a training goes on from
its last saved state, a finished one is only looked at.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import traceback
from pathlib import Path

from mtlite.ablation.jobs import OUTCOME
from mtlite.comparison.attention_maps import attention_of
from mtlite.comparison.outcome import Outcome, Output, outcome_of, read_outputs
from mtlite.config.read import plain
from mtlite.config.recipe import read_config
from mtlite.config.registry import entry_of, register_topology
from mtlite.console import make_console
from mtlite.data.ids import truncate
from mtlite.errors import DamagedError, MtliteError, explain
from mtlite.evaluation.likelihood import Likelihood
from mtlite.notices import notice
from mtlite.runtime import end_with_parent, start_tensorflow
from mtlite.storage.checkpoint import check_state
from mtlite.storage.files import write_atomically
from mtlite.storage.run_directory import CONFIG, FACTS, Run
from mtlite.training.train import train_run
from mtlite.translation.loading import load_model, load_tokenizers
from mtlite.translation.result import hypotheses_file


def run_cell(recipe: Path, run: Run, pair: tuple[int, int], beam: int) -> None:
    """Train, translate, count.

    Args:
        run: new, half done or done.
        pair: source and target length of an average pair.
        beam: size of the second search; 0 for none. A topology that writes in one pass has no second one.
    """
    discard_if_unusable(run)
    begun = (run.path / FACTS).exists()
    train_run(read_config(run.path / CONFIG if begun else recipe), run, begun, make_console())
    start_tensorflow(run.config.training.threads)
    from mtlite.ablation.flops import training_flops

    training = run.config.training
    outcome, ranks = outcome_of(run), entry_of(run.config.model.topology).ranks
    outcome = dataclasses.replace(
        outcome,
        outputs={**outcome.outputs, **({"beam": translate_with_beam(run, beam)} if beam and ranks else {})},
        flops_per_pair=training_flops(load_model(run), *pair, training.label_smoothing, training.consistency),
        attention=attention_of(run),
        likelihood=likelihood_of(run),
    )
    write_atomically(run.path / OUTCOME, json.dumps(plain(outcome), ensure_ascii=False).encode())


def discard_if_unusable(run: Run) -> None:
    """Put aside what a kill left of a cell from which one cannot go on; nothing is deleted."""
    if not run.path.exists():
        return
    run.refuse_foreign()
    with run.locked():
        try:
            if (run.path / FACTS).exists():
                assert run.facts
                check_state(run.path, notice)
                return
            reason = f"{run.path} was stopped before its {FACTS} was written"
        except DamagedError as error:
            reason = str(error)
        names = (run.path.with_name(f"{run.path.name}.damaged-{number}") for number in itertools.count(1))
        aside = next(path for path in names if not path.exists())
        notice(f"{reason}: the cell is done again, {aside} is what there was")
        run.path.rename(aside)


def likelihood_of(run: Run) -> dict[str, Likelihood]:
    """By test set, how probable the model finds the references."""
    from mtlite.translation.likelihood import LikelihoodScorer

    model, tokenizers, config = load_model(run), load_tokenizers(run), run.config
    likelihood = {}
    for test in run.facts.tests:
        encoded = tokenizers.source.encode(run.read_side(f"{test}.source"))
        sources = [truncate(ids, config.search.max_source_tokens) for ids in encoded]
        targets = tokenizers.target.encode(run.read_side(f"{test}.target"))
        likelihood[test] = LikelihoodScorer(model, sources, targets, config.training.batch_tokens)()
    return likelihood


def translate_with_beam(run: Run, beam: int) -> dict[str, Output]:
    """Translate the test sets a second time, and keep that beside the first."""
    from mtlite.translation.scoring import score_lines
    from mtlite.translation.translator import Translator

    translator = Translator.load(run, {"beam_size": beam}, run.config.training.threads)
    written = {}
    for test in run.facts.tests:
        sources, references = run.read_side(f"{test}.source"), run.references(test)
        scored = score_lines(translator, sources, references, run.facts.target_language)
        sha256 = run.write_lines(hypotheses_file(test, "beam"), scored.hypotheses)
        written[test] = round(scored.seconds, 3), sha256
    return read_outputs(run, "beam", written)


def read_outcome(folder: Path) -> Outcome | None:
    """The outcome of a cell; None if it is not done. Raise RunError if it is damaged."""
    return Run(folder).read_json(OUTCOME, Outcome) if (folder / OUTCOME).exists() else None


def main() -> int:
    """Run the cell that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--pair", type=int, nargs=2, required=True)
    parser.add_argument("--beam", type=int, default=0)
    parser.add_argument("--parent", type=int, required=True, help="number of the process that started this one")
    parser.add_argument("--topology", action="append", default=[], help="module:Class of a topology from outside")
    arguments = parser.parse_args()
    end_with_parent(arguments.parent)
    try:
        for topology in arguments.topology:
            register_topology(topology)
        run_cell(arguments.recipe, Run(arguments.run), tuple(arguments.pair), arguments.beam)
    except Exception as error:  # noqa: BLE001 - whoever started this process says it
        if not isinstance(error, MtliteError):
            traceback.print_exc()
        reason, code = explain(error, "its log shows where")
        notice(reason)
        return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
