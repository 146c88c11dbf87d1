"""Ways to set up a contender that change no value that it computes."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

KEPT = "memory kept"
_GLIBC = {"mmap_threshold": 4 << 30, "trim_threshold": 8 << 30, "top_pad": 1 << 28}
KEEPS_MEMORY = MappingProxyType(
    {"GLIBC_TUNABLES": ":".join(f"glibc.malloc.{name}={value}" for name, value in _GLIBC.items())}
)
"""The C library keeps memory that is freed: large blocks are not asked of the system, zeroed, again and again."""


@dataclass(frozen=True)
class Variant:
    """Of PyTorch.

    Args:
        lanes: computations side by side.
        kept: whether the C library keeps memory.
    """

    lanes: int
    kept: bool

    def named(self, precision: str) -> str:
        """The name of a row."""
        lanes = [f"{LANES[self.lanes]} lanes"] if self.lanes > 1 else []
        return ", ".join(["PyTorch", *lanes, *([KEPT] if self.kept else []), precision])

    @property
    def environment(self) -> dict[str, str]:
        return dict(KEEPS_MEMORY) if self.kept else {}


LANES = {2: "two"}
PYTORCH = tuple(Variant(lanes, kept) for lanes in (1, 2) for kept in (False, True))
