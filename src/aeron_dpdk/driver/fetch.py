"""A property file from an http:// URL."""

from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, build_opener

from aeron_dpdk.errors import PropertiesError

HTTP_TIMEOUT_S = 10.0  # AERON_HTTP_PROPERTIES_TIMEOUT_NS
MAX_HTTP_LENGTH = 1 << 20


class _OneRedirectWithinHttp(HTTPRedirectHandler):
    """Aeron follows one redirect; urllib would follow ten, to https and ftp as well."""

    max_redirections = 1

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if not newurl.startswith("http://"):
            raise URLError(f"redirected to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> OpenerDirector:
    return build_opener(ProxyHandler({}), _OneRedirectWithinHttp())


def fetch(url: str) -> bytes:
    """Raises PropertiesError."""
    try:
        with _opener().open(url, timeout=HTTP_TIMEOUT_S) as response:
            content: bytes = response.read(MAX_HTTP_LENGTH + 1)
    except HTTPError as error:
        error.close()  # Python 3.14 warns if that is left to it
        raise PropertiesError(url, str(error)) from error
    except (OSError, HTTPException, ValueError) as error:
        raise PropertiesError(url, str(error)) from error
    if len(content) > MAX_HTTP_LENGTH:
        raise PropertiesError(url, f"more than {MAX_HTTP_LENGTH} bytes")
    return content
