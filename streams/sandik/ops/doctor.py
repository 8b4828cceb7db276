"""`sandik doctor`: check everything that a worker needs, and say how to fix what is wrong."""

import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import requires, version

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.protocol.admin import ApiVersionRequest
from packaging.requirements import Requirement
from rich.console import Console
from rich.text import Text

from sandik.clock import Clock, SystemClock
from sandik.counting.job import Job
from sandik.counting.native import NATIVE
from sandik.errors import SandikError
from sandik.kafka.connection import SEE_TOPICS, asking, hidden_topics
from sandik.kafka.topics import POSTS, WINDOWS_TABLE, all_topics, changelog, connected
from sandik.lexicon_tools.check import findings as lexicon_findings
from sandik.ops.findings import Finding, Found, compiled, errors, topic, versions
from sandik.ops.late_posts import too_late
from sandik.ops.probes import compare_clocks, newest_posts
from sandik.ops.run_owner import owner
from sandik.printing import print_json
from sandik.run_identity import application_id, lexicon_notice, load_job, lost_cells
from sandik.settings import Settings

CLIENTS = ("aiokafka", "faust-streaming")
_COLORS = {"ok": "green", "warning": "yellow", "error": "red"}


def run_doctor(settings: Settings, *, json: bool) -> int:
    """Print the findings. Returns 1 if there are errors."""
    found = asyncio.run(examined(settings, SystemClock()))
    wrong = errors(found)
    if json:
        report = {"errors": wrong, "findings": [finding._asdict() for finding in found]}
        print_json(report)
        return int(wrong > 0)
    console = Console(highlight=False, soft_wrap=True)
    for finding in found:
        mark = Text(f"{finding.level:8}", _COLORS[finding.level])
        console.print(mark + Text(f"{finding.what}: {finding.message}", ""))
        if finding.repair:
            console.print(Text(f"         -> {finding.repair}"))
    warnings = sum(finding.level == "warning" for finding in found)
    console.print(f"{wrong} errors, {warnings} warnings")
    return int(wrong > 0)


async def examined(settings: Settings, clock: Clock) -> list[Finding]:
    """Return all findings. Without Kafka, only those that do not need it."""
    found, job = _rules(settings)
    found.append(compiled(is_there=NATIVE is not None))
    try:
        async with connected(settings) as admin:
            found += [finding async for finding in _kafka(admin, settings, job)]
            found.append(await compare_clocks(admin, settings, clock))
        found += [finding async for finding in newest_posts(settings)]
        found += [finding async for finding in too_late(settings)]
        if job:
            found += [finding async for finding in owner(settings, job)]
    except SandikError as error:
        found.append(Finding("error", "kafka", str(error)))
    return found


def _rules(settings: Settings) -> tuple[list[Finding], Job | None]:
    try:
        job = load_job(settings)
        wrong = [
            Finding(one.level, "lexicon", f"{one.place}: {one.message}", "see `sandik lexicon check`")
            for one in lexicon_findings(settings.lexicon)
            if one.level == "error"
        ]
    except SandikError as error:
        return [Finding("error", "lexicon and detector", str(error))], None
    version = f"{job.tagger.version}, detector {job.detector.version}, run {job.run_id}"
    if notice := lexicon_notice(settings.lexicon, lost_cells(job.tagger)):
        wrong.append(Finding("warning", "lexicon", notice, "if this is intended, do nothing"))
    return wrong or [Finding("ok", "lexicon", version)], job


async def _kafka(admin: AIOKafkaAdminClient, settings: Settings, job: Job | None) -> AsyncIterator[Finding]:
    cluster = await admin.describe_cluster()
    brokers = len(cluster["brokers"])
    yield Finding("ok", "kafka", f"{settings.broker}, {brokers} broker{'s' if brokers > 1 else ''}")
    async with asking(settings) as send:
        answer = await send(ApiVersionRequest())
    apis = {key: newest for key, _, newest in answer.api_versions}
    for finding in versions(apis, {name: (version(name), _tested(name)) for name in CLIENTS}):
        yield finding
    described = await _described(admin)
    posts = described.get(settings.topic(POSTS))
    specs = all_topics(settings)
    name = job and changelog(application_id(settings, job), WINDOWS_TABLE, posts.partitions if posts else 0)
    if name and name.name in described:  # the first worker creates it
        specs.append(name)
    async with asking(settings) as send:
        hidden = await hidden_topics(send, [spec.name for spec in specs if spec.name not in described])
    for spec in specs:
        found = described.get(spec.name)
        if spec.name in hidden:
            yield Finding("error", f"topic {spec.name}", "this user has no right to see it", SEE_TOPICS)
        elif found and not found.config:
            repair = "give this user the right to DescribeConfigs"
            yield Finding("warning", f"topic {spec.name}", "its settings are hidden", repair)
        else:
            for finding in topic(spec, found, settings.replication_factor, brokers):
                yield finding


async def _described(admin: AIOKafkaAdminClient) -> dict[str, Found]:
    topics = [one for one in await admin.describe_topics() if not one["error_code"]]
    resources = [ConfigResource(ConfigResourceType.TOPIC, one["topic"]) for one in topics]
    configs = {
        name: {key: value for key, value, *_ in entries}
        for answer in await admin.describe_configs(resources)
        for _, _, _, name, entries in answer.resources
    }
    return {
        one["topic"]: Found(
            len(one["partitions"]),
            sum(part["leader"] < 0 for part in one["partitions"]),
            min(len(part["replicas"]) for part in one["partitions"]),
            min(len(part["isr"]) for part in one["partitions"]),
            configs[one["topic"]],
        )
        for one in topics
    }


def _tested(name: str) -> str:
    """Return the versions that sandik requires, such as `<0.15,>=0.14.0`; any if it requires none."""
    asked = (Requirement(line) for line in requires("sandik") or ())
    return next((str(one.specifier) for one in asked if one.name == name), "")
