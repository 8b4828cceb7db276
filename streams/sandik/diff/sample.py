"""A sample of posts that only one of two results tags, for coders: a folder as by `sandik sample`."""

from collections import Counter
from pathlib import Path

from sandik.counting.labels import iso
from sandik.counting.tags.lexicon import read_lexicon
from sandik.diff.one_sided import LANGUAGE_ONLY
from sandik.errors import UsageError
from sandik.hand_coding.codebook import codebook
from sandik.hand_coding.design import SCHEMA_VERSION, Design
from sandik.hand_coding.draw import Draw
from sandik.hand_coding.sample import Drawn, ids_of, strata_of, write_sample
from sandik.progress import tell
from sandik.replay.compared_posts import Example
from sandik.replay.manifest import Manifest
from sandik_schemas.languages import languages_in

Manifests = tuple[Manifest, Manifest]


def write_differences(
    out: Path, drawn_by: tuple[int, int], manifests: Manifests, draw: Draw[Example]
) -> None:
    """Write the folder. `drawn_by`: the seed, and the number of posts of each kind.

    Raises:
        UsageError: the two tag the same posts.
    """
    drawn = [(stratum, post) for stratum, _, post in draw.drawn() if stratum.kind != LANGUAGE_ONLY]
    if not drawn:
        raise UsageError("the two tag the same posts: there is nothing to code")
    posts = Counter({one: count for one, count in draw.posts.items() if one.kind != LANGUAGE_ONLY})
    shown = [Drawn(post.id, iso(post.created_at_ms), post.before.language, post.text) for _, post in drawn]
    lexicons = [read_lexicon(manifest.plan.rules.lexicon) for manifest in manifests]
    known = {tag for lexicon in lexicons for tag in lexicon.rows}
    of_pairs = (tag for one in manifests for pair in one.pairs for tag in pair.of if tag in known)
    tags = tuple(dict.fromkeys([*of_pairs, *sorted(known)]))
    strata = strata_of(posts, [stratum for stratum, _ in drawn])
    lexicon_version, detector_version = _versions(manifests)
    design = Design(
        SCHEMA_VERSION,
        *drawn_by,
        from_ms=None,
        to_ms=None,
        languages=[],
        lexicon_version=lexicon_version,
        detector_version=detector_version,
        tags=tags,
        pairs=(),
        strata=strata,
        ids=ids_of(shown),
    )
    rows = {tag: [row for lexicon in lexicons for row in lexicon.rows.get(tag, [])] for tag in tags}
    languages = sorted({one for post in shown for one in languages_in(post.language)})
    written = write_sample(out, design, codebook(rows, tags, languages, lexicon_version), shown)
    tell(f"for coders: {', '.join(written)}, codebook.md; not for them: design.json")


def check_design(path: Path, design: Design, manifests: Manifests) -> None:
    """Raise UsageError unless the sample was drawn for these two results."""
    if (design.lexicon_version, design.detector_version) != _versions(manifests):
        raise UsageError(
            f"{path} is a sample by {design.lexicon_version}, not of the differences between these two: draw "
            "one with --sample"
        )


def _versions(manifests: Manifests) -> tuple[str, str]:
    """Return the lexicons and the detectors of both, in order."""
    lexicons = (one.plan.rules.lexicon_version for one in manifests)
    detectors = dict.fromkeys(one.plan.rules.detector_version for one in manifests)
    return " and ".join(lexicons), " and ".join(detectors)
