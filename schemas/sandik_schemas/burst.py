"""burst v1: a final window in which a tag stands out of the windows before, on the topic `bursts`."""

from sandik_schemas.count import WindowCell

SCHEMA_VERSION = 1


class Burst(WindowCell, frozen=True):
    """Whether the posts of one window, language and tag stand out of the 30 windows before.

    A function of `counts` alone. `language` may be `*`, all together. `usual` is the median of the windows
    that it is compared with. `revision` is how many posts of the language those windows and this one have, so
    it grows with every correction; of two records with one key, the one with the higher `revision` holds. One
    with `is_burst` false takes back what an earlier one said.
    """

    is_burst: bool
    count: int
    usual: float
    revision: int
