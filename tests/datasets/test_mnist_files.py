import gzip
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from rbm.datasets import images, load_dataset, unpacked
from rbm.datasets.base import Dataset
from rbm.datasets.images import BUNDLED_MNIST, load_mnist, read_idx
from rbm.errors import DatasetError

Idx = Callable[[np.ndarray], bytes]


def raw(name: str) -> bytes:
    return gzip.decompress((BUNDLED_MNIST / name).read_bytes())


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_dataset("mnist")


def test_sizes_and_labels(mnist: Dataset) -> None:
    assert (len(mnist.train), len(mnist.validation), len(mnist.test)) == (54_000, 6_000, 10_000)
    assert mnist.n_visible == 784
    assert mnist.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    per_class = torch.bincount(torch.cat([mnist.train_labels, mnist.validation_labels]))
    assert per_class.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert torch.bincount(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_pixels_agree_with_the_bytes_read_another_way(mnist: Dataset) -> None:
    data = raw("t10k-images-idx3-ubyte.gz")
    assert struct.unpack(">IIII", data[:16]) == (2051, 10_000, 28, 28)
    for row in (0, 4_321, 9_999):
        picture = list(data[16 + 784 * row : 16 + 784 * (row + 1)])
        assert (mnist.test[row] * 255).round().int().tolist() == picture
    total = sum(raw("train-images-idx3-ubyte.gz")[16:])
    ours = (mnist.train.double().sum() + mnist.validation.double().sum()) * 255
    assert float(ours) == pytest.approx(total, rel=1e-7)
    assert total / 60_000 / 784 / 255 == pytest.approx(0.1307, abs=5e-5), "the mean that everyone quotes"


def test_split_is_disjoint_complete_and_keeps_picture_and_label_together(mnist: Dataset) -> None:
    pixels, labels = raw("train-images-idx3-ubyte.gz")[16:], raw("train-labels-idx1-ubyte.gz")[8:]
    original = Counter((hash(pixels[784 * i : 784 * (i + 1)]), labels[i]) for i in range(60_000))

    def tally(rows: torch.Tensor, kinds: torch.Tensor) -> Counter[tuple[int, int]]:
        grey = (rows * 255).round().byte().numpy()
        return Counter((hash(row.tobytes()), k) for row, k in zip(grey, kinds.tolist(), strict=True))

    train, validation = tally(mnist.train, mnist.train_labels), tally(mnist.validation, mnist.validation_labels)
    assert len(original) == 60_000, "no picture occurs twice, so the next line can tell rows apart"
    assert train + validation == original


def test_second_load_is_the_same_object() -> None:
    mnist = load_dataset("mnist")
    assert load_dataset("mnist") is mnist
    assert load_dataset("mnist", root="/nowhere") is mnist, "bundled sets ignore the folder for downloads"


def write_small(folder: Path, idx: Idx, labels: int = 20) -> None:
    for part in ("train", "t10k"):
        pictures = np.arange(20 * 784, dtype=np.uint32).astype(np.uint8).reshape(20, 28, 28)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(pictures))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(np.arange(labels, dtype=np.uint8) % 10))


@pytest.fixture(autouse=True, scope="module")
def restore_cache():  # type: ignore[no-untyped-def]
    """Leave no small set in the cache of one for later test files; MNIST is simply read again."""
    yield
    images._mnist.cache_clear()


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a test unpacks is not found by the same test the next time, and does not stay in the user's folder."""
    folder = tmp_path_factory.mktemp("unpacked")
    monkeypatch.setattr(unpacked, "_folder", lambda: folder)


def test_two_threads_load_once(tmp_path: Path, idx: Idx, monkeypatch: pytest.MonkeyPatch) -> None:
    write_small(tmp_path, idx)
    reads = []

    def slow(path: Path, n_dimensions: int) -> np.ndarray:
        reads.append(path.name)
        time.sleep(0.03)
        return read_idx(path, n_dimensions)

    monkeypatch.setattr(images, "read_idx", slow)
    found: list[Dataset] = []
    threads = [threading.Thread(target=lambda: found.append(load_mnist(tmp_path))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5
    assert all(data is found[0] for data in found)
    assert sorted(reads) == sorted(path.name for path in tmp_path.iterdir()), "each file once"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read .*No such file"),
        (b"version https://git-lfs.github.com/spec/v1", "cannot be read .*[Nn]ot a gzipped file"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abcde", mtime=0)[:-6], "cannot be read .*ended before"),
        (gzip.compress(b"\0\0", mtime=0), "should begin with 00 00 08 01, but begins with 00 00;"),
        (
            gzip.compress(b"\0\0\x08\x03" + b"\0" * 12, mtime=0),
            "IDX file of bytes in 1 dimensions.* begins with 00 00 08 03",
        ),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\x01abcd", mtime=0), "begins with 00 00 0d 01"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abcd", mtime=0), r"announces \(5,\), that is 5 bytes, but holds 4"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abcdef", mtime=0), "holds 6"),
    ],
)
def test_malformed_file_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=message) as caught:
        read_idx(path, 1)
    assert str(path) in str(caught.value)


def test_size_that_overflows_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x03" + struct.pack(">III", 2**31, 2**31, 4)))  # 2^64 bytes
    with pytest.raises(DatasetError, match="that is 18,446,744,073,709,551,616 bytes, but holds 0"):
        read_idx(path, 3)


def test_images_without_their_labels(tmp_path: Path, idx: Idx) -> None:
    write_small(tmp_path, idx, labels=19)
    with pytest.raises(DatasetError, match=r"with one label each, .*\(20, 28, 28\) and labels \(19,\)"):
        load_mnist(tmp_path)
