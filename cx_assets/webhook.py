"""Posting JSON to a webhook: a short wait, a few tries, and one kind of error."""

import http.client
import json
import time
import urllib.request
from collections.abc import Mapping, Sequence
from urllib.error import HTTPError, URLError

TIMEOUT_SECONDS = 5.0
# Between the tries; all of them together end within 18 seconds.
PAUSES = (1.0, 2.0)


class WebhookError(Exception):
    """The webhook did not take the message. Never says the address, which is often a secret."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET with nothing in it, and look like a success."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


def post(
    url: str,
    payload: Mapping[str, object],
    timeout: float = TIMEOUT_SECONDS,
    pauses: Sequence[float] = PAUSES,
) -> None:
    """Post `payload` as JSON; a try more than there are `pauses`, in seconds, between them.

    Args:
        url: http or https.
        timeout: seconds that each try may wait for the connection, and for each read.

    Raises:
        WebhookError: when none of the tries was answered with 2xx.
    """
    request = urllib.request.Request(
        url,
        data=json.dumps(payload).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    for pause in (*pauses, None):
        try:
            with _OPENER.open(request, timeout=timeout):
                return
        except (OSError, http.client.HTTPException) as error:
            if pause is None:
                tries = f"{len(pauses) + 1} tries" if pauses else "1 try"
                raise WebhookError(f"{_reason(error)} ({tries})") from None
            time.sleep(pause)


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"answered {error.code} {error.reason}"
    if isinstance(error, URLError):
        return f"not reached: {error.reason}"
    return f"not reached: {type(error).__name__}: {error}"
