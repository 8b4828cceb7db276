"""`sandik schemas`: the contract of the topics, as it is installed with sandik."""

import sys
from importlib.resources import files

from sandik.errors import UsageError
from sandik.settings import Settings
from sandik_schemas.cards import Card, load_cards
from sandik_schemas.load import VERSION


def run_schemas(name: str | None, *, asyncapi: bool) -> None:
    """Print the list of topics, the JSON Schema of one, or the AsyncAPI document of all.

    Raises:
        UsageError: the topic or schema does not exist, or the topic has no schema.
    """
    if asyncapi:
        if name is not None:
            raise UsageError("--asyncapi prints the document of all topics: leave the name out")
        sys.stdout.write((files("sandik_schemas") / "asyncapi.yaml").read_text(encoding="utf-8"))
    elif name is not None:
        file = f"{_schema_of(name)}.v{VERSION}.schema.json"
        sys.stdout.write((files("sandik_schemas") / "json" / file).read_text(encoding="utf-8"))
    else:
        sys.stdout.writelines(
            f"{card.name:12} {card.schema or '-':8} {_summary(card)}\n" for card in load_cards().topic
        )


def register(settings: Settings, name: str | None, url: str | None, *, asyncapi: bool) -> None:
    """Write the schemas of all topics to the schema registry at `url`.

    Raises:
        UsageError: the words are not `register URL`, or `url` is no address.
        RegistryError: the registry does not answer, or refuses.
    """
    if name != "register" or not url or asyncapi:
        raise UsageError(
            "either one name, or `sandik schemas register URL` with the address of a schema registry"
        )
    from sandik.ops.schema_registry import run_register

    run_register(settings, url)


def _summary(card: Card) -> str:
    return card.about.split(". ")[0].rstrip(".")


def _schema_of(name: str) -> str:
    cards = load_cards().topic
    for card in cards:
        if name in (card.name, card.schema):
            return card.schema or _no_schema(card)
    known = ", ".join(f"{card.schema} ({card.name})" for card in cards if card.schema)
    raise UsageError(f"there is no schema {name}; known schemas: {known}")


def _no_schema(card: Card) -> str:
    raise UsageError(f"{card.name} has no schema. {card.about}")
