"""Files are whole or absent, whatever happens meanwhile."""

import errno
import os
from pathlib import Path

import pytest

from monge.errors import DataError, OutputError
from monge.files import write_bytes, write_text, writing


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def full_disk(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupted(*_args, **_kwargs):
    raise KeyboardInterrupt


def test_text_is_written_with_its_folders_and_ordinary_permissions(tmp_path):
    path = tmp_path / "a" / "b" / "page.html"
    write_text(path, "Gaspard Monge, géomètre\n")
    assert path.read_bytes() == "Gaspard Monge, géomètre\n".encode()
    write_text(path, "again")
    assert path.read_text() == "again"
    assert names(path.parent) == ["page.html"]
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("trouble", [full_disk, interrupted])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch, trouble, step):
    path = tmp_path / "result.json"
    write_text(path, "old")
    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), trouble)
    expected = OutputError if trouble is full_disk else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        write_bytes(path, b"new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["result.json"]
    if trouble is full_disk:
        assert "must be on a disk with room, got No space left on device" in str(caught.value)
        assert str(caught.value).count("\n") == 0


def test_the_bytes_reach_the_disk_before_the_name(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append("fsync") or fsync(fd))
    monkeypatch.setattr(Path, "replace", lambda a, b: steps.append("replace") or replace(a, b))
    write_bytes(tmp_path / "x", b"1")
    assert steps == ["fsync", "replace", "fsync"]


def test_paths_that_are_no_file(tmp_path):
    with pytest.raises(OutputError, match="'path' must be a file, got the folder"):
        write_text(tmp_path, "x")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="got the special file"):
        write_text(tmp_path / "pipe", "x")
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="'path' must be in a folder that can be written"):
        write_text(tmp_path / "file" / "x", "x")


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def half_written(path, end):
    with writing(path) as temporary:
        temporary.write_text("half")
        end()


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, ValueError, DataError])
def test_what_ends_the_block_early_leaves_the_old_file_and_passes(tmp_path, trouble):
    path = tmp_path / "out.csv"
    write_text(path, "old")

    def end():
        raise trouble("mine")

    with pytest.raises(trouble) as caught:
        half_written(path, end)
    assert str(caught.value) == "mine"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["out.csv"]


def test_a_full_disk_meanwhile_is_one_sentence(tmp_path):
    with pytest.raises(OutputError, match="on a disk with room"):
        half_written(tmp_path / "a", full_disk)
    assert names(tmp_path) == []
