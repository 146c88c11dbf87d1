"""The parts of a report: each turns some of the results into blocks of a document."""

from __future__ import annotations

from statistics import mean

from mtlite.comparison.results import ComparisonFamily, ComparisonResults
from mtlite.comparison.systems import TrainedSystem
from mtlite.evaluation.breakdown import DIFFERENCE_EDGES, LENGTH_EDGES, REORDERING_EDGES, SENTENCE_BLEU_EDGES
from mtlite.evaluation.metrics import label_of, sign_of
from mtlite.evaluation.significance import SIGNIFICANCE_LEVEL, Verdict
from mtlite.evaluation.words import FREQUENCY_EDGES
from mtlite.report import charts
from mtlite.report.document import Block, Folded, Heading, Paragraph, Picture
from mtlite.report.metrics import opposed
from mtlite.report.tables import (
    cost_table,
    examples_tables,
    output_table,
    pairs_table,
    scores_table,
    sentences_table,
    word_table,
)


def pictures_of_family(family: ComparisonFamily, number: str) -> list[Block]:
    """Scores with intervals, and who is above whom."""
    metric, label = family.metric, label_of(family.metric)
    scores = {system.name: system.scores("greedy", family.test, metric) for system in family.systems}
    scores = dict(sorted(scores.items(), key=lambda item: -sign_of(metric) * mean(item[1])))
    best_first = [f"{name} {mean(values):.1f}" for name, values in scores.items()]
    blocks: list[Block] = [
        Picture(
            f"{metric}-{number}",
            charts.scores_with_intervals(scores, family.intervals, label),
            f"{label} on {family.test}: the mean over seeds (large dot), each seed (small circles), and the 95% "
            "interval of the mean for other sentences (line). Do not judge a difference by lines that overlap: it has "
            "its own interval in the table.",
            f"Dots with lines, best first: {', '.join(best_first)}.",
        )
    ]
    if family.comparison and len(family.comparison.exploratory) > 1:
        effects: dict[tuple[str, str], tuple[float, bool]] = {}
        for pair in family.comparison.exploratory:
            effect, shown = pair.difference.effect, pair.verdict == Verdict.SHOWN
            effects |= {(pair.second, pair.first): (effect, shown), (pair.first, pair.second): (-effect, shown)}
        names = [name for name in scores if any(name in pair for pair in effects)]
        blocks.append(
            Picture(
                f"differences-{number}",
                charts.matrix_of_differences(names, effects),
                f"{label} of the row minus {label} of the column on {family.test}. A frame marks a difference that is "
                f"shown (at the level {SIGNIFICANCE_LEVEL:g}; p is adjusted for the number of all pairs on this test "
                "set). Use these pairs for ideas, not as evidence.",
                f"Coloured grid of {len(names)} by {len(names)} numbers; the rows, best first, and the columns are "
                f"{', '.join(names)}.",
            )
        )
    return blocks


def all_pairs(family: ComparisonFamily) -> Folded:
    """Every comparison with its intervals."""
    assert family.comparison is not None
    ideas = "Use these pairs for ideas, not as evidence"
    role = "verdicts of this report" if family.primary else f"secondary. {ideas}"
    against = pairs_table(family.comparison.primary, f"Each system against the baseline: {role}.")
    every = pairs_table(
        family.comparison.exploratory, f"All pairs; p is adjusted for their number, on this test set. {ideas}."
    )
    disagreement = opposed(family.comparison.exploratory)
    said = [Paragraph(disagreement)] if disagreement else []
    return Folded(f"All comparisons on {family.test}", [against, every, *said])


def learning(results: ComparisonResults) -> list[Block]:
    """Dev BLEU against updates."""
    curves: dict[str, charts.Curves] = {
        system.name: {seed: outcome.curve for seed, outcome in sorted(system.runs.items())}
        for system in results.systems
    }
    caption = (
        "BLEU on the dev set after each validation, without beam search. Colour: the system of the title, its mean and "
        "range over seeds. Grey: all others. Under a falling learning rate every curve flattens, whatever more updates "
        "would bring."
    )
    ends = (f"{name} {mean(curve[-1][2] for curve in seeds.values()):.1f}" for name, seeds in curves.items())
    shows = f"A plot for each system, with its dev BLEU at the end: {', '.join(ends)}."
    picture = Picture("learning-curves", charts.learning_curves(curves), caption, shows)
    return [Heading("Learning curves"), picture]


def in_order(results: ComparisonResults) -> list[TrainedSystem]:
    """All systems in the order of the tables of results, then those that are compared with nothing."""
    compared = [system for family in results.families for system in family.systems]
    return list({system.name: system for system in [*compared, *results.systems]}.values())


def costs(results: ComparisonResults) -> list[Block]:
    """Quality beside its cost."""
    systems = in_order(results)
    test, metric = results.tests[0], results.metrics[0]
    quality = {system.name: mean(system.scores("greedy", test, metric)) for system in systems}
    best_first = sorted(systems, key=lambda system: -sign_of(metric) * quality[system.name])
    measures = {
        f"{label_of(metric)}, {test}": {system.name: quality[system.name] for system in best_first},
        "parameters": {system.name: float(system.parameters) for system in best_first},
        "training, s": {system.name: system.mean("training_seconds") for system in best_first},
        "sentences/s": {system.name: system.sentences_per_second("greedy", test) for system in best_first},
    }
    bars = charts.side_by_side(measures)
    caption = f"Quality and cost, best first; means over seeds. Sentences/s: translated in a second of {test}."
    shows = "; ".join(
        f"{name}: {', '.join(f'{values[name]:,.0f}' for values in measures.values())}" for name in quality
    )
    picture = Picture("costs", bars, caption, f"Bars of {', '.join(measures)}. {shows}.")
    return [Heading("Quality and cost"), cost_table(systems, results.tests), picture]


def where_each_fails(results: ComparisonResults) -> list[Block]:
    """Lengths, rare words, word order, repetitions, single sentences."""
    breakdown = results.breakdown
    if breakdown is None:
        return []
    lengths = breakdown.source_length
    columns = [f"{bucket}\n({count})" for bucket, count in zip(lengths.buckets, lengths.sentences, strict=True)]
    test = results.families[0].test
    order = "How much the order changes is estimated by word alignment; 0 is the same order."
    blocks: list[Block] = [
        Heading("Where each one fails"),
        Paragraph(
            f"Outputs of seed {results.breakdown_seed} on {test}: one training of each system, so there are no "
            "verdicts. Numbers from few sentences are noisy."
        ),
        Picture(
            "by-length",
            charts.by_bucket(lengths.bleu, columns, lengths.title),
            f"BLEU on {test} by {lengths.title} (in brackets: sentences). The colours end at 50 or 100.",
            f"Coloured grid: a row each for {', '.join(lengths.bleu)}; a column each for {', '.join(lengths.buckets)}.",
        ),
        scores_table(lengths, LENGTH_EDGES, "The same as in the picture, with chrF2.", "length"),
        scores_table(breakdown.reordering, REORDERING_EDGES, order, "word-order"),
        scores_table(breakdown.rarest_word, FREQUENCY_EDGES, "One rare word can spoil a sentence.", "rarest-word"),
        word_table(breakdown),
        output_table(breakdown),
        sentences_table(breakdown.length_difference, DIFFERENCE_EDGES, "length-difference"),
        sentences_table(breakdown.sentence_bleu, SENTENCE_BLEU_EDGES, "sentence-bleu"),
    ]
    sides = examples_tables(breakdown)
    return blocks + [Folded(f"Side by side: {heading}", tables) for heading, tables in sides if tables]


def attention_maps(results: ComparisonResults) -> list[Block]:
    """Where each system with attention looks, by its smallest seed."""
    blocks: list[Block] = []
    for system_number, system in enumerate(results.systems, 1):
        seed = min(system.runs)
        whose = f"{system.name}, seed {seed}"
        for number, attention in enumerate(system.runs[seed].attention, 1):
            svg = charts.attention_map(attention.source, attention.target, attention.weights)
            caption = f"{whose}: each row shows where the model looked while it wrote that piece."
            shows = f"Shaded grid: rows {' '.join(attention.target)}; columns {' '.join(attention.source)}."
            blocks.append(Picture(f"attention-{system_number}-{number}", svg, caption, shows))
    chosen = (
        "A short, a medium and a long sentence of the first test set (at the quartiles of length), chosen before "
        "anything was translated."
    )
    return [Heading("Where attention looks"), Paragraph(chosen), *blocks] if blocks else []
