"""The manual pages: aeron-dpdk's and those of its commands from click's own help, aeronmd_dpdk's from its
tables.

They are written in man(7). Of the generators available, click-man does not see commands that are imported
only on demand, and help2man handles one program per page.
"""

import re
from collections.abc import Iterable, Iterator

import click

from aeron_dpdk.driver.setting_table import INTERFACE_TABLE, MAX_INTERFACES, SETTING_TABLE
from aeron_dpdk.driver.texts import DESCRIPTION, OPTIONS, USAGE, further_interfaces_text
from aeron_dpdk.exit_code import DRIVER_CODES
from aeron_dpdk.tools.main import main as tools

Definitions = Iterable[tuple[str, str]]


def pages(version: str, date: str) -> dict[str, str]:
    """Text by file name; `date` is YYYY-MM-DD."""
    made = {"aeronmd_dpdk.8": _driver_page(version, date), "aeronmd.8": _stock_page(version, date)}
    for context in _contexts(tools, "aeron-dpdk", None):
        name = context.command_path.replace(" ", "-")
        made[f"{name}.1"] = _command_page(context, version, date)
    return made


def _contexts(command: click.Command, name: str, parent: click.Context | None) -> Iterator[click.Context]:
    """The contexts of a command and of all commands below it."""
    context = click.Context(command, parent, name, **command.context_settings)
    yield context
    for below, found in _below(context):
        yield from _contexts(found, below, context)


def _below(context: click.Context) -> Iterator[tuple[str, click.Command]]:
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield name, command


def _command_page(context: click.Context, version: str, date: str) -> str:
    command, path = context.command, context.command_path
    name = path.replace(" ", "-")
    options = [each for each in command.get_params(context) if isinstance(each, click.Option)]
    records = [record for each in options if (record := each.get_help_record(context)) is not None]
    help_text = (command.help or "").replace("\b", "")
    lines = [
        _title(name, 1, version, date),
        ".SH NAME",
        f"{_escaped(name)} \\- {_escaped(_first_sentence(help_text))}",
        ".SH SYNOPSIS",
        f".B {_escaped(path)}",
        _escaped(" ".join(command.collect_usage_pieces(context))),
        ".SH DESCRIPTION",
        *_paragraphs(help_text),
        ".SH OPTIONS",
        *_defined(records),
    ]
    others = [f"{name}-{below}(1)" for below, _ in _below(context)]
    if others:
        short = [(below, found.get_short_help_str(200)) for below, found in _below(context)]
        lines += [".SH COMMANDS", *_defined(short)]
    if context.parent is not None:
        others.append(context.parent.command_path.replace(" ", "-") + "(1)")
    return "\n".join([*lines, ".SH SEE ALSO", _references([*others, "aeronmd_dpdk(8)"]), ""])


def _driver_page(version: str, date: str) -> str:
    settings = [(each.name, f"{each.help} (default: {each.default})") for each in SETTING_TABLE]
    codes = [(str(code.value), code.name.lower().replace("_", " ")) for code in DRIVER_CODES]
    files = [
        ("/etc/aeron-dpdk/NAME.env", "settings of the service aeronmd_dpdk@NAME"),
        ("/dev/shm/aeron-NAME", "that service's Aeron directory, if the settings name no other"),
    ]
    lines = [
        _title("aeronmd_dpdk", 8, version, date),
        ".SH NAME",
        "aeronmd_dpdk \\- Aeron media driver over DPDK",
        ".SH SYNOPSIS",
        ".B aeronmd_dpdk",
        _escaped(USAGE),
        ".SH DESCRIPTION",
        *_paragraphs(DESCRIPTION),
        ".SH OPTIONS",
        *_defined(OPTIONS),
        ".SH ENVIRONMENT",
        *_paragraphs("Each is a property too: AERON_DPDK_PORT_ID is aeron.dpdk.port.id."),
        *_defined(settings),
        ".SS Further interfaces",
        *_paragraphs(further_interfaces_text()),
        *_defined(_of_further_interfaces()),
        ".SH FILES",
        *_defined(files),
        ".SH EXIT STATUS",
        *_defined(codes),
    ]
    return "\n".join([*lines, ".SH SEE ALSO", _references(["aeron-dpdk(1)", "systemd.service(5)"]), ""])


def _of_further_interfaces() -> Definitions:
    for setting in INTERFACE_TABLE:
        names = ", ".join(setting.name_of(number) for number in range(1, MAX_INTERFACES))
        yield names, setting.help


def _stock_page(version: str, date: str) -> str:
    """As much as a migrating user needs; Aeron has no manual page of its own."""
    lines = [
        _title("aeronmd", 8, version, date),
        ".SH NAME",
        "aeronmd \\- Aeron media driver over the kernel's sockets",
        ".SH SYNOPSIS",
        ".B aeronmd",
        _escaped("[-v] [-Dname=value] [file.properties ...]"),
        ".SH DESCRIPTION",
        *_paragraphs(
            "Aeron's own C media driver, of the version that aeronmd_dpdk is made from. Its settings are "
            "AERON_ variables and aeron. properties; aeronmd_dpdk knows the same ones."
        ),
        ".SH OPTIONS",
        *_defined([OPTIONS[0], ("-v", "print the version"), OPTIONS[-1]]),
    ]
    return "\n".join([*lines, ".SH SEE ALSO", _references(["aeronmd_dpdk(8)"]), ""])


def _title(name: str, section: int, version: str, date: str) -> str:
    return f'.TH {_escaped(name.upper())} {section} {date} "aeron-dpdk {version}" "aeron-dpdk"'


def _first_sentence(text: str) -> str:
    sentence = re.split(r"(?<=[^.])\.(?:\s|$)|\n\n", text.strip(), maxsplit=1)[0]
    return " ".join(sentence.split())


def _paragraphs(text: str) -> list[str]:
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines += [*([".PP"] if lines else []), *(_escaped(line.strip()) for line in paragraph.splitlines())]
    return lines


def _defined(definitions: Definitions) -> list[str]:
    lines = []
    for term, meaning in definitions:
        lines += [".TP", f".B {_escaped(term)}", _escaped(" ".join(meaning.split()))]
    return lines


def _references(names: Iterable[str]) -> str:
    return ",\n".join(f".BR {_escaped(name[:-3])} {name[-3:]}" for name in names).replace(",\n", " ,\n")


def _escaped(text: str) -> str:
    """man(7): \\e is a backslash, \\- a hyphen to paste; a leading dot or quote would begin a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
