"""The commands for EC2: the template, set-up with a metadata service, the check of a running driver."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.hosts.fake_kernel import FakeKernel
from tests.unit.machine.test_aws_metadata import FIRST, SECOND, Service, served
from tests.unit.observe.views import INTERFACE

from aeron_dpdk.errors.machine import MetadataError
from aeron_dpdk.machine.aws import Traffic
from aeron_dpdk.observe.view import NeighbourView
from aeron_dpdk.tools import aws
from aeron_dpdk.tools.main import main

ROOT = Path(__file__).resolve().parents[3]


def test_cfn_lint_finds_nothing_in_the_template(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["aws", "template"])
    template = tmp_path / "aeron-dpdk.yaml"
    template.write_text(result.output)
    lint = [str(Path(sys.executable).parent / "cfn-lint"), "--regions", "us-east-1", "--", str(template)]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_templates_user_data_is_shell(tmp_path: Path) -> None:
    text = CliRunner().invoke(main, ["aws", "template"]).output
    script = text.partition("Fn::Base64: !Sub |\n")[2].partition("\n\n  FirstInstance")[0]
    assert script.strip().startswith("#!/bin/sh")
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKernel:
    fake = FakeKernel("aws-c6in", tmp_path)
    monkeypatch.setattr(aws, "this_host", lambda: fake)
    return fake


def with_addresses_of_the_host(service: Service) -> Service:
    for mac, address in ((FIRST, "172.31.16.10"), (SECOND, "172.31.16.20")):
        start = f"/latest/meta-data/network/interfaces/macs/{mac}"
        service.pages[f"{start}/local-ipv4s"] = address
        service.pages[f"{start}/subnet-ipv4-cidr-block"] = "172.31.16.0/20"
    return service


def test_one_command_finds_binds_and_says_how_to_start(host: FakeKernel) -> None:
    with served(with_addresses_of_the_host(Service())) as url:
        result = CliRunner().invoke(main, ["aws", "setup", "--yes", "--metadata-url", url])
    assert result.exit_code == 0, result.output
    assert host.link_name("/sys/bus/pci/devices/0000:00:06.0/driver") == "vfio-pci"
    assert host.link_name("/sys/bus/pci/devices/0000:00:05.0/driver") == "ena"
    assert "eni-2 172.31.16.20/20 (device 1, 0000:00:06.0 ens6), gateway 172.31.16.1" in result.output
    assert "unsafe no-IOMMU mode" in result.output
    for line in (
        "export AERON_DPDK_LOCAL_IPV4_ADDRESS=172.31.16.20/20",
        "export AERON_DPDK_GATEWAY_IPV4_ADDRESS=172.31.16.1",
        "sudo --preserve-env aeronmd_dpdk -l 0 -a 0000:00:06.0",
    ):
        assert line in result.output


def test_a_driver_that_is_asked_for_is_the_one_that_is_taken_or_refused(host: FakeKernel) -> None:
    with served(with_addresses_of_the_host(Service())) as url:
        asked = ["aws", "setup", "--yes", "--metadata-url", url, "--driver", "igb_uio"]
        result = CliRunner().invoke(main, asked)
    assert result.exit_code == 22
    # From DPDK 24.03 on uio_pci_generic would, too.
    assert "igb_uio does not work for 0000:00:06.0 on this machine, but vfio-pci" in result.output
    assert host.link_name("/sys/bus/pci/devices/0000:00:06.0/driver") == "ena"


def test_a_second_run_finds_the_nic_that_the_kernel_no_longer_has(host: FakeKernel) -> None:
    with served(with_addresses_of_the_host(Service())) as url:
        for _ in range(2):
            result = CliRunner().invoke(main, ["aws", "setup", "--yes", "--metadata-url", url])
    assert result.exit_code == 0 and "Nothing to do" in result.output


def test_a_dry_run_changes_nothing(host: FakeKernel) -> None:
    with served(with_addresses_of_the_host(Service(put=405, needs_token=False))) as url:
        result = CliRunner().invoke(main, ["aws", "setup", "--dry-run", "--metadata-url", url])
    assert result.exit_code == 0 and "version 1 only" in result.output
    assert host.writes == []


def test_elsewhere_than_on_ec2_the_exit_code_is_24(host: FakeKernel) -> None:
    result = CliRunner().invoke(main, ["aws", "setup", "--metadata-url", "http://127.0.0.1:9"])
    assert result.exit_code == 24 == MetadataError("", "").exit_code


def test_the_lines_that_are_printed_name_one_aeron_directory_and_one_way_to_start(host: FakeKernel) -> None:
    with served(with_addresses_of_the_host(Service())) as url:
        result = CliRunner().invoke(main, ["aws", "setup", "--yes", "--metadata-url", url])
    assert "export AERON_DIR=/dev/shm/aeron-${USER}" in result.output
    assert "sudo aeron-dpdk aws verify --aeron-dir /dev/shm/aeron-${USER}" in result.output
    assert len(re.findall(r"Start the driver with|sudo --preserve-env \S*aeronmd_dpdk", result.output)) == 2


def test_a_dry_run_does_not_say_how_to_start_what_it_has_not_set_up(host: FakeKernel) -> None:
    with served(with_addresses_of_the_host(Service())) as url:
        result = CliRunner().invoke(main, ["aws", "setup", "--dry-run", "--metadata-url", url])
    assert result.exit_code == 0 and "aeronmd_dpdk -" not in result.output


@pytest.mark.parametrize(
    ("counts", "sent", "received"),
    [
        ({"tx-packets": 2, "arp-requests-sent": 2}, 0, 0),  # two announcements, nobody answers
        ({"tx-packets": 3, "arp-requests-sent": 3, "rx-packets": 1}, 0, 0),  # the gateway was asked
        ({"tx-packets": 9, "arp-requests-sent": 3, "rx-packets": 1}, 6, 0),  # the group is closed
        ({"tx-packets": 9, "arp-requests-sent": 3, "rx-packets": 7}, 6, 4),
        ({"tx-packets": 7, "arp-replies-sent": 2, "icmp-echo-replies": 5, "rx-packets": 7}, 0, 0),
        ({"rx-packets": 5, "rx-ethertype": 5}, 0, 0),
    ],
)
def test_what_the_driver_sends_by_itself_and_its_answers_are_no_traffic(
    counts: dict[str, int], sent: int, received: int
) -> None:
    assert aws.traffic_from(INTERFACE, counts) == Traffic(
        INTERFACE.address.gateway, silent=(), sent=sent, received=received
    )


def test_a_next_hop_without_a_mac_is_silent() -> None:
    silent = NeighbourView("10.9.0.7", None, "failed", None, 0)
    assert aws.traffic_from(replace(INTERFACE, neighbours=(silent,)), {}).silent == ("10.9.0.7",)


def test_the_template_has_an_image_that_vfio_runs_on_and_no_package_of_its_own() -> None:
    text = CliRunner().invoke(main, ["aws", "template"]).output
    package = text.partition("  Package:\n")[2].partition("\n\n")[0]
    assert "Default" not in package
    assert "Default: /aws/service/canonical/ubuntu/server/" in text


@pytest.mark.parametrize("name", ["setup-aws.sh", "dpdk-devbind.py"])
def test_the_scripts_of_the_product_page_are_there_and_run(name: str) -> None:
    script = ROOT / "scripts" / name
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    assert shutil.which("aeron-dpdk", path=path)
    done = subprocess.run(
        [str(script), "--help"], capture_output=True, text=True, check=False, env={"PATH": path}
    )
    assert done.returncode == 0 and "Usage:" in done.stdout, done.stderr
