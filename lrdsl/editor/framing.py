"""The messages in a stream of bytes, each behind its `Content-Length`. What is no message is passed over, up to the next that is."""

from __future__ import annotations

import re
from collections.abc import Callable

#: A longer message is none: an editor sends a file, and a file of schedules is a page.
LARGEST = 1 << 26
#: A header of more bytes than this is none.
_LONGEST_HEADER = 4096
_HEADER = re.compile(rb"content-length:[ \t]*(\d{1,9})[ \t]*\r?\n(?:(?!content-length:)[!-9;-~]{1,80}:[^\r\n]{0,200}\r?\n){0,8}\r?\n", re.IGNORECASE)


class Messages:
    r"""The bytes of whole messages from a stream, which `more` reads on: some bytes, or none at its end.

    What is behind a header and no JSON in brackets of so many bytes is passed over too: the next message may begin in it.

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
        """The next line of a message, of its header; nothing at the end of the stream."""
        if not self._ready:
            body = self._next()
            self._ready = b"" if body is None else b"Content-Length: %d\r\n\r\n" % len(body) + body
        return self.read(self._ready.find(b"\n") + 1)

    def read(self, n: int) -> bytes:
        """So many bytes of the message."""
        found, self._ready = self._ready[:n], self._ready[n:]
        return found

    def _next(self) -> bytes | None:
        """The next message without its header."""
        looked = 0  # no header begins before this
        while True:
            header = _HEADER.search(self._read, looked)
            if header is not None and 0 < int(header[1]) <= LARGEST:
                body = self._body(header.end(), int(header[1]))
                if body is None:
                    return None
                plain = body.strip()
                if plain[:1] in (b"{", b"[") and plain[-1:] in (b"}", b"]"):
                    del self._read[: header.end() + len(body)]
                    return body
                looked = header.end()
            elif header is not None:
                looked = header.end()
            else:
                del self._read[: max(looked, len(self._read) - _LONGEST_HEADER)]
                looked = 0
                data = self._more()
                if not data:
                    return None
                self._read += data

    def _body(self, start: int, length: int) -> bytes | None:
        """What follows a header, up to the next header if that comes first; None at the end of the stream."""
        looked = start
        while True:
            other = _HEADER.search(self._read, looked, min(len(self._read), start + length))
            if other is not None or len(self._read) >= start + length:
                return bytes(self._read[start : start + length if other is None else other.start()])
            looked = max(start, len(self._read) - _LONGEST_HEADER)
            data = self._more()
            if not data:
                return None
            self._read += data
