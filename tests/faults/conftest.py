"""The fixture that most fault tests begin with."""

import pytest

from sandik.settings import Settings
from tests.support.scene import Scene, brief


@pytest.fixture
async def scene(worker_settings: Settings) -> Scene:
    """Short windows on the shared broker, with topics made. Tests that harm a broker bring their own."""
    scene = Scene(brief(worker_settings))
    await scene.make_topics()
    return scene
