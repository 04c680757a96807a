from pathlib import Path

import pytest

from aeron_dpdk.driver.eal_arguments import (
    LCORE_OPTIONS,
    MEMORY_OPTIONS,
    complete_eal_arguments,
    uses_huge_pages,
    with_polling,
)
from aeron_dpdk.driver.eal_options import LONG_OPTIONS, SHORT_OPTIONS
from aeron_dpdk.machine.tree import Tree

CPUS = {0, 1, 2, 3, 8}
AMAZON, INTEL = "0x1d0f", "0x8086"
ENA, OTHER_ENA, E1000E = "0000:00:06.0", "0000:00:07.0", "0000:00:08.0"
POLL = "control_path_poll_interval=1000"


def added(*given: str, main_cpu: int | None = None) -> set[str]:
    program, *arguments = complete_eal_arguments(given, CPUS, main_cpu)
    assert program == "aeronmd_dpdk"
    assert arguments[len(arguments) - len(given) :] == list(given)
    return set(arguments[: len(arguments) - len(given)])


def test_without_options_there_is_one_lcore_that_floats_and_memory_without_files() -> None:
    assert added() == {"--lcores=0@(0-3,8)", "--in-memory"}


def test_a_main_cpu_pins_the_one_lcore() -> None:
    assert added(main_cpu=3) == {"--lcores=0@(3)", "--in-memory"}


@pytest.mark.parametrize("option", ["-l0", "-c0x1", "--lcores=0@1"])
def test_lcores_that_the_user_chose_are_kept(option: str) -> None:
    assert added(option) == {"--in-memory"}


@pytest.mark.parametrize(
    "option",
    [
        "--in-memory",
        "--file-prefix=a",
        "--huge-unlink=never",
        "--huge-unlink",
        "--huge-dir=/mnt",
        "--proc-type=primary",
        "--legacy-mem",
        "--no-shconf",
    ],
)
def test_memory_options_that_the_user_chose_are_kept(option: str) -> None:
    assert added(option, "-l0") == set()


def test_memory_without_huge_pages_shares_no_files_and_has_room_for_our_mempools() -> None:
    assert added("--no-huge", "-l0") == {"--no-shconf", "-m512"}
    assert added("--no-huge", "--no-shconf", "-l0") == {"-m512"}
    assert added("--no-huge", "-m64", "-l0") == {"--no-shconf"}


def test_only_no_huge_does_without_huge_pages() -> None:
    assert uses_huge_pages(["-m64"]) and not uses_huge_pages(["-m64", "--no-huge"])


def test_every_option_we_look_for_is_one_of_eals() -> None:
    for option in LCORE_OPTIONS | MEMORY_OPTIONS:
        assert option.removeprefix("--") in LONG_OPTIONS or option.removeprefix("-") in SHORT_OPTIONS


def test_device_arguments_follow_a_long_option_name_as_every_dpdk_accepts_them() -> None:
    given = ("-a0000:00:06.0,llq_policy=0", "-a0000:00:07.0", "--vdev=net_null0,size=9", "-l0")
    assert complete_eal_arguments(given, CPUS, None)[-4:] == (
        "--allow=0000:00:06.0,llq_policy=0",
        "-a0000:00:07.0",
        "--vdev=net_null0,size=9",
        "-l0",
    )


# ---- ENA on uio_pci_generic starts only where DPDK is told to poll ----


def machine(root: Path, *devices: tuple[str, str, str]) -> Tree:
    """Address, vendor and driver of each device."""
    for address, vendor, driver in devices:
        folder = root / "sys" / "bus" / "pci" / "devices" / address
        folder.mkdir(parents=True)
        (folder / "vendor").write_text(vendor)
        (folder / "driver").symlink_to(f"../../drivers/{driver}")
    return Tree(root)


@pytest.mark.parametrize(
    ("given", "started_with"),
    [
        ([], [f"-a{ENA},{POLL}"]),
        (["-l0"], ["-l0", f"-a{ENA},{POLL}"]),
        ([f"-a{ENA}"], [f"-a{ENA},{POLL}"]),
        (["-a00:06.0"], [f"-a00:06.0,{POLL}"]),
        ([f"--allow={ENA},llq_policy=0"], [f"--allow={ENA},llq_policy=0,{POLL}"]),
        ([f"-a{ENA},control_path_poll_interval=50"], [f"-a{ENA},control_path_poll_interval=50"]),
        (["--no-pci", "--vdev=net_null0"], ["--no-pci", "--vdev=net_null0"]),
    ],
)
def test_an_ena_without_interrupts_is_polled(
    tmp_path: Path, given: list[str], started_with: list[str]
) -> None:
    tree = machine(tmp_path, (ENA, AMAZON, "uio_pci_generic"), (OTHER_ENA, AMAZON, "ena"))
    assert with_polling(tree, given) == tuple(started_with)


def test_other_devices_that_dpdk_would_find_are_named_too(tmp_path: Path) -> None:
    tree = machine(tmp_path, (ENA, AMAZON, "uio_pci_generic"), (E1000E, INTEL, "vfio-pci"))
    assert with_polling(tree, []) == (f"-a{ENA},{POLL}", f"-a{E1000E}")


@pytest.mark.parametrize(
    "device", [(ENA, AMAZON, "vfio-pci"), (ENA, AMAZON, "igb_uio"), (E1000E, INTEL, "uio_pci_generic")]
)
def test_every_other_device_is_left_to_dpdk(tmp_path: Path, device: tuple[str, str, str]) -> None:
    tree = machine(tmp_path, device)
    assert with_polling(tree, []) == ()
    assert with_polling(tree, [f"-a{device[0]}"]) == (f"-a{device[0]}",)
