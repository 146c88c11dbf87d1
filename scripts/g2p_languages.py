"""One recipe on the fifteen languages of SIGMORPHON 2020, and the table beside the figures in print.

    python corpora/g2p.py FOLDER
    python scripts/g2p_languages.py --jobs 2
    python scripts/ensembles.py runs/g2p/* --record scripts/recipes/g2p/ensembles.json.xz

Each language is an ablation of its own in runs/g2p, recorded beside the recipe; what is recorded is not done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import mean

import ensembles
from findings import mean_score
from recipe_variants import header_of, study, trained_systems

from mtlite.evaluation.references import References
from mtlite.evaluation.statistics import sentence_statistics

IN_PRINT = {
    **{"ady": 28.00, "arm": 14.67, "bul": 31.11, "dut": 16.44, "fre": 6.22, "geo": 26.44, "gre": 18.89, "hin": 6.67},
    **{"hun": 5.33, "ice": 10.00, "jpn": 7.56, "kor": 46.89, "lit": 19.11, "rum": 10.67, "vie": 4.67},
}
"""By language, word error rate of the LSTM baseline of the task (Gorman et al. 2020), tuned for each language."""


def table(records: Mapping[str, Path]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by language, word and phone error rate, mean over seeds, and the word error rate in print.

    Once ensembles.py has recorded them beside the records, the word error rate of the ensembles, too.
    """
    words: dict[str, list[float]] = {}
    phones: dict[str, float] = {}
    together: dict[str, float] = {}
    for language, path in records.items():
        (system,) = trained_systems(path)
        if hypotheses := ensembles.recorded(path.parent).get(language):
            together[language] = 100 - exact_match(hypotheses, header_of(path).references("test"))
        search = "beam" if system.has_beam else "greedy"
        words[language] = [100 - score for score in system.scores(search, "test", "exact-match")]
        phones[language] = mean(system.scores(search, "test", "per"))
    rows = [
        [
            name,
            f"{mean(seeds):.2f}",
            f"{min(seeds):.2f} – {max(seeds):.2f}",
            f"{together[name]:.2f}" if name in together else "–",
            f"{phones[name]:.2f}",
            f"{IN_PRINT[name]:.2f}",
        ]
        for name, seeds in words.items()
    ]
    if words:
        means = mean(map(mean, words.values())), mean(phones.values()), mean(IN_PRINT[name] for name in words)
        wrong, of_phones, in_print = (f"{each:.2f}" for each in means)
        by_ensembles = f"{mean(together.values()):.2f}" if together.keys() == words.keys() else "–"
        rows.append([f"mean of {len(words)}", wrong, "", by_ensembles, of_phones, in_print])
    return ["language", "word error rate", "over seeds", "ensemble", "phone error rate", "in print"], rows


def exact_match(hypotheses: list[str], references: References) -> float:
    """Words that are right, in %."""
    found = sentence_statistics(hypotheses, references, None, ["exact-match"])
    return mean_score({1: found}, "exact-match")


if __name__ == "__main__":
    raise SystemExit(study(__doc__, "g2p", "language", tuple(IN_PRINT), table))
