"""docs/aws.md, command by command, as the ordinary user of an instance, and the mistakes that it names.

Each test continues where the previous one stopped.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.lab.ena.model import Ena
from tests.lab.fixtures import added_modules
from tests.lab.fixtures import vpc as network
from tests.lab.fixtures.boot import boot
from tests.lab.fixtures.driver import PATIENT, stock
from tests.lab.fixtures.guest import ORDINARY_USER, PATIENCE_S, Guest, as_user, settles
from tests.lab.fixtures.hardware import Hardware, ModelledNic, Nic
from tests.lab.fixtures.kernel import Kernel
from tests.lab.fixtures.vpc import AERON, GATEWAY, LOGIN, Vpc, vpc
from tests.lab.machines import IOMMU_PARAMETERS, load_drivers
from tests.system.fixtures.client import ClientProcess
from tests.system.fixtures.driver import READY_LINE, TEST_SETTINGS, Driver
from tests.system.fixtures.installation import REPOSITORY, Installation
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import next_port, udp
from tests.system.fixtures.two_hosts import QUICK, check_figures_of_quick, ping

PAGE = REPOSITORY / "docs" / "aws.md"
NAMES = ("install", "look", "set up", "start", "verify", "subscribe", "pong", "back")
REFUSED, FAILURES = 22, 21
# No VM is as fast as an instance; Aeron's own settings are passed on with --preserve-env.
SLOW = {**TEST_SETTINGS, **PATIENT}
ECHO = """
import socket
server = socket.create_server(("172.31.16.10", 22))
print("listening", flush=True)
session, _ = server.accept()
while data := session.recv(100):
    session.sendall(data)
"""


NICS = (ModelledNic("ena", subnet=7, slot=9, make=Ena), ModelledNic("ena", subnet=8, slot=10, make=Ena))
# Like a virtual instance, with modules that its users have added to the kernel; and like a bare-metal one.
MACHINES = ("without_iommu", "with_iommu")
without_iommu = pytest.mark.parametrize("instance", ["without_iommu"], indirect=True)
with_iommu = pytest.mark.parametrize("instance", ["with_iommu"], indirect=True)


def machine(kernel: Kernel, name: str) -> AbstractContextManager[Guest]:
    if name == "with_iommu":
        return boot(kernel, Hardware(NICS), "aws", f"{IOMMU_PARAMETERS} iommu=pt")
    return boot(added_modules.fetch(kernel), Hardware(NICS, has_iommu=False), "aws")


def blocks_of_the_page() -> dict[str, str]:
    """The page's shell blocks for the instance, by what they do."""
    found = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return dict(zip(NAMES, found, strict=True))


@dataclass
class Instance:
    """A guest as its ordinary user sees it: a shell with sudo and a login session over the first NIC."""

    guest: Guest
    vpc: Vpc
    blocks: dict[str, str]
    login: subprocess.Popen[str] | None = None
    driver: ChildProcess | None = None
    said: dict[str, str] = field(default_factory=dict)

    def shell(self, text: str, **environment: str) -> tuple[str, ...]:
        own = {
            "HOME": f"/run/{ORDINARY_USER}",
            "USER": ORDINARY_USER,
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "SSH_CONNECTION": f"{GATEWAY} 51000 {LOGIN} 22",
            **SLOW,
            **environment,
        }
        words = ("env", "-i", *(f"{name}={value}" for name, value in own.items()), "bash", "-ec", text)
        return self.guest.inside.command(*as_user(ORDINARY_USER, *words))

    def attempt(self, text: str, answer: str = "y\n") -> subprocess.CompletedProcess[str]:
        """`answer` is typed when the command asks."""
        asked = text.replace("./setup-aws.sh", f"printf '{answer}' | ./setup-aws.sh".replace("\n", "\\n"))
        return subprocess.run(self.shell(asked), capture_output=True, text=True, check=False)

    def does(self, name: str) -> str:
        done = self.attempt(self.blocks[name])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def use(self, installed: Installation) -> None:
        """Switches to another build of the same programs."""
        folder = installed.aeronmd_dpdk.parent
        self.guest.run("ln", "-sf", f"{folder}/aeron-dpdk", f"{folder}/aeronmd_dpdk", "/usr/local/bin/")
        self.blocks["start"] = self.blocks["start"].replace("~/aeron-dpdk/.venv/bin", str(folder))

    def start(self, gateway: str = GATEWAY) -> None:
        block = self.blocks["start"].replace(GATEWAY, gateway)
        self.driver = ChildProcess(self.shell(block))
        while READY_LINE not in (line := self.driver.next_line(PATIENCE_S) or "the end"):
            assert line != "the end", self.driver.output

    def stop(self) -> None:
        assert self.driver is not None
        if self.driver.is_running:
            self.attempt("kill -TERM $(pgrep -x aeronmd_dpdk)")
            assert self.driver.wait(PATIENCE_S) == 0, self.driver.output


@contextmanager
def logged_in(instance: Instance) -> Iterator[ChildProcess]:
    """A session over the login NIC, both ends of which are real sockets."""
    server = ChildProcess(instance.guest.inside.command("python3", "-c", ECHO))
    assert server.next_line(PATIENCE_S) == "listening", server.output
    talk = f"""
import socket, sys
session = socket.create_connection(("{LOGIN}", 22), timeout=60)
for line in sys.stdin:
    session.sendall(line.encode())
    print(session.recv(100).decode().strip(), flush=True)
"""
    client = subprocess.Popen(
        instance.vpc.network.command("python3", "-c", talk),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    instance.login = client
    try:
        with client:
            yield server
            client.kill()
    finally:
        server.kill()


def still_answers(instance: Instance, word: str) -> bool:
    assert instance.login is not None and instance.login.stdin and instance.login.stdout
    instance.login.stdin.write(f"{word}\n")
    instance.login.stdin.flush()
    return instance.login.stdout.readline().strip() == word


def configure(guest: Guest, nics: tuple[Nic, Nic]) -> None:
    """As the instance's image would: both interfaces in one subnet, the first one preferred; sudo."""
    for nic, address, metric in zip(nics, (LOGIN, AERON), ("100", "200"), strict=True):
        interface = guest.interface(nic)
        guest.inside.ip("address", "add", f"{address}/20", "dev", interface)
        guest.inside.ip("link", "set", interface, "up")
        guest.inside.ip("route", "add", "default", "via", GATEWAY, "dev", interface, "metric", metric)
    rule = f"{ORDINARY_USER} ALL=(ALL) NOPASSWD:SETENV: ALL"
    guest.run("sh", "-c", f"echo '{rule}' > /etc/sudoers.d/lab; echo 127.0.1.1 lab >> /etc/hosts")
    guest.run("ln", "-s", str(REPOSITORY), f"/run/{ORDINARY_USER}/aeron-dpdk")


@pytest.fixture(scope="module", params=MACHINES)
def instance(
    request: pytest.FixtureRequest, guest_kernel: Kernel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    with machine(guest_kernel, request.param) as guest:
        load_drivers(guest, "ena")
        with vpc(guest, NICS, tmp_path_factory.mktemp("aws")) as around:
            configure(guest, NICS)
            made = Instance(guest, around, blocks_of_the_page())
            settles(lambda: guest.attempt("ping", "-c", "1", GATEWAY).returncode == 0, "the gateway answers")
            with logged_in(made):
                yield made


@pytest.fixture(scope="module")
def before(instance: Instance) -> str:
    """The state of the guest's kernel."""
    instance.does("install")
    assert still_answers(instance, "before")
    return instance.does("look")


@without_iommu
def test_an_instance_with_one_interface_is_told_to_attach_a_second(instance: Instance, before: str) -> None:
    instance.vpc.attach(1)
    done = instance.attempt(instance.blocks["set up"])
    instance.vpc.attach(2)
    assert done.returncode == REFUSED and "attach a second network interface" in done.stderr, done.stderr


@without_iommu
def test_the_primary_interface_is_not_given_away(instance: Instance, before: str) -> None:
    done = instance.attempt(instance.blocks["set up"].replace("setup-aws.sh", "setup-aws.sh --nic eni-0"))
    assert done.returncode == REFUSED and "no secondary interface eni-0" in done.stderr, done.stderr
    done = instance.attempt(f"sudo aeron-dpdk setup --yes --nic {NICS[0].pci_address}")
    assert done.returncode == REFUSED and "carries the default route" in done.stderr, done.stderr


def test_the_script_gives_the_second_interface_to_dpdk(instance: Instance, before: str) -> None:
    said = instance.does("set up")
    assert f"chosen: eni-1 {AERON}/20" in said and f"gateway {GATEWAY}" in said
    login, aeron = NICS
    assert (instance.guest.driver(login), instance.guest.driver(aeron)) == ("ena", "vfio-pci")
    for line in instance.blocks["start"].splitlines()[:4] + instance.blocks["verify"].splitlines():
        assert line in said, "the page and the script say different things"
    assert still_answers(instance, "set up")


@without_iommu
def test_a_wrong_gateway_is_found_by_verify(instance: Instance, before: str) -> None:
    instance.start(gateway="172.31.16.77")
    done = instance.attempt(instance.blocks["verify"])
    instance.stop()
    assert done.returncode == FAILURES and "FAIL aws.arp: the gateway 172.31.16.77" in done.stdout, done


def test_the_driver_starts_as_on_the_page_and_its_gateway_answers(instance: Instance, before: str) -> None:
    instance.start()
    assert f"PASS aws.arp: the gateway {GATEWAY} answers" in instance.does("verify")


@pytest.fixture(scope="module")
def other(instance: Instance, installed: Installation) -> Iterator[Driver]:
    with stock(installed, instance.vpc.other, "aws-other") as driver:
        yield driver


def first_message(instance: Instance, other: Driver) -> None:
    subscriber = ClientProcess(instance.shell(f"{instance.blocks['subscribe'].strip()} --patient"))
    subscriber.await_event("ready", PATIENCE_S)
    publisher = other.client("publish", channel=udp(AERON, 20121), messages=1)
    assert [each["messages"] for each in publisher.finish()["publications"]] == [1]
    assert len(subscriber.finish()["subscriptions"]) == 1


def test_the_first_message_comes(instance: Instance, before: str, other: Driver) -> None:
    first_message(instance, other)


@with_iommu
def test_the_two_instances_measure_each_other(
    instance: Instance, before: str, other: Driver, tmp_path: Path
) -> None:
    """That figures come is tested. What they are says nothing: the instance's processor is emulated."""
    place = tmp_path / "ping.json"
    pong = ChildProcess(instance.shell(instance.blocks["pong"]))
    try:
        assert f"pong answers at {AERON}:" in (pong.next_line(PATIENCE_S) or ""), pong.output
        done = ping(other, AERON, *QUICK, f"--json={place}", timeout_s=PATIENCE_S)
        assert done.returncode == 0, done.stderr + pong.output
    finally:
        pong.kill()
    check_figures_of_quick(place)


@without_iommu
def test_a_closed_security_group_is_found_by_verify(instance: Instance, before: str) -> None:
    instance.stop()
    instance.start()
    command = f"{REPOSITORY}/build/native/tests/system/publish --dir=/dev/shm/aeron-${{USER}}"
    channel = udp(network.OTHER, next_port())
    with instance.vpc.closed_security_group():
        asking = f"{command} --channel='{channel}' --messages=1 --timeout-ms={int(2 * PATIENCE_S * 1000)}"
        publisher = ChildProcess(instance.shell(asking))

        def is_found() -> bool:
            return "FAIL aws.traffic" in instance.attempt(instance.blocks["verify"]).stdout

        try:
            settles(is_found, "verify names the security group")
        finally:
            publisher.kill()


def go_back(instance: Instance, before: str) -> None:
    instance.does("back")
    assert instance.driver is not None and instance.driver.wait(PATIENCE_S) == 0

    def is_as_before() -> bool:
        return essence(instance.does("look")) == essence(before)

    settles(is_as_before, essence(before))
    assert instance.guest.driver(NICS[1]) == "ena"


def test_the_way_back_gives_the_interface_its_address_and_routes(instance: Instance, before: str) -> None:
    go_back(instance, before)
    assert still_answers(instance, "back")


@without_iommu
@pytest.mark.long
@pytest.mark.parametrize("driver", ["igb_uio", "uio_pci_generic"])
def test_the_chapter_holds_for_the_drivers_that_a_user_may_ask_for(
    instance: Instance, before: str, other: Driver, current: Installation, driver: str
) -> None:
    """ENA on uio_pci_generic needs a DPDK that can poll it."""
    if driver == "uio_pci_generic":
        instance.use(current)
    done = instance.attempt(
        instance.blocks["set up"].replace("setup-aws.sh", f"setup-aws.sh --driver {driver}")
    )
    assert done.returncode == 0, done.stderr
    assert instance.guest.driver(NICS[1]) == driver
    instance.start()
    assert f"PASS aws.arp: the gateway {GATEWAY} answers" in instance.does("verify")
    first_message(instance, other)
    go_back(instance, before)
    assert still_answers(instance, driver)


def essence(shown: str) -> str:
    """Without interface numbers and what the link does by itself."""
    lines = [line for line in shown.splitlines() if not re.search("inet6|valid_lft|LOOPBACK", line)]
    return "\n".join(sorted(re.sub(r"^\d+: | state \w+| linkdown|NO-CARRIER,", "", line) for line in lines))


def test_the_other_instances_command_is_the_one_that_the_page_has() -> None:
    assert f"publish --dir=${{AERON_DIR}} --channel='{udp(AERON, 20121)}' --messages=1" in PAGE.read_text()
