"""Write the Helm chart: `python deploy/helm/chart.py FOLDER`.

The manifests of deploy/kubernetes are its only source. kustomize renders three variants: dev, prod, and prod
with the webhook. What only prod has is under `kafka.login`, what only the third has under `bursts.webhook`;
what differs otherwise, and what people change, is a value. tests/deploy/test_helm.py lets Helm render the
chart, and compares it with the overlays.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

HERE = Path(__file__).parent
KUBERNETES = HERE.parent / "kubernetes"
#: What comes with the cluster, not with the chart.
LEFT_OUT = {"Namespace", "Kafka", "KafkaNodePool"}
#: When a variant's own parts are wanted, each variant being the one before and more.
WHEN = ("", ".Values.kafka.login", ".Values.bursts.webhook")
#: When all of a kind, or one resource, is wanted.
WHEN_KIND = {
    "KafkaTopic": ".Values.kafka.resources",
    "KafkaUser": "and .Values.kafka.login .Values.kafka.resources",
    "PodMonitor": ".Values.monitoring.enabled",
    "PrometheusRule": ".Values.monitoring.enabled",
    "ScaledObject": ".Values.monitoring.enabled",
    "NetworkPolicy": ".Values.networkPolicies",
    "Deployment/sandik-bursts": ".Values.bursts.enabled",
    "Deployment/sandik-operator": ".Values.operator.enabled",
    "NetworkPolicy/sandik-webhook": "and .Values.networkPolicies .Values.bursts.webhook",
}
#: Values, by the end of the path and what stands there.
VALUES = (
    (r"/image$", r"sandik:.*", '{{ include "sandik.image" . }}'),
    (r"/SANDIK_BROKER$", r".*", '{{ include "sandik.broker" . }}'),
    (r"/SANDIK_REPLICATION_FACTOR$|^KafkaTopic.*/replicas$", r"\d+", "{{ .Values.kafka.copies }}"),
    (r"/SANDIK_PARTITIONS$|/maxReplicaCount$|^KafkaTopic.*/partitions$", "12", "{{ .Values.partitions }}"),
    (r"/minReplicaCount$", r"\d+", "{{ .Values.workers.min }}"),
    (r"/fallback/replicas$", r"\d+", "{{ .Values.workers.fallback }}"),
    (r"/strimzi.io/cluster$", "kafka", "{{ .Values.kafka.cluster }}"),
    (r"/secretName$", "kafka-cluster-ca-cert", "{{ .Values.kafka.cluster }}-cluster-ca-cert"),
    (r"/secretKeyRef/name$", "sandik-webhook", "{{ .Values.bursts.webhook }}"),
    (r"^NetworkPolicy/sandik-kafka.*/port$", r"909\d", "{{ .Values.kafka.port }}"),
    (r"/kubernetes.io/metadata.name$", "monitoring", "{{ .Values.monitoring.namespace }}"),
    (r"/serverAddress$", r".*", "{{ .Values.monitoring.address }}"),
    (r"/configMapRef/name$|^ConfigMap/.*/metadata/name$", r"sandik-\w+", "sandik"),
)
_MISSING = object()

Resource = dict[str, Any]


class Text(str):
    """A text that Helm fills in; it is written as it stands."""


def build(folder: Path) -> list[Resource]:
    """Return what kustomize, or kubectl, renders of a folder, without what is the cluster's."""
    if program := shutil.which("kustomize"):
        command = [program, "build"]
    elif program := shutil.which("kubectl"):
        command = [program, "kustomize"]
    else:
        sys.exit("the chart is made of what kustomize renders: install kustomize or kubectl")
    done = subprocess.run([*command, str(folder)], stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - ours
    return [one for one in yaml.safe_load_all(done.stdout) if one["kind"] not in LEFT_OUT]


def variants() -> list[list[Resource]]:
    """Return dev, prod, and prod with the webhook."""
    overlays = [KUBERNETES / "overlays" / name for name in ("dev", "prod")]
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        webhook = {
            "namespace": "sandik",
            "resources": [os.path.relpath(overlays[1], folder)],
            "components": [os.path.relpath(KUBERNETES / "webhook", folder)],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(webhook))
        return [build(one) for one in (*overlays, folder)]


def filled(node: Any, path: str, namespace: str) -> Any:
    """Return a node of a resource with Helm's values in it."""
    if path.endswith("/containers/resources"):
        part = path.split("/")[1].removeprefix("sandik-").replace("worker", "workers")
        return Text(
            f"{{{{ mergeOverwrite (fromJson `{json.dumps(node)}`) .Values.{part}.resources | toJson }}}}"
        )
    if isinstance(node, dict):
        return {
            name: filled(inner, f"{path}/{name}", namespace)
            for name, inner in node.items()
            if (name, path.count("/")) != ("namespace", 2)  # the release's own
        }
    if isinstance(node, list):
        return [filled(inner, path, namespace) for inner in node]
    for where, what, value in VALUES:
        if re.search(where, path) and re.fullmatch(what, str(node)):
            return Text(value if isinstance(node, int) else json.dumps(value).replace('\\"', '"'))
    if isinstance(node, str):
        text = json.dumps(node, ensure_ascii=False).replace("{{", '{{ "{{" }}')
        return Text(text.replace(rf"job=\"{namespace}\"", r"job=\"{{ .Release.Namespace }}\""))
    return Text(json.dumps(node))


def children(node: Any) -> dict[str, Any]:
    """Return what a node has, by name: of a list by the items' names, or else by all they are."""
    if isinstance(node, Mapping):
        return dict(node)
    if isinstance(node, list):
        return {
            str(one["name"]) if isinstance(one, dict) and "name" in one else json.dumps(one): one
            for one in node
        }
    return {}


def condition(nodes: list[Any]) -> str:
    """Return when a node is wanted: '' for always. `nodes` has it as each variant has it, or _MISSING."""
    first = next(number for number, node in enumerate(nodes) if node is not _MISSING)
    if first and isinstance(nodes[-1], list):  # as soon as one of its items is
        items = children(nodes[-1])
        found = {condition([children(node).get(name, _MISSING) for node in nodes]) for name in items}
        return f"or {' '.join(sorted(found))}" if len(found) > 1 else found.pop()
    return WHEN[first]


def lines(nodes: list[Any], path: str, known: str = "") -> Iterator[str]:
    """Yield the lines of a node's YAML. `known` is the condition that they stand under."""
    last = nodes[-1]
    if not isinstance(last, (dict, list)) or not last:
        given = {str(node) for node in nodes if node is not _MISSING}
        if len(given) > 1:
            raise ValueError(f"{path}: not the same in all overlays, and no value: {given}")
        yield str(last) if isinstance(last, Text) else json.dumps(last)
        return
    parts_of: list[tuple[str, list[str]]] = []
    for name in children(last):
        parts = [children(node).get(name, _MISSING) for node in nodes]
        when = condition(parts)
        below = list(lines(parts, f"{path}/{name}" if isinstance(last, dict) else path, when or known))
        if isinstance(last, list):
            below = [f"- {below[0]}", *indented(below[1:])]
        elif isinstance(parts[-1], (dict, list)):
            below = [f"{key(name)}:", *indented(below)]
        else:
            below = [f"{key(name)}: {below[0]}"]
        parts_of.append(("" if when == known else when, below))
    for when, some in groupby(parts_of, key=itemgetter(0)):
        yield from wrapped([line for _, below in some for line in below], when)


def wrapped(some: list[str], when: str) -> list[str]:
    """Return the lines under a condition."""
    return [f"{{{{- if {when} }}}}", *some, "{{- end }}"] if when else some


def indented(some: list[str]) -> list[str]:
    """Return the lines further to the right, but for those of Helm alone."""
    return [line if line.startswith("{{-") else f"  {line}" for line in some]


def key(name: str) -> str:
    """Return a name as YAML takes it."""
    return name if re.fullmatch(r"[A-Za-z_]+", name) else json.dumps(name)


def prepared(resource: Resource, namespace: str) -> Resource:
    """Return a resource with values in it, and with what makes pods start anew when a setting changes."""
    found: Resource = filled(resource, path_of(resource), namespace)
    if resource["kind"] in ("Deployment", "StatefulSet"):
        settings = '{{ include "sandik.settings" . | cat (toJson .Values.settings) | sha256sum }}'
        found["spec"]["template"]["metadata"]["annotations"] = {"checksum/settings": Text(settings)}
    return found


def path_of(resource: Resource) -> str:
    """Return its kind and name; kustomize adds a hash to that of a ConfigMap."""
    kind, name = resource["kind"], resource["metadata"]["name"]
    return f"{kind}/{re.sub('-[a-z0-9]{10}$', '', name) if kind == 'ConfigMap' else name}"


def template(path: str, resources: list[Any]) -> str:
    """Return the template of a resource, as each variant has it, or _MISSING."""
    found = list(lines(resources, path))
    kind = path.partition("/")[0]
    if kind == "ConfigMap":
        at = next(number for number, line in enumerate(found) if line[0] not in " {" and number > 1)
        ours = [line.removeprefix("  ") for line in found[2:at]]
        found[1:at] = [
            'data: {{ mergeOverwrite (include "sandik.settings" . | fromYaml) .Values.settings | toJson }}'
        ]
        found = ['{{- define "sandik.settings" }}', *ours, "{{- end }}", *found]
    if kind == "StatefulSet":
        at = found.index("spec:") + 1
        found[at:at] = wrapped(["  replicas: {{ .Values.workers.min }}"], "not .Values.monitoring.enabled")
    when = WHEN_KIND.get(path) or WHEN_KIND.get(kind) or condition(resources)
    return "\n".join(wrapped(found, when)) + "\n"


def templates() -> Iterator[tuple[str, str]]:
    """Yield the templates, by the names of their files."""
    found = [{path_of(one): prepared(one, namespace(some)) for one in some} for some in variants()]
    for path in found[-1]:
        text = template(path, [some.get(path, _MISSING) for some in found])
        yield f"{path.replace('/', '-').lower()}.yaml", text


def namespace(resources: list[Resource]) -> str:
    """Return the one that all of them are in."""
    [name] = {one["metadata"]["namespace"] for one in resources}
    return str(name)


def write(folder: Path) -> None:
    """Write the chart into a folder, in place of an older chart.

    Raises:
        SystemExit: something else is in that folder.
    """
    files = [*templates(), ("_helpers.tpl", (HERE / "_helpers.tpl").read_text())]
    if folder.exists():
        if any(folder.iterdir()) and not (folder / "templates").is_dir():
            sys.exit(f"{folder} is not empty and holds no chart: nothing was written. Name another folder")
        shutil.rmtree(folder)
    (folder / "templates").mkdir(parents=True)
    for name, text in files:
        (folder / "templates" / name).write_text(text)
    for name in ("Chart.yaml", "values.yaml"):
        shutil.copy(HERE / name, folder)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
