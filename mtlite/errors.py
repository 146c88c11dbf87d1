"""What a user can get wrong, and how it is said: one line, no traceback.

A message says what was expected, what was received and what to do next.
"""


class MtliteError(Exception):
    """Something outside the program is wrong: a file, a run directory, a loss that is not finite. Exit code 1."""

    exit_code = 1


class UsageError(MtliteError):
    """The request itself is wrong: an option, a value, a combination. Exit code 2."""

    exit_code = 2


class DataError(MtliteError):
    """A corpus cannot be read as it is: encoding, length, columns."""


class RunError(MtliteError):
    """A run directory is missing, incomplete, locked, altered or of another make."""


class DamagedError(RunError):
    """A file is not what was written: reading it again will not help."""
