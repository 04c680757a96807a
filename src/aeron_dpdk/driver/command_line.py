"""`aeronmd_dpdk [EAL options] [--] [-Dname=value] [-v] [-h] [file.properties ...]` taken apart.

Before --, EAL's options, ours and files may be mixed, so that the benchmark scripts' call without -- works;
after it, only ours and files. Long options may be shortened, as getopt_long allows, if that is unambiguous.
"""

import difflib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from aeron_dpdk.driver.eal_options import LONG_OPTIONS, SHORT_OPTIONS, Takes
from aeron_dpdk.errors import CommandLineError

OWN_LONG_OPTIONS = ("help", "version")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`eal_arguments` are in EAL's spelling, one string each: `-l0`, `--vdev=net_null0`."""

    eal_arguments: tuple[str, ...]
    definitions: tuple[str, ...]
    files: tuple[str, ...]
    shows_help: bool
    shows_version: bool


@dataclass(slots=True)
class _Splitter:
    rest: deque[str]
    eal_arguments: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    shows_help: bool = False
    shows_version: bool = False
    is_past_separator: bool = False

    def split(self) -> CommandLine:
        while self.rest:
            argument = self.rest.popleft()
            if argument == "--" and not self.is_past_separator:
                self.is_past_separator = True
            elif argument.startswith("--"):
                self.long_option(argument)
            elif argument.startswith("-") and argument != "-":
                self.short_options(argument)
            else:
                self.files.append(argument)
        return CommandLine(
            tuple(self.eal_arguments),
            tuple(self.definitions),
            tuple(self.files),
            self.shows_help,
            self.shows_version,
        )

    def long_option(self, argument: str) -> None:
        written, equals, value = argument.removeprefix("--").partition("=")
        name = _full_name(written)
        if name in OWN_LONG_OPTIONS:
            self.shows_help |= name == "help"
            self.shows_version |= name == "version"
            return
        self.refuse_past_separator(f"--{name}")
        takes = LONG_OPTIONS[name]
        if takes is Takes.NOTHING and equals:
            raise CommandLineError(f"--{name} takes no value", f"write --{name} alone")
        if takes is Takes.VALUE and not equals:
            value, equals = self.next_value(f"--{name}"), "="
        self.eal_arguments.append(f"--{name}{equals}{value}")

    def short_options(self, argument: str) -> None:
        """-v and -h may be combined with others, as in -vh; an option with a value ends the word."""
        letters = argument[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter == "v":
                self.shows_version = True
            elif letter == "h":
                self.shows_help = True
            elif letter == "D":
                self.definitions.append(letters or self.next_value("-D"))
                return
            elif letter in SHORT_OPTIONS:
                self.refuse_past_separator(f"-{letter}")
                self.eal_arguments.append(f"-{letter}{letters or self.next_value(f'-{letter}')}")
                return
            else:
                raise _unknown(f"-{letter}", [])

    def next_value(self, option: str) -> str:
        if not self.rest or self.rest[0] == "--":
            raise CommandLineError(f"{option} needs a value", f"write it after {option}")
        return self.rest.popleft()

    def refuse_past_separator(self, option: str) -> None:
        if self.is_past_separator:
            raise CommandLineError(
                f"{option} comes after --, where only -D, -v, -h and property files are allowed",
                "put EAL options before --",
            )


def split_command_line(arguments: Sequence[str]) -> CommandLine:
    """`arguments` without the program's name. Raises CommandLineError."""
    return _Splitter(deque(arguments)).split()


def _full_name(written: str) -> str:
    names = [*LONG_OPTIONS, *OWN_LONG_OPTIONS]
    if written in names:
        return written
    longer = [name for name in names if name.startswith(written)]
    if len(longer) == 1:
        return longer[0]
    if longer:
        raise CommandLineError(f"--{written} is ambiguous", f"write {', '.join(f'--{n}' for n in longer)}")
    raise _unknown(f"--{written}", difflib.get_close_matches(written, names, n=1))


def _unknown(option: str, nearest: list[str]) -> CommandLineError:
    advice = f"did you mean --{nearest[0]}?" if nearest else "-h lists ours, the DPDK guide lists EAL's"
    return CommandLineError(f"{option} is neither an option of aeronmd_dpdk nor of DPDK's EAL", advice)
