"""Recognises other formats in `posts` by their first bytes, and says which setting of the producer to change.

Serializers and converters put posts into envelopes, and producers compress values. For all of these, the
parser would only say that byte 0 is malformed.
"""

import msgspec

from sandik.counting.surrogates import UNDECODABLE

_PACKED = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x82SNAPPY\x00", "snappy"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x78\x9c", "zlib"),
    (b"\x78\x01", "zlib"),
    (b"\x78\xda", "zlib"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_CONFLUENT_BYTES = 5
_MAX_SCHEMA_ID = 1 << 30
#: A document is looked into only if it is short: an envelope shows itself by its first keys anyway.
_MAX_LOOK_BYTES = 1 << 20

_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def disguise_of(value: bytes) -> str:
    """Return what the value is and what to set; nothing if that is unknown."""
    for magic, name in _PACKED:
        if value.startswith(magic):
            return (
                f"packed with {name} by the producer itself: leave that to Kafka (compression.type={name}, "
                "or zstd)"
            )
    if value.startswith(b"Obj\x01"):
        return "an Avro file: posts are plain JSON, one a record"
    if value.startswith(b"\xac\xed\x00\x05"):
        return "an object of Java, serialized: set value.serializer to StringSerializer, and send JSON"
    if value.startswith(b"\xef\xbb\xbf"):
        return "JSON behind a byte order mark: write UTF-8 without one"
    if value.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16: posts are UTF-8"
    if found := _of_confluent(value):
        return found
    return _of_json(value) if len(value) <= _MAX_LOOK_BYTES else ""


def _of_confluent(value: bytes) -> str:
    schema_id = int.from_bytes(value[1:_CONFLUENT_BYTES], "big")
    if len(value) <= _CONFLUENT_BYTES or value[0] != 0 or not 0 < schema_id < _MAX_SCHEMA_ID:
        return ""
    kind = "JSON" if value[_CONFLUENT_BYTES : _CONFLUENT_BYTES + 1] == b"{" else "Avro or Protobuf"
    return (
        f"behind the magic byte of a schema registry (schema {schema_id}, {kind}): send plain JSON; with "
        "Kafka Connect, value.converter=org.apache.kafka.connect.json.JsonConverter and "
        "value.converter.schemas.enable=false"
    )


def _of_json(value: bytes) -> str:
    if value.lstrip()[:2] in (b'"{', b'"['):
        return "a string that holds JSON: it was encoded twice. With Kafka Connect, use StringConverter"
    if value.lstrip()[:1] == b"[":
        return "a list: posts are one object a record"
    try:
        keys = _keys(value).keys()
    except UNDECODABLE:
        return ""
    if keys >= {"schema", "payload"}:
        return "an envelope of Kafka Connect (schema, payload): set value.converter.schemas.enable=false"
    if keys >= {"before", "after", "op"}:
        return "an envelope of Debezium: add the transform ExtractNewRecordState"
    if keys >= {"specversion", "type", "data"}:
        return "an envelope of CloudEvents: send its data, or use the binary mode"
    return ""
