"""Fixtures of the tests of the page."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from sandik.broker import EmbeddedKafka
from sandik.kafka.topics import all_topics, create
from sandik.settings import Settings
from tests.page.browser import chromium, dashboard
from tests.page.scenes import write_an_hour
from tests.support.workers import quick_settings


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of the page; each looks as a new reader."""
    async with chromium() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def settings(worker_settings: Settings) -> Settings:
    """Settings of a run with topics of its own."""
    await create(worker_settings, all_topics(worker_settings))
    return worker_settings


@pytest.fixture(scope="session")
def busy(kafka: EmbeddedKafka) -> Iterator[str]:
    """The address of a dashboard that several tests look at, none of which changes what it shows."""
    settings = quick_settings(kafka.bootstrap_servers)
    asyncio.run(write_an_hour(settings))
    with dashboard(settings) as url:
        yield url
