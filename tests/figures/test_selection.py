"""What a side of a comparison is of: written by people, who call languages by their names."""

import pytest

from sandik.errors import UsageError
from sandik.figures.selection import selection_of


def test_a_language_is_known_by_its_code_and_its_name_and_a_misspelt_one_is_an_error() -> None:
    assert {selection_of(f"language={one}", 0).language for one in ("tr", "TR", "Turkish", "türkçe")} == {
        "tr"
    }
    assert selection_of("language=*", 0).language is None
    with pytest.raises(UsageError, match="did you mean Turkish"):
        selection_of("language=Turkisch", 0)
