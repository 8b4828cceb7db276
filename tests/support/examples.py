"""How many examples of a law are tried: the profiles of Hypothesis in tests/conftest.py."""

from hypothesis import settings


def examples(count: int) -> settings:
    """Return the settings of a law that needs so many examples where a usual one has a hundred."""
    return settings(max_examples=max(1, count * settings().max_examples // 100), deadline=None)
