"""Pseudonyms: posts without ids of authors, in which authors and posts can still be distinguished.

Ids of posts can name the author too: `at://did:plc:alice/…`, `https://mastodon.example/users/alice/statuses/1`;
they also occur in `repost_of` and `reply_to`. So every id is replaced. The link to the post is removed, and
the channel, which may belong to one person. The text stays, with the people that it names.
"""

import hmac

import msgspec

from sandik.ingest.items import Item
from sandik_schemas.post import Post


def with_pseudonyms(item: Item, key: str) -> Item:
    """Return a post as by `hidden`, anything else unchanged."""
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

    The same author and key always give the same pseudonym. The source is part of it, so that equal numbers on
    two platforms do not look like one person.
    """
    return _hashed(f"{source}\0{author_id}", key)


def post_pseudonym(post_id: str, key: str) -> str:
    """Return the replacement of a post's id, in any field: 32 hexadecimal digits."""
    # A source is never empty, so no author is hashed from the same bytes.
    return _hashed(f"\0{post_id}", key)


def _hashed(message: str, key: str) -> str:
    """Return 128 bits of the message's HMAC-SHA256: collisions are unlikely even among 10**15 posts."""
    return hmac.digest(key.encode(), message.encode(), "sha256").hex()[:32]
