"""Author ids nobody can read, but everybody can tell apart."""

import hashlib
import hmac

import msgspec

from schemas.post import Post

from .items import Item


def with_pseudonym(item: Item, key: str) -> Item:
    """Return the item with its author id replaced by 128 bits of the id's HMAC-SHA256 under `key`.

    The same author and key give the same pseudonym, over all runs; a source is part of it, so the same
    number on two platforms does not look like the same person.
    """
    if not isinstance(item, Post) or item.author_id is None:
        return item
    return msgspec.structs.replace(item, author_id=pseudonym(item.source, item.author_id, key))


def pseudonym(source: str, author_id: str, key: str) -> str:
    """Return the pseudonym of one author: 32 hexadecimal digits."""
    message = f"{source}\0{author_id}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()[:32]
