"""The data sets that torchvision reads, from small files in their real formats, served by a real server."""

import bz2
import io
import pickle
import struct
import tarfile
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from rbm.datasets import files, is_available, load_dataset
from rbm.datasets._torchvision import import_torchvision
from rbm.datasets.base import split_rows
from rbm.datasets.entry import CATALOG
from rbm.errors import DatasetError
from tests.helpers.holding import Hold
from tests.helpers.waiting import PATIENCE

Idx = Callable[[np.ndarray], bytes]
Md5 = Callable[[bytes], str]


def pictures(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 28, 28)).astype(np.uint8)


TRAIN, TEST = pictures(110, 1), pictures(17, 2)
TRAIN_LABELS, TEST_LABELS = (np.arange(n, dtype=np.uint8) % 10 for n in (110, 17))


@pytest.fixture
def serve(server: Any, md5: Md5, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, dict[str, bytes]], None]:
    """Put archives on the server as data set ``name``, with their checksums where torchvision keeps its own."""
    datasets = import_torchvision()

    def put(name: str, archives: dict[str, bytes]) -> None:
        reader = getattr(datasets, files.SOURCES[name].reader)
        for archive, body in archives.items():
            server.pages[f"/{name}/{archive}"] = body
        sums = {archive: md5(body) for archive, body in archives.items()}
        if name == "emnist":
            monkeypatch.setattr(reader, "md5", sums["gzip.zip"])
        elif name == "cifar10":
            monkeypatch.setattr(reader, "tgz_md5", sums[reader.filename])
        elif name == "celeba":
            listed = [(drive, sums.get(file, other), file) for drive, other, file in reader.file_list]
            monkeypatch.setattr(reader, "file_list", listed)
        elif name == "usps":
            listed = {part: [url, file, sums[file]] for part, (url, file, _) in reader.split_list.items()}
            monkeypatch.setattr(reader, "split_list", listed)
        elif name == "qmnist":
            listed = {
                part: [(url, sums[url.rpartition("/")[2]]) for url, _ in pairs]
                for part, pairs in reader.resources.items()
                if part != "nist"
            }
            monkeypatch.setattr(reader, "resources", listed)
        else:
            monkeypatch.setattr(reader, "resources", [(archive, sums[archive]) for archive, _ in reader.resources])

    monkeypatch.setenv("RBM_DATASET_MIRROR", server.url + "/")
    return put


def mnist_like(idx: Idx) -> dict[str, bytes]:
    return {
        "train-images-idx3-ubyte.gz": idx(TRAIN),
        "train-labels-idx1-ubyte.gz": idx(TRAIN_LABELS),
        "t10k-images-idx3-ubyte.gz": idx(TEST),
        "t10k-labels-idx1-ubyte.gz": idx(TEST_LABELS),
    }


def flat(images: np.ndarray) -> torch.Tensor:
    return torch.tensor(images.reshape(len(images), -1) / 255, dtype=torch.float32)


@pytest.mark.parametrize("name", ["fashion_mnist", "kmnist"])
def test_download_then_read(tmp_path: Path, server: Any, serve: Any, idx: Idx, name: str) -> None:
    archives = mnist_like(idx)
    serve(name, archives)
    assert not is_available(name, tmp_path)
    seen: list[tuple[int, int | None]] = []
    data = load_dataset(name, tmp_path, progress=lambda done, total: seen.append((done, total)))

    train, validation = split_rows(110, name)
    assert torch.equal(data.test, flat(TEST))
    assert data.test_labels.tolist() == TEST_LABELS.tolist()
    assert torch.equal(data.train, flat(TRAIN[train.numpy()]))
    assert torch.equal(data.validation, flat(TRAIN[validation.numpy()]))
    assert data.train_labels.tolist() == TRAIN_LABELS[train.numpy()].tolist()
    assert len(validation) == 11

    total = sum(map(len, archives.values()))
    done = [d for d, _ in seen]
    assert done == sorted(done)
    assert {t for _, t in seen} == {total}
    assert done[-1] == total
    assert is_available(name, tmp_path)
    assert not list(tmp_path.rglob("*.part"))
    assert not list(tmp_path.rglob("*.gz")), "archives are not kept"


def test_from_the_folder_without_a_server(tmp_path: Path, server: Any, serve: Any, idx: Idx) -> None:
    serve("fashion_mnist", mnist_like(idx))
    first = load_dataset("fashion_mnist", tmp_path)
    server.stop()
    assert load_dataset("fashion_mnist", tmp_path) is first
    from rbm.datasets import images

    images._downloaded.cache_clear()
    again = load_dataset("fashion_mnist", str(tmp_path))
    assert again is not first
    assert torch.equal(again.train, first.train)


def test_only_what_is_missing_is_fetched(tmp_path: Path, server: Any, serve: Any, idx: Idx) -> None:
    archives = mnist_like(idx)
    serve("kmnist", archives)
    del server.pages["/kmnist/t10k-labels-idx1-ubyte.gz"]
    with pytest.raises(DatasetError, match="answered 404"):
        load_dataset("kmnist", tmp_path)
    assert not is_available("kmnist", tmp_path)
    server.pages["/kmnist/t10k-labels-idx1-ubyte.gz"] = archives["t10k-labels-idx1-ubyte.gz"]
    server.asked.clear()
    assert load_dataset("kmnist", tmp_path).test_labels.tolist() == TEST_LABELS.tolist()
    assert server.asked == [("GET", "/kmnist/t10k-labels-idx1-ubyte.gz")]


def test_files_put_there_by_hand(tmp_path: Path, server: Any, serve: Any, idx: Idx) -> None:
    archives = mnist_like(idx)
    serve("fashion_mnist", archives)
    server.stop()
    place = tmp_path / "FashionMNIST" / "raw"
    with pytest.raises(DatasetError) as caught:
        load_dataset("fashion_mnist", tmp_path)
    message = str(caught.value)
    for part in (
        "Fashion-MNIST could not be fetched",
        f"the host {server.url.removeprefix('http://')} could not be reached",
        "use MNIST digits ('mnist'), which needs none",
        "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz",
        f"into {place} and load it again",
    ):
        assert part in message
    for archive, body in archives.items():
        (place / archive).write_bytes(body)
    assert torch.equal(load_dataset("fashion_mnist", tmp_path).test, flat(TEST))
    assert (place / "train-images-idx3-ubyte.gz").exists(), "a person's own files stay"


def test_wrong_file_by_hand_is_not_believed(tmp_path: Path, server: Any, serve: Any, idx: Idx) -> None:
    serve("fashion_mnist", mnist_like(idx))
    place = tmp_path / "FashionMNIST" / "raw"
    place.mkdir(parents=True)
    (place / "t10k-images-idx3-ubyte.gz").write_bytes(idx(TEST[::-1].copy()))
    assert torch.equal(load_dataset("fashion_mnist", tmp_path).test, flat(TEST))


def test_damaged_download_is_refused(tmp_path: Path, server: Any, serve: Any, idx: Idx) -> None:
    serve("fashion_mnist", mnist_like(idx))
    server.pages["/fashion_mnist/train-labels-idx1-ubyte.gz"] = b"<html>captive portal</html>"
    with pytest.raises(DatasetError, match=r"Fashion-MNIST could not be fetched: .* MD5 .* was expected"):
        load_dataset("fashion_mnist", tmp_path)
    assert not (tmp_path / "FashionMNIST" / "raw" / "train-labels-idx1-ubyte").exists()
    assert not (tmp_path / "FashionMNIST" / "raw" / "train-labels-idx1-ubyte.gz").exists()


def test_damaged_folder_says_what_to_do(tmp_path: Path, serve: Any, idx: Idx) -> None:
    serve("fashion_mnist", mnist_like(idx))
    load_dataset("fashion_mnist", tmp_path / "good")
    (tmp_path / "good").rename(tmp_path / "bad")  # under another name, since what is loaded stays loaded
    images = tmp_path / "bad" / "FashionMNIST" / "raw" / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:1000])
    with pytest.raises(DatasetError, match=r"Fashion-MNIST in .*raw cannot be read .*delete that folder"):
        load_dataset("fashion_mnist", tmp_path / "bad")


def test_emnist_letters_stand_upright_and_count_from_zero(tmp_path: Path, server: Any, serve: Any, idx: Idx) -> None:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        for part, images in (("train", TRAIN), ("test", TEST)):
            lying = images.transpose(0, 2, 1).copy()  # as NIST publishes them
            letters = (np.arange(len(images)) % 26 + 1).astype(np.uint8)
            archive.writestr(f"gzip/emnist-letters-{part}-images-idx3-ubyte.gz", idx(lying))
            archive.writestr(f"gzip/emnist-letters-{part}-labels-idx1-ubyte.gz", idx(letters))
            archive.writestr(f"gzip/emnist-byclass-{part}-images-idx3-ubyte.gz", b"never unpacked")
    serve("emnist", {"gzip.zip": box.getvalue()})
    data = load_dataset("emnist", tmp_path)
    assert torch.equal(data.test, flat(TEST))
    assert data.test_labels.tolist() == list(range(17))
    assert data.class_names[data.test_labels[2]] == "c"
    assert sorted(p.name for p in (tmp_path / "EMNIST" / "raw").iterdir()) == sorted(files.SOURCES["emnist"].files)


def test_qmnist_takes_the_class_from_its_eight_columns(tmp_path: Path, server: Any, serve: Any, idx: Idx) -> None:
    def columns(labels: np.ndarray) -> np.ndarray:
        return np.stack(
            [labels.astype(np.int32)] + [np.full(len(labels), 70_000 + c, np.int32) for c in range(7)], axis=1
        )

    serve(
        "qmnist",
        {
            "qmnist-train-images-idx3-ubyte.gz": idx(TRAIN),
            "qmnist-train-labels-idx2-int.gz": idx(columns(TRAIN_LABELS)),
            "qmnist-test-images-idx3-ubyte.gz": idx(TEST),
            "qmnist-test-labels-idx2-int.gz": idx(columns(TEST_LABELS)),
        },
    )
    data = load_dataset("qmnist", tmp_path)
    assert torch.equal(data.test, flat(TEST))
    assert data.test_labels.tolist() == TEST_LABELS.tolist()
    assert data.validation_labels.tolist() == TRAIN_LABELS[split_rows(110, "qmnist")[1].numpy()].tolist()


def test_usps_is_sixteen_by_sixteen(tmp_path: Path, server: Any, serve: Any) -> None:
    def text(n: int) -> bytes:
        """Row i: every pixel −1, except pixel i, which is 1; its digit i % 10 is written as i % 10 + 1."""
        rows = (
            f"{i % 10 + 1} " + " ".join(f"{p + 1}:{1.0 if p == i else -1.0:.4f}" for p in range(256)) for i in range(n)
        )
        return bz2.compress(("\n".join(rows) + "\n").encode())

    serve("usps", {"usps.bz2": text(30), "usps.t.bz2": text(13)})
    data = load_dataset("usps", tmp_path)
    assert data.image_shape == (16, 16)
    assert torch.equal(data.test, torch.eye(256)[:13])
    assert data.test_labels.tolist() == [i % 10 for i in range(13)]
    assert (len(data.train), len(data.validation)) == (27, 3)
    assert is_available("usps", tmp_path)


def test_cifar_is_sixteen_by_sixteen_in_colour(tmp_path: Path, serve: Any, md5: Md5, monkeypatch: Any) -> None:
    """Pickled batches of rows, red before green before blue, in a tar beside what is never unpacked."""
    draw, reader = np.random.default_rng(3), import_torchvision().CIFAR10
    rows = {f"data_batch_{part}": draw.integers(0, 256, (20, 3072)).astype(np.uint8) for part in range(1, 6)}
    rows["test_batch"] = draw.integers(0, 256, (13, 3072)).astype(np.uint8)
    batches = {
        file: pickle.dumps({"data": data, "labels": [i % 10 for i in range(len(data))]}) for file, data in rows.items()
    }
    batches["batches.meta"] = pickle.dumps({"label_names": list("abcdefghij")})
    monkeypatch.setattr(reader, "train_list", [[file, md5(batches[file])] for file, _ in reader.train_list])
    monkeypatch.setattr(reader, "test_list", [["test_batch", md5(batches["test_batch"])]])
    monkeypatch.setattr(reader, "meta", {**reader.meta, "md5": md5(batches["batches.meta"])})
    box = io.BytesIO()
    with tarfile.open(fileobj=box, mode="w:gz") as archive:
        for file, body in {**batches, "readme.html": b"never unpacked"}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{file}")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    serve("cifar10", {"cifar-10-python.tar.gz": box.getvalue()})
    data = load_dataset("cifar10", tmp_path)
    assert (data.kind, data.image_shape, len(data.train), len(data.validation)) == ("colour", (16, 16, 3), 90, 10)
    large = rows["test_batch"].reshape(13, 3, 16, 2, 16, 2)
    means = np.rint(large.mean((3, 5))).transpose(0, 2, 3, 1)  # red, green and blue of a pixel side by side
    assert torch.equal(data.test, flat(means))
    assert data.test_labels.tolist() == [i % 10 for i in range(13)]
    assert sorted(p.name for p in (tmp_path / "cifar-10-batches-py").iterdir()) == sorted(
        files.SOURCES["cifar10"].files
    )
    assert CATALOG["cifar10"].offered == ("multinary", "gaussian", "bernoulli", "relu", "spin")


def photograph(face: tuple[int, int, int], width: int = 178, height: int = 218) -> bytes:
    """A face of one colour in a frame of white above and below, which the square in the middle leaves out."""
    image = Image.new("RGB", (width, height), "white")
    image.paste(face, (0, 20, width, height - 20))
    body = io.BytesIO()
    image.save(body, "JPEG", quality=100)
    return body.getvalue()


def celeba_like(parts: str, smiles: str) -> dict[str, bytes]:
    """A photograph for each letter of ``parts``, 0, 1 or 2, of which those at a + in ``smiles`` smile."""
    names = [f"{i:06}.jpg" for i in range(1, len(parts) + 1)]
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        for i, name in enumerate(names):
            archive.writestr(f"img_align_celeba/{name}", photograph((10 * i, 100, 200)))
    attributes = [f"{name} -1 {'1' if smile == '+' else '-1'} -1" for name, smile in zip(names, smiles, strict=True)]
    return {
        "img_align_celeba.zip": box.getvalue(),
        "list_attr_celeba.txt": "\n".join([str(len(names)), "Bald Smiling Young ", *attributes, ""]).encode(),
        "list_eval_partition.txt": "\n".join(
            [f"{name} {part}" for name, part in zip(names, parts, strict=True)]
        ).encode(),
    }


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rbm.datasets.unpacked._folder", lambda: tmp_path / "unpacked")


@pytest.mark.usefixtures("own_cache")
def test_celeba_is_read_from_its_archive_cut_square_and_says_who_smiles(tmp_path: Path, serve: Any) -> None:
    serve("celeba", celeba_like("000100000002", "+--+-+--+--+"))
    assert not is_available("celeba", tmp_path)
    data = load_dataset("celeba", tmp_path)
    assert is_available("celeba", tmp_path)
    assert (data.kind, data.image_shape, len(data.train), len(data.validation)) == ("colour", (16, 16, 3), 9, 1)
    train, validation = split_rows(10, "celeba")
    reds = torch.tensor([10.0 * i for i in (0, 1, 2, 4, 5, 6, 7, 8, 9, 10)])  # number 3 is of the part for validation
    smiles = torch.tensor([1, 0, 0, 0, 1, 0, 0, 1, 0, 0])
    pictures = 255 * data.train.view(-1, 16, 16, 3)
    torch.testing.assert_close(pictures[..., 0].mean((1, 2)), reds[train], atol=2, rtol=0)
    torch.testing.assert_close(pictures.std((1, 2)), torch.zeros(9, 3), atol=2, rtol=0)  # no white of the frame
    assert data.train_labels.tolist() == smiles[train].tolist()
    assert data.validation_labels.tolist() == smiles[validation].tolist()
    assert (len(data.test), data.test_labels.tolist()) == (1, [1])
    assert {path.name for path in (tmp_path / "celeba").iterdir()} == set(files.SOURCES["celeba"].files)
    assert "categorical" not in CATALOG["celeba"].offered  # the palette is that of the drawn faces


@pytest.mark.usefixtures("own_cache")
def test_a_photograph_that_is_none_is_told(tmp_path: Path, serve: Any) -> None:
    archives = celeba_like("002", "+-+")
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr("img_align_celeba/000001.jpg", b"no picture")
    serve("celeba", archives | {"img_align_celeba.zip": box.getvalue()})
    with pytest.raises(DatasetError, match=r"CelebA faces in colour.* cannot be read .*delete that folder and load"):
        load_dataset("celeba", tmp_path)


def test_two_threads_download_once(tmp_path: Path, server: Any, serve: Any, idx: Idx) -> None:
    serve("kmnist", mnist_like(idx))
    found = []
    threads = [threading.Thread(target=lambda: found.append(load_dataset("kmnist", tmp_path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert all(data is found[0] for data in found)
    assert len(server.asked) == 4


def test_a_second_mirror_is_tried(tmp_path: Path, server: Any, md5: Md5) -> None:
    server.pages["/b/x"] = b"bytes"
    resource = files.Resource((f"{server.url}/a/x", f"{server.url}/b/x"), "x", md5(b"bytes"), ("x",))
    files._fetch_any(resource, tmp_path / "x", lambda done, total: None)
    assert (tmp_path / "x").read_bytes() == b"bytes"
    missing = resource._replace(urls=(f"{server.url}/a/x", f"{server.url}/c/x"))
    with pytest.raises(DatasetError, match=r"404 Not Found for .*/a/x; .*404 Not Found for .*/c/x"):
        files._fetch_any(missing, tmp_path / "y", lambda done, total: None)


def test_of_two_processes_that_fetch_it_the_second_may_find_it_unpacked_and_the_archives_gone(
    tmp_path: Path, serve: Any, idx: Idx, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here two calls of what one process does under a lock."""
    serve("fashion_mnist", mnist_like(idx))
    begun, fetched, fetch = Hold(), Hold(), files._fetch_all
    with ThreadPoolExecutor(2) as pool:
        monkeypatch.setattr(files, "_fetch_all", begun.before(fetch))
        first = pool.submit(files.obtain, "fashion_mnist", tmp_path)
        begun.until_inside()
        monkeypatch.setattr(files, "_fetch_all", fetched.behind(fetch))
        second = pool.submit(files.obtain, "fashion_mnist", tmp_path)
        fetched.until_inside()
        begun.go()
        assert first.result(PATIENCE) == tmp_path
        fetched.go()
        assert second.result(PATIENCE) == tmp_path
    assert files.is_complete("fashion_mnist", tmp_path)


@pytest.mark.parametrize("name", list(files.SOURCES))
def test_what_torchvision_publishes_gives_the_files_it_reads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses and checksums come from torchvision alone; this fails if a new version lays them out otherwise."""
    monkeypatch.delenv("RBM_DATASET_MIRROR", raising=False)
    source = files.SOURCES[name]
    resources = files._resources(name, getattr(import_torchvision(), source.reader))
    assert sorted(file for r in resources for file in r.files) == sorted(source.files)
    for resource in resources:
        assert len(resource.md5) == 32
        assert all(url.startswith("http") for url in resource.urls)
        if name != "celeba":  # whose files Google knows by numbers
            assert all(url.endswith(resource.archive) for url in resource.urls)


def test_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RBM_DATA", str(tmp_path / "here"))
    assert files.data_folder() == tmp_path / "here"
    assert files.data_folder(tmp_path) == tmp_path
    assert files.data_folder("~/x") == Path.home() / "x"
    monkeypatch.setenv("RBM_DATA", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert files.data_folder().parts[-2:] == ("boltzmann-explorer", "datasets")


def test_the_synthetic_idx_is_what_lecun_describes(idx: Idx) -> None:
    import gzip

    data = gzip.decompress(idx(TEST))
    assert struct.unpack(">IIII", data[:16]) == (2051, 17, 28, 28)
