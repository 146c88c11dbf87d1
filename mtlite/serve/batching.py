"""Sentences of requests that arrive together are translated together: a queue, and one thread that empties it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from mtlite.limits import MAX_WAITING_SENTENCES
from mtlite.serve.refusals import QueueFullError, StoppingError

if TYPE_CHECKING:
    from mtlite.translation.sentences import Translation

    Translate = Callable[[list[str]], list[Translation]]

_SENTENCES_AT_ONCE = 500
"""In one call of a translator: whoever comes next waits for it."""


@dataclass(eq=False)
class Job:
    """The sentences of one request for one model, and their translations once they are there."""

    translate: Translate
    sentences: list[str]
    result: Future[list[Translation]] = field(default_factory=Future)


class Batcher:
    """Translates on a thread of its own; sentences that wait for the same model are one batch.

    Args:
        most_waiting: sentences that may wait; a request that finds the queue empty is taken whatever its size.
        on_batch: called with the number of sentences of each batch, on the thread that translates.
    """

    def __init__(
        self, most_waiting: int = MAX_WAITING_SENTENCES, on_batch: Callable[[int], None] = lambda sentences: None
    ) -> None:
        self._most_waiting, self._on_batch = most_waiting, on_batch
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="translation", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Sentences that wait."""
        with self._changed:
            return self._count()

    def _count(self) -> int:
        return sum(len(job.sentences) for job in self._jobs)

    def submit(self, translate: Translate, sentences: list[str]) -> Future[list[Translation]]:
        """Put sentences into the queue; raise QueueFullError or StoppingError if they cannot wait there."""
        job = Job(translate, sentences)
        with self._changed:
            if self._closed:
                raise StoppingError("the server is stopping: ask again when it is back")
            waiting = self._count()
            if waiting and waiting + len(sentences) > self._most_waiting:
                raise QueueFullError(
                    f"{waiting:,} sentences wait already, and {len(sentences):,} more are over the limit of "
                    f"{self._most_waiting:,}: ask again later"
                )
            self._jobs.append(job)
            self._changed.notify()
        return job.result

    def close(self) -> None:
        """Take nothing new, and come back when everything that waits is translated."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while jobs := self._next_batch():
            _translate([job for job in jobs if job.result.set_running_or_notify_cancel()], self._on_batch)

    def _next_batch(self) -> list[Job]:
        """Wait for jobs; take the oldest one and those for the same model. None are left when this gives none."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            taken: list[Job] = []
            for job in self._jobs:
                if taken and job.translate != taken[0].translate:
                    continue
                if taken and sum(len(each.sentences) for each in (*taken, job)) > _SENTENCES_AT_ONCE:
                    break
                taken.append(job)
            self._jobs = deque(job for job in self._jobs if job not in taken)
            return taken


def _translate(jobs: list[Job], on_batch: Callable[[int], None]) -> None:
    """Translate together; where that fails, each job on its own, so that one request cannot spoil another."""
    if not jobs:
        return
    sentences = [sentence for job in jobs for sentence in job.sentences]
    try:
        found = iter(jobs[0].translate(sentences))
        results = [list(islice(found, len(job.sentences))) for job in jobs]
    except Exception as error:  # noqa: BLE001 - raised where the job came from
        if len(jobs) == 1:
            jobs[0].result.set_exception(error)
        else:
            for job in jobs:
                _translate([job], on_batch)
        return
    on_batch(len(sentences))
    for job, result in zip(jobs, results, strict=True):
        job.result.set_result(result)
