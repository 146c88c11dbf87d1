"""Translation through CTranslate2 (opennmt.net/CTranslate2), in the process of a contender."""

from __future__ import annotations

import os
import time


class CTranslate2:
    """A converted model: a worker for each processor, each on one thread.

    Args:
        model: folder of it.
        beam: of the search.
        compute_type: format of products.
    """

    def __init__(self, model: str, beam: int, compute_type: str) -> None:
        import ctranslate2

        workers = len(os.sched_getaffinity(0))
        self.translator = ctranslate2.Translator(
            model, device="cpu", compute_type=compute_type, inter_threads=workers, intra_threads=1
        )
        self.beam = beam

    def translate_all(self, sources: list[list[str]]) -> tuple[float, list[list[str]]]:
        """Everything at once, sorted and cut into batches by CTranslate2; gives the seconds and the best hypotheses."""
        start = time.perf_counter()
        found = self.translator.translate_batch(
            sources, beam_size=self.beam, max_batch_size=128, max_decoding_length=100
        )
        return time.perf_counter() - start, [each.hypotheses[0] for each in found]
