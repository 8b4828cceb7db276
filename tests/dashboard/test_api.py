"""`/api` over HTTP: answers by their schema, filters, refusals, and who may ask."""

import json
import re
from types import SimpleNamespace
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.clock import SystemClock
from sandik.dashboard.api_types import parse_query
from sandik.dashboard.openapi import SCHEMA, openapi
from sandik.dashboard.service import Board
from sandik.dashboard.web import STATIC
from sandik.figures.corrected import Accuracy, CodedStratum
from sandik.figures.suited_step import SUITABLE_MS
from sandik.lexicon_tools.measured import last_measured, last_measured_detector
from sandik.settings import Settings
from sandik_schemas.pair import DEFAULT_PAIR
from tests.dashboard.builders import BASE_MS, MINUTE_MS, a_count, a_mention
from tests.dashboard.conftest import Client, serving

DEFINITIONS = json.loads(SCHEMA.read_text())["$defs"]


def validate(name: str, value: object) -> None:
    jsonschema.Draft202012Validator({"$defs": DEFINITIONS, "$ref": f"#/$defs/{name}"}).validate(value)


def fill(board: Board) -> None:
    counts = [
        a_count(tag, language, minute=minute, count=9 - minute, is_final=minute < 2, late_count=1)
        for tag in ("all", "election", "both")
        for language in ("tr", "ru")
        for minute in range(3)
    ]
    board.model.add(counts, 0)
    board.model.add_sources([msgspec.structs.replace(one, source="x") for one in counts])
    board.examples.add([a_mention(0), a_mention(1, tags=("deepfake", "election"))])


async def ask(client: Client, path: str, **parameters: Any) -> Any:
    async with client.get(path, params=parameters) as response:
        assert response.status == 200, await response.text()
        return await response.json()


@pytest.mark.parametrize("is_empty", [True, False])
@pytest.mark.parametrize(
    "name", ["counts", "headline", "status", "posts", "terms", "where", "where?by=source"]
)
async def test_every_answer_is_as_the_schema_says(
    board: Board, client: Client, name: str, is_empty: bool
) -> None:
    if not is_empty:
        fill(board)

    validate(name.partition("?")[0], await ask(client, f"/api/{name}"))


async def test_the_schema_itself_is_valid_and_is_served(client: Client) -> None:
    served = await ask(client, "/api/schema")

    jsonschema.Draft202012Validator.check_schema(served)
    assert served["$defs"] == DEFINITIONS


async def test_rows_can_be_chosen_by_language_tag_time_and_roll_up(board: Board, client: Client) -> None:
    fill(board)

    answer = await ask(
        client,
        "/api/counts",
        language="*,ru",
        tag="election",
        rollup_ms=2 * MINUTE_MS,
        from_ms=BASE_MS,
        to_ms=BASE_MS + 2 * MINUTE_MS,
    )

    assert [(row["language"], row["counts"]) for row in answer["rows"]] == [
        ("*", {"election": 34}),
        ("ru", {"election": 17}),
    ]
    assert answer["watermark_ms"] == BASE_MS + 2 * MINUTE_MS


@given(
    st.dictionaries(st.tuples(st.integers(0, 200), st.sampled_from(["tr", "ru"])), st.integers(1, 9)),
    st.integers(1, 2_000),
    st.integers(-30, 230),
    st.none() | st.integers(-30, 230),
    st.integers(0, MINUTE_MS - 1),
)
def test_whatever_is_asked_for_the_rows_sum_to_the_posts_of_that_time(
    posts: dict[tuple[int, str], int], rollup: int, first: int, last: int | None, extra_ms: int
) -> None:
    board = Board(Settings(broker="127.0.0.1:1"), SystemClock(), from_ms=None, hides_texts=True, tell=print)
    board.model.add(
        [a_count(language=code, minute=minute, count=n) for (minute, code), n in posts.items()], 0
    )
    asked = {"rollup_ms": rollup * MINUTE_MS, "from_ms": BASE_MS + first * MINUTE_MS + extra_ms}
    if last is not None:
        last = max(first, last)
        asked["to_ms"] = BASE_MS + last * MINUTE_MS + extra_ms
    query = parse_query({name: str(value) for name, value in asked.items()}, MINUTE_MS)

    answer = json.loads(board.counts_answer(query))

    end = 1 << 30 if last is None else last + (extra_ms > 0)  # a bound inside a window has the whole of it
    for language in ("tr", "ru", "*"):
        wanted = sum(
            n for (minute, code), n in posts.items() if language in ("*", code) and first <= minute < end
        )
        assert wanted == sum(
            row["current"]["all"] for row in answer["rows"] if row["language"] == language
        ), language
    assert answer["from_ms"] == asked["from_ms"] - extra_ms


async def test_a_span_ends_with_the_newest_window(board: Board, client: Client) -> None:
    fill(board)
    answer = await ask(client, "/api/counts", rollup_ms=3_600_000, span_ms=2 * MINUTE_MS, language="tr")

    assert [(row["start_ms"], row["counts"], row["current"]) for row in answer["rows"]] == [
        (BASE_MS, {"all": 8, "both": 8, "election": 8}, {"all": 7, "both": 7, "election": 7})
    ]
    assert answer["from_ms"] == BASE_MS + MINUTE_MS
    board.model.add([a_count(minute=120)], 0)  # two hours after all posts
    for name in ("posts", "terms"):
        assert (await ask(client, f"/api/{name}", span_ms=MINUTE_MS))[name] == []
        assert (await ask(client, f"/api/{name}"))[name] != []


async def test_windows_before_the_beginning_are_left_out_whatever_is_written_of_them_later() -> None:
    """Their other cells, which were written before, are not known: a sum of them would be too small."""
    settings = Settings(broker="127.0.0.1:1")
    board = Board(settings, SystemClock(), from_ms=BASE_MS, hides_texts=True, tell=print)
    records = [SimpleNamespace(value=msgspec.json.encode(a_count(minute=minute))) for minute in (0, -1, 1)]

    board.counts.take(records)

    assert board.model.cells.first_ms == BASE_MS


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"span_ms": "0"}, "span_ms must be a whole number"),
        ({"span_ms": "60000", "from_ms": "5"}, "leave out from_ms and to_ms, or span_ms"),
        ({"span_ms": "60000", "to_ms": "5"}, "leave out from_ms and to_ms, or span_ms"),
        ({"rollup_ms": "90000"}, "a multiple of the windows' 60000 ms: 60000 or 120000"),
        ({"rollup_ms": "hour"}, "or auto, not 'hour': an hour is 3600000"),
        ({"rollup_ms": "6h"}, "or auto, not '6h': that is 21600000"),
        ({"from_ms": "2023-05-11"}, "not '2023-05-11': that is 1683763200000"),
        ({"to_ms": "2023-05-11T21:00+03:00"}, "that is 1683828000000"),
        ({"from_ms": "2023-05-11T21:00"}, "not '2023-05-11T21:00': milliseconds since 1970-01-01T00:00Z"),
        ({"rollup_ms": "0"}, "rollup_ms must be a whole number"),
        ({"rollup_ms": "1e3"}, "rollup_ms"),
        ({"from_ms": "-5"}, "from_ms"),
        ({"from_ms": "٣"}, "from_ms"),
        ({"to_ms": "9" * 40}, "to_ms"),
        ({"language": ",".join(f"l{n}" for n in range(101))}, "language"),
        ({"tag": "x" * 65}, "tag"),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_the_reason(
    board: Board, client: Client, parameters: dict[str, str], reason: str
) -> None:
    fill(board)
    for path in ("/api/counts", "/api/headline", "/api/stream", "/api/posts"):
        async with client.get(path, params=parameters) as response:
            body = await response.json()

        assert response.status == 400
        validate("error", body)
        assert reason in body["error"]


async def test_more_rows_than_anybody_can_look_at_are_refused(board: Board, client: Client) -> None:
    board.model.add([a_count(minute=minute) for minute in range(20_001)], 0)

    async with client.get("/api/counts", params={"language": "tr"}) as response:
        assert response.status == 400
        assert "longer rollup_ms" in (await response.json())["error"]
    assert len((await ask(client, "/api/counts", language="tr", rollup_ms=3_600_000))["rows"]) == 334


async def test_hidden_texts_leave_no_trace_of_the_text(board: Board, client: Client) -> None:
    fill(board)

    for post in (await ask(client, "/api/posts"))["posts"]:
        assert (post["text"], post["text_state"], post["terms"]) == (None, "hidden", [])


async def test_while_kafka_is_away_a_text_is_unknown_and_nothing_breaks() -> None:
    board = Board(Settings(broker="127.0.0.1:1"), SystemClock(), from_ms=None, hides_texts=False, tell=print)
    fill(board)
    async for client in serving(board):
        posts = (await ask(client, "/api/posts"))["posts"]

    assert [(post["text"], post["text_state"]) for post in posts] == [(None, "unknown")] * 2


async def test_other_sites_are_not_let_in_unless_they_are_named(board: Board, client: Client) -> None:
    headers = {"Origin": "https://desk.example"}
    async with client.get("/api/status", headers=headers) as response:
        assert "Access-Control-Allow-Origin" not in response.headers

    async for named in serving(board, frozenset({"https://desk.example"})):
        async with named.get("/api/status", headers=headers) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "https://desk.example"
        async with named.get("/api/status", headers={"Origin": "https://other.example"}) as response:
            assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("path", ["/", "/api/status", "/static/app.js"])
async def test_nothing_but_the_page_s_own_files_may_run_or_be_asked(client: Client, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("evil.example:8080", 421),
        ("127.0.0.1.evil.example", 421),
    ],
)
async def test_a_foreign_name_for_this_machine_is_refused(client: Client, host: str, status: int) -> None:
    """Or a hostile site could have its own name point here, and read what its visitor's machine shows."""
    async with client.get("/api/status", headers={"Host": host}) as response:
        assert response.status == status


async def test_files_outside_the_page_s_folder_are_not_served(client: Client) -> None:
    for path in ("/static/../web.py", "/static/%2e%2e/web.py", "/static/"):
        async with client.get(path) as response:
            assert response.status in (403, 404)


def test_every_module_of_the_page_is_fetched_ahead() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    modules = {path.name for path in STATIC.glob("*.js")} - {"embed.js", "method.js"}  # of other pages

    assert modules == set(re.findall(r'"/static/([\w.]+\.js)"', page))


async def test_only_the_single_chart_may_be_framed(client: Client) -> None:
    pages = {"/": "'none'", "/method": "'none'", "/api/status": "'none'", "/embed": "*"}
    for path, framed_by in pages.items():
        async with client.get(path) as response:
            policy = response.headers["Content-Security-Policy"]

        assert response.status == 200
        assert policy.endswith(f"frame-ancestors {framed_by}")
        assert policy.startswith("default-src 'none'; script-src 'self'; ")


async def test_how_right_tags_and_languages_are_is_told_of_what_was_measured_and_of_nothing_else(
    board: Board, client: Client
) -> None:
    tags, detector = last_measured(), last_measured_detector()
    one = a_count(lexicon_version=tags.lexicon_version, detector_version=detector.detector_version)
    board.model.add([one], 0)
    told = await ask(client, "/api/status")
    board.model.add([a_count(minute=1)], 0)
    mixed = await ask(client, "/api/status")

    validate("status", told)
    assert told["measured"] == list(msgspec.to_builtins(tags.figures)) != []
    assert told["measured_detector"] == msgspec.to_builtins(detector)
    assert (mixed["measured"], mixed["measured_detector"]) == ([], None)


async def test_the_share_is_corrected_by_a_coded_sample_of_the_same_rules(board: Board) -> None:
    coded = [
        CodedStratum("tr", "test", kind, 100, 50, about)
        for kind, about in (
            ("deepfake+election", {"deepfake+election": 25, "election": 25}),
            ("election", {"election": 50}),
            ("rest", {"": 50}),
        )
    ]
    accuracy = Accuracy(1, "lex-1", "det-1", ("deepfake", "election"), (DEFAULT_PAIR,), 1, coded)
    board = Board(
        Settings(broker="127.0.0.1:1"),
        SystemClock(),
        from_ms=None,
        hides_texts=True,
        tell=print,
        accuracy=accuracy,
    )
    board.model.add([a_count(tag, count=n) for tag, n in (("all", 300), ("election", 200), ("both", 100))], 0)

    async for client in serving(board):
        told = await ask(client, "/api/headline")
        other = await ask(client, "/api/headline", among="tr,ru")
        board.model.add([a_count(minute=1, lexicon_version="lex-2")], 0)
        refused = await ask(client, "/api/headline")

    validate("headline", told)
    assert told["now"]["share"]["value"] == 0.5
    assert told["corrected"]["value"] == 0.25  # half of those tagged with both are about one only
    assert told["corrected"]["low"] < 0.25 < told["corrected"]["high"] < 0.5
    assert other["corrected"] is refused["corrected"] is None


async def test_a_source_that_is_not_counted_apart_is_refused_and_one_that_is_has_figures(
    board: Board, client: Client
) -> None:
    async with client.get("/api/headline", params={"source": "x"}) as refused:
        said = await refused.json()
    fill(board)

    assert (refused.status, said["error"]) == (
        400,
        "source x is not counted apart. None is: set SANDIK_SOURCES",
    )
    assert (await ask(client, "/api/status"))["sources"] == ["x", "other"]
    every, own, rest = [
        (await ask(client, "/api/headline", **asked))["now"]["posts"]
        for asked in ({}, {"source": "x"}, {"source": "other"})
    ]
    assert (own, rest) == (every, {})
    [part] = (await ask(client, "/api/where", by="source"))["parts"]
    assert (part["name"], part["posts"]) == ("x", own)
    async with client.get("/api/where", params={"source": "xx"}) as refused:
        assert "source xx is not counted apart" in (await refused.json())["error"]
    assert [post["source"] for post in (await ask(client, "/api/posts", source="other"))["posts"]] == [
        "test"
    ] * 2
    assert (await ask(client, "/api/posts", source="x"))["posts"] == []


async def test_a_source_of_which_only_channels_are_counted_apart_is_refused_for_the_rest_is_in_other(
    board: Board, client: Client
) -> None:
    board.model.add_sources([a_count(source="telegram/1"), a_count(source="other")])

    async with client.get("/api/headline", params={"source": "telegram"}) as refused:
        assert "source telegram is not counted apart" in (await refused.json())["error"]
    assert (await ask(client, "/api/headline", source="telegram/1"))["now"]["posts"]
    long = "https://feeds.example/" + "a" * 60
    async with client.get("/api/headline", params={"source": long}) as refused:
        assert "not counted apart" in (await refused.json())["error"]  # not: too long


async def test_bounds_inside_a_window_ask_for_the_whole_of_it(board: Board, client: Client) -> None:
    fill(board)
    whole = await ask(client, "/api/headline", from_ms=str(BASE_MS), to_ms=str(BASE_MS + MINUTE_MS))

    inside = await ask(client, "/api/headline", from_ms=str(BASE_MS + 1), to_ms=str(BASE_MS + 59_999))

    assert inside["now"] == whole["now"]
    assert whole["now"]["posts"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"share": "bth"}, "no count has the tag bth; did you mean both?"),
        ({"tag": "elections"}, "no count has the tag elections; did you mean election?"),
        ({"language": "trk"}, "no count has the language trk; did you mean tr? There are: ru, tr"),
        ({"among": "tr,turkih"}, "there is no language 'turkih'; did you mean Turkish?"),
        ({"langauge": "tr"}, "there is no parameter langauge; did you mean language? There are: among"),
        ({"tz": "Europe/Istanbul"}, "there is no parameter tz. There are: among"),
        ([("language", "tr"), ("language", "ru")], "language is given twice: write language=tr,ru"),
        ({"from_ms": "2", "to_ms": "1"}, "from_ms is after to_ms"),
    ],
)
async def test_what_no_count_has_is_refused_and_never_0(
    board: Board, client: Client, asked: Any, says: str
) -> None:
    fill(board)
    for path in ("/api/headline", "/api/counts", "/api/where"):
        async with client.get(path, params=asked) as refused:
            assert refused.status == 400
            assert says in (await refused.json())["error"]


async def test_no_address_ignores_what_it_does_not_know(client: Client) -> None:
    for path in sorted(openapi("1")["paths"]):
        async with client.get(path, params={"limt": "5"}) as refused:
            assert (path, refused.status) == (path, 400)
            assert "there is no parameter limt" in (await refused.json())["error"]


async def test_a_language_is_known_by_its_names(board: Board, client: Client) -> None:
    fill(board)
    by_code = await ask(client, "/api/counts", language="*,ru", among="ru,tr")

    for names in (
        {"language": "*,Russian", "among": "RU,türkçe"},
        {"language": "*,русский", "among": "Rusça,Turkish"},
    ):
        assert await ask(client, "/api/counts", **names) == by_code
    # One that a hostile post has brought in is known by what it is called there.
    board.model.add([a_count("all", "<b>", minute=1)], 0)
    assert (await ask(client, "/api/headline", among="<b>"))["now"]["posts"] == {"all": 1}


@given(st.integers(1, 30), st.integers(0, 40), st.sampled_from([1, 2, 5, 7, 60]), st.integers(1, 400))
def test_the_step_by_itself_is_the_shortest_that_has_enough_posts_a_point(
    windows: int, posts: int, size: int, apart: int
) -> None:
    counts = [
        a_count(tag, minute=size * apart * place, size=size, count=posts)
        for place in range(windows)
        for tag in ("all", "election")
    ]
    board = Board(Settings(broker="127.0.0.1:1"), SystemClock(), from_ms=None, hides_texts=True, tell=print)
    board.model.add(counts, 0)
    told = json.loads(board.headline_answer(board.query({"rollup_ms": "auto"})))

    size_ms, length_ms = size * MINUTE_MS, told["now"]["to_ms"] - told["now"]["from_ms"]
    steps = sorted({size_ms, *(one for one in SUITABLE_MS if one % size_ms == 0)})
    enough = [
        one
        for one in steps
        if length_ms / one <= 240 and (length_ms / one <= 12 or posts * windows * one >= 30 * length_ms)
    ]
    assert told["rollup_ms"] == [*enough, steps[-1]][0]
    counts_told = json.loads(board.counts_answer(board.query({"rollup_ms": "auto"})))
    assert counts_told["rollup_ms"] == told["rollup_ms"]
