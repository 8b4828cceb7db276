"""Pseudonyms: posts without their authors' ids, in which authors and posts can still be told apart.

An author's id is not the only field that names the author: `at://did:plc:alice/…` is the id of a post, and so
is `https://mastodon.example/users/alice/statuses/1`; both may stand in `repost_of` and `reply_to` of others.
So every id is replaced, and the link to the post is left out, as is its channel, which may be one person's.
The text stays, with the people that it names.
"""

import hmac

import msgspec

from sandik.ingest.items import Item
from sandik_schemas.post import Post


def with_pseudonyms(item: Item, key: str) -> Item:
    """Return a post as `hidden` does, and anything else as it is."""
    return hidden(item, key) if isinstance(item, Post) else item


def hidden(post: Post, key: str) -> Post:
    """Return the post with its ids replaced by keyed hashes, and without its link and channel."""
    return msgspec.structs.replace(
        post,
        id=post_pseudonym(post.id, key),
        author_id=None if post.author_id is None else pseudonym(post.source, post.author_id, key),
        url=None,
        source_detail=None,
        repost_of=None if post.repost_of is None else post_pseudonym(post.repost_of, key),
        reply_to=None if post.reply_to is None else post_pseudonym(post.reply_to, key),
    )


def pseudonym(source: str, author_id: str, key: str) -> str:
    """Return the pseudonym of one author: 32 hexadecimal digits.

    The same author and key give the same one, over all runs. A source is part of it, so the same number on
    two platforms does not look like the same person.
    """
    return _hashed(f"{source}\0{author_id}", key)


def post_pseudonym(post_id: str, key: str) -> str:
    """Return the replacement of a post's id, in any field: 32 hexadecimal digits."""
    # No source is empty, so no author is hashed from the same bytes.
    return _hashed(f"\0{post_id}", key)


def _hashed(message: str, key: str) -> str:
    """Return 128 bits of the message's HMAC-SHA256: of 10**15 posts, no two are likely to share theirs."""
    return hmac.digest(key.encode(), message.encode(), "sha256").hex()[:32]
