from dataclasses import replace
from ipaddress import IPv4Address, IPv6Interface

import pytest
from tests.unit.driver.fakes import PORT

from aeron_dpdk.driver.aeron_settings import AeronSettings, read_aeron_settings
from aeron_dpdk.driver.interface_settings import InterfaceSettings
from aeron_dpdk.driver.preflight import (
    check_huge_pages,
    check_mtu,
    check_process_type,
    check_socket_buffers,
)
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.errors import CommandLineError, MtuError, NoHugePagesError, SocketBufferError
from aeron_dpdk.machine.facts.memory import HugePagePool
from aeron_dpdk.machine.facts.session import SocketBuffers

OWN = InterfaceSettings(LocalAddress(IPv4Address("10.0.0.7"), 24))
NO_PAGES = (HugePagePool(2048, total=10, free=0, overcommit=0),)


def aeron(**environment: str) -> AeronSettings:
    return read_aeron_settings(environment)


def test_no_free_huge_page_is_refused_with_the_command_that_reserves_some() -> None:
    with pytest.raises(NoHugePagesError) as caught:
        check_huge_pages([], NO_PAGES)
    command = "echo 522 | sudo tee /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
    assert f"`{command}`" in str(caught.value)


@pytest.mark.parametrize("arguments", [["--proc-type=secondary"], ["--no-huge", "--proc-type", "auto"]])
def test_a_secondary_process_is_refused_before_the_eal_waits_for_its_primary(arguments: list[str]) -> None:
    with pytest.raises(CommandLineError, match="leave --proc-type out"):
        check_process_type(arguments)


def test_proc_type_primary_is_accepted() -> None:
    check_process_type(["--proc-type=primary", "--no-huge"])


def test_no_huge_needs_none() -> None:
    check_huge_pages(["--no-huge"], NO_PAGES)


@pytest.mark.parametrize("pool", [HugePagePool(2048, 10, 1, 0), HugePagePool(2048, 0, 0, 5)])
def test_one_free_or_promised_huge_page_is_enough_to_let_dpdk_judge(pool: HugePagePool) -> None:
    check_huge_pages([], [pool])


def test_a_window_beyond_the_receive_buffer_is_refused_with_sysctl_and_setting() -> None:
    buffers = SocketBuffers(sndbuf_length=212992, rcvbuf_length=425984, wmem_max=212992, rmem_max=212992)
    with pytest.raises(SocketBufferError) as caught:
        check_socket_buffers(aeron(AERON_RCV_INITIAL_WINDOW_LENGTH="2m"), buffers)
    text = str(caught.value)
    assert "sysctl -w net.core.rmem_max=2097152" in text and "AERON_SOCKET_SO_RCVBUF=2097152" in text
    assert "425984" in text


def test_the_sysctl_is_not_named_where_it_is_large_enough() -> None:
    buffers = SocketBuffers(sndbuf_length=212992, rcvbuf_length=262144, wmem_max=1 << 22, rmem_max=1 << 22)
    with pytest.raises(SocketBufferError) as caught:
        check_socket_buffers(aeron(AERON_RCV_INITIAL_WINDOW_LENGTH="2m"), buffers)
    assert "sysctl" not in str(caught.value)


def test_an_mtu_beyond_the_send_buffer_is_refused() -> None:
    buffers = SocketBuffers(sndbuf_length=4608, rcvbuf_length=262144, wmem_max=2304, rmem_max=1 << 22)
    with pytest.raises(SocketBufferError, match="net.core.wmem_max=8192"):
        check_socket_buffers(aeron(AERON_MTU_LENGTH="8K"), buffers)


def test_buffers_that_just_suffice_are_accepted() -> None:
    check_socket_buffers(aeron(), SocketBuffers(1408, 128 * 1024, 0, 0))


def test_an_aeron_mtu_that_does_not_fit_the_link_is_refused_with_both_numbers() -> None:
    with pytest.raises(MtuError) as caught:
        check_mtu(aeron(AERON_MTU_LENGTH="8K"), PORT, OWN)
    assert "8192" in str(caught.value) and "1500" in str(caught.value)
    assert "at most 1472" in str(caught.value)


def test_an_aeron_mtu_that_just_fits_is_accepted() -> None:
    check_mtu(aeron(AERON_MTU_LENGTH="1472"), PORT, OWN)


def test_an_aeron_mtu_that_goes_in_fragments_is_accepted_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check_mtu(aeron(AERON_MTU_LENGTH="8K"), replace(PORT, datagram_max=11832), OWN)
    assert "AERON_MTU_LENGTH=8192 does not fit the link's MTU of 1500" in caplog.text


def test_an_mtu_that_does_not_fit_is_reported_with_the_interface_and_its_own_setting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    further = replace(OWN, number=2)
    check_mtu(aeron(AERON_MTU_LENGTH="8K"), replace(PORT, name="0000:02:00.0", datagram_max=11832), further)
    assert "on 0000:02:00.0 (10.0.0.7)" in caplog.text and "AERON_DPDK_2_MTU raises it" in caplog.text
    with pytest.raises(MtuError, match=r"on .* \(10\.0\.0\.7\)") as caught:
        check_mtu(aeron(AERON_MTU_LENGTH="8K"), PORT, further)
    assert "or raise AERON_DPDK_2_MTU" in str(caught.value)


def test_what_fits_as_ipv4_alone_is_warned_of_where_there_is_ipv6(caplog: pytest.LogCaptureFixture) -> None:
    both = replace(OWN, local_ipv6_address=(IPv6Interface("fd91::1/64"),))
    check_mtu(aeron(AERON_MTU_LENGTH="1472"), PORT, both)
    assert "full datagrams go in fragments" in caplog.text
