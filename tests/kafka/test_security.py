"""sandik on a Kafka that asks who it is: right secrets work, wrong ones end it, and none is ever told."""

import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest

from sandik.clock import SystemClock
from sandik_schemas.count import Count
from tests.support.command import sandik
from tests.support.kafka import unique_prefix, wait_until
from tests.support.scene import Scene, brief, some_posts, wait_for_all, wait_for_more
from tests.support.secured_kafka import PASSWORD, USERNAME, SecuredKafka, a_token, secured_kafka
from tests.support.sockets import connected_ports, listening_ports
from tests.support.warm import start
from tests.support.workers import Workers, counting, quick_settings

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

AUTHOR_KEY = "anahtar-71d0e8-9c3fa2"
WRONG = "yanlis-3b8a55"
MINUTE_MS = 60_000
BASE_MS = 1_683_800_040_000
POSTS = [
    {
        "id": f"test:{number}",
        "source": "test",
        "created_at_ms": BASE_MS + number * 500,
        "text": "Seçimde sandığa sahip çıkalım",
        "author_id": str(number),
    }
    for number in range(300)
]
LINES = b"".join(msgspec.json.encode(post) + b"\n" for post in POSTS)
COMMANDS = {
    "topics": ["topics", "create"],
    "ingest": ["ingest", "--format", "jsonl", "-"],
    "worker": ["worker", "--log-level", "debug"],
    "counts": ["counts", "--once", "--json"],
}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path_factory.mktemp("secured")) as kafka:
        yield kafka


def run(command: str, variables: Mapping[str, str]) -> "subprocess.CompletedProcess[bytes]":
    """Run a command to its end; whatever becomes of it, it tells no secret."""
    done = sandik(*COMMANDS[command], stdin=LINES, environment=variables)
    assert_tells_no_secret(done.stdout + done.stderr, variables)
    return done


def assert_tells_no_secret(output: bytes, variables: Mapping[str, str]) -> None:
    for secret in (PASSWORD, WRONG, AUTHOR_KEY):
        assert secret.encode() not in output
    if token_file := variables.get("SANDIK_SASL_TOKEN_FILE"):
        for part in Path(token_file).read_bytes().split():
            assert part not in output


@contextmanager
def a_worker(variables: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker that says all it can, until the end of the block."""
    with log.open("wb") as output, Workers(variables, log.parent) as workers:
        environment = workers.environment
        process = start("sandik", *COMMANDS["worker"], environment=environment, stdout=output, stderr=output)
        workers.processes.append(process)
        yield process


def quick(way: Mapping[str, str]) -> dict[str, str]:
    """Return the way in, with topics of its own and counts that do not take their time."""
    return {
        **way,
        "SANDIK_AUTHOR_KEY": AUTHOR_KEY,
        "SANDIK_TOPIC_PREFIX": unique_prefix(),
        "SANDIK_PARTITIONS": "2",
        "SANDIK_EMIT_EVERY_MS": "300",
    }


def counted(variables: Mapping[str, str]) -> Counter[int]:
    """Return the posts of each window, as `sandik counts` has them."""
    done = run("counts", variables)
    assert done.returncode == 0, done.stderr
    counts = [msgspec.json.decode(line, type=Count) for line in done.stdout.splitlines()]
    latest = {count.key: count for count in sorted(counts, key=lambda count: count.revision)}
    windows: Counter[int] = Counter()
    for count in latest.values():
        if count.tag == "all":
            windows[count.window_start_ms] += count.count
    return windows


@pytest.mark.parametrize("name", ["SCRAM-SHA-512", "PLAIN", "OAUTHBEARER", "certificate"])
async def test_all_posts_are_counted_and_no_secret_is_told_nor_port_opened(
    secured: SecuredKafka, tmp_path: Path, name: str
) -> None:
    variables = quick(secured.ways[name])
    truth = Counter(post["created_at_ms"] // MINUTE_MS * MINUTE_MS for post in POSTS)  # type: ignore[operator]
    log = tmp_path / "worker.log"

    assert run("topics", variables).returncode == 0
    assert run("ingest", variables).returncode == 0
    with a_worker(variables, log) as worker:

        def all_are_counted() -> bool:
            assert worker.poll() is None, log.read_text()
            return counted(variables).total() >= len(POSTS)

        await wait_until(all_are_counted, 60, "all posts are counted")
        used, open_to_others = connected_ports(worker.pid), listening_ports(worker.pid)
        worker.terminate()
        exit_code = worker.wait(60)

    assert counted(variables) == truth
    assert used == {int(variables["SANDIK_BROKER"].rpartition(":")[2])}, "not by the way that was set"
    assert open_to_others == set()
    assert listening_ports(secured.kafka.pid) >= used, "this test cannot see open ports"
    assert exit_code == 0
    assert b'"level": "debug"' in log.read_bytes()
    assert_tells_no_secret(log.read_bytes(), variables)


async def test_a_worker_whose_token_is_renewed_goes_on(secured: SecuredKafka, tmp_path: Path) -> None:
    """Kafka closes a connection when its token expires; the next one is given what the file holds by then."""
    variables = quick(secured.ways["OAUTHBEARER"])
    short_lived = {**variables, "SANDIK_SASL_TOKEN_FILE": str(tmp_path / "token")}
    log, valid_for_s = tmp_path / "worker.log", 10
    assert run("topics", variables).returncode == 0
    with renewed(tmp_path / "token", valid_for_s), a_worker(short_lived, log) as worker:

        def are_counted(posts: int) -> bool:
            assert worker.poll() is None, log.read_text()
            return counted(variables).total() >= posts

        assert run("ingest", variables).returncode == 0
        await wait_until(lambda: are_counted(len(POSTS)), 60, "all posts are counted")
        expired_at_ms = SystemClock().now_ms() + valid_for_s * 1000
        await wait_until(
            lambda: SystemClock().now_ms() > expired_at_ms, 60, "every token until now has expired"
        )
        later = LINES.replace(b'"test:', b'"later:')
        assert sandik(*COMMANDS["ingest"], stdin=later, environment=variables).returncode == 0
        await wait_until(lambda: are_counted(2 * len(POSTS)), 60, "posts that came later are counted")
        worker.terminate()
        assert worker.wait(60) == 0

    assert b"invalid_token" not in log.read_bytes()


@contextmanager
def renewed(token_file: Path, valid_for_s: float) -> Iterator[None]:
    """Keep a token in the file that is good for at least half of the time given."""
    is_over = Event()

    def renew() -> None:
        while not is_over.is_set():
            fresh = token_file.with_suffix(".new")
            fresh.write_text(a_token(valid_for_s))
            fresh.replace(token_file)
            is_over.wait(valid_for_s / 5)

    renewing = Thread(target=renew)
    renewing.start()
    try:
        yield
    finally:
        is_over.set()
        renewing.join()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_token_that_has_expired_ends_each_command(
    secured: SecuredKafka, tmp_path: Path, command: str
) -> None:
    (tmp_path / "token").write_text(a_token(valid_for_s=-60))

    done = run(command, {**secured.ways["OAUTHBEARER"], "SANDIK_SASL_TOKEN_FILE": str(tmp_path / "token")})

    assert_refused(done, "invalid_token", "Check the token in SANDIK_SASL_TOKEN_FILE")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_password_ends_each_command(secured: SecuredKafka, command: str) -> None:
    done = run(command, {**secured.ways["SCRAM-SHA-512"], "SANDIK_SASL_PASSWORD": WRONG})

    assert_refused(done, "SaslAuthenticationFailed", "Check SANDIK_SASL_USERNAME and SANDIK_SASL_PASSWORD")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_with_an_untrusted_certificate_ends_each_command(
    secured: SecuredKafka, command: str
) -> None:
    other_authority = {"SANDIK_SSL_CAFILE": str(secured.files / "other.pem")}

    done = run(command, {**secured.ways["SCRAM-SHA-512"], **other_authority})

    assert_refused(done, "certificate cannot be trusted", "Set SANDIK_SSL_CAFILE")


def test_a_certificate_for_another_name_is_refused(secured: SecuredKafka) -> None:
    variables = {**secured.ways["SCRAM-SHA-512"], "SANDIK_BROKER": f"localhost:{secured.sasl_port}"}

    assert_refused(run("topics", variables), "not valid for 'localhost'", "SANDIK_BROKER")


@pytest.mark.parametrize(
    ("way", "changes", "advice"),
    [
        ("PLAIN", {"SANDIK_SASL_PASSWORD": WRONG}, "SANDIK_SASL_PASSWORD"),
        ("SCRAM-SHA-512", {"SANDIK_SSL_CAFILE": None}, "SANDIK_SSL_CAFILE"),  # leaves those of the system
        ("SCRAM-SHA-512", {"SANDIK_SASL_MECHANISM": "SCRAM-SHA-256"}, "SANDIK_SASL_MECHANISM"),
        ("SCRAM-SHA-512", {"SANDIK_SASL_USERNAME": "nobody"}, "SANDIK_SASL_USERNAME"),
        ("SCRAM-SHA-512", {"SANDIK_SECURITY_PROTOCOL": "PLAINTEXT"}, "SANDIK_SECURITY_PROTOCOL"),
        ("SCRAM-SHA-512", {"SANDIK_SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "SANDIK_SECURITY_PROTOCOL"),
        ("SCRAM-SHA-512", {"SANDIK_SECURITY_PROTOCOL": "SSL"}, "SANDIK_SECURITY_PROTOCOL"),
        ("certificate", {"SANDIK_SSL_CERTFILE": None}, "SANDIK_SSL_CERTFILE"),
        ("certificate", {"SANDIK_SECURITY_PROTOCOL": "SASL_SSL"}, "SANDIK_SECURITY_PROTOCOL"),
        ("certificate", {"SANDIK_SECURITY_PROTOCOL": "PLAINTEXT"}, "SANDIK_SECURITY_PROTOCOL"),
    ],
)
def test_what_does_not_fit_the_server_is_named(
    secured: SecuredKafka, way: str, changes: Mapping[str, str | None], advice: str
) -> None:
    unused_login = {"SANDIK_SASL_USERNAME": USERNAME, "SANDIK_SASL_PASSWORD": PASSWORD}
    changed = {**unused_login, **secured.ways[way], **changes}
    variables = {name: value for name, value in changed.items() if value is not None}

    assert_refused(run("topics", variables), "refuses the connection", advice)


def assert_refused(done: "subprocess.CompletedProcess[bytes]", *words: str) -> None:
    message = done.stderr.decode()
    assert done.returncode == 1, message
    for word in words:
        assert word in message
    assert "Traceback" not in message
    assert done.stdout == b""


@pytest.mark.long
async def test_counts_are_exact_though_workers_that_log_in_by_scram_are_killed(
    secured: SecuredKafka, tmp_path: Path
) -> None:
    """Over TLS: whoever takes over logs in anew, and so does who is started again."""
    scene, posts = Scene(brief(quick_settings(secured.kafka.bootstrap_servers))), some_posts(2_000, seed=13)
    await scene.make_topics()
    async with counting(scene.settings, tmp_path, **secured.ways["SCRAM-SHA-512"]) as (workers, follower):
        workers.start()
        workers.start()
        for start in range(0, len(posts), 2_000):
            await scene.write(posts[start : start + 2_000])
            await wait_for_more(follower)
            victim = workers.alive[0]
            victim.kill()
            victim.wait()
            workers.start()
        await wait_for_all(follower, scene, workers)
        assert {port for one in workers.alive for port in connected_ports(one.pid)} == {secured.sasl_port}
        await follower.read()

    assert scene.truth() == follower.cells
