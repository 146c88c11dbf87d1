"""From a configuration to encoded pairs: everything before TensorFlow is needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import datasets
import numpy as np

from mtlite.config import Config, settled
from mtlite.data.batches import group_by_length
from mtlite.data.cleaning import CleaningReport, clean
from mtlite.data.corpus import Corpus, load_corpus
from mtlite.data.defaults import choose_budget, choose_sizes
from mtlite.data.encoding import encode_pairs, length_table
from mtlite.data.ids import UNK
from mtlite.data.tokenizer import Tokenizers, make_tokenizers
from mtlite.errors import DataError


@dataclass(frozen=True)
class Prepared:
    """What training starts from."""

    config: Config  # nothing left open
    corpus: Corpus
    cleaning: CleaningReport
    tokenizers: Tokenizers
    encoded: datasets.Dataset
    lengths: np.ndarray  # [pairs, 3]: source, target, repeated target neighbours
    fingerprint: str  # sha256 of the training pairs


def _sample(train: datasets.Dataset, size: int, seed: int) -> Iterator[tuple[str, str]]:
    """At most `size` pairs, drawn by seed, in the order of the corpus."""
    if len(train) > size:
        train = train.select(np.sort(np.random.default_rng(seed).choice(len(train), size, replace=False)))
    for rows in train.iter(batch_size=10_000):
        yield from zip(rows["source"], rows["target"], strict=True)


def _fingerprint(train: datasets.Dataset) -> str:
    digest = hashlib.sha256()
    for rows in train.iter(batch_size=10_000):
        for source, target in zip(rows["source"], rows["target"], strict=True):
            digest.update(f"{source}\0{target}\n".encode())
    return digest.hexdigest()


def prepare(config: Config, say: Callable[[str], None], tokenizers: Tokenizers | None = None) -> Prepared:
    """Read, clean, tokenize.

    Args:
        config: as the user gave it.
        say: shows a line to the user.
        tokenizers: those of an earlier start or another run; trained or loaded as the configuration says if None.

    Raises:
        DataError: if the corpus cannot be used.
    """
    datasets.disable_progress_bars()
    corpus = load_corpus(config.data, config.seed)
    for note in corpus.notes:
        say(note)
    corpus, report = clean(corpus, config.data.cleaning)
    for line in report.lines():
        say(line)
    if not len(corpus.train):
        raise DataError("no training pairs are left after cleaning: see data.cleaning for what removes pairs")
    config, chosen = choose_sizes(config, len(corpus.train))
    if tokenizers is None:
        sample = _sample(corpus.train, config.tokenizer.sample_sentences, config.seed)
        tokenizers, messages = make_tokenizers(config.tokenizer, sample, settled(config.tokenizer.vocabulary_size))
        for message in messages:
            say(message)
    encoded = encode_pairs(corpus.train, tokenizers)
    lengths = length_table(encoded)
    batches = count_batches(lengths, config.training.batch_tokens)
    config, more = choose_budget(config, int(lengths[:, :2].sum()), batches)
    if chosen or more:
        say(f"chosen from the corpus size: {', '.join(chosen + more)}")
    return Prepared(config, corpus, report, tokenizers, encoded, lengths, _fingerprint(corpus.train))


def count_batches(lengths: np.ndarray, batch_tokens: int) -> int:
    """Batches of an epoch, within a few."""
    return len(group_by_length(lengths[:, 0], lengths[:, 1], batch_tokens, np.random.default_rng(0)))


def data_report(prepared: Prepared) -> list[str]:
    """Sizes, lengths, padding and unknown characters, a line each."""
    lengths, config = prepared.lengths, prepared.config
    groups = group_by_length(lengths[:, 0], lengths[:, 1], config.training.batch_tokens, np.random.default_rng(0))
    padded = sum(len(rows) * int(lengths[rows, 0].max() + lengths[rows, 1].max()) for rows in groups)
    used = int(lengths[:, :2].sum())
    lines = [
        f"{len(lengths):,} training pairs, {len(prepared.corpus.dev):,} dev, "
        + ", ".join(f"{len(test):,} {name}" for name, test in prepared.corpus.tests.items()),
        f"vocabulary: {len(prepared.tokenizers.source):,} pieces"
        + (" for both sides" if prepared.tokenizers.joint else f" source, {len(prepared.tokenizers.target):,} target"),
        f"pieces per sentence: source {lengths[:, 0].mean():.1f} (longest {lengths[:, 0].max()}), "
        f"target {lengths[:, 1].mean():.1f} (longest {lengths[:, 1].max()})",
        f"{len(groups):,} batches an epoch, {padded / len(groups):,.0f} tokens each, "
        f"{1 - used / padded:.1%} of them padding",
    ]
    for name, pairs in {"dev": prepared.corpus.dev, **prepared.corpus.tests}.items():
        unknown = [
            sum(ids.count(UNK) for ids in tokenizer.encode(list(pairs[side])))
            for side, tokenizer in (("source", prepared.tokenizers.source), ("target", prepared.tokenizers.target))
        ]
        if any(unknown):
            lines.append(f"{name}: {unknown[0]} unknown pieces in the source, {unknown[1]} in the target")
    return lines
