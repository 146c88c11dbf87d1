"""The same model in PyTorch: `nn.LSTM`, fused Adam, and the same searches. TensorFlow is not imported."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from contenders.ours import search_of
from contenders.sizes import Sizes
from mtlite.data.batches import Batch, pad
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.storage.checkpoint import WEIGHTS
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import Arrays, load_arrays

State = list[tuple[torch.Tensor, torch.Tensor]]
"""Of every decoder layer h and c, `[1, batch, units]`."""


class Seq2Seq(nn.Module):
    """Attention encoder-decoder, wired as ours."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        units, self.layers = sizes.units, sizes.layers
        self.embedding = nn.Embedding(sizes.vocabulary, sizes.embedding)
        self.encoder = nn.LSTM(
            sizes.embedding, units // 2, sizes.layers, batch_first=True, bidirectional=True, dropout=sizes.dropout
        )
        self.decoder = nn.LSTM(sizes.embedding, units, batch_first=True)
        self.above = nn.LSTM(2 * units, units, sizes.layers - 1, batch_first=True, dropout=0.0)
        self.key = nn.Linear(units, units, bias=False)
        self.projection = nn.Linear(2 * units, sizes.embedding)
        self.bias = nn.Parameter(torch.zeros(sizes.vocabulary))
        self.dropout = nn.Dropout(sizes.dropout)
        nn.init.normal_(self.embedding.weight, std=sizes.embedding**-0.5)

    def read(self, source: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], State]:
        """Keys, values and mask of the source `[batch, length]`, and the state in which decoding starts."""
        mask = source != PAD
        lengths = mask.sum(1)
        x = self.dropout(self.embedding(source))
        if bool((lengths == source.shape[1]).all()):  # packing costs more than it saves where nothing is padding
            values, (h, c) = self.encoder(x)
        else:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            packed, (h, c) = self.encoder(packed)
            values, _ = pad_packed_sequence(packed, batch_first=True)
        joined = [torch.cat([part[0::2], part[1::2]], dim=-1) for part in (h, c)]
        values = self.dropout(values)
        state = [(joined[0][layer : layer + 1], joined[1][layer : layer + 1]) for layer in range(self.layers)]
        return (self.key(values), values, mask), state

    def decode(
        self, tokens: torch.Tensor, state: State, memory: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, State]:
        """Features of the previous tokens `[batch, columns]`, and the state after them."""
        keys, values, mask = memory
        outputs, first = self.decoder(self.dropout(self.embedding(tokens)), state[0])
        queries = self.dropout(outputs)
        scores = queries @ keys.transpose(1, 2) * queries.shape[-1] ** -0.5
        weights = torch.softmax(scores.float().masked_fill(~mask[:, None], -1e9), dim=-1)
        context = weights.to(values.dtype) @ values
        h, c = (torch.cat([layer[part] for layer in state[1:]]) for part in (0, 1))
        outputs, (h, c) = self.above(torch.cat([queries, context], dim=-1), (h, c))
        above = [(h[layer : layer + 1], c[layer : layer + 1]) for layer in range(self.layers - 1)]
        return torch.cat([self.dropout(outputs), context], dim=-1), [first, *above]

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Scores over the vocabulary."""
        return nn.functional.linear(self.projection(features), self.embedding.weight, self.bias)


def with_weights(arrays: Arrays, sizes: Sizes) -> Seq2Seq:
    """A model with the weights of ours, as a run keeps them."""
    torch_model = Seq2Seq(sizes)
    torch_model.eval()

    def weight(path: str) -> torch.Tensor:
        return torch.from_numpy(arrays[f"weights/topology/{path}"])

    def copy_lstm(lstm: nn.LSTM, layer: int, path: str, suffix: str = "") -> None:
        bias = weight(f"{path}/lstm_cell/bias")
        getattr(lstm, f"weight_ih_l{layer}{suffix}").data = weight(f"{path}/lstm_cell/kernel").T.contiguous()
        getattr(lstm, f"weight_hh_l{layer}{suffix}").data = weight(f"{path}/lstm_cell/recurrent_kernel").T.contiguous()
        getattr(lstm, f"bias_ih_l{layer}{suffix}").data = bias
        getattr(lstm, f"bias_hh_l{layer}{suffix}").data = torch.zeros_like(bias)

    for layer in range(sizes.layers):
        copy_lstm(torch_model.encoder, layer, f"encoder/encoder_{layer}")
        copy_lstm(torch_model.encoder, layer, f"encoder/encoder_{layer}_backwards", "_reverse")
    copy_lstm(torch_model.decoder, 0, "decoder/decoder_0")
    for layer in range(sizes.layers - 1):
        copy_lstm(torch_model.above, layer, f"above/above_{layer}")
    torch_model.embedding.weight.data = weight("embedding/table")
    torch_model.key.weight.data = weight("attention/key_kernel").T.contiguous()
    torch_model.projection.weight.data = weight("head/projection").T.contiguous()
    torch_model.projection.bias.data = weight("head/projection_bias")
    torch_model.bias.data = weight("head/bias")
    return torch_model


class TorchTraining:
    """A training loop as the PyTorch tutorials have it, with fused Adam.

    Args:
        sizes: of the model.
        precision: float32, or bfloat16 by autocast.
        threads: 0 leaves them to PyTorch, which takes all.
    """

    def __init__(self, sizes: Sizes, precision: str, threads: int) -> None:
        set_threads(threads)
        self.model = Seq2Seq(sizes)
        self.precision, self.smoothing = precision, sizes.label_smoothing
        self.optimizer = torch.optim.Adam(self.model.parameters(), sizes.learning_rate, fused=True)

    def train(self, batches: Sequence[Batch]) -> float:
        """Train on all batches; gives the seconds."""
        self.model.train()
        start = time.perf_counter()
        for source_ids, target_ids in batches:
            source, target = (torch.from_numpy(ids.astype(np.int64)) for ids in (source_ids, target_ids))
            begin = torch.full((len(target), 1), BOS)
            with autocast(self.precision):
                memory, state = self.model.read(source)
                features, _ = self.model.decode(torch.cat([begin, target[:, :-1]], dim=1), state, memory)
                logits = self.model.logits(features[target != PAD])
            loss = nn.functional.cross_entropy(logits.float(), target[target != PAD], label_smoothing=self.smoothing)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
        return time.perf_counter() - start


class TorchTranslation:
    """A model of ours in PyTorch.

    Args:
        run: a finished run with attention.
        beam: of the search.
        precision: of products.
        threads: 0 takes all.
    """

    def __init__(self, run: str, beam: int, precision: str, threads: int) -> None:
        set_threads(threads)
        opened = Run.open(run)
        arrays, _ = load_arrays(opened.path / WEIGHTS)
        self.model = with_weights(arrays, Sizes.of(opened))
        self.limits = opened.facts.lengths.limits
        self.search, self.precision = search_of(run, beam), precision

    def translate(self, batches: Sequence[list[list[int]]]) -> tuple[float, list[list[int]]]:
        """Batches as they come; gives the seconds and the best hypotheses."""
        found: list[list[int]] = []
        start = time.perf_counter()
        for sources in batches:
            limits = torch.from_numpy(self.limits(np.array([len(ids) for ids in sources])))
            source = torch.from_numpy(pad(sources).astype(np.int64))
            beam, penalty = self.search.beam_size, self.search.length_penalty
            found += beam_search(self.model, source, limits, beam, penalty, self.precision)
        return time.perf_counter() - start, found


def set_threads(threads: int) -> None:
    """Threads of PyTorch; 0 leaves them as they are."""
    if threads:
        torch.set_num_threads(threads)


def autocast(precision: str) -> contextlib.AbstractContextManager[Any]:
    """Products in bfloat16 where that is asked for."""
    return torch.autocast("cpu", torch.bfloat16) if precision == "bfloat16" else contextlib.nullcontext()


@torch.inference_mode()
def beam_search(
    model: Seq2Seq, source: torch.Tensor, limits: torch.Tensor, beam_size: int, length_penalty: float, precision: str
) -> list[list[int]]:
    """The search of `mtlite.search.beam`, step by step; a beam of one is greedy search.

    As usual, sentences that have ended stay in the batch until all have, and every hypothesis has encoder outputs of
    its own: ours saves both.

    Args:
        source: `[batch, length]` ids.
        limits: tokens that each hypothesis may have at most `[batch]`.
        length_penalty: of Wu et al. (2016).

    Returns:
        The best hypothesis of every sentence.
    """
    batch, longest = len(source), int(limits.max())
    with autocast(precision):
        memory, state = model.read(source)
    keys, values, mask = (part.repeat_interleave(beam_size, 0) for part in memory)
    state = [(h.repeat_interleave(beam_size, 1), c.repeat_interleave(beam_size, 1)) for h, c in state]
    tokens = torch.full((batch, beam_size), BOS)
    log_p = torch.full((batch, beam_size), -torch.inf)
    log_p[:, 0] = 0.0
    scores = log_p.clone()
    running = torch.ones((batch, beam_size), dtype=torch.bool)
    first_row = torch.arange(batch)[:, None] * beam_size
    all_tokens, all_parents = [], []
    for at in range(longest):
        with autocast(precision):
            features, state = model.decode(tokens.reshape(-1, 1), state, (keys, values, mask))
            logits = model.logits(features[:, 0])
        step = torch.log_softmax(logits.float(), dim=-1)
        step[:, [PAD, UNK, BOS]] = -torch.inf
        best, candidates = step.topk(beam_size)
        shape = (batch, beam_size, beam_size)
        candidate_log_p = log_p[:, :, None] + best.reshape(shape)
        penalty = ((5.0 + at + 1) / 6.0) ** length_penalty
        candidates, candidate_scores = candidates.reshape(shape), candidate_log_p / penalty
        frozen = ~running[:, :, None]
        kept = torch.full_like(candidate_scores, -torch.inf)
        kept[:, :, 0] = scores
        candidate_scores = torch.where(frozen, kept, candidate_scores)
        candidate_log_p = torch.where(frozen, log_p[:, :, None], candidate_log_p)
        candidates = torch.where(frozen, PAD, candidates)
        scores, chosen = candidate_scores.reshape(batch, -1).topk(beam_size)
        parents = chosen // beam_size
        tokens = candidates.reshape(batch, -1).gather(1, chosen)
        log_p = candidate_log_p.reshape(batch, -1).gather(1, chosen)
        running = running.gather(1, parents) & (tokens != EOS) & (at + 1 < limits)[:, None]
        if beam_size > 1:
            rows = (first_row + parents).reshape(-1)
            state = [(h[:, rows], c[:, rows]) for h, c in state]
        all_tokens.append(tokens)
        all_parents.append(parents)
        if not running.any():
            break
    return best_of_beam(all_tokens, all_parents)


def best_of_beam(all_tokens: list[torch.Tensor], all_parents: list[torch.Tensor]) -> list[list[int]]:
    """Follow the best hypotheses back from their ends; tokens and parents of each step are `[batch, beam]`."""
    places, found = torch.zeros((len(all_tokens[0]), 1), dtype=torch.int64), []
    for tokens, parents in zip(reversed(all_tokens), reversed(all_parents), strict=True):
        found.append(tokens.gather(1, places))
        places = parents.gather(1, places)
    ids = torch.cat(found[::-1], dim=1).tolist()
    return [[token for token in row if token not in (PAD, EOS)] for row in ids]
