"""Starts of aeronmd_dpdk that make no sense, seeded: each setting of ours and Aeron's, EAL's options too."""

import random
import re
from dataclasses import dataclass
from pathlib import Path

from aeron_dpdk.driver.eal_options import LONG_OPTIONS, SHORT_OPTIONS
from aeron_dpdk.driver.setting_table import SETTING_TABLE

# Not asked for: paths that a driver deletes before it starts, and what prints instead of starting.
LEFT_ALONE = {"AERON_DIR", "AERON_DIR_DELETE_ON_START", "AERON_EVENT_LOG_FILENAME"}
WORDS = (
    "nope",
    "default",
    "true",
    "off",
    "driver",
    "csv_table",
    "loss",
    "loss,nope",
    "unicast_max",
    "SHARED",
    "INVOKER",
    "all",
    "none",
    "json",
    "nobody",
    "noop",
    "spin",
)
NUMBERS = (
    "0",
    "-1",
    "1",
    "2",
    "7",
    "63",
    "512",
    "65535",
    "65536",
    "2147483648",
    "18446744073709551616",
    "1e9",
)
SIZES = (
    "1ns",
    "1us",
    "-5ms",
    "10s",
    "99999999h",
    "0k",
    "64k",
    "3m",
    "4g",
    "999999999999g",
    "k",
    "0.5",
    "nan",
)
ADDRESSES = (
    "10.0.0.1",
    "10.0.0.1/33",
    "224.0.0.1",
    "::1",
    "localhost:20121",
    "0.0.0.0:0",
    "20000 20001",
    "9 5",
)
ODDITIES = (
    "",
    " ",
    "\t1",
    "a" * 5000,
    "%s%n%99999d",
    "../..",
    "/dev/null",
    "/nonexistent/x",
    "a,b,,c",
    "=",
    "x=y,z",
    "é",
    "\udcff\udcfe",  # bytes that are no UTF-8
    "1\n2",
    "\\",
    "'\"",
)
VALUES = (*WORDS, *NUMBERS, *SIZES, *ADDRESSES, *ODDITIES)


@dataclass(frozen=True, slots=True)
class BadStart:
    """`environment` and `arguments` beside what every start has; `properties` is a file's content."""

    environment: dict[str, str]
    arguments: tuple[str, ...]
    properties: bytes


def aerons_names(library: Path) -> tuple[str, ...]:
    """What Aeron's driver asks the environment for: the strings in it that look like that."""
    found = set(re.findall(rb"\0(AERON_[A-Z0-9_]+)(?=\0)", library.read_bytes()))
    return tuple(sorted(name.decode() for name in found))


def bad_start(seed: int, names_of_aeron: tuple[str, ...]) -> BadStart:
    dice = random.Random(seed)
    names = [
        *(setting.name for setting in SETTING_TABLE),
        *names_of_aeron,
        "AERON_DPDK_NOPE",
        "NOTIFY_SOCKET",
    ]
    names = [name for name in names if name not in LEFT_ALONE]
    environment, arguments, properties = {}, [], b""
    for name in dice.sample(names, dice.randint(1, 4)):
        value = dice.choice(VALUES)
        way = dice.randrange(4)
        if way <= 1:
            environment[name] = value
        elif way == 2:
            arguments.append(f"-D{name.lower().replace('_', '.')}={value}")
        else:
            line = f"{name.lower().replace('_', '.')}={value}\n"
            properties += line.encode(errors="surrogateescape")
    if dice.random() < 0.2:
        properties += dice.randbytes(dice.randint(1, 40))
    if dice.random() < 0.3:
        arguments.append(_eal_option(dice))
    dice.shuffle(arguments)
    return BadStart(environment, tuple(arguments), properties)


def _eal_option(dice: random.Random) -> str:
    if dice.random() < 0.3:
        return f"-{dice.choice(sorted(SHORT_OPTIONS))}{dice.choice(VALUES)}"
    name = dice.choice(sorted(LONG_OPTIONS))
    return f"--{name}={dice.choice((*VALUES, 'secondary', 'auto', 'primary', 'pa', 'va'))}"
