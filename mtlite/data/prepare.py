"""From a configuration to encoded pairs: everything before TensorFlow is needed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import datasets
import numpy as np

from mtlite.config.length_rules import LengthRules
from mtlite.config.options import Config, DataConfig
from mtlite.config.resolve import (
    Choices,
    ResolvedConfig,
    ResolvedTokenizer,
    TopologyConfig,
    choose_budget,
    choose_sizes,
    resolved,
)
from mtlite.console import announce
from mtlite.data import normalisation
from mtlite.data.batches import POOL_PAIRS, group_by_length
from mtlite.data.cache import cached_arrays, known_digest, pairs_of
from mtlite.data.cleaning import CleaningReport, clean
from mtlite.data.corpus import Corpus, load_corpus
from mtlite.data.encoding import encode_pairs, length_table
from mtlite.data.existing_tokenizers import existing_tokenizers
from mtlite.data.ids import UNK
from mtlite.data.language_choice import warn_of_words
from mtlite.data.readers import Pair
from mtlite.data.tokenizer import Tokenizer, Tokenizers
from mtlite.data.tokenizer_training import train_tokenizers
from mtlite.errors import DataError
from mtlite.runtime import choose_precision

Say = Callable[[str], None]  # shows a line to the user


@dataclass(frozen=True)
class Prepared:
    """What training starts from."""

    config: ResolvedConfig
    corpus: Corpus
    cleaning: CleaningReport
    tokenizers: Tokenizers
    encoded: datasets.Dataset
    lengths: np.ndarray  # [pairs, 3]: source, target, repeated target neighbours
    rules: LengthRules
    fingerprint: str  # sha256 of the training pairs
    seconds: float  # that it took
    tokenizer_seconds: float  # of these, for the tokenizer

    def topology_config(self) -> TopologyConfig:
        """What a model for this corpus is built from."""
        return TopologyConfig.of(
            self.config.model,
            source_vocabulary=len(self.tokenizers.source),
            target_vocabulary=len(self.tokenizers.target),
            joint=self.tokenizers.joint,
            lengths=self.rules,
            precision=choose_precision(self.config.training.precision),
        )


def prepare(config: Config, say: Say, tokenizers: Tokenizers | None = None) -> Prepared:
    """Read, clean, tokenize, and choose what is left open.

    `tokenizers` are those of an earlier start or of another run; the configuration decides if they are None. Raise
    UsageError if it asks for what cannot be, RunError if a tokenizer cannot be used, DataError if the corpus cannot.
    """
    datasets.disable_progress_bars()
    begin = time.perf_counter()
    if tokenizers is None and (existing := existing_tokenizers(config.tokenizer)):
        tokenizers, config = existing[0], dataclasses.replace(config, tokenizer=existing[1])
    corpus, cleaning = read_corpus(config.data, say)
    choices = Choices()
    tokenizer, model = choose_sizes(config, len(corpus.train), choices)
    tokenizer_begin = time.perf_counter()
    if tokenizers is None:
        if tokenizer.kind == "word":
            for warning in warn_of_words(corpus.train):
                say(warning)
        tokenizers = _train_tokenizers(tokenizer, corpus.train, config.data.seed, say)
    tokenizer_seconds = time.perf_counter() - tokenizer_begin
    with announce("encoding", say):
        encoded = encode_pairs(corpus.train, tokenizers)
    lengths = length_table(encoded)
    training = choose_budget(config.training, len(lengths), int(lengths[:, :2].sum()), choices)
    if choices.said:
        say(f"chosen from the corpus size: {', '.join(choices.said)}")
    return Prepared(
        config=resolved(config, tokenizer, model, training),
        corpus=corpus,
        cleaning=cleaning,
        tokenizers=tokenizers,
        encoded=encoded,
        lengths=lengths,
        rules=LengthRules.fit(lengths),
        fingerprint=known_digest(corpus.train),
        seconds=round(time.perf_counter() - begin, 3),
        tokenizer_seconds=round(tokenizer_seconds, 3),
    )


def read_corpus(config: DataConfig, say: Say) -> tuple[Corpus, CleaningReport]:
    """The corpus with the training pairs that are kept.

    Raise UsageError and DataError as `load_corpus` does, and DataError for a dev or test set with line breaks.
    """
    with announce("reading the corpus", say):
        corpus = load_corpus(config)
    for note in corpus.notes:
        say(note)
    for name, pairs in corpus.held_out.items():
        _refuse_line_breaks(name, pairs, corpus.further.get(name, []))
    with announce("cleaning", say):
        corpus, report = clean(corpus, config.cleaning)
    for line in report.lines():
        say(line)
    return corpus, report


def _refuse_line_breaks(name: str, pairs: datasets.Dataset, further: Sequence[Sequence[str]]) -> None:
    """Dev and test sets are kept, scored and handed on as files of lines."""
    for number, (source, target) in enumerate(pairs_of(pairs), 1):
        if "\n" in source + target:
            side = "source" if "\n" in source else "target"
            received = f"a line break in the {side} of pair {number}"
            raise DataError(f"data.{name}: expected one line a sentence, received {received}: write a space instead")
    for number, texts in enumerate(further, 1):
        if any("\n" in text for text in texts):
            received = f"a line break in a further reference of sentence {number}"
            raise DataError(f"data.{name}: expected one line a sentence, received {received}: write a space instead")


def _train_tokenizers(options: ResolvedTokenizer, train: datasets.Dataset, seed: int, say: Say) -> Tokenizers:
    """Train tokenizers on a sample of the training pairs, once for a corpus."""

    def as_arrays() -> dict[str, np.ndarray]:
        both, messages = train_tokenizers(options, _sample(train, options.sample_sentences, seed))
        texts = {"source": both.source.model, "target": both.target.model, "messages": "\n".join(messages).encode()}
        return {name: np.frombuffer(text, np.uint8) for name, text in texts.items()}

    # Sampling is for training alone, and so is a seed for what is not drawn.
    options = dataclasses.replace(options, sampling=0.0)
    drawn = str(seed) if len(train) > options.sample_sentences else "all"
    key = ["tokenizers", train._fingerprint, repr(options), drawn, normalisation.VERSION]
    with announce("training the tokenizer", say):
        arrays = cached_arrays(key, as_arrays)
    source, target, messages = (arrays[name].tobytes() for name in ("source", "target", "messages"))
    for message in messages.decode().splitlines():
        say(message)
    first = Tokenizer(source)
    return Tokenizers(first, first if source == target else Tokenizer(target))


def _sample(train: datasets.Dataset, size: int, seed: int) -> Iterator[Pair]:
    """Draw at most `size` pairs by seed, in the order of the corpus."""
    if len(train) > size:
        train = train.select(np.sort(np.random.default_rng(seed).choice(len(train), size, replace=False)))
    return pairs_of(train)


def _batching(lengths: np.ndarray, batch_tokens: int) -> tuple[int, float, float]:
    """Batches of an epoch, within a few, padded tokens of one, and the share of padding, by one pool of the corpus."""
    pool = lengths[np.linspace(0, len(lengths) - 1, min(len(lengths), POOL_PAIRS)).astype(int)]
    groups = group_by_length(pool[:, 0], pool[:, 1], batch_tokens, np.random.default_rng(0))
    padded = sum(len(rows) * int(pool[rows, 0].max() + pool[rows, 1].max()) for rows in groups)
    batches = round(len(groups) * len(lengths) / len(pool))
    return batches, padded / len(groups), 1 - int(pool[:, :2].sum()) / padded


def data_report(prepared: Prepared) -> list[str]:
    """Report sizes, lengths, padding and unknown characters, a line each."""
    lengths, tokenizers, held_out = prepared.lengths, prepared.tokenizers, prepared.corpus.held_out
    batches, tokens, padding = _batching(lengths, prepared.config.training.batch_tokens)
    sizes = {"training pairs": len(lengths), **{name: len(pairs) for name, pairs in held_out.items()}}
    lines = [
        ", ".join(f"{size:,} {name}" for name, size in sizes.items()),
        f"vocabulary: {len(tokenizers.source):,} pieces"
        + (" for both sides" if tokenizers.joint else f" source, {len(tokenizers.target):,} target"),
        f"pieces per sentence: source {lengths[:, 0].mean():.1f} (longest {lengths[:, 0].max()}), "
        f"target {lengths[:, 1].mean():.1f} (longest {lengths[:, 1].max()})",
        f"{batches:,} batches an epoch, {tokens:,.0f} tokens each, {padding:.1%} of them padding",
    ]
    for name, pairs in held_out.items():
        source = sum(ids.count(UNK) for ids in tokenizers.source.encode(list(pairs["source"])))
        target = sum(ids.count(UNK) for ids in tokenizers.target.encode(list(pairs["target"])))
        if source or target:
            lines.append(f"{name}: {source} unknown pieces in the source, {target} in the target")
    return lines
