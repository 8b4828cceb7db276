"""Nothing that acts on a terminal, and no secret of an address, is ever shown."""

import io
import json
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.ingest.escaped import identity, printable, scrubbed, without_secrets
from tests.support.command import sandik

SECRETS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=20)
HOSTILE = "\x1b[2J\x1b]0;x\x07\u202e\x9b31m\r\x08"


@given(st.text())
def test_what_is_shown_is_printable_and_text_that_is_stays_as_it_is(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert shown.encode() or not text
    assert printable(shown) == shown


@given(SECRETS, SECRETS, SECRETS)
def test_users_passwords_and_tokens_are_in_nothing_that_is_shown(
    user: str, password: str, token: str
) -> None:
    secrets = [f"u{user}", f"p{password}", f"t{token}"]
    user, password, token = (quote(secret, safe="") for secret in secrets)
    url = f"wss://{user}:{password}@h.example:8443/subscribe?wantedDids=did&access_token={token}#{token}"
    said = f"Cannot connect to {url} as {user} ({token})"

    for text in (without_secrets(url), identity(url), scrubbed(said, url)):
        assert not any(secret in text for secret in (user, password, token))
    assert without_secrets(url).startswith("wss://h.example:8443/subscribe?wantedDids=…&access_token=…")


@pytest.mark.parametrize("url", ["wss://h.example/subscribe", "https://h.example/api/v1/streaming/public"])
def test_an_address_without_secrets_is_shown_and_remembered_as_it_is(url: str) -> None:
    assert without_secrets(url) == identity(url) == url


@given(SECRETS, SECRETS)
def test_other_parameters_are_another_source(one: str, other: str) -> None:
    first, second = (f"wss://h.example/subscribe?wantedDids={quote(value)}" for value in (one, other))
    assert (identity(first) == identity(second)) == (one == other)


def test_names_of_files_members_and_events_reach_the_terminal_escaped(tmp_path: Path) -> None:
    made = io.BytesIO()
    post = {"id": "a:1", "source": "a", "created_at_ms": 1683828000000, "text": "oy"}
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{HOSTILE}.jsonl", json.dumps(post) + "\nx\n")
    bad = tmp_path / f"{HOSTILE.replace('/', '')}.zip"
    bad.write_bytes(made.getvalue())
    stream = tmp_path / f"{HOSTILE}\n.sse"
    stream.write_text(f"event: {HOSTILE}\ndata: 1\n\n" + f"event: update\ndata: {json.dumps(HOSTILE)}\n\n")
    ids = tmp_path / "b.jsonl"
    ids.write_text(json.dumps(post | {"id": f"a:{HOSTILE}", "created_at_ms": 1}) + "\n")

    missing = f"{tmp_path}/{HOSTILE}"
    for arguments in ([str(bad)], [str(stream), "--format", "mastodon"], [str(ids)], [missing]):
        for more in (["--dry-run"], ["--explain", "--check"]):
            told = sandik("ingest", *more, *arguments).stderr.decode()
            assert "\\x1b" in told
            assert all(one.isprintable() or one == "\n" for one in told), repr(told)


@pytest.mark.parametrize("scheme", ["ftp", "http"])
def test_an_address_that_is_no_source_is_told_without_its_secrets(scheme: str) -> None:
    ran = sandik("ingest", f"{scheme}://ali:parola@h.example/x?token=gizli")
    assert ran.returncode == 2
    assert b"parola" not in ran.stderr
    assert b"gizli" not in ran.stderr
