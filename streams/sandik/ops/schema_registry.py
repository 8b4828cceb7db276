"""`sandik schemas register URL`: the JSON Schemas in a schema registry.

Uses the API of Confluent's registry, which Karapace, Redpanda and Apicurio (below `/apis/ccompat/v7`) have,
too. The subject is the topic's name with `-value`, as tools that read topics expect.
docs/recipes/schema-registry.md says how readers use the schemas.
"""

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from sandik.errors import RegistryError, UsageError
from sandik.kafka.topics import all_topics
from sandik.settings import Settings
from sandik_schemas.cards import load_cards
from sandik_schemas.load import json_schema

TIMEOUT_S = 30
#: A newer schema reads what every older one accepted. sandik promises more: readers of an older schema can
#: read newer records, and ignore new optional fields. No level of a registry says that, and FULL refuses such
#: fields, so `sandik_schemas.compatibility` compares them (docs/decisions/048-schema-registry.md).
LEVEL = "BACKWARD_TRANSITIVE"
#: Our schemas follow it. It is the newest draft that the checks of all registries understand.
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


class Subject(NamedTuple):
    """What is registered for a topic. `refers_to` is the subject whose schema this one refers to by `$id`."""

    name: str
    schema: Mapping[str, Any]
    refers_to: str | None


def subjects(settings: Settings) -> Iterator[Subject]:
    """Yield the subject of each topic of these settings. Those that others refer to come first."""
    there = {topic.name for topic in all_topics(settings)}
    for card in load_cards().topic:
        topic = settings.topic(card.name)
        if card.schema and topic in there:
            schema = {**json_schema(card.schema), "$schema": DRAFT_7}
            refers_to = f"{settings.topic('posts')}-value" if card.schema == "late" else None
            yield Subject(f"{topic}-value", schema, refers_to)


class Registry:
    """A schema registry at an address, with `login` as `user:password`.

    Its methods raise RegistryError if it does not answer, or refuses.
    """

    def __init__(self, url: str, login: str | None) -> None:
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise UsageError("no password in an address: set SANDIK_SCHEMA_REGISTRY_LOGIN to user:password")
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise UsageError(f"{url} is not the address of a schema registry, such as http://registry:8081")
        self._url = url.rstrip("/")
        self._headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
        if login:
            self._headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"

    def register(self, subject: Subject) -> tuple[int, int]:
        """Write a schema and its level. Returns id and version; the old ones if it is there already."""
        name = quote(subject.name, safe="")
        body: dict[str, Any] = {"schemaType": "JSON", "schema": json.dumps(subject.schema)}
        if subject.refers_to:
            body["references"] = [
                {
                    "name": subject.schema["allOf"][0]["$ref"],
                    "subject": subject.refers_to,
                    "version": self._ask("GET", f"/subjects/{quote(subject.refers_to, safe='')}/versions")[
                        -1
                    ],
                }
            ]
        self._ask("PUT", f"/config/{name}", {"compatibility": LEVEL})
        self._ask("POST", f"/subjects/{name}/versions", body)
        found = self._ask("POST", f"/subjects/{name}", body)
        return found["id"], found["version"]

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, content, self._headers, method=method)  # noqa: S310 - checked above
        try:
            with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - the same
                return json.load(answer)
        except HTTPError as error:
            raise RegistryError(self._why(error, method, path)) from error
        except (OSError, ValueError) as error:
            raise RegistryError(
                f"no schema registry answers at {self._url}: {error}. Check the address; for a "
                "certificate of your own, set SSL_CERT_FILE"
            ) from error

    def _why(self, error: HTTPError, method: str, path: str) -> str:
        said = error.read().decode(errors="replace")
        try:
            said = json.loads(said)["message"]
        except (ValueError, KeyError, TypeError):
            said = said.strip() or error.reason
        if error.code in (401, 403):
            how = (
                "set SANDIK_SCHEMA_REGISTRY_LOGIN to user:password of one who may write subjects and configs"
            )
        elif error.code == 404:
            how = "the address may lack a path: Apicurio's is http://…/apis/ccompat/v7"
        elif error.code == 409:
            how = (
                "the subject has a version that this schema does not follow, of another program or of a "
                "newer sandik. Set SANDIK_TOPIC_PREFIX, or delete the subject"
            )
        else:
            how = "see the registry's log"
        return f"the schema registry refuses {method} {path} with {error.code}: {said}. To mend it: {how}"


def run_register(settings: Settings, url: str) -> None:
    """Write all schemas. Prints a line for each: subject, version, id and level.

    Raises:
        UsageError: `url` is no address.
        RegistryError: the registry does not answer, or refuses.
    """
    login = settings.schema_registry_login
    registry = Registry(url, login.get_secret_value() if login else None)
    for subject in subjects(settings):
        schema_id, version = registry.register(subject)
        sys.stdout.write(f"{subject.name:20} version {version}  id {schema_id}  {LEVEL}\n")
