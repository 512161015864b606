"""Download one file: checked, resumed when broken off, and named only when it is whole."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from io import FileIO
from pathlib import Path
from typing import cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from monge.data.partial import Checksum, PartialFile
from monge.errors import DownloadError, InputError, sentence
from monge.progress import Progress, Report, silent

__all__ = ["Patience", "fetch"]

logger = logging.getLogger("monge")

CHUNK_BYTES = 1 << 16
HEX_DIGITS = {"md5": 32, "sha256": 64}
WORTH_RETRYING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a download waits.

    Parameters
    ----------
    timeout
        Seconds without a byte after which a connection counts as broken.
    pauses
        Seconds to wait before each further attempt at one address. The count starts again
        whenever the file has grown.

    Raises
    ------
    InputError
        If a time is negative or the timeout is zero.

    Examples
    --------
    >>> Patience(timeout=5)
    Patience(timeout=5, pauses=(0.5, 1.0, 2.0))
    """

    timeout: float = 30.0
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0)

    def __post_init__(self) -> None:
        if not self.timeout > 0:
            remedy = "pass for example timeout=30"
            raise InputError(sentence("Patience", "timeout", "positive", self.timeout, remedy))
        if not all(pause >= 0 for pause in self.pauses):
            remedy = "pass for example pauses=(0.5, 1.0)"
            raise InputError(sentence("Patience", "pauses", "0 or more", self.pauses, remedy))


PATIENCE = Patience()


def fetch(
    urls: Sequence[str],
    path: Path,
    *,
    md5: str | None = None,
    sha256: str | None = None,
    report: Report = silent,
    patience: Patience = PATIENCE,
) -> Path:
    """Download a file from the first address that gives it whole.

    The bytes go to ``<name>.part`` beside ``path``, which gets its final name only after the
    checksum held. A broken transfer is resumed (HTTP Range), also by a later call; a server that
    ignores the range starts afresh; a resumed file that fails its checksum is dropped and
    tried once afresh. An interruption leaves the part file for the next call.

    Parameters
    ----------
    urls
        Addresses of the same bytes, http or https, tried in this order.
    path
        The final name. A file there with the right checksum is left as it is, without a request;
        one with a wrong checksum is replaced.
    md5, sha256
        The checksum of the bytes as downloaded, in hexadecimal; exactly one of the two.
    report
        Told the bytes so far after every piece.
    patience
        Timeout and pauses.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InputError
        If an argument cannot be worked with.
    DownloadError
        If no address gave the file.
    OutputError
        If the folder cannot be written or the disk is full.

    Examples
    --------
    A file that is there and whole is left as it is, without a request:

    >>> from hashlib import sha256
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     there = Path(folder, "digits.bin")
    ...     size = there.write_bytes(b"whole")
    ...     digest = sha256(b"whole").hexdigest()
    ...     fetch(["https://example.org/digits.bin"], there, sha256=digest).name
    'digits.bin'
    """
    checksum = _checksum(md5, sha256)
    if not urls or not all(url.startswith(("http://", "https://")) for url in urls):
        remedy = "pass a list of addresses"
        raise InputError(sentence("fetch", "urls", "http or https addresses", urls, remedy))
    task = f"download {path.name}"

    def waiting() -> None:
        detail = "waiting for another process that downloads it"
        report(Progress(task=task, done=0, detail=detail))

    reasons = []
    with PartialFile(path, waiting) as part:
        if _holds(path, checksum):
            part.drop()
            return path
        for url in urls:
            try:
                _download(url, part, checksum, report=report, patience=patience)
            except _AddressError as error:
                logger.info("%s: %s", url, error)
                reasons.append(f"{error} from {urlsplit(url).hostname}")
                continue
            part.publish()
            return path
    remedy = (
        f"check the network and run again, or put {path.name} from {urls[0]} into the folder "
        f"{path.parent} by hand, or name a folder that holds it with --data-dir (data_dir)"
    )
    required = "a file that can be downloaded"
    raise DownloadError(sentence("fetch", path.name, required, ", ".join(reasons), remedy))


class _AddressError(Exception):
    """One address did not give the file; ``retry`` where another attempt may help."""

    def __init__(self, reason: str, *, retry: bool = False) -> None:
        super().__init__(reason)
        self.retry = retry


def _checksum(md5: str | None, sha256: str | None) -> Checksum:
    """Take the one checksum that is given."""
    remedy = "pass the checksum that the publisher states"
    if (md5 is None) == (sha256 is None):
        got = "neither" if md5 is None else "both"
        raise InputError(sentence("fetch", "md5 or sha256", "given, one of them", got, remedy))
    checksum = (
        Checksum(algorithm="md5", digest=md5.lower())
        if md5 is not None
        else Checksum(algorithm="sha256", digest=str(sha256).lower())
    )
    digits = HEX_DIGITS[checksum.algorithm]
    if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", checksum.digest):
        required = f"{digits} hexadecimal digits"
        raise InputError(
            sentence("fetch", checksum.algorithm, required, checksum.digest, remedy),
        )
    return checksum


def _holds(path: Path, checksum: Checksum) -> bool:
    """Say whether the file is there already, perhaps from the process waited for."""
    try:
        with FileIO(path) as stream:
            return checksum.fits(stream)
    except OSError:
        return False


def _download(
    url: str,
    part: PartialFile,
    checksum: Checksum,
    *,
    report: Report,
    patience: Patience,
) -> None:
    """Fill the part file from one address until its checksum holds."""
    for last_time in (False, True):
        _transfer(url, part, report=report, patience=patience)
        if part.fits(checksum):
            return
        resumed = part.pieces > 1
        part.drop()
        if last_time or not resumed:
            break
        logger.info("%s: the resumed file fails its checksum; starting afresh", part.path.name)
    raise _AddressError(f"bytes with another {checksum.algorithm}")


def _transfer(url: str, part: PartialFile, *, report: Report, patience: Patience) -> None:
    """Receive to the end, with further attempts where the connection fails."""
    largest = part.size
    pauses = iter(patience.pauses)
    while True:
        try:
            _receive(url, part, report=report, timeout=patience.timeout)
        except _AddressError as error:
            if part.size > largest:
                largest = part.size
                pauses = iter(patience.pauses)
            pause = next(pauses, None)
            if pause is None or not error.retry:
                raise
            logger.info("%s: %s; trying again in %g s", url, error, pause)
            time.sleep(pause)
        else:
            return


def _receive(url: str, part: PartialFile, *, report: Report, timeout: float) -> None:
    """Make one request and append its answer, from where the part file ends."""
    headers = {"User-Agent": "monge", "Accept-Encoding": "identity"}
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
    request = Request(url, headers=headers)  # noqa: S310 - `fetch` lets only http and https pass
    task = f"download {part.path.name}"
    try:
        answer = urlopen(request, timeout=timeout)  # noqa: S310 - as above
    except HTTPError as error:
        error.close()
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part.size:
            part.begin(afresh=False)
            return
        retry = error.code in WORTH_RETRYING or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise _AddressError(f"HTTP {error.code}", retry=retry) from error
    except (OSError, HTTPException) as error:
        raise _AddressError(_reason(error), retry=True) from error
    with cast("HTTPResponse", answer) as response:
        _begin(response, part)
        total = None if response.length is None else part.size + response.length
        report(Progress(task=task, done=part.size, total=total, detail=_amount(part.size, total)))
        for chunk in _chunks(response):
            part.append(chunk)
            detail = _amount(part.size, total)
            report(Progress(task=task, done=part.size, total=total, detail=detail))
    if total is not None and part.size < total:
        raise _AddressError(f"only {_amount(part.size, total)}", retry=True)
    if total is None:
        detail = _amount(part.size, part.size)
        report(Progress(task=task, done=part.size, total=part.size, detail=detail))


def _begin(response: HTTPResponse, part: PartialFile) -> None:
    """Take up where the answer does: at the end of the part file, or afresh (RFC 9110, 14.4)."""
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        part.begin(afresh=True)
    elif re.match(rf"\s*bytes\s+{part.size}-", response.headers.get("Content-Range", "")):
        part.begin(afresh=False)
    else:
        part.drop()
        raise _AddressError("another range than asked for", retry=True)


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    """Yield the body; only what the network does wrong becomes an `_AddressError`."""
    try:
        while chunk := response.read1(CHUNK_BYTES):
            yield chunk
    except (OSError, HTTPException) as error:
        raise _AddressError(_reason(error), retry=True) from error


def _reason(error: OSError | HTTPException) -> str:
    """Say in a few words what the network did."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause) or type(cause).__name__


def _amount(done: int, total: int | None) -> str:
    """Write bytes as megabytes."""
    return f"{done / 1e6:.1f} MB" if total is None else f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
