"""Bodies that say no length. WSGI knows none but those of CONTENT_LENGTH, so Django takes a body that is sent
with `Transfer-Encoding: chunked` for empty."""

from collections.abc import Iterable
from io import BytesIO
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings

CHUNKED: Final = "chunked"


class ChunkedBodies:
    """Gives such a body its length. No more of it is read than a request may have: one byte beyond that, and
    Django refuses it as it does any body that is too large."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if CHUNKED in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)
