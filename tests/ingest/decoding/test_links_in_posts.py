import io
import json

from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.decoding.links import byte_spans, shows, with_whole_links
from sandik.ingest.formats import telegram, x
from sandik_schemas.post import Post

ADDRESSES = st.builds(
    "https://{}.example/{}".format,
    st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=8),
    st.text(st.sampled_from("abçş/-1"), max_size=20),
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=10)


@given(WORDS, ADDRESSES, st.integers(0, 30), st.sampled_from(["", "…", "..."]), WORDS)
def test_a_link_shown_shortened_becomes_its_address_and_nothing_else_changes(
    before: str, address: str, cut: int, end: str, after: str
) -> None:
    bare = address.removeprefix("https://")
    host = bare.partition("/")[0]
    shown = bare[: max(len(host), len(bare) - cut)] + end
    text = before + shown + after
    start = len(before.encode())

    spans = byte_spans(text, [(start, start + len(shown.encode()), address)])

    assert with_whole_links(text, spans) == before + address + after


@given(WORDS, st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40), ADDRESSES), max_size=4))
def test_spans_that_fit_nothing_change_nothing(text: str, spans: list[tuple[int, int, str]]) -> None:
    assert with_whole_links(text, byte_spans(text, spans)) == text or "." in text


def test_words_over_a_link_stay_and_so_do_whole_addresses() -> None:
    assert not shows("buradan", "https://a.example/x")
    assert not shows("haberin tamamı a.example", "https://a.example/x")
    assert not shows("https://a.example/x", "https://a.example/x")
    assert not shows("oy.ver", "https://a.example/x")
    assert shows("A.example/x", "https://www.a.example/x/")
    assert shows("a.example/?q=1…", "a.example/?q=1&r=2")


def test_links_of_x_and_telegram_come_whole_too() -> None:
    link = {"start": 5, "end": 16, "url": "https://t.co/x", "expanded_url": "https://aa.com.tr/x"}
    tweet = {"id": "1656700000000000010", "text": "Bak: aa.com.tr/x !", "entities": {"urls": [link]}}
    said = ["Bak: ", {"type": "link", "text": "aa.com.tr/x"}]
    message = {"id": 1, "date_unixtime": "1683828000", "text": said}
    chat = json.dumps({"id": 7, "type": "public_channel", "messages": [message]}).encode()

    [of_x] = x.convert(tweet)
    [of_telegram] = telegram.read(io.BytesIO(chat))
    assert [post.text for post in (of_x, of_telegram) if isinstance(post, Post)] == [
        "Bak: https://aa.com.tr/x !",
        "Bak: https://aa.com.tr/x",
    ]
