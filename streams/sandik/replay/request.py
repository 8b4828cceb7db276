"""The options of `sandik replay`."""

from pathlib import Path
from typing import Any

import msgspec

from sandik.counting.source_names import SourceNames
from sandik.counting.windows.derived_sizes import DerivedSizes
from sandik.errors import UsageError
from sandik.kafka.ranges import duration_ms
from sandik.replay.plan import By, Plan
from sandik.settings import Settings

#: On the command line: none, even if the settings have some.
OFF = "off"


class Request(msgspec.Struct, frozen=True):
    """The options. Either `out`, a path, or `topic`, the RUN of `counts.RUN`."""

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

    @property
    def identity(self) -> "Request":
        """What identifies the replay: absolute paths, without options that do not change the result."""
        out = None if self.out is None else str(Path(self.out).absolute())
        files = tuple(str(Path(file).absolute()) for file in self.files)
        return msgspec.structs.replace(self, out=out, files=files, processes=None, force=False)


#: The file with the plan in the folder of an unfinished replay.
PLAN = "plan.json"


class Begun(msgspec.Struct, frozen=True):
    """An unfinished replay."""

    request: Request
    plan: Plan
    not_posts: int


def begun_in(folder: Path) -> Begun:
    """Return the unfinished replay in a folder. UsageError if it is something else."""
    try:
        links = [path for path in (folder, *folder.iterdir()) if path.is_symlink()]
        begun = msgspec.json.decode((folder / PLAN).read_bytes(), type=Begun)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{folder} is in the way, not an interrupted replay ({error}): move it, or choose another name"
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
    authors: bool | None,
    terms: bool | None,
    sources: str | None,
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
    if sources is not None:
        update["sources"] = _source_names(sources)
    return settings.model_copy(update=update)


def _source_names(sources: str) -> str:
    try:
        names = None if sources == OFF else SourceNames.parse(sources)
    except ValueError as error:
        raise UsageError(f"--sources: {error}") from error
    return names.rule if names else ""


def spans_of(hopping: str | None, session_gap: str | None, of_settings: DerivedSizes) -> DerivedSizes:
    """Return the derived windows of the command line (`1h/5m`, a duration), else of the settings."""
    size_ms, advance_ms = of_settings.hopping_size_ms, of_settings.hopping_advance_ms
    if hopping is not None:
        size_ms, advance_ms = (0, 0) if hopping == OFF else _hopping_ms(hopping)
    gap_ms = of_settings.session_gap_ms
    if session_gap is not None:
        gap_ms = 0 if session_gap == OFF else duration_ms(session_gap)
    return DerivedSizes(size_ms, advance_ms, gap_ms)


def _hopping_ms(hopping: str) -> tuple[int, int]:
    size, slash, advance = hopping.partition("/")
    if not slash:
        raise UsageError(f"--hopping {hopping}: write size and advance, such as 1h/5m, or {OFF}")
    return duration_ms(size), duration_ms(advance)
