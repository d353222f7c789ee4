"""Pseudonyms: what stands in place of a text that may not be kept, the same for the same key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from harness.errors import InputError
from harness.record.raw_files import opened
from harness.text import shown_path

SHORTEST: Final = 16
"""Bytes that a key must have: a shorter one can be found by trying."""

LARGEST: Final = 4096
DIGITS: Final = 16


def pseudonyms(key: bytes) -> Callable[[str], str]:
    """Text → 16 hexadecimal digits: the first of its HMAC-SHA256 (RFC 2104) under the key."""

    def pseudonym(text: str) -> str:
        content = text.encode("utf-8", "surrogatepass")
        return hmac.new(key, content, hashlib.sha256).hexdigest()[:DIGITS]

    return pseudonym


def read_key(path: Path | None) -> bytes:
    """A key from a file, without the line's end; without a file a new one, kept nowhere.

    Raises:
        InputError: the file cannot be read, or the key is too short or too long.
    """
    if path is None:
        return secrets.token_bytes(32)
    with opened(path) as file:
        key = file.read(LARGEST + 1).rstrip(b"\r\n")
    if not SHORTEST <= len(key) <= LARGEST:
        message = f"the key has {len(key)} bytes, expected {SHORTEST} to {LARGEST:,}"
        hint = "make one: python -c 'import secrets; print(secrets.token_hex(32))' > FILE"
        raise InputError("key-length", message, shown_path(path), hint)
    return key
