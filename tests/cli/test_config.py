"""`sandik config`, and what every command makes of settings that are wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandik.cli.config import MASKED, misspelt, settings_in_effect, variable
from sandik.settings import Settings
from tests.docs.settings_page import as_markdown
from tests.support.command import refused, sandik

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_documented_table_is_what_the_code_says() -> None:
    assert as_markdown() == DOCS.read_text("utf-8"), "run: make settings"


def test_every_setting_says_what_it_does() -> None:
    assert [] == [name for name, field in Settings.model_fields.items() if len(field.description or "") < 20]


def test_values_come_with_their_origin_and_secrets_are_masked() -> None:
    environment = {"SANDIK_BROKER": "kafka:9092", "SANDIK_SASL_PASSWORD": "sesame"}
    done = sandik("config", "--json", environment=environment)
    found = json.loads(done.stdout)

    assert 0 == done.returncode
    assert {"value": "kafka:9092", "origin": "environment", "default": "127.0.0.1:9092"} == found[
        "SANDIK_BROKER"
    ]
    assert MASKED == found["SANDIK_SASL_PASSWORD"]["value"]
    assert "default" == found["SANDIK_WINDOW_SIZE_MS"]["origin"]
    assert b"sesame" not in done.stdout + sandik("config", environment=environment).stdout


@pytest.mark.parametrize("command", [["config"], ["worker"], ["counts", "--once"], ["topics", "create"]])
def test_a_misspelt_variable_ends_every_command_and_names_the_right_one(command: list[str]) -> None:
    refused(
        *command,
        environment={"SANDIK_WINDOW_SIZE": "60000"},
        says="SANDIK_WINDOW_SIZE is not a setting; did you mean SANDIK_WINDOW_SIZE_MS?",
    )


@given(st.sampled_from(sorted(Settings.model_fields)))
def test_every_setting_is_known_in_either_case(name: str) -> None:
    assert [] == list(
        misspelt([variable(name), variable(name).lower(), "PATH", "SANDIK_TEST_DATA", "SANDIK_CACHE_DIR"])
    )


def test_what_the_environment_says_is_marked_whatever_its_case() -> None:
    origins = {
        setting.variable: setting.origin
        for setting in settings_in_effect(Settings(), {"sandik_broker": "kafka:9092"})
    }
    assert "environment" == origins["SANDIK_BROKER"]


def test_a_shell_completes_commands_and_options() -> None:
    def completed(*words: str) -> set[str]:
        asked = {
            "_SANDIK_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(["sandik", *words]),
            "COMP_CWORD": str(len(words)),
        }
        command = Path(sys.executable).with_name("sandik")  # a shell completes what is installed
        done = subprocess.run([command], env=os.environ | asked, capture_output=True, check=True)
        return set(done.stdout.decode().split())

    assert completed("cou") == {"counts"}
    assert {"--tag", "--language"} <= completed("counts", "--")
