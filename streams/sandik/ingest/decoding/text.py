r"""Repairs for all readers, so that posts are valid JSON and equal texts compare equal.

Text becomes NFC: the same word typed on two keyboards must match the same term. A lone surrogate (`\ud83d`,
an emoji cut in two) becomes U+FFFD: it has no UTF-8 form, and losing half an emoji is better than losing the
post. Bytes that are not UTF-8 are reported, not repaired: guessing an encoding would invent letters.
"""

import re
from unicodedata import is_normalized, normalize

import msgspec

from sandik.ingest.items import Rejected, RejectReason
from sandik_schemas.post import MAX_TEXT_CHARS, Post

#: The longest id and source, in characters: the limit of post v1.
MAX_ID_CHARACTERS = 512

# Every other escape is consumed whole, so that `\\x41` (an escaped backslash before "x41") does not match.
_HEX_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|.)", re.DOTALL)


def repair_hex_escapes(json: bytes) -> bytes:
    r"""Return `json` with the escape `\xNN`, which JSON does not have, written as `\u00NN`."""
    if b"\\x" not in json:
        return json
    return _HEX_ESCAPE.sub(lambda found: b"\\u00" + found[1] if found[1] else found[0], json)


def as_ingested(post: Post) -> Post | Rejected:
    """Return the post with text and hashtags in NFC, or why it is rejected. Removes an old ingest time.

    A post that was exported and is read again would otherwise keep its first ingest time.
    """
    text = post.text
    if len(text) > MAX_TEXT_CHARS:  # rejected rather than cut, since a cut would hide terms
        return Rejected(
            RejectReason.TOO_LARGE, f"the text has {len(text)} characters, more than {MAX_TEXT_CHARS}"
        )
    if not (0 < len(post.id) <= MAX_ID_CHARACTERS and 0 < len(post.source) <= MAX_ID_CHARACTERS):
        return Rejected(
            RejectReason.NOT_A_POST, f"id or source is empty or over {MAX_ID_CHARACTERS} characters"
        )
    if (
        post.ingested_at_ms is None
        and (text.isascii() or is_normalized("NFC", text))
        and (not post.hashtags or all(is_normalized("NFC", tag) for tag in post.hashtags))
    ):
        return post
    return msgspec.structs.replace(
        post,
        text=normalize("NFC", text),
        hashtags=tuple(normalize("NFC", tag) for tag in post.hashtags),
        ingested_at_ms=None,
    )
