"""The command line with and without --, which must tell an option's value from a property file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeron_dpdk.driver.command_line import CommandLine, split_command_line
from aeron_dpdk.driver.eal_options import LONG_OPTIONS, SHORT_OPTIONS, Takes
from aeron_dpdk.errors import CommandLineError

FILES = ("low.properties", "bench.properties")


def line(
    eal: tuple[str, ...] = (), definitions: tuple[str, ...] = (), files: tuple[str, ...] = ()
) -> CommandLine:
    return CommandLine(eal, definitions, files, False, False)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", line()),
        ("-l 0", line(("-l0",))),
        ("-l0", line(("-l0",))),
        (
            "--no-telemetry -l 0 -- low.properties bench.properties",
            line(("--no-telemetry", "-l0"), (), FILES),
        ),
        ("--no-telemetry low.properties bench.properties", line(("--no-telemetry",), (), FILES)),
        ("-l 0 --no-telemetry low.properties", line(("-l0", "--no-telemetry"), (), FILES[:1])),
        ("--vdev net_null0 x", line(("--vdev=net_null0",), (), ("x",))),
        ("--vdev=net_null0,copy=1", line(("--vdev=net_null0,copy=1",))),
        ("--log-level *:debug -- x", line(("--log-level=*:debug",), (), ("x",))),
        ("--huge-unlink x", line(("--huge-unlink",), (), ("x",))),
        ("--huge-unlink=never", line(("--huge-unlink=never",))),
        ("--lcore 0@1", line(("--lcores=0@1",))),
        ("--no-tele", line(("--no-telemetry",))),
        ("--vde net_null0", line(("--vdev=net_null0",))),
        ("-Da=b -D c=d x", line((), ("a=b", "c=d"), ("x",))),
        ("-l 0 -- -Da=b x", line(("-l0",), ("a=b",), ("x",))),
        ("x -l 0 y", line(("-l0",), (), ("x", "y"))),
        ("-a 0000:00:06.0,llq_policy=1", line(("-a0000:00:06.0,llq_policy=1",))),
        ("-", line((), (), ("-",))),
    ],
)
def test_eal_options_definitions_and_files_are_told_apart(words: str, expected: CommandLine) -> None:
    assert split_command_line(words.split()) == expected


@pytest.mark.parametrize("words", ["-v", "--version", "-l 0 -v", "-- -v", "-hv"])
def test_v_is_ours_wherever_it_is(words: str) -> None:
    assert split_command_line(words.split()).shows_version


@pytest.mark.parametrize("words", ["-h", "--help", "--hel", "-l 0 -h", "-- --help", "-vh"])
def test_h_is_ours_wherever_it_is(words: str) -> None:
    assert split_command_line(words.split()).shows_help


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--no-hugepages", "did you mean --no-huge?"),
        ("--wdev=x", "did you mean --vdev?"),
        ("-x", "-x is neither"),
        ("--no-h", "is ambiguous"),
        ("-l", "-l needs a value"),
        ("--vdev -- x", "--vdev needs a value"),
        ("-D", "-D needs a value"),
        ("--no-pci=yes", "takes no value"),
        ("-- --", "is ambiguous"),
        ("-- -l 0", "put EAL options before --"),
        ("-- --no-pci", "put EAL options before --"),
    ],
)
def test_a_mistake_is_reported_with_its_remedy(words: str, said: str) -> None:
    with pytest.raises(CommandLineError) as caught:
        split_command_line(words.split())
    assert said in str(caught.value)


VALUES = st.text(alphabet="abc0123456789,=:@().-/", min_size=1, max_size=12).filter(lambda text: text != "--")
PLAIN = VALUES.filter(lambda text: not text.startswith("-"))


@st.composite
def eal_options(draw: st.DrawFn) -> tuple[list[str], str]:
    """An option as somebody may write it, and as EAL gets it."""
    if draw(st.booleans()):
        letter, value = draw(st.sampled_from(sorted(SHORT_OPTIONS))), draw(VALUES)
        return ([f"-{letter}", value] if draw(st.booleans()) else [f"-{letter}{value}"]), f"-{letter}{value}"
    name = draw(st.sampled_from(sorted(LONG_OPTIONS)))
    if LONG_OPTIONS[name] is not Takes.VALUE:
        return [f"--{name}"], f"--{name}"
    value = draw(VALUES)
    return ([f"--{name}", value] if draw(st.booleans()) else [f"--{name}={value}"]), f"--{name}={value}"


@given(
    options=st.lists(eal_options(), max_size=5),
    files=st.lists(PLAIN, max_size=3),
    separates=st.booleans(),
)
def test_files_are_found_behind_any_eal_options(
    options: list[tuple[list[str], str]], files: list[str], separates: bool
) -> None:
    words = [word for written, _ in options for word in written]
    found = split_command_line([*words, *(["--"] if separates else []), *files])
    assert found == line(tuple(canonical for _, canonical in options), (), tuple(files))
