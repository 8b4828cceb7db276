"""Every link of a document leads somewhere, and from docs/README.md one comes to every page."""

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for path, anchor in links(page):
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor}"


def test_every_page_of_docs_is_reached_from_its_map() -> None:
    """A link to a folder shows the names of its pages."""
    found, to_do = set[Path](), [ROOT / "docs" / "README.md"]
    while to_do:
        page = to_do.pop()
        if page not in found:
            found.add(page)
            if page.is_dir():
                to_do += page.glob("*.md")
            elif page.suffix == ".md":
                to_do += [
                    (page.parent / path).resolve()
                    for path, _ in links(page.relative_to(ROOT).as_posix())
                    if path
                ]

    pages = {path for path in (ROOT / "docs").rglob("*") if path.suffix in (".md", ".ipynb")}
    assert pages - found == set()
