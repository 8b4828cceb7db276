import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.decoding.markup import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Oy</p>", "Oy"),
        ("<p>Bir</p><p>İki</p>", "Bir\n\nİki"),
        ("<p>Bir<br>iki<br/>üç<BR />dört</p>", "Bir\niki\nüç\ndört"),
        ("<p>Kaynakta\nsatır</p>\n\n<p>sonu</p>", "Kaynakta satır\n\nsonu"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("A &amp; B &lt;C&gt; &#39;D&#39;", "A & B <C> 'D'"),
        ("<p>&amp;amp;</p>", "&amp;"),
        (
            '<a href="x"><span class="invisible">https://</span>a.example/<span>b</span></a>',
            "https://a.example/b",
        ),
        ("<p>görünür</p><script>alert(1)</script><style>p{}</style>", "görünür"),
        ("<p>#<span>Seçim</span> <b>g</b>ünü</p>", "#Seçim günü"),
        ("", ""),
        ("<p></p>", ""),
        ("düz metin", "düz metin"),
    ],
)
def test_the_text_is_what_a_reader_sees(html: str, text: str) -> None:
    assert html_to_text(html) == text


@given(st.text(alphabet="<>p/br &;a\"='!-\n", max_size=40))
def test_any_markup_gives_text_that_can_be_written(html: str) -> None:
    html_to_text(html).encode()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            'Haber: <a href="https://aa.com.tr/tr/secim-2023/x" rel="nofollow">aa.com.tr/tr/secim-2023/…</a>',
            "Haber: https://aa.com.tr/tr/secim-2023/x",
        ),
        (
            '<a class="x" href="https://a.example/?a=1&amp;b=2">a.example/?a=1&amp;b=…</a> x',
            "https://a.example/?a=1&b=2 x",
        ),
        ('<a href="https://a.example/x">seçim haberi</a>', "seçim haberi"),
        ('<a href="https://m.example/@ali">@ali@m.example</a>', "@ali@m.example"),
        ('<a href="https://m.example/tags/oy">#oy</a>', "#oy"),
    ],
)
def test_a_link_shown_shortened_comes_whole_and_words_over_one_stay(html: str, text: str) -> None:
    assert html_to_text(html) == text
