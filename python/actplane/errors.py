# SPDX-License-Identifier: Apache-2.0
"""What goes wrong, one class each. Every message says what to do."""

from __future__ import annotations

from typing import Any


class ActplaneError(Exception):
    """Base of all errors of this package."""


class LibraryError(ActplaneError, OSError):
    """libactplane was not found, or is of another version than this package."""


class ConfigError(ActplaneError, ValueError):
    """A configuration outside the bounds of the format (docs/format.md, F-2.4 .. F-2.6)."""


class InputError(ActplaneError, ValueError):
    """An array or a buffer that cannot be used as it is: type, layout or size."""


class DamagedError(ActplaneError):
    """Slots or bytes that no encoder makes.

    ``malformed`` is the number of malformed blocks. ``values`` is the decoded array, in which those
    blocks read +0 and all others what they hold; None where nothing could be decoded.
    """

    def __init__(self, message: str, malformed: int = 0, values: Any = None) -> None:
        super().__init__(message)
        self.malformed = malformed
        self.values = values
