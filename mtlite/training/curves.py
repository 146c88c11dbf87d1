"""What the validations of a training show, and which option would act on it."""

from __future__ import annotations

from collections.abc import Sequence

from mtlite.config.resolve import ResolvedConfig
from mtlite.storage.training_log import Validated

_FEWEST = 5  # validations that show a course
_RISING = 0.02  # of its best dev BLEU that a training gained in the last fifth of its updates
_OVER = 0.02  # by how much dev loss lies above its least, for that to be more than noise


def advice(config: ResolvedConfig, validations: Sequence[Validated]) -> list[str]:
    """Sentences for the user, none where nothing stands out.

    Under a falling learning rate every curve flattens at the end: a flat end is never said to be enough.
    """
    if len(validations) < _FEWEST:
        return []
    training, last = config.training, validations[-1]
    best = max(validations, key=lambda each: each.dev_bleu)
    least = min(validations, key=lambda each: each.dev_loss)
    earlier = [each.dev_bleu for each in validations if each.update <= 0.8 * last.update]
    said = []
    if best.dev_bleu - max(earlier, default=0.0) > _RISING * best.dev_bleu:
        gain = best.dev_bleu - max(earlier, default=0.0)
        said.append(
            f"Dev BLEU still rose: by {gain:.1f} in the last fifth of the updates. More of them may help: "
            f"--training.max_updates {2 * training.max_updates}."
        )
    if last.dev_loss > (1 + _OVER) * least.dev_loss:
        stronger = min(0.5, round(config.model.dropout + 0.1, 2))
        more = ["More pairs", *([f"--model.dropout {stronger:g}"] if stronger > config.model.dropout else [])]
        remedies = f"{', '.join(more)} or --training.max_updates {least.update}"
        said.append(
            f"Dev loss rose after update {least.update}, from {least.dev_loss:.3f} to {last.dev_loss:.3f}: the model "
            f"learns its training pairs by heart. {remedies} act against that."
        )
    return said
