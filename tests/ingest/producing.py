"""Runs ingest with a broker, a topic and sources, as its command does: `python -m tests.ingest.producing`."""

import sys

from sandik.ingest.command import IngestOptions, run_ingest

if __name__ == "__main__":
    servers, topic, *sources = sys.argv[1:]
    connection = {"bootstrap_servers": servers}
    options = IngestOptions(json_summary=True)
    sys.exit(run_ingest(sources, connection=connection, topic=topic, options=options))
