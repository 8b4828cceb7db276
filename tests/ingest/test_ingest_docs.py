"""docs/ingest.md names what there is, and its examples can be read."""

import json
import re
from pathlib import Path

import msgspec
import pytest
import typer.main

from sandik.cli.main import app
from sandik.ingest.formats import FORMATS, bluesky_car, feed, telegram_html, xlsx
from sandik.ingest.formats.declared import Fields, catalogue
from sandik.ingest.formats.table import FIELDS
from sandik.ingest.inputs import open_source, read
from sandik.ingest.items import RejectReason, SkipReason
from sandik_schemas.post import Post
from tests.docs.formats_page import written_into
from tests.support import quick_yaml

TEXT = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    assert found, f"no {language} in docs/ingest.md"
    return found[1]


@pytest.mark.parametrize("name", [*FORMATS, *FIELDS, *RejectReason, *SkipReason])
def test_every_format_field_and_reason_is_named(name: str) -> None:
    assert f"`{name}`" in TEXT


def test_the_list_of_formats_is_that_of_their_files() -> None:
    assert TEXT == written_into(TEXT), "make formats"


def test_the_limits_in_the_list_are_those_of_the_code() -> None:
    limits = {
        "xlsx": (xlsx.MAX_WORKBOOK_BYTES, xlsx.MAX_UNPACKED_BYTES),
        "bluesky-car": (bluesky_car.MAX_REPOSITORY_BYTES,),
        "telegram-html": (telegram_html.MAX_PAGE_BYTES,),
        "feed": (feed.MAX_FEED_BYTES,),
    }
    for name, sizes_bytes in limits.items():
        assert all(f"{size_bytes >> 20} MiB" in catalogue()[name].note for size_bytes in sizes_bytes)


def test_the_format_of_ones_own_in_the_docs_reads_its_post(tmp_path: Path) -> None:
    form, posts = tmp_path / "forum.toml", tmp_path / "forum.jsonl"
    form.write_text(block("toml"))
    posts.write_text(block("jsonl"))

    assert block("toml").count("\n") == 10
    assert list(read([open_source(str(posts), str(form))])) == [
        Post("forum:7", "forum", 1_683_828_000_000, "Oy", "ayse")
    ]
    assert all(f"`{name}`" in TEXT for name in Fields.__struct_fields__)


def test_every_option_is_named() -> None:
    [command] = [one for name, one in typer.main.get_command(app).commands.items() if name == "ingest"]  # type: ignore[attr-defined]
    options = [name for parameter in command.params for name in parameter.opts if name.startswith("--")]

    assert [option for option in options if option not in TEXT] == []


def test_the_examples_for_other_tools_can_be_parsed() -> None:
    assert json.loads(block("json"))["config"]["value.converter.schemas.enable"] == "false"
    assert "created_at_ms" in quick_yaml.load(block("yaml"))["pipeline"]["processors"][0]["mapping"]
    post = re.search(r"post='(.*)'", block("sh"))
    assert post
    assert msgspec.json.decode(post[1], type=Post).id == "forum:7"
