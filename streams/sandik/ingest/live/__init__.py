"""Endless sources over the network: Bluesky's Jetstream and Mastodon's streams.

jetstream   frames over WebSocket, resumed by the server's own cursor
mastodon    server-sent events; after a gap, missed posts are fetched from the timeline
follow      reconnects, drops duplicates, marks where the cursor can be saved
cursor      the cursor file
frames_zstd compressed messages
errors      temporary and permanent errors

To add a source, write a class with `read` and `overlap`, and name it in `live_source`.
"""

import re
from collections.abc import Callable, Collection
from pathlib import Path

from sandik.errors import UsageError
from sandik.ingest.escaped import without_secrets
from sandik.ingest.live.follow import LiveOptions, LiveSource, follow
from sandik.ingest.live.frames_zstd import load_unzstd
from sandik.ingest.live.jetstream import DEFAULT_URL, Jetstream
from sandik.ingest.live.mastodon import STREAMS, Mastodon

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://")

__all__ = ["LiveOptions", "follow", "is_live", "live_source"]


def is_live(name: str) -> bool:
    """Return whether the name is that of a live source, not of a file."""
    return name == "jetstream" or name.startswith("mastodon:") or _ADDRESS.match(name) is not None


def live_source(
    name: str,
    token_file: Path | None,
    zstd_dictionary: Path | None,
    tell: Callable[[str], object],
    include: Collection[str] = (),
) -> LiveSource:
    """Return the source of that name. `include`: those of EXTRAS to add to the text.

    Raises:
        UsageError: the address is not one of these, or a file cannot be read.
    """
    if name == "jetstream":
        return Jetstream(DEFAULT_URL, tell, load_unzstd(zstd_dictionary), include)
    if name.startswith("mastodon:"):
        name = f"https://{name.removeprefix('mastodon:').strip('/')}{STREAMS}public"
    if name.startswith(("ws://", "wss://")) and STREAMS.rstrip("/") in name:
        raise UsageError(
            f"{without_secrets(name)}: for Mastodon, pass the https address, such as {STREAMS}public"
        )
    if STREAMS in name and name.startswith(("http://", "https://")):
        return Mastodon(name, _token(token_file), tell, include)
    if name.startswith(("ws://", "wss://")):
        return Jetstream(name, tell, load_unzstd(zstd_dictionary), include)
    raise UsageError(
        f"{without_secrets(name)} is not a live source: use jetstream, mastodon:HOST, or a stream's address"
    )


def _token(path: Path | None) -> str | None:
    try:
        return None if path is None else path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--token-file {path} cannot be read: {error}") from error
