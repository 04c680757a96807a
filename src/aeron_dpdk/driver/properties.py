"""Property files and -D definitions, in the format of Aeron's aeron_properties_util.c.

A line is `name=value` or `name:value`; blank lines and lines that begin with # or ! are skipped; a backslash
at the end continues the value on the next line, whose leading blanks are dropped. Blanks before a value are
dropped, blanks after it are kept. An empty value unsets the name. Unlike Aeron we take a last line without a
newline, and refuse a file that ends within a continued value instead of dropping that value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

from aeron_dpdk.errors import PropertiesError

BLANKS = " \t"
_TO_ENVIRONMENT = str.maketrans(ascii_lowercase + ".", ascii_uppercase + "_")


@dataclass(frozen=True, slots=True)
class Property:
    """`name` as an environment variable's; `source` says where it was written, for messages."""

    name: str
    value: str
    source: str


def environment_name(property_name: str) -> str:
    """aeron.dir to AERON_DIR, as aeron_properties_setenv() does: ASCII letters and dots only."""
    return property_name.translate(_TO_ENVIRONMENT)


def parse_properties(text: str, source: str) -> Iterator[Property]:
    """The properties of a whole file in order. Raises PropertiesError, naming `source:line`."""
    name, value, name_source = "", "", ""
    for number, raw_line in enumerate(text.split("\n"), start=1):
        line = raw_line.removesuffix("\r")
        here = f"{source}:{number}"
        stripped = line.lstrip(BLANKS)
        if not stripped or stripped[0] in "#!":
            continue
        if not name:
            name, stripped = _split(stripped, here)
            value, name_source = "", here
        if "\0" in line:
            raise PropertiesError(here, "the line has a NUL byte")
        if stripped.endswith("\\"):
            value += stripped[:-1]
            continue
        yield Property(environment_name(name), value + stripped, name_source)
        name = ""
    if name:
        raise PropertiesError(name_source, f"the file ends within the continued value of {name}")


def parse_definition(text: str) -> Property:
    """A -D argument. Raises PropertiesError."""
    source = f"-D{text}"
    properties = list(parse_properties(text, source))
    if len(properties) != 1:
        raise PropertiesError(source, "this is not one property")
    return Property(properties[0].name, properties[0].value, "-D")


def _split(line: str, here: str) -> tuple[str, str]:
    ends = [index for index in (line.find(":"), line.find("=")) if index >= 0]
    if not ends or min(ends) == 0:
        raise PropertiesError(here, f'"{line[:80]}" is not name=value')
    end = min(ends)
    return line[:end].rstrip(BLANKS), line[end + 1 :].lstrip(BLANKS)


def load_properties(location: str) -> tuple[Property, ...]:
    """From a path, a file:// path or an http:// URL. Raises PropertiesError."""
    if location.startswith("http://"):
        from aeron_dpdk.driver.fetch import fetch  # noqa: PLC0415 - http and its mail parser are slow to import

        content = fetch(location)
    elif location.startswith("https://"):
        raise PropertiesError(location, "https is not supported, only http:// and files")
    else:
        try:
            content = Path(location.removeprefix("file://")).read_bytes()
        except OSError as error:
            raise PropertiesError(location, error.strerror or str(error)) from error
    return tuple(parse_properties(content.decode(errors="surrogateescape"), location))
