"""The tables of a report: effect and interval before p, and what may be said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from mtlite.comparison.results import ComparisonFamily
from mtlite.evaluation.breakdown import Breakdown
from mtlite.evaluation.buckets import ScoresByBucket, SentencesByBucket
from mtlite.evaluation.likelihood import ComparedLikelihood
from mtlite.evaluation.scores import scores_of
from mtlite.evaluation.significance import ComparedPair, Comparison
from mtlite.evaluation.statistics import SentenceStatistics
from mtlite.report.document import Table

VERDICTS = (
    "“real” means: the Holm-adjusted sentence p is below 0.05 and the interval over seeds excludes 0. “not shown” "
    "means that sentences or seeds could explain the difference; it may exist all the same. “this run only” means that "
    "there is one seed, so that p speaks of these two outputs and not of the systems. The intervals over seeds are "
    "those of single comparisons: among many systems whose seeds differ much, expect a “real” too many now and then."
)


def main_table(
    family: ComparisonFamily, searches: Sequence[str], how: str = "greedy search, one pass or best path"
) -> Table:
    """A row for each system: quality, and the distance to the baseline; `how` is the first search in words."""
    columns = ["system", "BLEU", f"Δ to {family.baseline}", "95 % sentences", "95 % seeds", "p (Holm)", "verdict"]
    columns += ["chrF2", *(["BLEU, beam"] if "beam" in searches else [])]
    cells = {family.baseline: ["baseline", *[""] * 4]}
    if family.comparison:
        cells |= {pair.second: difference_cells(pair) for pair in family.comparison.primary}
    rows = []
    for system in family.systems:
        row = [system.name + (" *" if system.marks else ""), spread(system.scores("greedy", family.test, "bleu"))]
        row += [*cells.get(system.name, ["–"] * 5), f"{mean(system.scores('greedy', family.test, 'chrf2')):.1f}"]
        rows.append(row + ([f"{mean(system.scores('beam', family.test, 'bleu')):.2f}"] if "beam" in searches else []))
    point = f" at {family.title}" if family.title else ""
    caption = (
        f"Test set {family.test}{point}, {how}. BLEU is the mean over seeds, with the "
        "standard deviation where there are several. Δ is the difference of the means; the first interval is over "
        "resampled sentences, the second one over seeds."
    )
    if any(system.marks for system in family.systems):
        caption += " * the next table says what must be known beside the numbers."
    return Table(columns, rows, caption, (0, 6))


def verdict_table(family: ComparisonFamily) -> Table:
    """The same in a terminal of 80 columns: scores, distance to the baseline, verdict."""
    compared = {pair.second: pair for pair in family.comparison.primary} if family.comparison else {}
    rows = []
    for system in family.systems:
        pair, metrics = compared.get(system.name), ("bleu", "chrf2")
        cells = [f"{pair.differences['bleu'].effect:+.2f}", str(pair.verdict)] if pair else ["", ""]
        name = system.name if len(system.name) <= 32 else f"{system.name[:31]}…"
        rows.append([name, *(spread(system.scores("greedy", family.test, each)) for each in metrics), *cells])
    rows[0][-1] = "baseline"
    where = f"{family.test}, {family.title}" if family.title else family.test
    return Table(["system", "BLEU", "chrF2", "Δ BLEU", "verdict"], rows, f"Test set: {where}.", (0, 4))


def cost_table(family: ComparisonFamily) -> Table:
    """A row for each system: what it costs, and what must be known beside its numbers."""
    rows = []
    for system in family.systems:
        flops = next(iter(system.runs.values())).flops_per_pair
        row = [system.name, f"{system.parameters:,}", f"{flops / 1e6:,.1f}" if flops else "–"]
        row += [f"{system.mean('updates'):,.0f}", f"{system.mean('training_seconds'):,.0f}"]
        rows.append([*row, f"{system.sentences_per_second('greedy', family.test):,.0f}", "; ".join(system.marks)])
    columns = ["system", "weights", "MFLOP/pair", "updates", "training s", "sentences/s", "to know"]
    caption = (
        "MFLOP/pair: operations of training on one pair of average lengths, counted. Seconds of training and sentences "
        f"of {family.test} translated in a second are means over seeds; other work on the machine slows both."
    )
    return Table(columns, rows, caption, (0, 6))


def likelihood_table(likelihood: Mapping[str, ComparedLikelihood]) -> Table:
    """A row for each system: what it can write, and how probable it finds the references."""
    columns = ["system", *(f"{test}: {number}" for test in likelihood for number in ("can write", "−log p"))]
    rows = []
    for name in next(iter(likelihood.values())).writable:
        row = [name]
        for compared in likelihood.values():
            losses = list(compared.nll_per_piece[name].values())
            row += [f"{compared.writable[name]:.1%}", spread(losses) if losses else "–"]
        rows.append(row)
    common = ", ".join(f"{test} {compared.sentences:,}" for test, compared in likelihood.items())
    caption = (
        "Can write: references with a position for every piece. −log p: of a piece of the reference, without label "
        f"smoothing, over the sentences that every system here can write ({common}); the mean over seeds, with the "
        "standard deviation where there are several. ctc sums over all its paths; a direct topology guesses each piece "
        "without the ones before it."
    )
    return Table(columns, rows, caption)


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation."""
    return f"{mean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")


def difference_cells(pair: ComparedPair) -> list[str]:
    """Effect, both intervals, p, verdict."""
    bleu = pair.differences["bleu"]
    both = bleu.sentence_interval, bleu.seed_interval
    intervals = ["–" if each is None else f"{each[0]:+.2f} … {each[1]:+.2f}" for each in both]
    return [f"{bleu.effect:+.2f}", *intervals, f"{pair.adjusted_p:.4f}", str(pair.verdict)]


def pairs_table(pairs: Sequence[ComparedPair], caption: str) -> Table:
    """A row for each comparison, with all metrics; only BLEU has a verdict."""
    columns = ["first", "second", "Δ BLEU", "95 % sentences", "95 % seeds", "p", "p (Holm)", "verdict"]
    columns += ["Δ chrF2", "Δ TER", "seeds"]
    rows = []
    for pair in pairs:
        *effect, adjusted, verdict = difference_cells(pair)
        others = [f"{pair.differences[name].effect:+.2f}" for name in ("chrf2", "ter")]
        numbers = [*effect, f"{pair.p:.4f}", adjusted, verdict, *others]
        rows.append([pair.first, pair.second, *numbers, ", ".join(map(str, pair.seeds))])
    return Table(columns, rows, caption, (0, 1, 7))


def method(comparison: Comparison) -> str:
    """How the comparisons were made, in a sentence or two."""
    return (
        f"p by approximate randomisation with {comparison.shuffles:,} shuffles (a sentence is swapped with its outputs "
        f"of all seeds together), intervals over sentences by {comparison.resamples:,} paired bootstrap resamples, "
        f"both with seed {comparison.seed}, on sacrebleu's own counts; intervals over seeds are 95 % t intervals of "
        "the differences per seed. " + VERDICTS
    )


def scores_table(scores: ScoresByBucket, explanation: str) -> Table:
    """BLEU and chrF2 of the sentences of each bucket."""
    headings = [f"{bucket} ({count})" for bucket, count in zip(scores.buckets, scores.sentences, strict=True)]
    rows = [
        [name, *(f"{bleu:.1f} / {chrf2:.1f}" for bleu, chrf2 in zip(values, scores.chrf2[name], strict=True))]
        for name, values in scores.bleu.items()
    ]
    return Table(["system", *headings], rows, f"BLEU / chrF2 by {scores.title} (sentences in brackets). {explanation}")


def sentences_table(sentences: SentencesByBucket) -> Table:
    """How many sentences of each system are in each bucket; buckets that nobody has a sentence in are left out."""
    used = [at for at, counts in enumerate(zip(*sentences.sentences.values(), strict=True)) if any(counts)]
    rows = [[name, *(f"{counts[at]:,}" for at in used)] for name, counts in sentences.sentences.items()]
    return Table(["system", *(sentences.buckets[at] for at in used)], rows, f"Sentences by {sentences.title}.")


def word_table(breakdown: Breakdown) -> Table:
    """F-measure of words by their frequency."""
    words = breakdown.words
    headings = [f"{bucket} ({count})" for bucket, count in zip(words.buckets, words.words, strict=True)]
    rows = [[name, *(f"{value:.1f}" for value in values)] for name, values in words.f_measure.items()]
    caption = f"F-measure of single words by {words.title} (reference words in brackets): who gets rare words right?"
    return Table(["system", *headings], rows, caption)


def output_table(breakdown: Breakdown) -> Table:
    """Lengths and repetitions."""
    outputs = breakdown.outputs.items()
    rows = [[name, f"{output.length_ratio:.3f}", f"{output.repeating:.1%}"] for name, output in outputs]
    rows.append(["reference", "1.000", f"{breakdown.reference_repeating:.1%}"])
    caption = (
        "Length: hypothesis words per reference word. Repeating: sentences in which a run of one to four words is "
        "followed at once by itself; some of that is right, as the row of the references shows."
    )
    return Table(["system", "length", "repeating"], rows, caption)


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
                caption = f"Sentences on which {ahead} is furthest ahead of {behind}; sentence BLEU in brackets."
                tables.append(Table(columns, rows, caption, (1, 2, 3, 4)))
            if ngrams:
                rows = [[each.ngram, str(each.correct), str(each.correct_in_other)] for each in ngrams]
                caption = f"Runs of words that {ahead} gets right more often than {behind}."
                tables.append(Table(["words", ahead, behind], rows, caption))
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
    caption = f"Against {reference}, with 95 % intervals over resampled sentences: {' '.join(sorted(signatures))}"
    return Table(["output", "BLEU", "chrF2", "TER"], rows, caption)
