"""Settings with which there are all the topics that there can be."""

from sandik.settings import Settings

#: What switches wider windows on, each with windows of a minute.
WIDER = {"hopping_size_ms": 3_600_000, "hopping_advance_ms": 300_000, "session_gap_ms": 600_000}
EVERYTHING = Settings.model_validate({**WIDER, "terms": "count", "sources": "x", "bursts": "on"})
