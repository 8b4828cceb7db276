"""A Bluesky account's repository as a CAR file: DAG-CBOR blocks, and a tree that maps keys to blocks.

The root is a commit with the account and the first node of the tree. Keys in a node are prefix-compressed.
libipld decodes the blocks (`sandik[car]`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sandik.errors import UsageError
from sandik.ingest.decoding.json_access import MissingError
from sandik.ingest.formats.jetstream import POSTS, record_item
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason

MAX_REPOSITORY_BYTES = 256 << 20
_Blocks = Mapping[Any, Any]


def read(data: bytes) -> Iterator[Item]:
    """Yield the posts of the repository by key, which is also by time.

    Raises:
        UsageError: libipld is missing.
    """
    try:
        import libipld
    except ImportError as error:
        raise UsageError("a Bluesky repository needs libipld: pip install 'sandik[car]'") from error
    if len(data) > MAX_REPOSITORY_BYTES:
        detail = f"a repository of more than {MAX_REPOSITORY_BYTES >> 20} MiB"
        yield Rejected(RejectReason.TOO_LARGE, detail, "file")
        return
    try:
        header, blocks = libipld.decode_car(data)
        commit = blocks[header["roots"][0]]
        did, root = str(commit["did"]), commit["data"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        detail = f"not a readable Bluesky repository: {error}"
        yield Rejected(RejectReason.NOT_AN_EXPORT, detail, "file")
        return
    for key, value in _entries(blocks, root):
        yield _item(did, key, blocks.get(value))


def _entries(blocks: _Blocks, root: object) -> Iterator[tuple[str, Any]]:
    """Yield the key and block of every entry of the tree, in order. Works at any depth."""
    waiting: list[tuple[str, Any] | object] = [root]
    seen: set[object] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            yield one
            continue
        node = blocks.get(one)
        if one in seen or not isinstance(node, dict):
            continue  # the node is not in this file: an export since a revision has only a part
        seen.add(one)
        inside: list[tuple[str, Any] | object] = [node.get("l")]
        key = b""
        entries = node.get("e")
        for entry in entries if isinstance(entries, list) else ():
            match entry:
                case {"p": int(shared), "k": bytes(rest), "v": value}:
                    key = key[:shared] + rest
                    inside += [(key.decode("utf-8", "replace"), value), entry.get("t")]
                case _:
                    break  # not an entry: the keys after it share its prefix, so they are unknown
        waiting.extend(reversed([part for part in inside if part is not None]))


def _item(did: str, key: str, record: object) -> Item:
    collection = key.partition("/")[0]
    if collection != POSTS:
        return Skipped(SkipReason.OTHER_RECORD, collection, key)
    try:
        item = record_item(f"at://{did}/{key}", did, record, None)
    except MissingError as error:
        return Rejected(RejectReason.NOT_A_POST, str(error), key)
    return item if not isinstance(item, (Rejected, Skipped)) else item._replace(where=key)
