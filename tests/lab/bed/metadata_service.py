"""An instance metadata service of version 2, as EC2's is, on 169.254.169.254:80.

    python metadata_service.py PAGES

PAGES is a JSON file: text by path. EC2 User Guide, "Use the Instance Metadata Service": a PUT that names a
TTL of 1 to 21600 seconds gives a token; a GET without one that still holds is answered with 401.
"""

import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ADDRESS = ("169.254.169.254", 80)
LONGEST_TTL_S = 21600
TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER = "X-aws-ec2-metadata-token"


class Handler(BaseHTTPRequestHandler):
    pages: Path
    ends: dict[str, float] = {}  # noqa: RUF012 - the service's tokens, and when each ends

    def do_PUT(self) -> None:
        if self.path != "/latest/api/token":
            return self.answer(404)
        ttl = self.headers.get(TTL_HEADER, "")
        if not ttl.isdecimal() or not 1 <= int(ttl) <= LONGEST_TTL_S:
            return self.answer(400)
        token = secrets.token_urlsafe(40)
        self.ends[token] = time.monotonic() + int(ttl)
        return self.answer(200, token, {TTL_HEADER: ttl})

    def do_GET(self) -> None:
        if self.ends.get(self.headers.get(TOKEN_HEADER, ""), 0.0) < time.monotonic():
            return self.answer(401)
        pages: dict[str, str] = json.loads(self.pages.read_text())
        return self.answer(200, pages[self.path]) if self.path in pages else self.answer(404)

    def answer(self, code: int, text: str = "", headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(text)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    Handler.pages = Path(sys.argv[1])
    server = ThreadingHTTPServer(ADDRESS, Handler)
    print("metadata service is ready", flush=True)
    server.serve_forever()
