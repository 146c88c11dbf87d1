"""The tables of a report: effect and interval before p, and what may be said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from mtlite.comparison.results import ComparisonFamily
from mtlite.comparison.systems import TrainedSystem, named_seeds
from mtlite.evaluation.breakdown import Breakdown
from mtlite.evaluation.buckets import ScoresByBucket, SentencesByBucket, bucket_labels
from mtlite.evaluation.likelihood import ComparedLikelihood
from mtlite.evaluation.scores import scores_of
from mtlite.evaluation.significance import ComparedPair, Comparison
from mtlite.evaluation.statistics import SentenceStatistics
from mtlite.evaluation.words import FREQUENCY_EDGES
from mtlite.report.document import Table

VERDICTS = (
    "The verdict is “real” if p (Holm) is below 0.05 and the interval over seeds excludes 0. It is “not shown” if "
    "other sentences or other seeds could explain the difference; there may be one all the same. It is “this run only” "
    "if the two share one seed: p then compares two trained models, not two systems. The intervals over seeds are not "
    "adjusted for the number of comparisons, so expect a false “real” now and then where seeds differ much."
)
WITHOUT_BEAM = "without beam search"


def main_table(family: ComparisonFamily, searches: Sequence[str], how: str = WITHOUT_BEAM, name: str = "") -> Table:
    """A row for each system: quality, and the distance to the baseline; `how` is the first search in words."""
    scores = {
        each.name: dict(zip(each.runs, each.scores("greedy", family.test, "bleu"), strict=True))
        for each in family.systems
    }
    pairs = family.comparison.primary if family.comparison else []
    uneven = any(pair.seeds != sorted(scores[name]) for pair in pairs for name in (pair.first, pair.second))
    deviation = any(len(of_seed) > 1 for of_seed in scores.values())
    columns = ["system", "BLEU ± SD" if deviation else "BLEU", f"Δ to {family.baseline}"]
    columns += ["95 % sentences", "95 % seeds", "p (Holm)", "verdict", "chrF2"]
    cells = {family.baseline: ["baseline", *[""] * 4], **{pair.second: difference_cells(pair) for pair in pairs}}
    rows = []
    for system in family.systems:
        row = [system.name + (" *" if system.marks else ""), spread(list(scores[system.name].values()))]
        row += [*cells.get(system.name, ["–"] * 5), f"{mean(system.scores('greedy', family.test, 'chrf2')):.1f}"]
        rows.append(row)
    if "beam" in searches:
        columns.append("BLEU with beam")
        for row, system in zip(rows, family.systems, strict=True):
            row.append(f"{mean(system.scores('beam', family.test, 'bleu')):.2f}" if system.has_beam else "–")
    if uneven:
        columns.append("Δ is between")
        between = {pair.second: _means_between(scores, pair) for pair in pairs}
        for row, system in zip(rows, family.systems, strict=True):
            row.append(between.get(system.name, ""))
    point = f" at {family.title}" if family.title else ""
    over_seeds = ": mean and standard deviation (SD) over seeds" if deviation else ""
    caption = (
        f"BLEU on {family.test}{point}, {how}{over_seeds}. Δ is the BLEU of the "
        f"system minus that of {family.baseline}, each the mean over the seeds that both have"
        f"{' (“Δ is between” shows the two means)' if uneven else ''}. The 95 % intervals are those of Δ, for other "
        f"sentences and for other seeds.{' * See the notes.' if any(each.marks for each in family.systems) else ''}"
    )
    return Table(columns, rows, caption, (0, columns.index("verdict")), name)


def verdict_table(family: ComparisonFamily) -> Table:
    """The same in a terminal of 80 columns: scores, distance to the baseline, verdict."""
    compared = {pair.second: pair for pair in family.comparison.primary} if family.comparison else {}
    rows = []
    for system in family.systems:
        pair, metrics = compared.get(system.name), ("bleu", "chrf2")
        cells = [signed(pair.differences["bleu"].effect), str(pair.verdict)] if pair else ["", ""]
        name = system.name if len(system.name) <= 32 else f"{system.name[:31]}…"
        rows.append([name, *(spread(system.scores("greedy", family.test, each)) for each in metrics), *cells])
    rows[0][-1] = "baseline"
    where = f"{family.test}, {family.title}" if family.title else family.test
    return Table(["system", "BLEU", "chrF2", "Δ BLEU", "verdict"], rows, f"Test set: {where}.", (0, 4))


def _means_between(scores: Mapping[str, Mapping[int, float]], pair: ComparedPair) -> str:
    """The two means over the shared seeds whose difference a pair states."""
    second, first = (mean(scores[name][seed] for seed in pair.seeds) for name in (pair.second, pair.first))
    fewer = any(len(pair.seeds) < len(scores[name]) for name in (pair.first, pair.second))
    return f"{second:.2f}, {first:.2f}" + (f" ({named_seeds(pair.seeds)})" if fewer else "")


def notes_table(systems: Sequence[TrainedSystem]) -> list[Table]:
    """What a reader must know of some systems before comparing them; nothing if there are no such."""
    rows = [[system.name, "; ".join(system.marks)] for system in systems if system.marks]
    caption = "Notes: read them before you compare."
    return [Table(["system", "note"], rows, caption, (0, 1), "notes")] if rows else []


def cost_table(systems: Sequence[TrainedSystem], tests: Sequence[str]) -> Table:
    """A row for each system: what it costs."""
    rows = []
    for system in systems:
        flops = next(iter(system.runs.values())).flops_per_pair
        row = [system.name, f"{system.parameters:,}", f"{flops / 1e6:,.1f}" if flops else "–"]
        row += [f"{system.mean('updates'):,.0f}", f"{system.mean('training_seconds'):,.0f}"]
        rows.append(row + [f"{system.sentences_per_second('greedy', test):,.0f}" for test in tests])
    columns = [
        "system",
        "parameters",
        "MFLOP/pair",
        "updates",
        "training, s",
        *(f"{test}, sentences/s" for test in tests),
    ]
    caption = (
        "MFLOP/pair: operations of training on one pair of average lengths, counted. The times are means over seeds: "
        "seconds of training, and sentences translated a second. Other work on the machine slows both."
    )
    return Table(columns, rows, caption, name="costs")


def likelihood_table(likelihood: Mapping[str, ComparedLikelihood]) -> Table:
    """A row for each system: what it can write, and how probable it finds the references."""
    columns = ["system", *(f"{test}: {number}" for test in likelihood for number in ("can write", "−log p ± SD"))]
    rows = []
    for name in next(iter(likelihood.values())).writable:
        row = [name]
        for compared in likelihood.values():
            losses = list(compared.nll_per_piece[name].values())
            row += [f"{compared.writable[name]:.1%}", spread(losses) if losses else "–"]
        rows.append(row)
    common = ", ".join(f"{test} {compared.sentences:,}" for test, compared in likelihood.items())
    caption = (
        "Can write: the share of the references that fit into the positions of a system. −log p: the mean over the "
        f"pieces of those sentences that every system can write ({common}), without label smoothing; the mean and the "
        "standard deviation (SD) over seeds. ctc sums over all paths. A direct topology predicts each piece without "
        "seeing those before it."
    )
    return Table(columns, rows, caption, name="likelihood")


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation over seeds; of one seed, its value."""
    return f"{mean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")


def signed(value: float, places: int = 2) -> str:
    """A difference, with its sign."""
    return f"{value:+.{places}f}".replace("-", "−")


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "< 0.0001"


def difference_cells(pair: ComparedPair) -> list[str]:
    """Effect, both intervals, p, verdict."""
    bleu = pair.differences["bleu"]
    both = bleu.sentence_interval, bleu.seed_interval
    intervals = ["–" if each is None else f"{signed(each[0])} … {signed(each[1])}" for each in both]
    return [signed(bleu.effect), *intervals, _p(pair.adjusted_p), str(pair.verdict)]


def pairs_table(pairs: Sequence[ComparedPair], caption: str) -> Table:
    """A row for each comparison, with all metrics; only BLEU has a verdict."""
    columns = ["first", "second", "Δ BLEU", "95 % sentences", "95 % seeds", "p", "p (Holm)", "verdict"]
    columns += ["Δ chrF2", "Δ TER", "seeds"]
    rows = []
    for pair in pairs:
        *effect, adjusted, verdict = difference_cells(pair)
        others = [signed(pair.differences[name].effect) for name in ("chrf2", "ter")]
        numbers = [*effect, _p(pair.p), adjusted, verdict, *others]
        rows.append([pair.first, pair.second, *numbers, ", ".join(map(str, pair.seeds))])
    return Table(columns, rows, f"{caption} Δ is the second minus the first, over the seeds that both have.", (0, 1, 7))


def method(comparison: Comparison) -> list[str]:
    """How to read a comparison: what its numbers mean, and its verdicts."""
    numbers = (
        f"p is the share of {comparison.shuffles:,} random shuffles that give a Δ at least as large (approximate "
        "randomisation: a shuffle swaps the outputs of two systems for some of the sentences, those of all seeds "
        "together). p (Holm) is adjusted for the number of comparisons. The interval for sentences comes from "
        f"{comparison.resamples:,} paired bootstrap resamples, that for seeds is the t interval of the differences per "
        f"seed. All of it uses sacrebleu's counts; shuffles and resamples are drawn with seed {comparison.seed}."
    )
    return [numbers, VERDICTS]


def scores_table(scores: ScoresByBucket, edges: Sequence[int], explanation: str, name: str) -> Table:
    """BLEU and chrF2 of the sentences of each bucket."""
    headings = [f"{bucket} ({count})" for bucket, count in zip(scores.buckets, scores.sentences, strict=True)]
    rows = [
        [system, *(f"{bleu:.1f} / {chrf2:.1f}" for bleu, chrf2 in zip(values, scores.chrf2[system], strict=True))]
        for system, values in scores.bleu.items()
    ]
    caption = f"BLEU / chrF2 by {scores.title} (in brackets: sentences). {explanation}"
    return Table(["system", *headings], rows, caption + _empty(edges, scores.buckets), name=name)


def _empty(edges: Sequence[int], shown: Sequence[str]) -> str:
    """Which buckets a table leaves out."""
    empty = [label for label in bucket_labels(edges) if label not in shown and label != "<0"]
    return f" Left out, since they are empty: {', '.join(empty)}." if empty else ""


def sentences_table(sentences: SentencesByBucket, edges: Sequence[int], name: str) -> Table:
    """How many sentences of each system are in each bucket."""
    used = [at for at, counts in enumerate(zip(*sentences.sentences.values(), strict=True)) if any(counts)]
    rows = [[system, *(f"{counts[at]:,}" for at in used)] for system, counts in sentences.sentences.items()]
    buckets = [sentences.buckets[at] for at in used]
    caption = f"Number of sentences by {sentences.title}." + _empty(edges, buckets)
    return Table(["system", *buckets], rows, caption, name=name)


def word_table(breakdown: Breakdown) -> Table:
    """F-measure of words by their frequency."""
    words = breakdown.words
    headings = [f"{bucket} ({count})" for bucket, count in zip(words.buckets, words.words, strict=True)]
    rows = [[name, *(f"{value:.1f}" for value in values)] for name, values in words.f_measure.items()]
    caption = f"Who gets rare words right? F-measure of single words by {words.title} (in brackets: reference words)."
    return Table(["system", *headings], rows, caption + _empty(FREQUENCY_EDGES, words.buckets), name="words")


def output_table(breakdown: Breakdown) -> Table:
    """Lengths and repetitions."""
    outputs = breakdown.outputs.items()
    rows = [[name, f"{output.length_ratio:.3f}", f"{output.repeating:.1%}"] for name, output in outputs]
    rows.append(["reference", "1.000", f"{breakdown.reference_repeating:.1%}"])
    caption = (
        "Length: words of the hypotheses for each word of the references. Repeating: the share of sentences in which "
        "one to four words are said twice in a row. Some references do so, too, as their row shows."
    )
    return Table(["system", "length", "repeating"], rows, caption, name="outputs")


def examples_tables(breakdown: Breakdown) -> list[tuple[str, list[Table]]]:
    """For each system beside the baseline: sentences side by side, and n-grams that one gets and the other does not."""
    found = []
    for pair in breakdown.pairs:
        names, tables = (pair.first, pair.second), []
        for ahead, behind, sentences, ngrams in (
            (*names, pair.first_sentences, pair.first_ngrams),
            (*names[::-1], pair.second_sentences, pair.second_ngrams),
        ):
            if sentences:
                columns = ["line", "source", "reference", *names]
                rows = [
                    [str(each.line), each.source, each.reference]
                    + [f"{each.hypotheses[name]} ({each.bleu[name]:.0f})" for name in names]
                    for each in sentences
                ]
                caption = f"Where {ahead} is furthest ahead of {behind} (in brackets: sentence BLEU)."
                tables.append(Table(columns, rows, caption, (1, 2, 3, 4)))
            if ngrams:
                rows = [[each.ngram, str(each.correct), str(each.correct_in_other)] for each in ngrams]
                caption = f"Phrases that {ahead} gets right more often than {behind}, and how often."
                tables.append(Table(["phrase", ahead, behind], rows, caption))
        found.append((f"{pair.first} and {pair.second}", tables))
    return found


def outputs_table(outputs: Mapping[str, SentenceStatistics], reference: str) -> Table:
    """The scores of single outputs."""
    rows, signatures = [], set[str]()
    for name, statistics in outputs.items():
        scores = scores_of(statistics)
        metrics = scores.bleu, scores.chrf2, scores.ter
        rows.append([name, *(f"{each.score:.2f} ± {each.half_width or 0:.2f}" for each in metrics)])
        signatures |= {metric.signature for metric in metrics}
    caption = (
        f"Scored against {reference}. After ±: half of the 95 % interval for other sentences (bootstrap). Signatures: "
        f"{' '.join(sorted(signatures))}"
    )
    return Table(["output", *(f"{name} ± 95 %" for name in ("BLEU", "chrF2", "TER"))], rows, caption)
