"""The format of property files, with Aeron's own parser as oracle where it is built."""

import ctypes
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aeron_dpdk
from aeron_dpdk.driver.properties import (
    Property,
    environment_name,
    load_properties,
    parse_definition,
    parse_properties,
)
from aeron_dpdk.errors import PropertiesError

LIBAERON = Path(aeron_dpdk.__file__).parent / "lib" / "libaeron.so"


def parsed(text: str) -> list[tuple[str, str]]:
    return [(each.name, each.value) for each in parse_properties(text, "test")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aeron.dir=/dev/shm/x\n", [("AERON_DIR", "/dev/shm/x")]),
        ("aeron.dir:/dev/shm/x\n", [("AERON_DIR", "/dev/shm/x")]),
        ("a = b\r\n", [("A", "b")]),
        ("  a\t=\tb  \n", [("A", "b  ")]),
        ("a=b=c:d\n", [("A", "b=c:d")]),
        ("a=\n", [("A", "")]),
        ("# a=b\n  ! c=d\n\n \t\ne=f\n", [("E", "f")]),
        ("a=one,\\\n   two\n", [("A", "one,two")]),
        ("a=one\\\n# not this\n\n  two\n", [("A", "onetwo")]),
        ("a=b\na=c\n", [("A", "b"), ("A", "c")]),
        ("a=b", [("A", "b")]),
        ("", []),
    ],
)
def test_properties_are_read_as_aeron_reads_them(text: str, expected: list[tuple[str, str]]) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize("text", ["a\n", "=b\n", ":b\n", "a=b\nc\n", "a=b\\\n", "a=b\0c\n"])
def test_a_malformed_file_is_refused(text: str) -> None:
    with pytest.raises(PropertiesError):
        parsed(text)


def test_an_error_names_file_and_line() -> None:
    with pytest.raises(PropertiesError, match=r"low\.properties:3: "):
        list(parse_properties("a=b\n\nnonsense\n", "low.properties"))


def test_a_property_knows_the_line_of_its_name() -> None:
    assert list(parse_properties("\na=b\\\n c\n", "f")) == [Property("A", "bc", "f:2")]


def test_only_ascii_letters_and_dots_change_on_the_way_to_the_environment() -> None:
    assert environment_name("aeron.dpdk.local-address.ß") == "AERON_DPDK_LOCAL-ADDRESS_ß"


@pytest.mark.parametrize("text", ["", "a", "a=b\\", "#a=b", "=b"])
def test_a_definition_that_is_no_property_is_refused(text: str) -> None:
    with pytest.raises(PropertiesError, match="-D"):
        parse_definition(text)


def test_a_definition_is_one_property() -> None:
    assert parse_definition("aeron.mtu.length=8K") == Property("AERON_MTU_LENGTH", "8K", "-D")


# ---- Aeron's parser as oracle ----

Handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)


@pytest.fixture(scope="module")
def aeron_parses() -> Callable[[str], list[tuple[str, str]] | None]:
    """Aeron's reading of a file, None where it refuses."""
    if not LIBAERON.exists():
        pytest.skip("libaeron.so is not built: run ./dev build")
    library = ctypes.CDLL(str(LIBAERON))

    def parse(text: str) -> list[tuple[str, str]] | None:
        found: list[tuple[str, str]] = []

        def collect(_: object, name: bytes, value: bytes) -> int:
            found.append((environment_name(name.decode()), value.decode()))
            return 0

        handler = Handler(collect)
        with TemporaryDirectory() as directory:
            path = Path(directory) / "f"
            path.write_text(text, newline="")
            result = library.aeron_properties_parse_file(str(path).encode(), handler, None)
        return found if result == 0 else None

    return parse


LINES = st.text(alphabet="ab.=: \t\\#!x,\r", max_size=12).filter(lambda line: "\r" not in line[:-1])


def _is_undefined_in_aeron(line: str) -> bool:
    """A separator right behind leading blanks: Aeron trims the name to a negative length."""
    return line[:1] in (" ", "\t") and line.lstrip(" \t")[:1] in ("=", ":")


@given(lines=st.lists(LINES.filter(lambda line: not _is_undefined_in_aeron(line)), max_size=6))
def test_we_read_any_file_as_aeron_does(
    aeron_parses: Callable[[str], list[tuple[str, str]] | None], lines: list[str]
) -> None:
    text = "".join(line + "\n" for line in lines)
    theirs = aeron_parses(text)
    try:
        ours: list[tuple[str, str]] | None = parsed(text)
    except PropertiesError as error:
        if "continued value" in error.reason:
            return  # Aeron silently drops such a value
        ours = None
    assert ours == theirs


# ---- where files come from ----


def test_a_file_may_be_given_as_a_path_or_as_a_file_url(tmp_path: Path) -> None:
    path = tmp_path / "low.properties"
    path.write_text("aeron.dir=/x\n")
    by_path, by_url = load_properties(str(path)), load_properties(f"file://{path}")
    assert [each.value for each in by_path] == [each.value for each in by_url] == ["/x"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PropertiesError, match=r"gone\.properties: No such file"):
        load_properties(str(tmp_path / "gone.properties"))


def test_bytes_that_are_not_utf_8_survive(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a=\xff\n")
    assert load_properties(str(path))[0].value == "\udcff"


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/good":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"aeron.dir=/from/http\n")
        elif self.path == "/moved":
            self.redirect("/good")
        elif self.path == "/moved-twice":
            self.redirect("/moved")
        elif self.path == "/away":
            self.redirect("https://example.invalid/")
        else:
            self.send_error(404)

    def redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("page", ["/good", "/moved"])
def test_properties_come_over_http_with_one_redirect(web: str, page: str) -> None:
    assert [each.value for each in load_properties(web + page)] == ["/from/http"]


@pytest.mark.parametrize("page", ["/moved-twice", "/away", "/nowhere"])
def test_a_page_that_cannot_be_fetched_is_an_error_with_its_url(web: str, page: str) -> None:
    with pytest.raises(PropertiesError, match=page):
        load_properties(web + page)


def test_https_is_refused_with_what_is_supported() -> None:
    with pytest.raises(PropertiesError, match="only http://"):
        load_properties("https://127.0.0.1/x")


def test_without_a_url_nothing_of_http_is_imported() -> None:
    program = "import sys; import aeron_dpdk.driver.main; print(sorted({'http', 'ssl'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
