"""What the custom resources may say, of what ours use: enough to catch a misspelt or misplaced field.

By hand, after the operators' references: Strimzi's `kafka.strimzi.io/v1`, KEDA's ScaledObject, and the
Prometheus Operator's PodMonitor and PrometheusRule.
"""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
COUNT: Schema = {"type": "integer", "minimum": 1}
TEXT_BY_NAME: Schema = {"type": "object", "additionalProperties": TEXT}


def a(required: str = "", **properties: Schema) -> Schema:
    """Return the schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def many(item: Schema) -> Schema:
    """Return the schema of a list of one or more."""
    return {"type": "array", "items": item, "minItems": 1}


def one_of(*values: str) -> Schema:
    """Return the schema of one of these words."""
    return {"enum": list(values)}


_VOLUME = a(
    "id type",
    id={"type": "integer"},
    type=one_of("ephemeral", "persistent-claim"),
    size=TEXT,
    sizeLimit=TEXT,
    deleteClaim={"type": "boolean"},
    kraftMetadata=one_of("shared"),
)
_LISTENER = a(
    "name port type tls",
    name={"type": "string", "pattern": "^[a-z0-9]{1,11}$"},
    port={"type": "integer", "minimum": 9092},
    type=one_of("internal"),
    tls={"type": "boolean"},
    authentication=a("type", type=one_of("scram-sha-512", "tls")),
)
_ACL = a(
    "resource operations",
    resource=a(
        "type name patternType",
        type=one_of("topic", "group"),
        name=TEXT,
        patternType=one_of("literal", "prefix"),
    ),
    operations=many(one_of("Read", "Write", "Create", "Describe", "DescribeConfigs", "AlterConfigs")),
)
_POLICIES = a(
    "policies",
    stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
    policies=many(
        a("type value periodSeconds", type=one_of("Pods", "Percent"), value=COUNT, periodSeconds=COUNT)
    ),
)

#: The schema of `spec`, by apiVersion and kind.
SPECS: dict[tuple[str, str], Schema] = {
    ("kafka.strimzi.io/v1", "Kafka"): a(
        "kafka",
        kafka=a(
            "version listeners",
            version=TEXT,
            rack=a("topologyKey", topologyKey=TEXT),
            listeners=many(_LISTENER),
            authorization=a("type", type=one_of("simple")),
            config={"type": "object"},
        ),
        entityOperator=a(topicOperator=a(), userOperator=a()),
    ),
    ("kafka.strimzi.io/v1", "KafkaNodePool"): a(
        "replicas roles storage",
        replicas=COUNT,
        roles=many(one_of("controller", "broker")),
        storage=a("type volumes", type=one_of("jbod"), volumes=many(_VOLUME)),
    ),
    ("kafka.strimzi.io/v1", "KafkaTopic"): a(
        "partitions replicas config", partitions=COUNT, replicas=COUNT, config={"type": "object"}
    ),
    ("kafka.strimzi.io/v1", "KafkaUser"): a(
        "authentication authorization",
        authentication=a("type", type=one_of("scram-sha-512")),
        authorization=a("type acls", type=one_of("simple"), acls=many(_ACL)),
    ),
    ("keda.sh/v1alpha1", "ScaledObject"): a(
        "scaleTargetRef triggers minReplicaCount maxReplicaCount",
        scaleTargetRef=a("name", apiVersion=TEXT, kind=TEXT, name=TEXT),
        minReplicaCount=COUNT,
        maxReplicaCount=COUNT,
        pollingInterval=COUNT,
        fallback=a(
            "failureThreshold replicas behavior",
            failureThreshold=COUNT,
            replicas=COUNT,
            behavior=one_of("currentReplicasIfHigher"),
        ),
        advanced=a(
            horizontalPodAutoscalerConfig=a(behavior=a(scaleUp=_POLICIES, scaleDown=_POLICIES)),
        ),
        triggers=many(a("type metadata", type=one_of("prometheus"), metricType=TEXT, metadata=TEXT_BY_NAME)),
    ),
    ("monitoring.coreos.com/v1", "PodMonitor"): a(
        "selector podMetricsEndpoints",
        selector=a(matchLabels=TEXT_BY_NAME),
        podMetricsEndpoints=many(
            a(
                "port",
                port=TEXT,
                path=TEXT,
                interval=TEXT,
                relabelings=many(a("targetLabel", targetLabel=TEXT, replacement=TEXT, sourceLabels=TEXTS)),
            )
        ),
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): a(
        "groups",
        groups=many(
            a(
                "name rules",
                name=TEXT,
                rules=many(
                    a(
                        "expr",
                        record=TEXT,
                        alert=TEXT,
                        expr=TEXT,
                        labels=TEXT_BY_NAME,
                        annotations=TEXT_BY_NAME,
                        **{"for": TEXT},
                    )
                ),
            )
        ),
    ),
}
