"""Posting to a real server on this machine that first fails, then accepts, or never answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import create_server
from typing import Any

import pytest

from cx_assets.webhook import WebhookError, post


class Hook(HTTPServer):
    """Answers with `answers`, one after the other, then with 200; keeps what it was sent."""

    def __init__(self, *answers: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.received: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/services/secret"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"].startswith("application/json")
        self.server.received.append(json.loads(body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def hook(*answers: int) -> Iterator[Hook]:
    """A webhook that listens while the block runs."""
    with Hook(*answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_it_tries_again_until_the_webhook_accepts() -> None:
    with hook(500, 503) as server:
        post(server.url, {"text": "Größe", "step": None}, pauses=(0, 0))
    assert server.received == [{"text": "Größe", "step": None}] * 3


@pytest.mark.parametrize("answer", [404, 302])
def test_it_stops_after_the_last_try_and_keeps_the_address_to_itself(answer: int) -> None:
    with hook(*[answer] * 9) as server, pytest.raises(WebhookError, match=str(answer)) as failure:
        post(server.url, {}, pauses=(0,))
    assert len(server.received) == 2
    assert "secret" not in str(failure.value)


def test_nobody_listens_there() -> None:
    with hook() as server:
        gone = server.url
    with pytest.raises(WebhookError, match=r"not reached.*1 try"):
        post(gone, {}, pauses=())


def test_it_does_not_wait_for_ever() -> None:
    """The server takes the connection and never says a word."""
    with closing(create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(WebhookError, match=r"not reached: .*timed out"):
            post(url, {}, timeout=0.2, pauses=())
