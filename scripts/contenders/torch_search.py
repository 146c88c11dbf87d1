"""The searches of mtlite in PyTorch, for the model of `torch_model`, written for speed as ours are.

The weights are cast once. The two products of an LSTM step are one, all hypotheses of a sentence look back in one
product and share its encoder outputs, and sentences leave the batch when they are finished.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from contenders.ours import search_of
from contenders.sizes import Sizes
from contenders.torch_model import Lanes, Seq2Seq, with_weights
from mtlite.data.batches import pad
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.storage.checkpoint import WEIGHTS
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import load_arrays

SIZES = (64, 128, 256)
"""Sentences of a batch that are tried before anything is measured; the fastest is kept."""
_WORTH_IT = 0.75  # of the sentences unfinished: then the rest is copied
_LONG_ENOUGH = 3  # measurements of each size


class TorchTranslation:
    """A model of ours in PyTorch.

    Args:
        run: a finished run with attention.
        beam: of the search.
        precision: of products, and of all weights.
        threads: 0 takes all.
        lanes: batches that are translated side by side, each on its share of the threads.
    """

    def __init__(self, run: str, beam: int, precision: str, threads: int, lanes: int = 1) -> None:
        self.lanes = Lanes(threads, lanes)
        opened = Run.open(run)
        arrays, _ = load_arrays(opened.path / WEIGHTS)
        self.model = Searchable(with_weights(arrays, Sizes.of(opened)), getattr(torch, precision))
        self.limits = opened.facts.lengths.limits
        self.search, self.size = search_of(run, beam), 0

    def translate(self, batches: Sequence[list[list[int]]]) -> tuple[float, list[list[int]]]:
        """Batches as they come; gives the seconds and the best hypotheses."""
        start = time.perf_counter()
        found: list[list[list[int]]] = self.lanes.map(self.batch, batches)
        return time.perf_counter() - start, [ids for each in found for ids in each]

    def translate_all(self, sources: list[list[int]]) -> tuple[float, list[list[int]]]:
        """Everything at once, given by length, in batches of the size that is fastest."""
        if not self.size:
            self.size = min(SIZES, key=lambda size: self._seconds(sources, size))
        return self._in_batches(sources, self.size)

    def _seconds(self, sources: list[list[int]], size: int) -> float:
        return median(self._in_batches(sources, size)[0] for _ in range(_LONG_ENOUGH))

    def _in_batches(self, sources: list[list[int]], size: int) -> tuple[float, list[list[int]]]:
        longest_first = sources[::-1]
        batches = [longest_first[start : start + size] for start in range(0, len(sources), size)]
        seconds, found = self.translate(batches)
        return seconds, found[::-1]

    def batch(self, sources: list[list[int]]) -> list[list[int]]:
        """The best hypothesis of each."""
        limits = torch.from_numpy(self.limits(np.array([len(ids) for ids in sources])))
        source = torch.from_numpy(pad(sources).astype(np.int64))
        penalty = self.search.length_penalty
        found: list[list[int]] = beam_search(self.model, source, limits, self.search.beam_size, penalty)
        return found


class Step(NamedTuple):
    """The weights of an LSTM step: both products are one."""

    weight: torch.Tensor  # [4 · units, input size + units]
    bias: torch.Tensor  # [4 · units]

    def __call__(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The new h in the dtype of the weights, and the new state `[rows, 2, units]`, h and c in float32."""
        h, c = state.unbind(1)
        z = nn.functional.linear(torch.cat([x, h.to(x.dtype)], dim=1), self.weight, self.bias).float()
        i, f, g, o = z.chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h.to(x.dtype), torch.stack([h, c], dim=1)


def _steps(lstm: nn.LSTM) -> list[Step]:
    found = []
    for layer in range(lstm.num_layers):
        w_x, w_h, b_x, b_h = (getattr(lstm, f"{name}_l{layer}")
                              for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))  # fmt: skip
        found.append(Step(torch.cat([w_x, w_h], dim=1).detach(), (b_x + b_h).detach()))
    return found


class Searchable:
    """A model whose weights are of one dtype, and its decoder one step at a time."""

    def __init__(self, model: Seq2Seq, dtype: torch.dtype) -> None:
        self.model = model.to(dtype).eval()
        self.steps = [*_steps(model.decoder), *_steps(model.above)]

    def read(self, source: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Keys, values and a mask of −∞ where a sentence `[batch, length]` has ended, and the state of every layer."""
        (keys, values, mask), state = self.model.read(source)
        outside = torch.zeros(mask.shape).masked_fill_(~mask, -torch.inf)[:, None]
        return [keys.transpose(1, 2), values, outside], [torch.stack([h[0], c[0]], 1).float() for h, c in state]

    def logits(
        self, tokens: torch.Tensor, state: list[torch.Tensor], memory: list[torch.Tensor]
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Scores `[rows, vocabulary]` float32 after tokens `[sentences, beam]`, and the state after them."""
        keys, values, outside = memory
        queries, first = self.steps[0](self.model.embedding(tokens.reshape(-1)), state[0])
        scores = queries.reshape(*tokens.shape, -1) @ keys * queries.shape[-1] ** -0.5
        attention = torch.softmax(scores.float() + outside, dim=-1)
        context = (attention.to(values.dtype) @ values).reshape(queries.shape)
        x, states = torch.cat([queries, context], dim=1), [first]
        for step, before in zip(self.steps[1:], state[1:], strict=True):
            x, after = step(x, before)
            states.append(after)
        return self.model.logits(torch.cat([x, context], dim=1)).float(), states


@torch.inference_mode()
def beam_search(
    model: Searchable, source: torch.Tensor, limits: torch.Tensor, beam_size: int, length_penalty: float
) -> list[list[int]]:
    """The search of `mtlite.search.beam`, step by step; a beam of one is greedy search.

    Args:
        source: `[batch, length]` ids.
        limits: tokens that each hypothesis may have at most `[batch]`.
        length_penalty: of Wu et al. (2016).

    Returns:
        The best hypothesis of every sentence.
    """
    memory, state = model.read(source)
    state = [part.repeat_interleave(beam_size, 0) for part in state]
    batch, longest = len(source), int(limits.max())
    written = torch.full((longest, batch, beam_size), PAD)
    origins = torch.arange(beam_size).repeat(longest, batch, 1)
    sentences, tokens = torch.arange(batch), torch.full((batch, beam_size), BOS)
    log_p = torch.full((batch, beam_size), -torch.inf)
    log_p[:, 0] = 0.0
    scores, running = log_p.clone(), torch.ones((batch, beam_size), dtype=torch.bool)
    for at in range(longest):
        logits, state = model.logits(tokens, state, memory)
        total = torch.logsumexp(logits, dim=-1, keepdim=True)
        logits[:, [PAD, UNK, BOS]] = -torch.inf
        best, candidates = logits.topk(beam_size)
        shape = (len(sentences), beam_size, beam_size)
        candidate_log_p = log_p[:, :, None] + (best - total).reshape(shape)
        penalty = ((5.0 + at + 1) / 6.0) ** length_penalty
        candidates, candidate_scores = candidates.reshape(shape), candidate_log_p / penalty
        frozen = ~running[:, :, None]
        kept = torch.full_like(candidate_scores, -torch.inf)
        kept[:, :, 0] = scores
        candidate_scores = torch.where(frozen, kept, candidate_scores)
        candidate_log_p = torch.where(frozen, log_p[:, :, None], candidate_log_p)
        candidates = torch.where(frozen, PAD, candidates)
        scores, chosen = candidate_scores.reshape(len(sentences), -1).topk(beam_size)
        parents = chosen // beam_size
        tokens = candidates.reshape(len(sentences), -1).gather(1, chosen)
        log_p = candidate_log_p.reshape(len(sentences), -1).gather(1, chosen)
        running = running.gather(1, parents) & (tokens != EOS) & (at + 1 < limits)[:, None]
        written[at, sentences], origins[at, sentences] = tokens, parents
        going = running.any(dim=1)
        if not going.any():
            break
        rows = torch.arange(len(sentences))[:, None] * beam_size + parents
        if going.float().mean() <= _WORTH_IT:
            rows, memory = rows[going], [part[going] for part in memory]
            sentences, limits, tokens, log_p, scores, running = (
                part[going] for part in (sentences, limits, tokens, log_p, scores, running)
            )
        elif beam_size == 1:
            continue
        state = [part[rows.reshape(-1)] for part in state]
    return best_of_beam(written[: at + 1], origins[: at + 1])


def best_of_beam(written: torch.Tensor, origins: torch.Tensor) -> list[list[int]]:
    """Follow the best hypotheses back from their ends; tokens and what they continue are `[steps, batch, beam]`."""
    places, found = torch.zeros((written.shape[1], 1), dtype=torch.int64), []
    for tokens, parents in zip(written.flip(0), origins.flip(0), strict=True):
        found.append(tokens.gather(1, places))
        places = parents.gather(1, places)
    ids = torch.cat(found[::-1], dim=1).tolist()
    return [[token for token in row if token not in (PAD, EOS)] for row in ids]
