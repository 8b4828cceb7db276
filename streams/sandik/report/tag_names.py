"""What tags are called in the sentences of a report: the usual pair in plain words, others by name. Pure."""

from sandik_schemas.pair import DEFAULT_PAIR, Pair

#: Of a tag: what posts with it are, what they do besides, and what the talk is about.
_KNOWN = {
    "election": ("about the election", "are about the election", "Election", "the talk about the election"),
    "deepfake": ("about deepfakes", "speak of deepfakes", "deepfakes", "the talk about deepfakes"),
}


def about(tag: str | None) -> str:
    """Return what posts with the tag are: `about the election`."""
    if tag is None:
        return "with a tag"
    return _KNOWN[tag][0] if tag in _KNOWN else f"tagged {tag}"


def too(pair: Pair) -> str:
    """Return what posts of the pair do besides: `speak of deepfakes, too`."""
    return f"{_and([_KNOWN[tag][1] if tag in _KNOWN else f'are tagged {tag}' for tag in others(pair)])}, too"


def others(pair: Pair) -> list[str]:
    """Return the tags of the pair but for its base."""
    return [tag for tag in pair.of if tag != pair.base]


def heading(pair: Pair | None) -> str:
    """Return the question that the report answers."""
    if pair is None:
        return "How much was spoken of what"
    if pair == DEFAULT_PAIR:
        return "How much of the talk about the election speaks of deepfakes"
    return f"How many of the posts {about(pair.base)} {too(pair)}"


def title(pair: Pair | None) -> str:
    """Return a short name of it."""
    if pair is None:
        return "Posts by tag"
    names = [_KNOWN[tag][2] if tag in _KNOWN else tag for tag in (pair.base, *others(pair))]
    return _and(names)


def counted_how(pair: Pair | None) -> str:
    """Return how posts come to be counted, and what the share is of."""
    if pair == DEFAULT_PAIR:
        what = "is about the election, or speaks of deepfakes,"
        share = " The share is of the posts about the election those that do both."
    else:
        what = "has a tag"
        share = (
            "" if pair is None else f" The share is of the posts {about(pair.base)} those that {too(pair)}."
        )
    return (
        f"A post {what} when it holds such a term of the lexicon.{share} Posts are counted by detected "
        "language, in windows of the time at which they were written."
    )


def _and(parts: list[str]) -> str:
    return " and ".join(parts)
