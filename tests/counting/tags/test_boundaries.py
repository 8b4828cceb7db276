"""Where links, names and hashtags stand."""

from hypothesis import given
from hypothesis import strategies as st

from sandik.counting.tags.boundaries import _MARKUP, Markup, Refusal

#: Pieces that links, names and hashtags are made of, and what may stand between two of them.
pieces = st.sampled_from(
    ["#", "＃", "@", "oy", "Seçim", "https://t.co/", "WWW.", "a.b", " ", "  ", "\n", "\t", "\u00a0", "́", "'"]
)


@given(st.lists(pieces, max_size=14).map("".join), st.data())
def test_looking_where_asked_finds_what_looking_everywhere_would(text: str, data: st.DataObject) -> None:
    markup = Markup(text)
    for at in data.draw(st.lists(st.integers(0, max(0, len(text) - 1)), max_size=8)):
        around = next((found for found in _MARKUP.finditer(text) if found.start() <= at < found.end()), None)
        expected: Refusal | None = Refusal.INSIDE_WORD
        if around is not None:
            expected = Refusal.IN_LINK_OR_NAME if around["hashtag"] is None else None

        assert markup.refusal(at, at, Refusal.INSIDE_WORD, is_glued=False) == expected
