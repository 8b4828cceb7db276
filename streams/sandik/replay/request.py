"""What `sandik replay` is asked for, as its options say it."""

from pathlib import Path
from typing import Any

import msgspec

from sandik.counting.windows.derived import DerivedSizes
from sandik.errors import UsageError
from sandik.kafka.ranges import duration_ms
from sandik.replay.plan import By, Plan
from sandik.settings import Settings


class Request(msgspec.Struct, frozen=True):
    """What the command line asks for. `out` is a path, `topic` the RUN of `counts.RUN`: one of them."""

    out: str | None
    topic: str | None
    files: tuple[str, ...] = ()
    reading: dict[str, str | None] = {}
    from_: str | None = None
    to: str | None = None
    by: By = "event"
    finals_only: bool = False
    spans: DerivedSizes = DerivedSizes()
    processes: int | None = None
    force: bool = False


#: The file of a replay's folder that says what is under way.
PLAN = "plan.json"


class Begun(msgspec.Struct, frozen=True):
    """A replay that is under way."""

    request: Request
    plan: Plan
    not_posts: int


def begun_in(folder: Path) -> Begun:
    """Return what is under way in a folder. UsageError if that is not what a replay leaves behind."""
    try:
        links = [path for path in (folder, *folder.iterdir()) if path.is_symlink()]
        begun = msgspec.json.decode((folder / PLAN).read_bytes(), type=Begun)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{folder} is in the way, and no interrupted replay ({error}): move it, or choose another name"
        ) from error
    wrong = f"{links[0]} is a link" if links else begun.plan.wrong()
    if wrong:
        raise UsageError(f"{folder} is no interrupted replay: {wrong}. Move it, or choose another name")
    return begun


def with_rules(
    settings: Settings,
    lexicon: str | None,
    detector: str | None,
    window: str | None,
    authors: bool | None = None,
    terms: bool | None = None,
) -> Settings:
    """Return the settings with the rules of the command line."""
    update: dict[str, Any] = {}
    if lexicon is not None:
        update["lexicon"] = lexicon
    if detector is not None:
        update["detector"] = detector
    if window is not None:
        update["window_size_ms"] = duration_ms(window)
    if authors is not None:
        update["authors"] = "sketch" if authors else "off"
    if terms is not None:
        update["terms"] = "count" if terms else "off"
    return settings.model_copy(update=update)


def spans_of(hopping: str | None, session_gap: str | None) -> DerivedSizes:
    """Return the derived windows of the command line: `1h/5m`, and a duration."""
    size, slash, advance = (hopping or "").partition("/")
    if hopping and not slash:
        raise UsageError(f"--hopping {hopping}: write size and advance, such as 1h/5m")
    return DerivedSizes(
        duration_ms(size) if hopping else 0,
        duration_ms(advance) if hopping else 0,
        duration_ms(session_gap) if session_gap else 0,
    )
