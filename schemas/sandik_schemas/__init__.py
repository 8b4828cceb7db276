"""The contract: what each topic's value means, as Python types and as JSON Schema.

Nothing here imports the workers, Faust or Kafka, so any consumer can depend on it.

post        `posts`     what sources write
mention     `mentions`  the posts that carry a tag, for drill-down
count       `counts`    what dashboards read; also `counts.sources`, if asked for
term        `counts.terms`  the top terms of a window, if asked for
burst       `bursts`        windows that stand out, if asked for
partial     `partials`  internal: what one source partition adds to a window
control     `control`   internal: the run that owns the topics, and the paused partitions

`json/` holds the same contract as JSON Schema 2020-12 for readers in other languages, `topics.toml` a
card for each topic; `asyncapi.yaml` and `README.md` are made from both. `released` keeps the schemas of each
release, and `compatibility` compares with them.
"""
