"""What the counts have to be, by a plain loop that shares no counting code with the workers."""

from collections import Counter
from collections.abc import Sequence

from sandik.counting.job import Job


def single_pass(posts: Sequence[tuple[int, str, str | None]], job: Job) -> Counter[bytes]:
    """Count posts (created_at_ms, text, lang_hint) by the key of their cells; the models are the workers'."""
    truth: Counter[bytes] = Counter()
    size_ms = job.timing.window_size_ms
    annotations = job.annotate([text for _, text, _ in posts], [hint for _, _, hint in posts])
    for (created_at_ms, _, _), annotation in zip(posts, annotations, strict=True):
        start_ms = created_at_ms // size_ms * size_ms
        tags = {"all"} | set(annotation.tags)
        if {"election", "deepfake"} <= tags:
            tags.add("both")
        for tag in tags:
            truth[f"{start_ms}|{size_ms}|{annotation.language.code}|{tag}".encode()] += 1
    return truth
