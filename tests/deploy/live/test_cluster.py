"""Both overlays on a real API server, with the operators' definitions, under Pod Security `restricted`."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandik.broker import probe
from tests.deploy import tools
from tests.deploy.crds import folder as crds_folder
from tests.deploy.helm import AS_OVERLAY, chart, helm_run, options
from tests.deploy.live.machine import IS_LENIENT, lacks, run, say
from tests.deploy.rendered import OVERLAYS, of_kind, rendered
from tests.deploy.tools import APISERVER, ROOT, built, built_helm, found
from tests.deploy.tools import helm as helm_found

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(1800)]

TOKEN = "of-this-test-alone"  # noqa: S105
START_S = 240.0


class Cluster:
    """Runs kubectl."""

    def __init__(self, port: int, folder: Path) -> None:
        server = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
        self.config = folder / "kubeconfig"
        self.config.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "it", "cluster": server}],
                    "users": [{"name": "us", "user": {"token": TOKEN}}],
                    "contexts": [{"name": "here", "context": {"cluster": "it", "user": "us"}}],
                    "current-context": "here",
                }
            )
        )

    def until(self, *words: str) -> None:
        """Run it again and again until it succeeds."""
        give_up_s = time.monotonic() + START_S
        while "rror" in (said := self.kubectl(*words, check=False)) or "refused" in said:
            if time.monotonic() > give_up_s:
                lacks(f"an API server that answers within {START_S:.0f} s", said[-500:])
            time.sleep(1)

    def kubectl(self, *words: str, resources: Any = None, check: bool = True) -> str:
        """Run it, with resources to read from `-`; return what it prints, warnings included."""
        command = ["kubectl", "--kubeconfig", str(self.config), *words]
        given = self.config.with_name("resources.json")
        given.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": resources or []}))
        with given.open("rb") as file:
            done = run(*command, stdin=file, check=check)
        return done.stdout + done.stderr


@contextmanager
def started(folder: Path, name: str, *arguments: str) -> Iterator[None]:
    with (folder / f"{Path(name).name}.log").open("wb") as log:
        process = subprocess.Popen([name, *arguments], stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    if not list(crds_folder().glob("*.yaml")):
        lacks("the definitions of the operators' resources", "set SANDIK_TEST_CRDS to a folder of them")
    try:
        store = tools.etcd()
    except pytest.skip.Exception as why:
        lacks("etcd", str(why))
    run("kubectl", "version", "--client")
    if IS_LENIENT and not found(APISERVER.program):
        lacks("an API server", "`python -m tests.deploy.tools kube-apiserver` builds it, with Go")
    try:
        server = built(APISERVER)
    except pytest.skip.Exception as why:
        lacks("an API server", str(why))
    say(run(server, "--version").stdout.strip())
    client, peer, port = probe.free_port(), probe.free_port(), probe.free_port()
    (folder / "tokens.csv").write_text(f"{TOKEN},us,1,system:masters\n")
    run("openssl", "genrsa", "-out", str(folder / "key"), "2048")
    etcd = (
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{client}",
        f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        "--unsafe-no-fsync",
    )
    api = (
        f"--etcd-servers=http://127.0.0.1:{client}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--cert-dir={folder / 'certificates'}",
        f"--service-account-key-file={folder / 'key'}",
        f"--service-account-signing-key-file={folder / 'key'}",
        "--service-account-issuer=https://test",
        "--service-cluster-ip-range=198.18.0.0/24",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
    )
    with started(folder, store, *etcd), started(folder, server, *api):
        cluster = Cluster(port, folder)
        cluster.until("get", "--raw", "/readyz")
        cluster.kubectl("apply", "--server-side", "--filename", str(crds_folder()))
        # kubectl fails on one that has no conditions yet.
        cluster.until("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        yield cluster


def apply(cluster: Cluster, overlay: str) -> list[str]:
    folder = ROOT / "deploy/kubernetes/overlays" / overlay
    return cluster.kubectl("apply", "--validate=strict", "--kustomize", str(folder)).splitlines()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_taken_without_a_warning_and_the_second_time_changes_nothing(
    cluster: Cluster, overlay: str
) -> None:
    first, second = apply(cluster, overlay), apply(cluster, overlay)
    folder = str(ROOT / "deploy/kubernetes/overlays" / overlay)
    there = json.loads(cluster.kubectl("get", "--kustomize", folder, "--output", "json"))["items"]

    assert [line for line in first if not line.endswith(" created")] == []
    assert len(first) == len(rendered(overlay))
    assert [line for line in second if " created" in line] == []
    assert len(there) == len(first)
    # kubectl says `configured` of what the server has filled in; what counts is whether it is another.
    assert {one["metadata"].get("generation", 1) for one in there} == {1}


def test_a_field_that_nobody_knows_is_refused(cluster: Cluster) -> None:
    [monitor] = of_kind("dev", "PodMonitor")
    misspelt = {**monitor, "spec": {**monitor["spec"], "podMetricEndpoints": []}}
    said = cluster.kubectl("apply", "--validate=strict", "-f", "-", resources=[misspelt], check=False)

    assert "podMetricEndpoints" in said


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_are_let_in_where_the_restricted_standard_is_enforced(cluster: Cluster, overlay: str) -> None:
    space = f"restricted-{overlay}"
    cluster.kubectl("create", "namespace", space)
    cluster.kubectl("label", "namespace", space, "pod-security.kubernetes.io/enforce=restricted")
    cluster.kubectl("--namespace", space, "create", "serviceaccount", "default")  # its controller is not here
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**maker["spec"]["template"]["metadata"], "name": maker["metadata"]["name"]},
            "spec": maker["spec"]["template"]["spec"],
        }
        for kind in ("StatefulSet", "Deployment")
        for maker in of_kind(overlay, kind)
    ]
    open_one = {**pods[0], "metadata": {"name": "open"}, "spec": {**pods[0]["spec"], "hostNetwork": True}}
    create = ("--namespace", space, "create", "--dry-run=server", "--filename", "-")

    assert len(cluster.kubectl(*create, resources=pods).splitlines()) == len(pods)
    assert "violates PodSecurity" in cluster.kubectl(*create, resources=[open_one], check=False)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_helm_installs_upgrades_and_rolls_back_the_chart(cluster: Cluster, overlay: str) -> None:
    """No controller runs here, so that Helm does not wait for pods."""
    space, values = f"helm-{overlay}", options(AS_OVERLAY[overlay])

    def helm(*words: str) -> str:
        return helm_run("--kubeconfig", str(cluster.config), "--namespace", space, *words)

    def image() -> str:
        pod = "{.spec.template.spec.containers[0].image}"
        words = ("get", "statefulset/sandik-worker", "--output", f"jsonpath={pod}")
        return cluster.kubectl("--namespace", space, *words)

    try:
        helm_found() if IS_LENIENT else built_helm()
    except pytest.skip.Exception as why:
        lacks("Helm", str(why))
    cluster.kubectl("create", "namespace", space)
    said = [helm("install", "sandik", str(chart()), *values)]
    installed = image()
    said.append(helm("upgrade", "sandik", str(chart()), *values, "--set", "image.tag=0.2.0"))
    upgraded = image()
    said.append(helm("rollback", "sandik", "1"))
    rolled_back = image()
    helm("uninstall", "sandik")
    left = cluster.kubectl("--namespace", space, "get", "statefulset,kafkatopic,scaledobject")

    assert (installed, upgraded, rolled_back) == ("sandik:0.1.0", "sandik:0.2.0", "sandik:0.1.0")
    assert "No resources found" in left
    assert [one for one in said if "arning" in one] == []
