"""A file that several write at once is that of one of them, whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tocsin.writing import write_whole


def test_threads_that_write_one_file_do_not_take_each_others_part(tmp_path: Path) -> None:
    texts = [bytes([65 + number]) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(40):
            list(pool.map(lambda text: write_whole(tmp_path / "one", text), texts))
            assert (tmp_path / "one").read_bytes() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
