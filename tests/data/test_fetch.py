import errno
import hashlib
import threading
import time
from pathlib import Path

import pytest

import monge.data.partial
from monge.data import Patience, fetch
from monge.errors import Cancelled, DownloadError, InputError, OutputError
from monge.progress import silent

QUICK = Patience(timeout=5, pauses=(0, 0))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "file.bin"


@pytest.fixture
def get(server, path):
    """Fetch by the names of behaviours."""

    def call(*behaviours, report=silent, patience=QUICK):
        sha256 = hashlib.sha256(server.content).hexdigest()
        urls = [server.url(behaviour) for behaviour in behaviours]
        return fetch(urls, path, sha256=sha256, report=report, patience=patience)

    return call


def part_of(path):
    return path.with_name(path.name + ".part")


def is_whole(server, path):
    return path.read_bytes() == server.content and list(path.parent.iterdir()) == [path]


def stop_at(n_bytes, error):
    def report(progress):
        if progress.done >= n_bytes:
            raise error

    return report


def test_a_file_is_fetched_whole_and_alone(server, get, path):
    seen = []
    assert get("good", report=seen.append) == path
    assert is_whole(server, path)
    assert {progress.task for progress in seen} == {"download file.bin"}
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert done[0] == 0
    assert seen[-1].done == seen[-1].total == len(server.content)
    assert seen[-1].detail == "0.3 of 0.3 MB"


def test_md5_serves_as_well(server, path):
    md5 = hashlib.md5(server.content).hexdigest().upper()
    fetch([server.url("good")], path, md5=md5)
    assert is_whole(server, path)


def test_a_file_with_the_right_checksum_costs_no_request(server, get, path):
    get("good")
    get("good")
    assert server.seen["good"] == 1


def test_a_file_with_a_wrong_checksum_is_replaced(server, get, path):
    path.parent.mkdir()
    path.write_bytes(b"old")
    get("good")
    assert is_whole(server, path)


def test_a_file_that_is_wrong_stays_where_no_address_helps(get, path):
    path.parent.mkdir()
    path.write_bytes(b"old")
    with pytest.raises(DownloadError):
        get("missing")
    assert path.read_bytes() == b"old"


def test_the_end_is_reported_without_a_stated_length(server, get, path):
    seen = []
    get("no_length", report=seen.append)
    assert is_whole(server, path)
    assert seen[0].total is None
    assert seen[-1].done == seen[-1].total == len(server.content)


def test_a_transfer_that_breaks_off_is_resumed(server, get, path):
    get("breaks_off")
    assert is_whole(server, path)
    assert server.ranges == [None, f"bytes={len(server.content) // 2}-"]


def test_a_transfer_that_stalls_is_resumed(server, get, path):
    get("stalls", patience=Patience(timeout=0.2, pauses=(0,)))
    assert is_whole(server, path)
    assert server.hung_up_on is None  # it still waits
    assert server.ranges == [None, f"bytes={len(server.content) // 2}-"]


def test_attempts_are_counted_from_the_last_growth(server, get, path):
    get("trickles")
    assert is_whole(server, path)
    assert server.seen["trickles"] == 8  # 300 kB by 40 kB


def test_a_file_begun_afresh_does_not_count_as_resumed(server, get, path):
    path.parent.mkdir()
    part_of(path).write_bytes(b"x" * 1000)
    with pytest.raises(DownloadError):
        get("corrupt")
    assert server.seen["corrupt"] == 1


def test_a_server_that_ignores_the_range_starts_afresh(server, get, path):
    get("breaks_off_and_ignores_range")
    assert is_whole(server, path)
    assert server.ranges[1] is not None


def test_an_answer_with_another_range_is_not_appended(server, get, path):
    path.parent.mkdir()
    part_of(path).write_bytes(server.content[:1000])
    seen = []
    get("shifted", report=seen.append)
    assert is_whole(server, path)
    assert all(progress.done <= len(server.content) for progress in seen)
    assert server.ranges == ["bytes=1000-", None]


def test_a_foreign_part_file_is_dropped_once(server, get, path):
    path.parent.mkdir()
    part_of(path).write_bytes(b"x" * 1000)
    get("good")
    assert is_whole(server, path)
    assert server.ranges == ["bytes=1000-", None]


@pytest.mark.parametrize("surplus", [0, 10])
def test_a_part_file_with_all_bytes_or_more(server, get, path, surplus):
    path.parent.mkdir()
    part_of(path).write_bytes(server.content + b"x" * surplus)
    get("good")
    assert is_whole(server, path)
    assert len(server.ranges) == (2 if surplus else 1)


def test_a_mirror_resumes_what_another_began(server, get, path):
    get("always_breaks_off", "good")
    assert is_whole(server, path)
    assert server.ranges[-1] == f"bytes={len(server.content) // 2}-"


@pytest.mark.parametrize("bad", ["missing", "corrupt", "page"])
def test_the_next_mirror_is_tried(server, get, path, bad):
    get(bad, "good")
    assert is_whole(server, path)
    assert server.seen == {bad: 1, "good": 1}


def test_a_busy_server_is_asked_again(server, get, path):
    get("busy")
    assert is_whole(server, path)
    assert server.seen["busy"] == 2


def test_attempts_come_to_an_end(server, get, path):
    with pytest.raises(DownloadError, match=r"only 0\.1 of 0\.3 MB from 127\.0\.0\.1"):
        get("always_breaks_off")
    assert server.seen["always_breaks_off"] == 3  # the first, and one after each pause
    assert not path.exists()


@pytest.mark.parametrize("bad", ["missing", "corrupt", "page"])
def test_a_failure_leaves_nothing(get, path, bad):
    with pytest.raises(DownloadError) as caught:
        get(bad)
    assert not list(path.parent.iterdir())
    text = str(caught.value)
    assert text.startswith("fetch: 'file.bin' must be a file that can be downloaded, got ")
    assert ("HTTP 404" if bad == "missing" else "bytes with another sha256") in text
    assert str(path.parent) in text
    assert "--data-dir" in text
    assert "\n" not in text


def test_no_network(path, server):
    url = server.url("good")
    server.server_close()
    with pytest.raises(DownloadError, match="Connection refused from 127"):
        fetch([url], path, sha256="0" * 64, patience=QUICK)
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Cancelled("enough")])
def test_an_interruption_leaves_the_part_file_for_the_next_call(server, get, path, error):
    with pytest.raises(type(error)):
        get("good", report=stop_at(100_000, error))
    assert not path.exists()
    size = part_of(path).stat().st_size
    assert 100_000 <= size < len(server.content)
    get("good")
    assert is_whole(server, path)
    assert server.ranges == [None, f"bytes={size}-"]


def test_what_the_callback_raises_is_not_taken_for_the_network(server, get):
    with pytest.raises(ConnectionError, match="the terminal is gone"):
        get("good", "good", report=stop_at(1, ConnectionError("the terminal is gone")))
    assert server.seen["good"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk(get, path):
    path.parent.mkdir()
    part_of(path).symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left on device; free some space and run again"):
        get("good", "good")
    assert not path.exists()


def test_a_disk_that_is_full_at_the_last_moment(server, get, path, monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(monge.data.partial.os, "fsync", fsync)
        with pytest.raises(OutputError, match="free some space"):
            get("good")
    assert not path.exists()
    get("good")
    assert is_whole(server, path)


def test_a_file_in_place_of_the_folder(get, path):
    path.parent.write_text("in the way")
    with pytest.raises(OutputError, match="make the folder writable"):
        get("good")


def test_a_folder_in_place_of_the_file(get, path):
    path.mkdir(parents=True)
    with pytest.raises(OutputError, match="Is a directory"):
        get("good")


def test_two_at_once_make_one_request(server, get, path):
    details = []
    threads = [
        threading.Thread(
            target=get,
            args=["slow"],
            kwargs={"report": lambda progress: details.append(progress.detail)},
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 5
    while not any("another process" in detail for detail in details):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    server.released.set()
    for thread in threads:
        thread.join()
    assert is_whole(server, path)
    assert server.seen["slow"] == 1


@pytest.mark.parametrize(
    ("urls", "checksums", "named"),
    [
        ([], {"md5": "0" * 32}, "urls"),
        (["file:///etc/hostname"], {"md5": "0" * 32}, "urls"),
        (["http://127.0.0.1/"], {}, "md5 or sha256"),
        (["http://127.0.0.1/"], {"md5": "0" * 32, "sha256": "0" * 64}, "md5 or sha256"),
        (["http://127.0.0.1/"], {"md5": "0" * 64}, "md5"),
        (["http://127.0.0.1/"], {"sha256": "g" * 64}, "sha256"),
    ],
)
def test_arguments_are_refused_before_any_work(path, urls, checksums, named):
    with pytest.raises(InputError, match=f"^fetch: '{named}' must be"):
        fetch(urls, path, **checksums)
    assert not path.parent.exists()


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": float("nan")}, {"pauses": (-1,)}])
def test_patience_is_checked(options):
    with pytest.raises(InputError, match=r"^Patience: "):
        Patience(**options)
