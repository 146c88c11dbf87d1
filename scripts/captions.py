"""How far does one attention model come on Multi30k, and three of them together, beside the figures in print?

    python corpora/multi30k.py FOLDER
    python scripts/captions.py --jobs 2
    python scripts/ensembles.py runs/captions/* --record scripts/recipes/captions/ensembles.json.xz
    python scripts/captions.py

Three seeds of a recipe for each direction, beam 5, on test_2016_flickr. Papers score Moses tokens in lower case: such a
BLEU stands beside the one of raw text. Each direction is an ablation of its own in runs/captions, recorded beside the
recipe; what is recorded is not done again. All that a recipe says was chosen on the dev set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

import ensembles
from recipe_variants import ONE_SYSTEM, RECIPES, ablate_each, header_of, is_stopped, parse, print_table, trained_systems

from mtlite.evaluation.moses import moses_bleu
from mtlite.evaluation.references import References
from mtlite.evaluation.scores import bleu

IN_PRINT = {"en-de": (39.00, 41.02), "en-fr": (59.02, 61.80)}
"""By direction, the best recurrent model and Transformer-Tiny (Wu et al. 2021), on Moses tokens in lower case."""


def main() -> int:
    """Train every direction, and print the table."""
    options = parse(__doc__, "captions", "direction", tuple(IN_PRINT), "corpora/multi30k.py", corpora="multi30k")
    corpus = ["--data.train.dataset", "null", "--data.train.pairs", options.corpora]
    code, records = ablate_each(options, lambda name: [RECIPES / f"multi30k-{name}.yaml", *corpus, *ONE_SYSTEM])
    if not is_stopped(code):
        print_table(*table(records))
    return code


def table(records: Mapping[str, Path]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by direction, BLEU of raw text and of Moses tokens, of one model and of all; and in print."""
    rows = []
    for direction, path in records.items():
        (system,) = trained_systems(path)
        references = header_of(path).references("test")
        language = direction.rpartition("-")[2]
        singly = [both(run.outputs["beam"]["test"].hypotheses, references, language) for run in system.runs.values()]
        cells = [f"{mean(scores):.2f} ({min(scores):.2f} – {max(scores):.2f})" for scores in zip(*singly, strict=True)]
        written = ensembles.recorded(path.parent).get(direction)
        together = [f"{score:.2f}" for score in both(written, references, language)] if written else ["–", "–"]
        hours = sum(run.training_seconds for run in system.runs.values()) / 3600
        in_print = [f"{score:.2f}" for score in IN_PRINT[direction]]
        rows.append([direction, *cells, *together, f"{hours:.1f}", *in_print])
    columns = ["direction", "BLEU", "Moses tokens", "ensemble, BLEU", "ensemble, Moses tokens", "hours, one thread"]
    return [*columns, "in print: GRU", "in print: Transformer-Tiny"], rows


def both(hypotheses: Sequence[str], references: References, language: str) -> tuple[float, float]:
    """BLEU of raw text and of Moses tokens in lower case."""
    return bleu(hypotheses, references, language), moses_bleu(hypotheses, references, language).score


if __name__ == "__main__":
    raise SystemExit(main())
