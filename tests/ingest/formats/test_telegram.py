import io
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.formats import telegram
from sandik.ingest.formats.telegram import read
from sandik.ingest.items import Item, Rejected, RejectReason, Skipped, SkipReason
from sandik_schemas.post import Post


def a_message(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "message",
        "date": "2023-05-11T21:00:00",
        "date_unixtime": str(1_683_828_000 + number),
        "from": "Bir kanal",
        "from_id": "channel77",
        "text": "oy",
        "text_entities": [{"type": "plain", "text": "oy"}],
    } | fields


def a_chat(*messages: dict[str, Any], chat_id: int = 77) -> dict[str, Any]:
    return {"name": "Bir kanal", "type": "public_channel", "id": chat_id, "messages": list(messages)}


def read_json(file: object) -> list[Item]:
    return list(read(io.BytesIO(json.dumps(file).encode())))


def the_post(message: dict[str, Any]) -> Post:
    [post] = read_json(a_chat(message))
    assert isinstance(post, Post)
    return post


def test_a_message_becomes_a_post_at_its_unix_time() -> None:
    post = the_post(a_message(5))

    assert post == Post(
        id="telegram:77:5",
        source="telegram",
        created_at_ms=1_683_828_005_000,
        text="oy",
        author_id="channel77",
        source_detail="77",
    )


def test_text_in_parts_is_joined_and_hashtags_are_taken_from_it() -> None:
    parts = ["Oyumu ", {"type": "bold", "text": "verdim"}, " ", {"type": "hashtag", "text": "#Seçim"}]
    post = the_post(a_message(1, text=parts))

    assert post.text == "Oyumu verdim #Seçim"
    assert post.hashtags == ("Seçim",)


def test_hashtags_of_a_plain_text_come_from_its_entities() -> None:
    post = the_post(a_message(1, text="#Oy ver", text_entities=[{"type": "hashtag", "text": "#Oy"}]))

    assert post.hashtags == ("Oy",)


def test_replies_and_forwards_are_kept() -> None:
    post = the_post(
        a_message(9, reply_to_message_id=3, forwarded_from="Başka", forwarded_from_id="channel12")
    )

    assert post.reply_to == "telegram:77:3"
    assert post.repost_of == "telegram:12"
    assert the_post(a_message(9, forwarded_from="Başka")).repost_of == "telegram:Başka"
    elsewhere = the_post(a_message(9, reply_to_message_id=3, reply_to_peer_id="channel12"))
    assert elsewhere.reply_to == "telegram:12:3"


@pytest.mark.parametrize(
    "missing", [{"date_unixtime": None}, {"date_unixtime": "noon"}, {"date_unixtime": "9" * 4300}]
)
def test_local_time_without_unix_time_is_unreadable(missing: dict[str, Any]) -> None:
    [item] = read_json(a_chat(a_message(1, **missing)))

    assert isinstance(item, Rejected)
    assert (item.where, item.reason) == ("message 1", RejectReason.BAD_TIME)


def test_service_and_unsupported_messages_are_skipped_not_unreadable() -> None:
    items = read_json(a_chat(a_message(1, type="service"), a_message(2), a_message(3, type="unsupported")))

    assert [(item.where, item.reason) for item in items if isinstance(item, Skipped)] == [
        ("message 1", SkipReason.SERVICE),
        ("message 3", SkipReason.UNSUPPORTED),
    ]
    assert len(items) == 3


def test_one_broken_message_costs_only_itself() -> None:
    items = read_json(a_chat(a_message(1), {"id": "two"}, a_message(3, text=7), a_message(4)))

    assert [item.id for item in items if isinstance(item, Post)] == ["telegram:77:1", "telegram:77:4"]
    assert [(item.where, item.reason) for item in items if isinstance(item, Rejected)] == [
        ("message 2", RejectReason.NOT_A_POST),
        ("message 3", RejectReason.NOT_A_POST),
    ]


def test_control_characters_as_the_exporter_writes_them_are_repaired() -> None:
    data = json.dumps(a_chat(a_message(1, text="a?b \\x41 c"))).encode().replace(b"a?b", rb"a\x0Bb")
    with pytest.raises(json.JSONDecodeError):
        json.loads(data)

    [post] = read(io.BytesIO(data))
    assert isinstance(post, Post)
    assert post.text == "a\x0bb \\x41 c"


def test_a_full_export_yields_the_messages_of_all_chats() -> None:
    items = read_json(
        {
            "about": "Here is the data you requested.",
            "chats": {"list": [a_chat(a_message(1)), a_chat(a_message(1), chat_id=78)]},
            "left_chats": {"list": [a_chat(a_message(2), chat_id=79)]},
        }
    )

    ids = [item.id for item in items if isinstance(item, Post)]
    assert ids == ["telegram:77:1", "telegram:78:1", "telegram:79:2"]


def a_channel_post(number: int, date: str) -> dict[str, Any]:
    return {
        "message_id": number,
        "sender_id": -1_000_000_000_077,
        "text": "Выборы",
        "date": date,
        "channel": "Канал",
        "category": "political",
    }


def test_a_flat_list_gives_the_same_ids_as_an_export() -> None:
    [post] = read_json([a_channel_post(5, "2023-05-11T21:00:05+03:00")])
    exported = the_post(a_message(5))

    assert isinstance(post, Post)
    assert (post.id, post.author_id, post.created_at_ms) == (
        "telegram:77:5",
        "channel77",
        exported.created_at_ms,
    )


@pytest.mark.parametrize("date", ["2023-05-11T21:00:05", "yesterday"])
def test_a_date_of_a_flat_list_needs_a_zone(date: str) -> None:
    [item] = read_json([a_channel_post(5, date)])

    assert isinstance(item, Rejected)
    assert item.reason == RejectReason.BAD_TIME


@given(st.lists(st.integers(0, 5), max_size=12))
def test_posts_come_oldest_first_whatever_the_order_of_the_archive(seconds: list[int]) -> None:
    messages = [
        a_message(number, date_unixtime=str(1_683_828_000 + second))
        for number, second in enumerate(seconds, start=1)
    ]
    posts = [item for item in read_json(a_chat(*reversed(messages))) if isinstance(item, Post)]

    assert [(post.created_at_ms, int(post.id.split(":")[2])) for post in posts] == sorted(
        (1_683_828_000_000 + second * 1000, number) for number, second in enumerate(seconds, start=1)
    )


@pytest.mark.parametrize("data", [b"", b"{}", b'{"messages": []}', b'"text"', b"[1", b"\xff", b"[" * 9999])
def test_a_file_that_is_no_archive_is_reported_once(data: bytes) -> None:
    *_, item = read(io.BytesIO(data))

    assert isinstance(item, Rejected)
    assert (item.where, item.reason) == ("file", RejectReason.NOT_AN_EXPORT)


def everything(*chats: dict[str, Any], left: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"about": "…", "chats": {"about": "…", "list": list(chats)}, "left_chats": {"list": list(left)}}


PRIVATE = [
    "personal_chat", "bot_chat", "saved_messages", "replies", "verification_codes", "private_group",
    "private_supergroup", "private_channel",
]  # fmt: skip


@pytest.mark.parametrize("kind", PRIVATE)
def test_private_talk_is_skipped_and_counted_and_read_where_it_may_be(kind: str) -> None:
    private = a_chat(a_message(1), a_message(2, text=7), chat_id=5) | {"type": kind}
    public = a_chat(a_message(3)) | {"type": "public_supergroup"}
    for export in (everything(private, public), everything(public, left=(private,))):
        items = read_json(export)
        assert [item.id for item in items if isinstance(item, Post)] == ["telegram:77:3"]
        skipped = [(item.reason, item.detail) for item in items if isinstance(item, Skipped)]
        assert skipped == [(SkipReason.NOT_PUBLIC, kind)] * 2
    assert {item.reason for item in read_json(private) if isinstance(item, Skipped)} == {"not_public"}

    read_all = read(io.BytesIO(json.dumps(private).encode()), private_chats=True)
    assert [item.id for item in read_all if isinstance(item, Post)] == ["telegram:5:1"]


def test_a_chat_may_say_what_it_is_after_its_messages() -> None:
    private = {"messages": [a_message(1)], "type": "personal_chat", "id": 5}
    public = {"messages": [a_message(2)], "id": 6, "type": "public_channel"}
    [skipped, post] = read_json(everything(private, public))
    assert isinstance(skipped, Skipped)
    assert isinstance(post, Post)


@pytest.mark.parametrize("question", ["Oyunuz?", ["Oy", {"type": "bold", "text": "unuz"}, "?"]])
def test_the_question_and_the_options_of_a_poll_are_text(question: object) -> None:
    poll = {"question": question, "answers": [{"text": "Evet", "voters": 1}, {"text": "Hayır"}]}
    assert the_post(a_message(1, text="", poll=poll)).text == "Oyunuz?\nEvet\nHayır"
    assert the_post(a_message(1, text="Bakın", poll=poll)).text == "Bakın\n\nOyunuz?\nEvet\nHayır"


def test_a_date_without_a_zone_is_read_in_the_one_that_is_said() -> None:
    zone = ZoneInfo("Europe/Istanbul")
    old = a_chat(a_message(5, date_unixtime=None))
    [post] = read(io.BytesIO(json.dumps(old).encode()), zone=zone)
    [flat] = read(io.BytesIO(json.dumps([a_channel_post(5, "2023-05-11T21:00:00")]).encode()), zone=zone)
    assert isinstance(post, Post)
    assert isinstance(flat, Post)
    assert post.created_at_ms == flat.created_at_ms == 1_683_828_000_000


def test_an_export_that_is_cut_off_gives_the_messages_before_the_cut_and_says_so() -> None:
    data = json.dumps(a_chat(*map(a_message, range(1, 40)))).encode()
    *posts, broken = read(io.BytesIO(data[: len(data) // 2]))
    assert 10 < len(posts) < 30
    assert all(isinstance(item, Post) for item in posts)
    assert isinstance(broken, Rejected)
    assert (broken.reason, f"after {len(posts)} messages" in broken.detail) == ("not_an_export", True)


def test_a_large_archive_comes_in_sorted_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram, "MAX_SORTED", 4)
    items = read_json(a_chat(*map(a_message, range(10, 0, -1))))
    assert [int(item.id.split(":")[2]) for item in items if isinstance(item, Post)] == [
        7, 8, 9, 10, 3, 4, 5, 6, 1, 2,
    ]  # fmt: skip
