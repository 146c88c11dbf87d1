"""The same model in PyTorch: `nn.LSTM` and fused Adam. TensorFlow is not imported."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from contenders.sizes import Sizes
from mtlite.data.batches import Batch
from mtlite.data.ids import BOS, PAD
from mtlite.storage.tensors import Arrays

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
        threads: 0 takes all.
        lanes: parts of a batch that are computed side by side, each on its share of the threads; their gradients are
            added up.
    """

    def __init__(self, sizes: Sizes, precision: str, threads: int, lanes: int = 1) -> None:
        self.model = Seq2Seq(sizes)
        self.precision, self.smoothing = precision, sizes.label_smoothing
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, sizes.learning_rate, fused=True)
        self.lanes = Lanes(threads, lanes)

    def train(self, batches: Sequence[Batch]) -> float:
        """Train on all batches; gives the seconds."""
        self.model.train()
        start = time.perf_counter()
        for batch in batches:
            sides = [np.array_split(side.astype(np.int64), min(self.lanes.count, len(side))) for side in batch]
            tokens = int((batch.target != PAD).sum())
            parts = [(*map(without_padding, part), tokens) for part in zip(*sides, strict=True)]
            gradients = self.lanes.map(lambda part: self.gradients(*part), parts)
            for parameter, *each in zip(self.parameters, *gradients, strict=True):
                parameter.grad = sum(each[1:], start=each[0])
            nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimizer.step()
        return time.perf_counter() - start

    def gradients(self, source_ids: np.ndarray, target_ids: np.ndarray, tokens: int) -> tuple[torch.Tensor, ...]:
        """Of the loss of a part of a batch `[pairs, length]`, whose `tokens` are those of the whole batch."""
        source, target = torch.from_numpy(source_ids), torch.from_numpy(target_ids)
        begin = torch.full((len(target), 1), BOS)
        with autocast(self.precision):
            memory, state = self.model.read(source)
            features, _ = self.model.decode(torch.cat([begin, target[:, :-1]], dim=1), state, memory)
            logits = self.model.logits(features[target != PAD])
        labels, options = target[target != PAD], {"label_smoothing": self.smoothing, "reduction": "sum"}
        loss = nn.functional.cross_entropy(logits.float(), labels, **options)
        found: tuple[torch.Tensor, ...] = torch.autograd.grad(loss / tokens, self.parameters)
        return found


def without_padding(ids: np.ndarray) -> np.ndarray:
    """A part of a batch up to the end of its own longest row."""
    return ids[:, : (ids != PAD).sum(axis=1).max()]


class Lanes:
    """Python threads that compute side by side, each on its share of PyTorch's threads.

    Args:
        threads: of all together; 0 takes all.
        count: of the lanes.
    """

    def __init__(self, threads: int, count: int) -> None:
        if threads:
            torch.set_num_threads(threads)
        self.count, each = count, max(1, torch.get_num_threads() // count)
        # The number belongs to the thread that sets it.
        self.pool = (
            ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(each,)) if count > 1 else None
        )

    def map(self, function: Any, parts: Any) -> list[Any]:
        """What the function gives for each part; without lanes here, one after the other."""
        return list(self.pool.map(function, parts) if self.pool else map(function, parts))


def autocast(precision: str) -> contextlib.AbstractContextManager[Any]:
    """Products in bfloat16 where that is asked for."""
    return torch.autocast("cpu", torch.bfloat16) if precision == "bfloat16" else contextlib.nullcontext()
