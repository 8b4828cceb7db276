"""burst v1: a final window in which a tag stands out of the windows before, on the topic `bursts`."""

import msgspec

SCHEMA_VERSION = 1


class Burst(msgspec.Struct, frozen=True):
    """Whether the posts of one window, language and tag stand out of the 30 windows before.

    A function of `counts` alone. `language` may be `*`, all together. `usual` is the median of the windows
    that it is compared with. `revision` is how many posts of the language those windows and this one have, so
    it grows with every correction; of two records with one key, the one with the higher `revision` holds. One
    with `is_burst` false takes back what an earlier one said.
    """

    schema_version: int
    window_start: str
    window_end: str
    window_start_ms: int
    window_end_ms: int
    language: str
    tag: str
    is_burst: bool
    count: int
    usual: float
    revision: int

    @property
    def key(self) -> bytes:
        """Record key: `window_start_ms|window_size_ms|language|tag`."""
        size_ms = self.window_end_ms - self.window_start_ms
        return f"{self.window_start_ms}|{size_ms}|{self.language}|{self.tag}".encode()
