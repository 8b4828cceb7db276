"""The file of a report: what a post says stays text, nothing is loaded, and it is always the same bytes."""

import re
from html.parser import HTMLParser

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sandik.lexicon_tools.measured import OneMeasured
from sandik.report.charts import chart, top_share
from sandik.report.document import Report
from sandik.report.evidence import Seen
from sandik.report.highlights import marked
from sandik.report.page import page
from sandik.report.run_origin import Origin
from sandik_schemas.mention import Term
from sandik_schemas.pair import DEFAULT_PAIR
from tests.dashboard.builders import BASE_MS, a_mention
from tests.report.builders import Posts, figures_from, report_from
from tests.support.examples import examples

HOSTILE = [
    "<script>alert(1)</script>",
    "</style></svg><img src=https://evil.example/x onerror=alert(1)>",
    "\" onmouseover='alert(1)' x=\"",
    "<!-- ]]> --><a href=//evil.example>here</a>&amp;&#0;",
    "\x00\x1b[31m\u202e‮reversed\u2066\ud83d\ude00",
    "https://evil.example/ url(http://evil.example) @import 'x'",
]
#: The only tags that the page makes; anything else has come from a post.
OURS = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "strong", "div"}
OURS |= {"table", "thead", "tbody", "tr", "th", "td", "figure", "svg", "rect", "path", "text", "span", "b"}
OURS |= {"mark", "blockquote", "footer"}
VOID = {"meta"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "viewbox", "role"}
ATTRIBUTES |= {"aria-label", "d", "x", "y", "width", "height", "text-anchor", "dir", "style", "tabindex"}


class Reader(HTMLParser):
    """Collects tags, attributes and texts; fails on a tag that is not closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def a_report(
    text: str = "Seçim ve deepfake", *, name: str = "counts.csv", hides_texts: bool = False
) -> Report:
    """Return a report in which the text, or the name, stands wherever something from outside may."""
    posts: Posts = {
        (3, language, tag): 5 for language in ("tr", text) for tag in ("all", "both", "election", text)
    }
    terms = (Term(text, "deepfake", 1, 3), Term("t", text, 4, 9))
    mention = a_mention(
        200,
        tags=("deepfake", "election"),
        terms=terms,
        id=text,
        language=text,
        created_at_ms=BASE_MS + 200_000,
    )
    origin = Origin(name, notices=(name,))
    return report_from(posts, [Seen(mention, text)], origin=origin, hides_texts=hides_texts)


def _without_style(html: str) -> str:
    return re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


@examples(60)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1)))
def test_what_stands_in_a_post_stays_text(text: str) -> None:
    html = page(a_report(text, name=text)).decode()
    reader = Reader(html)
    assert reader.tags <= OURS
    assert reader.attributes <= ATTRIBUTES
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", html)


def test_a_text_is_there_to_the_letter() -> None:
    for text in (HOSTILE[0], HOSTILE[3], HOSTILE[5]):
        shown = "".join(Reader(page(a_report(text)).decode()).texts)
        assert text in shown


def test_the_file_loads_nothing() -> None:
    for text in HOSTILE:
        html = page(a_report(text)).decode()
        reader = Reader(html)
        assert not reader.attributes & {"src", "href", "srcset", "xlink:href", "action", "data", "background"}
        assert not reader.tags & {"script", "link", "iframe", "img", "object", "embed", "base", "form"}
        [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        assert not re.search(r"url\(|@import|https?:|//", style)
    assert "http" not in _without_style(page(a_report()).decode()).replace("http-equiv", "")
    assert "default-src 'none'" in html


def test_the_same_report_gives_the_same_bytes() -> None:
    assert page(a_report()) == page(a_report())


def test_without_texts_the_file_has_none() -> None:
    told = "Seçimde görülen deepfake"
    mention = a_mention(200, id="x:1234567", tags=("deepfake", "election"), created_at_ms=BASE_MS + 200_000)
    posts: Posts = {(3, "tr", tag): 1 for tag in ("all", "both")}
    shown, hidden = (
        page(report_from(posts, [Seen(mention, told)], hides_texts=hides)).decode() for hides in (False, True)
    )
    assert "x:1234567" in shown
    assert "görülen" in shown
    assert "x:1234567" not in hidden
    assert "görülen" not in hidden
    assert "partition 0, offset 200" in hidden


positions = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda pair: Term("t", "election", min(pair), max(pair))
)


@given(st.text(alphabet='ab<&"😀ğ', max_size=40), st.lists(positions, max_size=6))
def test_marking_changes_no_letter_of_a_text(text: str, terms: list[Term]) -> None:
    assert "".join(Reader(marked(text, terms, DEFAULT_PAIR)).texts) == text


def test_a_term_is_marked_where_it_stands_though_letters_are_of_several_bytes() -> None:
    assert marked("😀<ğ>deepfake", [Term("deepfake", "deepfake", 4, 12)], DEFAULT_PAIR) == (
        '😀&lt;ğ&gt;<mark class="tag-with">deepfake</mark>'
    )


def test_a_chart_breaks_its_line_where_nobody_spoke_of_the_election_and_has_a_bar_for_every_step() -> None:
    posts: Posts = {
        (minute, "tr", tag): 4 if tag == "election" else 1
        for minute in (0, 1, 2, 10, 59)
        for tag in ("all", "election", "both")
    }
    figures = figures_from(posts)
    [_, turkish] = figures.languages
    svg = chart(turkish, [], figures, top_share(figures.languages))
    [line] = re.findall(r'<path class="share" d="([^"]*)"', svg)
    assert (line.count("M"), line.count("L")) == (3, 2)
    assert svg.count('class="band"') == svg.count('class="base"') == svg.count('class="both"') == 5
    assert "1 of 4, 25\N{NO-BREAK SPACE}% (4.6\N{NO-BREAK SPACE}% to 70\N{NO-BREAK SPACE}%)" in svg
    numbers = [float(found) for found in re.findall(r' (?:x|y|width|height)="([-\d.]+)"', svg)]
    assert min(numbers) >= 0
    assert max(numbers) <= 900


@given(st.floats(0, 1))
def test_no_share_stands_above_the_scale(share: float) -> None:
    election = 1_000
    posts: Posts = {
        (0, "tr", "all"): election,
        (0, "tr", "election"): election,
        (0, "tr", "both"): round(share * election),
    }
    assert top_share(figures_from(posts).languages) >= round(share * election) / election


def test_an_empty_time_is_a_page_too() -> None:
    html = page(report_from({(500, "tr", "all"): 1})).decode()
    assert "No posts were counted in this period" in html
    Reader(html)


def test_the_page_says_how_right_the_tags_are_or_that_nobody_knows() -> None:
    report = report_from({(0, "tr", "all"): 2, (0, "tr", "election"): 1})
    one = OneMeasured("tr", "tweets", "election", 53, 58, 0.94, 0.85, 0.98, 0.76, 0.61, 0.86)
    known = msgspec.structs.replace(report.method, measured={"lex-1": (one,)})

    assert "not measured" in page(report).decode()
    html = page(msgspec.structs.replace(report, method=known)).decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "not measured" not in html
    assert (
        "election, Turkish (tr), tweets: 94 % (85 % to 98 %) of the tagged posts are about it, 76 %" in html
    )
