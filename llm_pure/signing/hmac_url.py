"""Sign Spark's websocket URL: key, time and signature are added to its query.

Source: www.xfyun.cn/doc/spark/general_url_authentication.html; read 2026-11-20.
"""

from base64 import b64encode
from datetime import datetime
from urllib.parse import urlencode, urlsplit

import msgspec

from llm_pure.signing.canonical import hmac_sha256, host_of, http_date, utf8
from llm_pure.types.config import SecretInput, reveal
from llm_pure.types.http import HttpRequest


def sign(
    request: HttpRequest, *, api_key: SecretInput, api_secret: SecretInput, now: datetime
) -> HttpRequest:
    """Return the request with `authorization`, `date` and `host` in its query; valid for five minutes.

    The signature covers host, date, method and path: "GET /v3.5/chat HTTP/1.1". Raises ValueError for a naive `now`.
    """
    parts = urlsplit(request.url)
    host = host_of(request.url)
    date = http_date(now)
    to_sign = f"host: {host}\ndate: {date}\n{request.method.upper()} {parts.path or '/'} HTTP/1.1"
    signature = b64encode(hmac_sha256(utf8(reveal(api_secret)), to_sign)).decode()
    authorization = (
        f'api_key="{reveal(api_key)}", algorithm="hmac-sha256", '
        f'headers="host date request-line", signature="{signature}"'
    )
    query = urlencode({"authorization": b64encode(utf8(authorization)), "date": date, "host": host})
    url = parts._replace(query=f"{parts.query}&{query}" if parts.query else query, fragment="")
    return msgspec.structs.replace(request, url=url.geturl())
