"""One cell, in a process of its own: `mtlite train`, then everything that only a comparison asks for.

    python -m mtlite.ablation.cell RECIPE RUN --pair 12 14 --beam 5 --parent $$

A cell is done when its `outcome.json` is there. What was done before a kill is not done again: a training goes on from
its last saved state, a finished one is only looked at.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from mtlite.cli import main as mtlite
from mtlite.comparison.attention_maps import attention_of
from mtlite.comparison.outcome import Outcome, checked_outcome, hypotheses_file, read_outputs
from mtlite.comparison.packing import pack_numbers
from mtlite.data.ids import cut
from mtlite.errors import DamagedError, MtliteError, RunError
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import load_tokenizers

OUTCOME = "outcome.json"
_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """On Linux: if whoever started this process is killed, end, too; the last saved state is whole at any moment.

    Args:
        parent: its process number; it may be gone already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            raise SystemExit(1)


def run_cell(recipe: Path, run: Run, pair: tuple[int, int], beam: int) -> int:
    """Train, translate, count.

    Args:
        recipe: of the cell.
        run: where; new, half done or done.
        pair: source and target length of an average pair.
        beam: size of the second search; 0 for none.

    Returns:
        Exit code.
    """
    discard_if_unusable(run)
    if (run.path / "run.json").exists():
        code = mtlite(["train", "--run", str(run.path), "--resume"])
    else:
        code = mtlite(["train", str(recipe), "--run", str(run.path)])
    if code:
        return code
    outcome = Outcome.of_run(
        run, flops_per_pair=count_flops(run, pair), attention=attention_of(run), likelihood=likelihood_of(run)
    )
    values = dict(outcome.values)
    if beam:
        values["outputs"] |= {"beam": translate_with_beam(run, beam)}
    run.write_json(OUTCOME, values)
    return 0


def discard_if_unusable(run: Run) -> None:
    """Put aside what a kill left of a cell from which one cannot go on; nothing is deleted.

    Raises:
        MtliteError: if the folder is in use, belongs to something else, or cannot be read.
    """
    from mtlite.storage.checkpoint import check_state

    if not run.path.exists():
        return
    run.refuse_foreign()
    with run.locked():
        try:
            if (run.path / "run.json").exists():
                run.facts()
                check_state(run.path, lambda warning: print(f"mtlite: {warning}", file=sys.stderr))
                return
            reason = f"{run.path} was stopped before its run.json was written"
        except DamagedError as error:
            reason = str(error)
        number = 1
        while (aside := run.path.with_name(f"{run.path.name}.damaged-{number}")).exists():
            number += 1
        print(f"mtlite: {reason}: the cell is done again, {aside} is what there was", file=sys.stderr)
        run.path.rename(aside)


def count_flops(run: Run, pair: tuple[int, int]) -> int:
    """Training operations of a pair of average lengths."""
    from mtlite.ablation.flops import training_flops
    from mtlite.runtime import start_tensorflow
    from mtlite.translation.translator import load_model

    config = run.config()
    start_tensorflow(config.training.threads)
    return training_flops(load_model(run), *pair, config.training.label_smoothing)


def likelihood_of(run: Run) -> dict[str, dict[str, str]]:
    """By test set, how probable the model finds the references, packed."""
    from mtlite.runtime import start_tensorflow
    from mtlite.translation.likelihood import LikelihoodScorer
    from mtlite.translation.translator import load_model

    config, facts = run.config(), run.facts()
    start_tensorflow(config.training.threads)
    model, tokenizers = load_model(run), load_tokenizers(run, facts)
    found = {}
    for test in facts["tests"]:
        sources = tokenizers.source.encode(run.read_side(f"{test}.source"))
        sources = [cut(ids, config.search.max_source_tokens) for ids in sources]
        targets = tokenizers.target.encode(run.read_side(f"{test}.target"))
        scorer = LikelihoodScorer(model, sources, targets, config.training.batch_tokens)
        found[test] = {name: pack_numbers(numbers) for name, numbers in scorer()._asdict().items()}
    return found


def translate_with_beam(run: Run, beam: int) -> dict[str, Any]:
    """Translate the test sets a second time, and keep that beside the first."""
    from mtlite.translation.scoring import evaluate_lines
    from mtlite.translation.translator import Translator

    config = run.config()
    config.search.beam_size = beam
    translator = Translator.load(run.path, config.search, config.training.threads)
    seconds = {}
    for test in run.facts()["tests"]:
        sources, references = run.read_side(f"{test}.source"), run.read_side(f"{test}.target")
        found = evaluate_lines(translator, sources, references, run.facts().get("target_language"))
        run.write_lines(hypotheses_file("beam", test), found.hypotheses)
        seconds[test] = round(found.seconds, 3)
    return read_outputs(run, "beam", seconds)


def read_outcome(folder: Path) -> Outcome | None:
    """The outcome of a cell; None if it is not done."""
    try:
        values = json.loads((folder / OUTCOME).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{folder / OUTCOME} is damaged ({error}): it is made again") from None
    return checked_outcome(values, str(folder / OUTCOME))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--pair", type=int, nargs=2, required=True)
    parser.add_argument("--beam", type=int, default=0)
    parser.add_argument("--parent", type=int, required=True, help="number of the process that started this one")
    arguments = parser.parse_args()
    end_with_parent(arguments.parent)
    try:
        return run_cell(arguments.recipe, Run(arguments.run), tuple(arguments.pair), arguments.beam)
    except MtliteError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - whoever started this process says it
        traceback.print_exc()
        reason = f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    print(f"mtlite: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
