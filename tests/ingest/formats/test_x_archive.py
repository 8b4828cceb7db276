"""An X account's archive: a zip of many files, of which some hold posts and one their long texts."""

import json
import zipfile
from pathlib import Path

import pytest

from sandik.errors import UsageError
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import Item, Skipped
from sandik_schemas.post import Post

LONG = "@veli Sandık başında bekleyenler için uzun bir yazı: " + "oy " * 200 + "ve en sonda seçim"
CREATED = "Thu May 11 18:00:00 +0000 2023"


def part(name: str, values: list[object]) -> str:
    return f"window.YTD.{name}.part0 = {json.dumps(values, indent=1, ensure_ascii=False)}"


def a_tweet(native_id: str, text: str) -> object:
    return {"tweet": {"id_str": native_id, "created_at": CREATED, "full_text": text, "entities": {}}}


FILES = {
    "data/account.js": part("account", [{"account": {"accountId": "1"}}]),
    "data/deleted-tweets.js": part("deleted_tweets", [a_tweet("1656700000000000019", "Silindi")]),
    "data/direct-messages.js": part("direct_messages", [{"dmConversation": {"messages": []}}]),
    "data/like.js": part("like", [{"like": {"tweetId": "1", "fullText": "Beğenildi"}}]),
    "data/note-tweet.js": part(
        "note_tweet",
        [
            {"noteTweet": {"noteTweetId": "1656700000000000099", "createdAt": "2023-05-11T18:00:01.000Z",
                           "core": {"text": LONG, "hashtags": []}}},
            {"noteTweet": {"noteTweetId": "1656700000000000098", "createdAt": "2023-05-11T18:00:01.000Z",
                           "core": {"text": "Başka bir uzun yazı", "hashtags": []}}},
        ],
    ),
    "data/tweets.js": part(
        "tweets",
        [
            a_tweet("1656700000000000010", LONG[:270] + "… https://t.co/abc"),
            a_tweet("1656700000000000011", "RT @ali: Sandık &amp; oy"),
            a_tweet("1656700000000000012", "Kısa"),
        ],
    ),
}  # fmt: skip
POSTS = [
    ("x:1656700000000000010", LONG, None),
    ("x:1656700000000000011", "RT @ali: Sandık & oy", "x:@ali"),
    ("x:1656700000000000012", "Kısa", None),
]


def shown(items: list[Item]) -> list[tuple[str, str, str | None]]:
    return [(item.id, item.text, item.repost_of) for item in items if isinstance(item, Post)]


def a_folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path / "data"


@pytest.mark.parametrize("is_backwards", [False, True])
def test_of_the_zip_only_posts_count_and_long_ones_are_whole(tmp_path: Path, is_backwards: bool) -> None:
    path = tmp_path / "twitter-2023.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in sorted(FILES.items(), reverse=is_backwards):
            archive.writestr(name, text)
    items = list(read([open_source(str(path), None)]))

    assert shown(items) == POSTS
    others = {item.where.rpartition("/")[2].rstrip(":") for item in items if isinstance(item, Skipped)}
    assert others == {Path(name).name for name in FILES} - {"tweets.js"}


def test_the_unpacked_files_give_the_same(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    items = list(read([open_source(str(folder / name), None) for name in ("note-tweet.js", "tweets.js")]))

    assert shown(items) == POSTS


def test_long_texts_alone_are_posts(tmp_path: Path) -> None:
    path = tmp_path / "note-tweet.js"
    path.write_text(FILES["data/note-tweet.js"])

    assert [text for _, text, _ in shown(list(read([open_source(str(path), None)])))] == [
        LONG,
        "Başka bir uzun yazı",
    ]


@pytest.mark.parametrize("name", ["deleted-tweets.js", "direct-messages.js", "like.js"])
def test_a_part_without_posts_says_what_it_is(tmp_path: Path, name: str) -> None:
    part_name = name.removesuffix(".js").replace("-", "_")
    with pytest.raises(UsageError, match=f"part '{part_name}' of an X account's archive"):
        open_source(str(a_folder(tmp_path) / name), None)


def test_an_archive_of_a_month_of_2013_is_read(tmp_path: Path) -> None:
    path = tmp_path / "2013_05.js"
    link = {"url": "aa.com.tr/x", "expanded_url": "http://aa.com.tr/x", "indices": [6, 17]}
    tweet = {
        "id_str": "335000000000000010",
        "created_at": "2013-05-16 12:00:00 +0000",
        "text": "Eski: aa.com.tr/x !",
        "entities": {"urls": [link]},
        "user": {"id_str": "7"},
    }
    path.write_text(f"Grailbird.data.tweets_2013_05 = {json.dumps([tweet], indent=1)}")

    [post] = read([open_source(str(path), None)])
    assert isinstance(post, Post)
    assert (post.id, post.created_at_ms, post.author_id) == ("x:335000000000000010", 1_368_705_600_000, "7")
    assert post.text == "Eski: http://aa.com.tr/x !"
