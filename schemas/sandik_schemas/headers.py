"""Headers that more than one program writes or reads. `topics.toml` names all there are."""

#: How often this post was put back. Workers copy headers, so it comes back with a post that fails again.
ATTEMPTS = "redrive_attempts"
#: Which record of `posts` this is a copy of: `topic/partition/offset`. What makes redriving idempotent.
REDRIVEN_FROM = "redriven_from"
#: How many bytes of a record its letter lacks. It is in `posts`, for as long as that keeps it.
LEFT_OUT = "left_out_bytes"
