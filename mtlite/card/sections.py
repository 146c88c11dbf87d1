"""The body of a card in Markdown. Every number in it is one of the run's own files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from mtlite.card.examples import RULE, Example
from mtlite.config.registry import entry_of
from mtlite.data.cleaning import DESCRIPTIONS
from mtlite.data.scripts import script_of
from mtlite.data.tokenizer import Tokenizer, Tokenizers
from mtlite.evaluation.metrics import LOWER_IS_BETTER, label_of
from mtlite.evaluation.statistics import SENTENCE_METRIC
from mtlite.languages import name_of
from mtlite.storage.run_directory import Run
from mtlite.translation.result import Result
from mtlite.visible import visible_line

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~&$#])")


def body(run: Run, tokenizers: Tokenizers, result: Result, name: str, test: str, examples: Sequence[Example]) -> str:
    """The whole body."""
    parts = [f"# {escaped(name)}", introduction(run)]
    sections = {
        "Scores": scores(result, run),
        "How to use it": usage(name),
        "Examples": [RULE.format(test=test, metric=label_of(SENTENCE_METRIC)), *map(shown, examples)],
        "Limits": [bulleted(limits(run, tokenizers, result))],
        "How it was made": [table(("what", "value"), made(run))],
    }
    for title, paragraphs in sections.items():
        parts += [f"## {title}", *paragraphs]
    return "\n\n".join(parts)


def escaped(text: str) -> str:
    """Somebody's words on one line, in which Markdown and HTML find nothing of theirs."""
    return _SPECIAL.sub(r"\\\1", visible_line(text))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: bool = False) -> str:
    """A table; `right` puts all but the first column to the right."""
    rule = ["---", *(["--:" if right else "---"] * (len(columns) - 1))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, rule, *rows))


def bulleted(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def languages(run: Run) -> str:
    """Such as `English → German`."""
    facts = run.facts
    return " → ".join(name_of(code) if code else "?" for code in (facts.source_language, facts.target_language))


def introduction(run: Run) -> str:
    """What it is, in one paragraph."""
    entry, facts = entry_of(run.config.model.topology), run.facts
    weights = f" with {facts.parameters:,} weights" if facts.parameters else ""
    return (
        f"It translates {escaped(languages(run))}, one sentence at a time: an LSTM model of topology "
        f"`{run.config.model.topology}`{weights}, trained on {facts.training_pairs:,} sentence pairs. What it reads: "
        f"{entry.reads}. What it remembers: {entry.remembers}. How it writes: {entry.writes}."
    )


def scores(result: Result, run: Run) -> list[str]:
    """A table, and how its figures were made."""
    metrics = list(next(iter(result.tests.values())).by_metric)
    heads = [f"{label_of(each)}{' (lower is better)' if each in LOWER_IS_BETTER else ''}" for each in metrics]
    rows = [
        [f"`{test}`", f"{each.sentences:,}", *(str(each.by_metric[metric]) for metric in metrics)]
        for test, each in result.tests.items()
    ]
    first = next(iter(result.tests.values())).by_metric
    said = [
        "After ± is half of the 95% interval for other sentences of the same kind. It is one training with seed "
        f"{run.config.seed}: another seed gives other scores. Search: {result.search.in_words(_topology(run))}.",
        "Signatures of the first row:",
        bulleted(f"{label_of(metric)}: `{score.signature}`" for metric, score in first.items()),
    ]
    notes = [f"`{test}`: {each.note}." for test, each in result.tests.items() if each.note]
    return [table(("test set", "sentences", *heads), rows, right=True), *([bulleted(notes)] if notes else []), *said]


def _topology(run: Run) -> str:
    return run.config.model.topology


def usage(name: str) -> list[str]:
    """From Python, a shell, a browser and another program."""
    folder = visible_line(name) if re.fullmatch(r"[\w.-]+", name) else "FOLDER"
    python = f'import mtlite\n\ntranslator = mtlite.Translator.load("{folder}")\nprint(translator("…"))'
    shell = (
        f"mtlite translate {folder} < input.txt    # line in, line out\n"
        f"mtlite page {folder} -o page.html        # a page that translates and shows how\n"
        f"mtlite serve {folder}                    # an HTTP interface\n"
        f"mtlite export {folder} --to onnx -o onnx # for programs without mtlite"
    )
    where = f"`{folder}` is the folder of this file, or `hf://USER/NAME` where it lies on the Hugging Face Hub."
    return [f"```python\n{python}\n```", f"```bash\n{shell}\n```", where]


def shown(example: Example) -> str:
    """One example."""
    head = f"**{example.place}**: line {example.line:,}, {label_of(SENTENCE_METRIC)} {example.score:.1f}"
    sides = {"source": example.source, "reference": example.reference, "translation": example.hypothesis}
    return "\n".join([head, "", bulleted(f"{side}: {escaped(text) or '(empty)'}" for side, text in sides.items())])


def limits(run: Run, tokenizers: Tokenizers, result: Result) -> list[str]:
    """What is known of where it fails."""
    facts, config = run.facts, run.config
    said = [
        "Scores hold for text like that of the test sets. Text of another kind is translated worse, and nothing in a "
        "translation says so.",
        f"A source of more than {result.search.max_source_tokens:,} pieces is cut.",
    ]
    if facts.seen:
        said.append(
            f"The longest source in training has {facts.seen.longest_source:,} pieces, the longest target "
            f"{facts.seen.longest_target:,}. Expect less of longer sentences."
        )
        left_out = {rule: pairs for rule, pairs in facts.seen.left_out.items() if pairs}
        removed = ", ".join(f"{pairs:,} ({DESCRIPTIONS.get(rule, rule)})" for rule, pairs in left_out.items())
        said.append(f"Of {facts.seen.pairs:,} training pairs, filters left out {removed or 'none'}.")
    known = ", ".join(f"{script.capitalize()} ({count:,})" for script, count in scripts(tokenizers.source).items())
    lost = "written in bytes" if config.tokenizer.byte_fallback else "lost"
    said.append(f"Letters that it can read, by script: {known or 'none'}. Other letters are {lost}.")
    if facts.unreachable:
        said.append(f"{facts.unreachable:.1%} of the pieces of the dev references have no position in this topology.")
    cut = [f"{each.truncated_sources:,} of `{test}`" for test, each in result.tests.items() if each.truncated_sources]
    return [*said, *([f"Sources that were cut when the scores were made: {', '.join(cut)}."] if cut else [])]


def scripts(tokenizer: Tokenizer) -> dict[str, int]:
    """By script, how many different letters a vocabulary has, most first."""
    pieces = tokenizer.pieces(list(range(len(tokenizer))))
    letters = {letter for piece in pieces if not re.fullmatch("<.+>", piece) for letter in piece}
    counted = Counter(script for letter in letters if (script := script_of(letter)))
    return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def made(run: Run) -> list[tuple[str, str]]:
    """Sizes, times, versions and fingerprints."""
    facts, config = run.facts, run.config
    pieces = f"{facts.source_vocabulary:,}" + ("" if facts.joint else f" source, {facts.target_vocabulary:,} target")
    seconds = facts.seconds.get("training")
    machine = f"{facts.machine.get('processor', '?')}, {facts.machine.get('system', '?')}, {facts.threads} threads"
    packages = (f"{name} {facts.packages.get(name, '?')}" for name in ("mtlite", "tensorflow", "keras"))
    updates = f"at most {config.training.max_updates:,} updates"
    model = config.model
    rows = [
        ("date", facts.date or "?"),
        ("made with", ", ".join(packages)),
        ("machine", machine),
        ("training", updates if seconds is None else f"{seconds:,.0f} seconds, {updates}"),
        ("precision of products", config.training.precision),
        ("pieces", f"{pieces} ({config.tokenizer.kind})"),
        ("sizes", f"embeddings {model.embedding_size:,}, units {model.units:,}, layers {model.layers}"),
        ("fingerprint of the training pairs", f"`{facts.training_fingerprint}`"),
    ]
    if facts.started_from:
        rows.append(("started from", f"weights `{facts.started_from.weights}`"))
    rows += [(f"SHA-256 of `{side}`", f"`{sha256}`") for side, sha256 in facts.sides.items()]
    return [(name, value if value.startswith("`") or "`" in value else escaped(value)) for name, value in rows]
