"""`sandik report`: the figures of a period as an HTML file, and its charts as pictures. No timestamps."""

import sys
from collections.abc import Iterator
from pathlib import Path

from sandik.clock import SystemClock
from sandik.errors import UsageError
from sandik.figures.statistics import BASELINE_BUCKETS
from sandik.files.atomic import check_free, new_file
from sandik.kafka.ranges import bounds_ms, duration_ms
from sandik.printing import print_json
from sandik.progress import progress, tell
from sandik.report.document import Report, report_of
from sandik.report.gather import Order, gather_accuracy, gather_counted, gather_evidence, gather_sources
from sandik.report.page import page
from sandik.report.pdf import chromium, write_pdf
from sandik.report.period import Period, period_of
from sandik.report.pictures import check_drawable, write_pictures
from sandik.report.series import figures_of
from sandik.report.words import Words, words_of
from sandik.settings import Settings


def run_report(order: Order, settings: Settings, *, json: bool) -> int:
    """Write the report; print where it is.

    Raises:
        UsageError: an output cannot be written, or there are no counts in the period.
        SandikError: Kafka or a topic is unavailable.
    """
    _check(order, json=json)
    report, words = make_report(order, settings), words_of(order.lang)
    if order.out or order.pdf:
        written = page(report, words)
        if order.out:
            with new_file(order.out, replaces=order.force) as new:
                new.write_bytes(written)
            tell(f"{order.out.stat().st_size:,} bytes")
        if order.pdf:
            write_pdf(written, order.pdf, chromium(), replaces=order.force)
    pictures = write_pictures(report, order.png, words) if order.png else []
    if json:
        print_json(report)
    else:
        sys.stdout.writelines(f"{path}\n" for path in (order.out, order.pdf, *pictures) if path)
    return 0


def _check(order: Order, *, json: bool) -> None:
    if order.png is not None:
        _check_folder(order.png, force=order.force)
    if order.pdf is not None:
        chromium()
    if not (json or order.out or order.png or order.pdf):
        raise UsageError(
            "the report needs an output: a file that ends in .html, --pdf FILE, --png FOLDER for pictures, "
            "or --json for the figures only"
        )
    for file, suffixes in ((order.out, (".html", ".htm")), (order.pdf, (".pdf",))):
        if file is None:
            continue
        if file.suffix not in suffixes:
            raise UsageError(f"{file}: name it {suffixes[0]}")
        if not file.absolute().parent.is_dir():
            raise UsageError(f"{file}: no such folder: {file.parent}")
        check_free([file], replaces=order.force)


def _check_folder(png: Path, *, force: bool) -> None:
    check_drawable()
    if png.exists() and not png.is_dir():
        raise UsageError(f"--png {png} is a file: name a folder")
    if not png.absolute().parent.is_dir():
        raise UsageError(f"--png {png}: no such folder: {png.parent}")
    if not force and png.exists() and any(png.iterdir()):
        raise UsageError(f"--png {png} is not empty: choose another folder, or add --force")


def make_report(order: Order, settings: Settings) -> Report:
    """Read the data and return the report.

    Raises:
        SandikError: as `run_report`.
    """
    now_ms = SystemClock().now_ms()
    from_ms, to_ms = bounds_ms(order.from_, order.to, now_ms)
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise UsageError(f"--from {order.from_} is not before --to {order.to}")
    step_ms = None if order.step is None else duration_ms(order.step)
    since_ms = None
    if from_ms is not None:
        since_ms = from_ms - _before_ms((to_ms or now_ms) - from_ms, step_ms, settings.window_size_ms)
    counted, origin = gather_counted(order, settings, since_ms, to_ms)
    cells = counted.cells
    if cells.first_ms is None or cells.last_ms is None:
        raise UsageError(f"{order.counts} has no counts in this period")
    period = period_of((from_ms, to_ms), (cells.first_ms, cells.last_ms), cells.window_size_ms, step_ms)
    with progress("summing up the counts"):
        figures = figures_of(cells, period, origin.pairs)
    if not figures.languages:
        raise UsageError(f"{order.counts} has no counts in this period")
    accuracy = gather_accuracy(order, counted)
    evidence, texts, notices = gather_evidence(order, settings, figures, counted, origin)
    sources = gather_sources(order, settings, figures)
    words = words_of(order.lang)
    notices = [*_cut(period, from_ms, to_ms, words), *notices]
    hides_texts = not order.texts
    return report_of(
        figures,
        counted,
        origin,
        evidence,
        texts,
        hides_texts=hides_texts,
        notices=notices,
        accuracy=accuracy,
        sources=sources,
        words=words,
    )


def _before_ms(length_ms: int, step_ms: int | None, window_ms: int) -> int:
    """Return how long before a period the steps begin with which its bursts are compared.

    Where no step is asked for, these are shorter than twice the period, or they are windows.
    """
    return max(2 * length_ms, (BASELINE_BUCKETS + 1) * max(step_ms or 0, window_ms))


def _cut(period: Period, from_ms: int | None, to_ms: int | None, words: Words) -> Iterator[str]:
    """Yield a notice if the whole windows are longer than the requested period."""
    asked = period.from_ms if from_ms is None else from_ms, period.to_ms if to_ms is None else to_ms
    if asked == (period.from_ms, period.to_ms):
        return
    told = words.span(period.from_ms, period.to_ms)
    notice = words.say("notice_cut", asked=words.span(*asked), told=told)
    tell(notice)
    yield notice
