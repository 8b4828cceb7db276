"""Whose clock stamps the records of a topic, and which timestamps it accepts: check it, and set it.

See docs/decisions/019-log-append-time.md.
"""

from collections.abc import Iterable, Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int8, Int16, Int32, Schema, String

from sandik.errors import BrokerError
from sandik.kafka.connection import asking
from sandik.kafka.topics import APPEND_TIME, WINDOW_TIME, TopicSpec, connected
from sandik.settings import Settings

#: What goes wrong otherwise, by setting and the value that it must have.
_WITHOUT = {
    **dict.fromkeys(APPEND_TIME.items(), "a wrong clock elsewhere decides what is late and what is kept"),
    **dict.fromkeys(WINDOW_TIME.items(), "a window too far from Kafka's clock cannot be written"),
    ("message.timestamp.type", "CreateTime"): "readers that start at a time miss windows",
}
_SET = 0


class _AlterResponse(Response):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = 44
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "resources",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
            ),
        ),
    )


class _AlterRequestV0(RequestStruct):  # type: ignore[misc]
    API_KEY = 44
    API_VERSION = 0
    RESPONSE_TYPE = _AlterResponse
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                (
                    "configs",
                    Array(("name", String("utf-8")), ("operation", Int8), ("value", String("utf-8"))),
                ),
            ),
        ),
        ("validate_only", Boolean),
    )


class _AlterRequest(Request[_AlterRequestV0]):  # type: ignore[misc]
    """IncrementalAlterConfigs. aiokafka has AlterConfigs only, which resets what it does not name."""

    API_KEY = 44

    def __init__(self, changes: Mapping[str, Mapping[str, str]]) -> None:
        self._resources = [
            (ConfigResourceType.TOPIC, name, [(key, _SET, value) for key, value in config.items()])
            for name, config in changes.items()
        ]

    def build(self, request_struct_class: type[_AlterRequestV0]) -> _AlterRequestV0:
        return request_struct_class(self._resources, False)


def differing(spec: TopicSpec, config: Mapping[str, str]) -> dict[str, str]:
    """Return the record timestamp settings that the topic should have and does not."""
    return {
        key: value
        for key, value in spec.config.items()
        if key.startswith("message.timestamp.") and config.get(key) != value
    }


def complaint(spec: TopicSpec, config: Mapping[str, str]) -> str | None:
    """Return `has message.timestamp.type CreateTime, not …` and the consequence; None if all is well."""
    wrong = differing(spec, config)
    if not wrong:
        return None
    key = next(iter(wrong))
    return f"has {key} {config.get(key)}, not {wrong[key]}: {_WITHOUT[key, wrong[key]]}"


async def complaints(admin: AIOKafkaAdminClient, specs: Iterable[TopicSpec]) -> list[str]:
    """Return what is wrong, one line per topic. Topics that are missing or hidden are left out."""
    specs = list(specs)
    found = await _configs(admin, specs)
    told = [(spec.name, complaint(spec, found[spec.name])) for spec in specs if spec.name in found]
    return [f"topic {name} {said}: run `sandik topics create`" for name, said in told if said]


async def mend(settings: Settings, specs: Iterable[TopicSpec]) -> dict[str, dict[str, str]]:
    """Set what differs; return what was set, by topic. Topics whose configuration is hidden are left out.

    Raises:
        BrokerError: Kafka cannot be reached, or denies it.
    """
    specs = list(specs)
    async with connected(settings) as admin:
        found = await _configs(admin, specs)
        changes = {spec.name: differing(spec, found[spec.name]) for spec in specs if spec.name in found}
        wrong = {name: config for name, config in changes.items() if config}
        if wrong:
            await alter(settings, wrong)
    return changes


async def alter(settings: Settings, changes: Mapping[str, Mapping[str, str]]) -> None:
    """Set these settings of these topics, and leave all others.

    Raises:
        BrokerError: Kafka denies it.
        KafkaError: it does not answer.
    """
    async with asking(settings) as send:
        answer = await send(_AlterRequest(changes))
    refused = {name: for_code(code).__name__ for code, _, _, name in answer.resources if code}
    if refused:
        why = ", ".join(f"{name} ({error})" for name, error in refused.items())
        commands = "".join(f"\n{alter_command(name, changes[name])}" for name in refused)
        raise BrokerError(
            f"Kafka denied changing {why}. Allow AlterConfigs, or have an administrator run:{commands}"
        )


def alter_command(name: str, config: Mapping[str, str]) -> str:
    """Return the kafka-configs.sh command that sets these settings of a topic."""
    changes = as_text(config)
    return f"kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config {changes}"


def as_text(config: Mapping[str, str]) -> str:
    """Return `key=value,key=value`, as Kafka's commands expect it."""
    return ",".join(f"{key}={value}" for key, value in config.items())


async def _configs(admin: AIOKafkaAdminClient, specs: Iterable[TopicSpec]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, spec.name) for spec in specs]
    return {
        name: {key: value for key, value, *_ in entries}
        for answer in await admin.describe_configs(resources)
        for code, _, _, name, entries in answer.resources
        if not code
    }
