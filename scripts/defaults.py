"""How good is what mtlite chooses for a corpus that it has never seen? Six corpora, each with a small grid.

    python corpora/multi30k.py FOLDER
    python corpora/spa_eng.py FOLDER
    python scripts/defaults.py --jobs 2

Bhojpuri, Bashkir and Chinese are read as they are published, from corpora/small (corpora/README.md names the files).
Each corpus is an ablation of its own in runs/defaults, recorded beside the recipe; what is recorded is not done again.
The table says what the best point of the grid has on the dev set, and what the point has that mtlite would choose.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recipe_variants import RECIPES, ablate_each, is_stopped, parse, print_table, trained_systems

from mtlite.comparison.outcome import Outcome, flat
from mtlite.config.options import Config, TrainingConfig
from mtlite.config.resolve import choose_budget, choose_sizes

RECIPE = RECIPES / "defaults.yaml"
SETS = {"data.dev.split": "validation", "data.test.split": "test"}  # the others have none: mtlite sets some aside
SPANISH = {
    **{"data.train.pairs": "spa-eng", "data.source_language": "en", "data.target_language": "es", **SETS},
    **{"data.join_repeated_sources": "true"},
}
CORPORA: dict[str, dict[str, str]] = {
    "spanish-3000": {**SPANISH, "data.train.most_pairs": "3000"},
    "bhojpuri": {
        **{"data.train.source": "small/bho.bho.gz", "data.train.target": "small/bho.en.gz"},
        **{"data.source_language": "bho", "data.target_language": "en"},
    },
    "bashkir": {
        **{"data.train.source": "small/bashkir.ba.gz", "data.train.target": "small/bashkir.ru.gz"},
        **{"data.source_language": "ba", "data.target_language": "ru"},
    },
    "chinese": {
        **{"data.train.pairs": "small/cmn-eng.txt.gz", "data.source_language": "en", "data.target_language": "zh"},
    },
    "multi30k": {
        **{"data.train.pairs": "multi30k", "data.source_language": "en", "data.target_language": "de", **SETS},
    },
    "spanish-100000": {**SPANISH, "data.train.most_pairs": "100000"},
}
"""By name, the options that give the corpus; files by where they lie in the folder of corpora."""
FILES = ("data.train.pairs", "data.train.source", "data.train.target")


def main() -> int:
    """Train every point of the grid on every corpus, and print the table."""
    made_by = "corpora/multi30k.py and corpora/spa_eng.py"
    options = parse(__doc__, "defaults", "sample", tuple(CORPORA), made_by, corpora=".")
    code, records = ablate_each(options, lambda corpus: [RECIPE, *options_of(corpus, options.corpora)])
    if not is_stopped(code):
        print_table(*table(records))
    return code


def options_of(corpus: str, folder: Path) -> list[str]:
    """Its options, as a command line has them."""
    given = {name: str(folder / value) if name in FILES else value for name, value in CORPORA[corpus].items()}
    instead = {"data.train.pairs": "null", **given}  # not those of the recipe
    return [part for name, value in instead.items() for part in (f"--{name}", value)]


def table(records: Mapping[str, Path]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by corpus, the best point of its grid, that of the defaults, dev BLEU of both, and minutes."""
    rows = []
    for corpus, path in records.items():
        systems = trained_systems(path)
        trained = {system.name: next(iter(system.runs.values())) for system in systems}
        grid = systems[0].system.options
        best, outcome = max(trained.items(), key=lambda item: item[1].best[2])
        row = [corpus, f"{outcome.facts.training_pairs:,}", best, f"{outcome.best[2]:.2f}"]
        chosen = [name for name, each in trained.items() if is_default(each, grid)]
        for name in chosen:
            default = trained[name]
            lost = f"{default.best[2] - outcome.best[2]:+.2f}".replace("-", "−")
            row += [name, f"{default.best[2]:.2f}", lost, f"{default.training_seconds / 60:.1f}"]
        rows.append(row if chosen else [*row, *["–"] * 4])
    return ["corpus", "pairs", "best", "dev BLEU", "default", "dev BLEU", "Δ", "minutes"], rows


def is_default(outcome: Outcome, grid: Mapping[str, Any]) -> bool:
    """Whether a training had what mtlite would choose for its corpus, in all that the grid varies."""
    pairs = outcome.facts.training_pairs
    tokenizer, model = choose_sizes(Config(), pairs)
    chosen = flat(Config(tokenizer=tokenizer, model=model, training=choose_budget(TrainingConfig(), pairs, tokens=1)))
    return all(outcome.config[name] == chosen[name] for name in grid)


if __name__ == "__main__":
    raise SystemExit(main())
