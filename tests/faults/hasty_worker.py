"""`python -m tests.faults.hasty_worker`: a worker whose agents still wait when its loop is closed."""

from faust.agents.manager import AgentManager

from sandik.settings import Settings
from sandik.worker.start import run_worker


async def leave_alone(_: AgentManager) -> None:
    """Stop no agent, as when stopping is cut short."""


if __name__ == "__main__":
    AgentManager.stop = leave_alone  # type: ignore[assignment, method-assign]
    run_worker(Settings(), "warning")
