"""The choices for reposts, apart from what counts them: every command reads the settings, few need numpy."""

from typing import Literal

#: What becomes of a post that repeats another: counted as any post, in cells of its own, or ignored.
Reposts = Literal["count", "apart", "exclude"]
