"""Pseudonyms: a key is whole, the same for all runs that begin at once, and never a weak one."""

import multiprocessing
import os

import pytest

from patron.errors import PatronError
from patron.pseudonyms import key_at


def keys_of(folder, barrier, keys):
    for round_ in range(20):
        barrier.wait()
        keys.put((round_, key_at(folder / str(round_))))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that begin at once")
def test_four_processes_that_begin_at_once_get_the_same_whole_key(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier, keys = context.Barrier(4), context.Queue()
    processes = [context.Process(target=keys_of, args=(tmp_path, barrier, keys)) for _ in range(4)]
    for process in processes:
        process.start()
    read = [keys.get(timeout=60) for _ in range(80)]
    for process in processes:
        process.join()
    assert len(set(read)) == 20
    assert {len(key) for _, key in read} == {32}
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"pseudonyms.key"}


def test_a_key_is_its_owners_alone_and_stays(tmp_path):
    key = key_at(tmp_path)
    assert key_at(tmp_path) == key
    assert (tmp_path / "pseudonyms.key").stat().st_mode & 0o777 == (0o600 if os.name == "posix" else 0o666)


@pytest.mark.parametrize("content", [b"", b"  \n", b"short", b"a" * 16, b"a" * 200, b"\xff\xfe\x80" * 12, b"a\0" * 20])
def test_a_key_that_is_none_is_refused_and_stays(tmp_path, content):
    (tmp_path / "pseudonyms.key").write_bytes(content)
    with pytest.raises(PatronError, match=r"'pseudonyms.key' in .* holds \d+ bytes that are no key of 32 to 64"):
        key_at(tmp_path)
    assert (tmp_path / "pseudonyms.key").read_bytes() == content


@pytest.mark.parametrize("put", [os.mkdir, getattr(os, "mkfifo", os.mkdir)])
def test_a_folder_or_a_pipe_in_the_place_of_a_key_is_refused(tmp_path, put):
    put(tmp_path / "pseudonyms.key")
    with pytest.raises(PatronError, match="holds 0 bytes that are no key"):
        key_at(tmp_path)


def test_a_full_disk_leaves_no_key_and_nothing_beside_it(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PatronError, match="cannot be read or written: No space left on device"):
        key_at(tmp_path)
    assert list(tmp_path.iterdir()) == []
