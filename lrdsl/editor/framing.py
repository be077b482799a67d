"""`Messages`: reads the messages of the language server protocol from a stream of bytes. Bytes that are no message are skipped."""

from __future__ import annotations

import re
from collections.abc import Callable

#: The most bytes of a message. An editor sends a file, and a file of schedules is a page.
LARGEST = 1 << 26
#: The most bytes of a header.
_LONGEST_HEADER = 4096
_HEADER = re.compile(rb"content-length:[ \t]*(\d{1,9})[ \t]*\r?\n(?:(?!content-length:)[!-9;-~]{1,80}:[^\r\n]{0,200}\r?\n){0,8}\r?\n", re.IGNORECASE)


class Messages:
    r"""A stream with the bytes of whole messages only. `more` reads the next bytes of the source, and gives none at its end.

    If the bytes after a header are not JSON in brackets of the length that it states, only the header is skipped: the next message may begin in these bytes.

    >>> stream = iter([b"Content-Length: -1\r\n\r\n{}rubbish\ncontent-", b"length:2\n\n{}Content-Length: 3\r\n\r\n[", b"1]", b""])
    >>> messages = Messages(lambda: next(stream))
    >>> messages.readline(), messages.readline(), messages.read(2)
    (b'Content-Length: 2\r\n', b'\r\n', b'{}')
    >>> messages.readline(), messages.readline(), messages.read(3), messages.readline()
    (b'Content-Length: 3\r\n', b'\r\n', b'[1]', b'')
    """

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more = more
        self._read = bytearray()
        self._ready = b""

    def readline(self) -> bytes:
        """Reads the next line of a message's header; returns nothing at the end of the stream."""
        if not self._ready:
            body = self._next()
            self._ready = b"" if body is None else b"Content-Length: %d\r\n\r\n" % len(body) + body
        return self.read(self._ready.find(b"\n") + 1)

    def read(self, n: int) -> bytes:
        """Reads n bytes of the message."""
        data, self._ready = self._ready[:n], self._ready[n:]
        return data

    def _next(self) -> bytes | None:
        """The body of the next message; None at the end of the stream."""
        searched = 0  # no header begins before this offset
        while True:
            header = _HEADER.search(self._read, searched)
            if header is not None and 0 < int(header[1]) <= LARGEST:
                body = self._body(header.end(), int(header[1]))
                if body is None:
                    return None
                stripped = body.strip()
                if stripped[:1] in (b"{", b"[") and stripped[-1:] in (b"}", b"]"):
                    del self._read[: header.end() + len(body)]
                    return body
                searched = header.end()
            elif header is not None:
                searched = header.end()
            else:
                del self._read[: max(searched, len(self._read) - _LONGEST_HEADER)]
                searched = 0
                data = self._more()
                if not data:
                    return None
                self._read += data

    def _body(self, start: int, length: int) -> bytes | None:
        """The bytes after a header: as many as it states, or fewer if another header comes before; None at the end of the stream."""
        searched = start
        while True:
            other = _HEADER.search(self._read, searched, min(len(self._read), start + length))
            if other is not None or len(self._read) >= start + length:
                return bytes(self._read[start : start + length if other is None else other.start()])
            searched = max(start, len(self._read) - _LONGEST_HEADER)
            data = self._more()
            if not data:
                return None
            self._read += data
