"""MNIST: where it is looked for, how it is split, and what is said when it is not right."""

import gzip
import hashlib
import inspect
import re
import socket
import struct
import tempfile
import threading
import tracemalloc
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from vae import data

Arrays = dict[str, np.ndarray]

MNIST = Path(__file__).parents[2] / "shared" / "mnist"
needs_mnist = pytest.mark.skipif(
    not (MNIST / "mnist.npz").is_file(), reason=f"all of MNIST is not in {MNIST}"
)
IDX = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


URL = data.URL


@pytest.fixture(autouse=True)
def nothing_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No folder named, an empty cache, no network, until a test says otherwise."""
    monkeypatch.delenv("VAE_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(data, "URL", "http://127.0.0.1:9/mnist.npz")  # refused at once


@pytest.fixture(scope="module")
def mnist() -> data.Splits:
    return data.load(MNIST)


def small_mnist(extra: int = 30) -> Arrays:
    """What looks like MNIST: the embedded digits, classes mixed, and a few images after them."""
    digits = data.embedded()
    mixed = np.arange(5000).reshape(10, 500).T.ravel()  # a 0, a 1, ..., a 9, a 0, ...
    generator = np.random.default_rng(extra)
    images = generator.integers(0, 256, (extra + 20, 28, 28), np.uint8)
    labels = np.arange(extra + 20, dtype=np.uint8) % 10
    return {
        "x_train": np.concatenate([digits.images[mixed], images[:extra]]),
        "y_train": np.concatenate([digits.labels[mixed], labels[:extra]]),
        "x_test": images[extra:],
        "y_test": labels[extra:],
    }


def write_npz(folder: Path, arrays: Arrays) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "mnist.npz", allow_pickle=True, **arrays)
    return folder


def write_idx(folder: Path, arrays: Arrays, packed: bool) -> Path:
    """MNIST's own format: two zeros, type 8 (bytes), the rank, the sizes, the bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in arrays.items():
        head = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
        content = head + values.tobytes()
        if packed:
            (folder / f"{IDX[name]}.gz").write_bytes(gzip.compress(content, 1))
        else:
            (folder / IDX[name]).write_bytes(content)
    return folder


def trust(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Take these bytes for the real mnist.npz."""
    monkeypatch.setattr(data, "SHA256", hashlib.sha256(content).hexdigest())


@contextmanager
def served(
    monkeypatch: pytest.MonkeyPatch, content: bytes, promised: int | None = 0, status: int = 200
) -> Iterator[None]:
    """A server on this machine that answers with these bytes; `promised` None: of no length."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if promised is not None:
                self.send_header("Content-Length", str(promised or len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setattr(data, "URL", f"http://127.0.0.1:{server.server_port}/mnist.npz")
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def no_network(*_: object, **__: object) -> None:
    raise urllib.error.URLError("no network in this test")


def test_a_named_folder_goes_before_the_environment_and_that_before_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = write_npz(tmp_path / "named", small_mnist(11))
    environment = write_npz(tmp_path / "environment", small_mnist(12))
    cache = write_npz(tmp_path / "keras" / "datasets", small_mnist(13))
    trust(monkeypatch, (cache / "mnist.npz").read_bytes())
    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    assert len(data.load().train) == 13
    monkeypatch.setenv("VAE_DATA_DIR", str(environment))
    assert len(data.load().train) == 12
    assert len(data.load(named).train) == 11
    assert len(data.load(str(named)).train) == 11


def test_what_is_expected_is_what_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "5,000 embedded digits" in data.expected_source()
    write_npz(tmp_path / "keras" / "datasets", small_mnist())
    assert "Keras cache" in data.expected_source()
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    assert "VAE_DATA_DIR" in data.expected_source()


@pytest.mark.parametrize("packed", [True, False], ids=["gz", "raw"])
def test_idx_files_and_mnist_npz_give_the_same_splits(tmp_path: Path, packed: bool) -> None:
    npz = data.load(write_npz(tmp_path / "npz", small_mnist()))
    idx = data.load(write_idx(tmp_path / "idx", small_mnist(), packed))
    assert idx.sha256 == npz.sha256
    assert len(idx.train) == 30
    np.testing.assert_array_equal(idx.test.images, small_mnist()["x_test"])


def as_on_kaggle(folder: Path, stem: str) -> Path:
    dotted = stem.replace("-idx", ".idx")
    return folder / dotted / dotted


def half_as_on_kaggle(folder: Path, stem: str) -> Path:
    return folder / stem / stem.replace("-idx", ".idx")


LAYOUTS: dict[str, Callable[[Path, str], Path]] = {
    "dotted": lambda folder, stem: folder / stem.replace("-idx", ".idx"),
    "dotted gz": lambda folder, stem: folder / (stem.replace("-idx", ".idx") + ".gz"),
    "a folder a file": lambda folder, stem: folder / stem / stem,
    "a dotted folder a file": as_on_kaggle,
    "a dotted file a folder": half_as_on_kaggle,
    "torchvision": lambda folder, stem: folder / "MNIST" / "raw" / stem,
    "raw": lambda folder, stem: folder / "raw" / f"{stem}.gz",
    "raw content named gz": lambda folder, stem: folder / f"{stem}.gz",
    "packed content not named gz": lambda folder, stem: folder / stem,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders_are_read_as_people_have_them(tmp_path: Path, layout: str) -> None:
    packed = "packed" in layout or layout in ("dotted gz", "raw")
    source = write_idx(tmp_path / "source", small_mnist(), packed)
    for stem in IDX.values():
        place = LAYOUTS[layout](tmp_path / "folder", stem)
        place.parent.mkdir(parents=True, exist_ok=True)
        (source / f"{stem}{'.gz' if packed else ''}").rename(place)
    expected = data.load(write_npz(tmp_path / "npz", small_mnist()))
    assert data.load(tmp_path / "folder").sha256 == expected.sha256


def test_the_file_itself_may_be_named(tmp_path: Path) -> None:
    folder = write_npz(tmp_path / "npz", small_mnist())
    assert data.load(folder / "mnist.npz").sha256 == data.load(folder).sha256


def test_keras_own_folder_may_be_named(tmp_path: Path) -> None:
    write_npz(tmp_path / "datasets", small_mnist())
    assert len(data.load(tmp_path).test) == 20


def zeroed(arrays: Arrays) -> None:
    arrays["x_test"][3:] = 0


def shifted(arrays: Arrays) -> None:
    arrays["y_train"][30_000:] = np.roll(arrays["y_train"][30_000:], 1)


@needs_mnist
@pytest.mark.parametrize("damage", [zeroed, shifted])
def test_silent_damage_is_told_by_its_hash(
    mnist: data.Splits, tmp_path: Path, damage: Callable[[Arrays], None]
) -> None:
    with np.load(MNIST / "mnist.npz") as packed:
        arrays = dict(packed)
    damage(arrays)
    splits = data.load(write_npz(tmp_path, arrays), train_images=1000)
    assert splits.source == "a folder that is not the MNIST that these figures are for"
    assert splits.note.startswith("the SHA-256 of all digits starts with ")
    assert splits.note.endswith("expected 5b5184781904")
    assert (mnist.source, mnist.note, mnist.sha256) == ("MNIST", "", data.SPLITS_SHA256)


def test_a_file_that_unpacks_to_more_than_mnist_has_is_refused_without_unpacking_it(
    tmp_path: Path,
) -> None:
    folder = write_idx(tmp_path, small_mnist(), packed=True)
    file = folder / f"{IDX['x_train']}.gz"
    file.write_bytes(gzip.compress(bytes(300_000_000), 1))
    tracemalloc.start()
    with pytest.raises(data.DataError, match=r"train-images-idx3-ubyte\.gz in .* more than 47,04"):
        data.load(folder)
    assert tracemalloc.get_traced_memory()[1] < 200_000_000
    tracemalloc.stop()


def test_an_npz_file_that_unpacks_to_more_than_mnist_has_is_refused_without_unpacking_it(
    tmp_path: Path,
) -> None:
    np.savez_compressed(tmp_path / "mnist.npz", x_train=np.zeros(300_000_000, np.uint8))
    tracemalloc.start()
    with pytest.raises(data.DataError, match=r"mnist\.npz in .* unpacks to 300,000,128 bytes"):
        data.load(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@needs_mnist
def test_the_real_idx_files_and_mnist_npz_give_the_same_splits(
    mnist: data.Splits, tmp_path: Path
) -> None:
    for name in IDX.values():
        (tmp_path / f"{name}.gz").symlink_to(MNIST / f"{name}.gz")
    assert data.load(tmp_path).sha256 == mnist.sha256


def test_a_download_is_the_file_that_keras_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras  # TensorFlow: only for this test

    source = inspect.getsource(keras.datasets.mnist.load_data)
    assert data.SHA256 in source
    assert URL.rsplit("/", 1)[0] in source


@needs_mnist
def test_all_of_mnist_is_split_and_the_embedded_digits_are_never_trained_on(
    mnist: data.Splits, digits: data.Digits
) -> None:
    assert [len(d) for d in (mnist.train, mnist.validation, mnist.test)] == [55000, 5000, 10000]
    np.testing.assert_array_equal(mnist.validation.images, digits.images)
    np.testing.assert_array_equal(mnist.validation.labels, digits.labels)
    trained = {image.tobytes() for image in mnist.train.images}
    assert not any(image.tobytes() in trained for image in digits.images)
    assert mnist.source == "MNIST"


def test_data_that_is_not_mnist_is_refused(tmp_path: Path) -> None:
    arrays = small_mnist()
    arrays["x_train"][7, 14, 14] ^= 1
    with pytest.raises(data.DataError, match="this is not MNIST: its first 500 images"):
        data.load(write_npz(tmp_path, arrays))


def test_the_embedded_digits_are_500_of_each_class(digits: data.Digits) -> None:
    np.testing.assert_array_equal(digits.labels, np.repeat(np.arange(10), 500))


def test_without_a_network_the_embedded_digits_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    assert data.load().source == "the 5,000 embedded MNIST digits"


def test_without_a_place_for_the_cache_the_embedded_digits_serve(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "keras"))
    assert data.load().source == "the 5,000 embedded MNIST digits"


def test_the_embedded_digits_are_split_evenly_and_no_digit_is_in_two_splits(
    digits: data.Digits,
) -> None:
    splits = data.load(download=False)
    every = [splits.train, splits.validation, splits.test]
    assert [np.bincount(d.labels).tolist() for d in every] == [[400] * 10, [50] * 10, [50] * 10]
    seen = [image.tobytes() for d in every for image in d.images]
    assert len(set(seen)) == 5000
    assert set(seen) == {image.tobytes() for image in digits.images}


@pytest.mark.parametrize("n", [64, 100, 999])
def test_fewer_training_images_are_the_first_of_each_class_in_equal_shares(n: int) -> None:
    every, fewer = data.load(download=False), data.load(train_images=n, download=False)
    counts = np.bincount(fewer.train.labels, minlength=10)
    assert counts.sum() == n
    assert counts.max() - counts.min() <= 1
    for digit in range(10):
        first = every.train.images[every.train.labels == digit][: counts[digit]]
        np.testing.assert_array_equal(fewer.train.images[fewer.train.labels == digit], first)
    np.testing.assert_array_equal(fewer.validation.images, every.validation.images)


def test_more_training_images_than_there_are_is_all_of_them() -> None:
    assert len(data.load(train_images=60000, download=False).train) == 4000


def test_a_download_is_told_as_it_goes_and_kept_for_next_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = (write_npz(tmp_path / "web", small_mnist(17)) / "mnist.npz").read_bytes()
    trust(monkeypatch, content)
    told: list[tuple[int, int]] = []
    with served(monkeypatch, content):
        assert len(data.load(progress=lambda done, total: told.append((done, total))).train) == 17
    assert told == sorted(told)
    assert len(told) > 10
    assert told[-1] == (len(content), len(content))
    assert [p.name for p in (tmp_path / "keras" / "datasets").iterdir()] == ["mnist.npz"]
    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    assert len(data.load().train) == 17


LOGIN = b"<html>Please log in</html>"


@pytest.mark.parametrize(
    ("content", "promised", "status", "said"),
    [
        (LOGIN, 0, 200, "what came is not MNIST (its SHA-256 starts with 39bb8635d641, expected"),
        (LOGIN, None, 200, "what came is not MNIST (its SHA-256 starts with 39bb8635d641, exp"),
        (b"PK" * 1000, 11_490_434, 200, "it broke off after 2,000 of 11,490,434 bytes"),
        (b"PK" * 1000, None, 200, "what came is not MNIST"),
        (LOGIN, 0, 403, "Forbidden"),
        (b"", 0, 200, "what came is not MNIST"),
        (b"x" * 200_000, 0, 200, "it is longer, or takes longer, than MNIST can"),
    ],
    ids=["portal", "without-length", "cut", "cut-without-length", "forbidden", "empty", "endless"],
)
def test_a_download_that_is_no_mnist_gives_the_embedded_digits_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: bytes,
    promised: int | None,
    status: int,
    said: str,
) -> None:
    monkeypatch.setattr(data, "MOST_BYTES", 150_000)
    with served(monkeypatch, content, promised, status):
        splits = data.load()
    assert splits.source == "the 5,000 embedded MNIST digits"
    assert splits.note.startswith(f"the download failed: {said}")
    assert re.fullmatch(r"[\w ,.:;()+-]*", splits.note)  # exported runs carry it
    assert not list(tmp_path.rglob("*.part"))
    assert not list(tmp_path.rglob("*.npz"))


BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 11490434\r\n\r\nPK"


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    ("sent", "said"),
    [(BEGUN, "timed out"), (b"", "timed out"), (b"220 mail.example\r\n", "220 mail.example")],
    ids=["stalls", "never begins", "another protocol"],
)
def test_a_download_that_stalls_gives_the_embedded_digits_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, said: str
) -> None:
    monkeypatch.setattr(data, "MOST_SILENCE", 0.2)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(data, "URL", f"http://127.0.0.1:{server.getsockname()[1]}/mnist.npz")

        def answer() -> None:
            with server.accept()[0] as asked:
                asked.recv(1000)
                asked.sendall(sent)
                over.wait()

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            assert data.load().note == f"the download failed: {said}"
        finally:
            over.set()
            thread.join()


def test_a_download_that_cannot_be_kept_where_keras_does_lies_in_a_temporary_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    content = (write_npz(tmp_path / "web", small_mnist(17)) / "mnist.npz").read_bytes()
    trust(monkeypatch, content)
    with served(monkeypatch, content):
        splits = data.load()
    assert len(splits.train) == 17
    assert splits.note == "kept in a temporary folder: the cache cannot be written: Not a directory"
    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    assert "from a temporary folder" in data.expected_source()
    again = data.load()
    assert (len(again.train), again.note) == (17, "kept in a temporary folder")
    (damaged,) = tmp_path.glob("latent-digits-*/mnist.npz")
    damaged.write_bytes(b"somebody else was here")
    assert data.load().source == "the 5,000 embedded MNIST digits"


def test_a_download_that_can_be_kept_nowhere_serves_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    content = (write_npz(tmp_path / "web", small_mnist(17)) / "mnist.npz").read_bytes()
    trust(monkeypatch, content)
    with served(monkeypatch, content):
        splits = data.load()
    assert len(splits.train) == 17
    assert splits.note.startswith("not kept for next time: the cache cannot be written: ")


def test_who_has_no_home_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def home(cls: type) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setattr(Path, "home", classmethod(home))
    assert "5,000 embedded digits" in data.expected_source()
    assert data.load().source == "the 5,000 embedded MNIST digits"


def test_a_damaged_cache_is_refused_and_the_remedy_named(tmp_path: Path) -> None:
    cache = write_npz(tmp_path / "keras" / "datasets", small_mnist())
    with pytest.raises(data.DataError) as caught:
        data.load()
    assert str(cache) in str(caught.value)
    assert str(caught.value).startswith("mnist.npz in ")
    assert str(caught.value).endswith("delete it and try again")


def test_a_folder_without_mnist_is_refused_and_the_remedy_named(tmp_path: Path) -> None:
    text = f"no MNIST in {tmp_path}: neither mnist.npz nor train-images-idx3-ubyte"
    with pytest.raises(data.DataError) as caught:
        data.load(tmp_path)
    assert str(caught.value).startswith(text)
    assert str(caught.value).endswith(
        "another folder with --data or VAE_DATA_DIR, or leave both out"
    )


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def scrambled(content: bytes) -> bytes:
    return content[:40] + bytes(255 - byte for byte in content[40:4000]) + content[4000:]


def empty(content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [cut, scrambled, empty])
@pytest.mark.parametrize("kind", ["npz", "gz", "raw"])
def test_a_damaged_file_in_a_named_folder_is_refused_by_name(
    tmp_path: Path, kind: str, damage: Callable[[bytes], bytes]
) -> None:
    if kind == "npz":
        file = write_npz(tmp_path, small_mnist()) / "mnist.npz"
    else:
        write_idx(tmp_path, small_mnist(), packed=kind == "gz")
        file = tmp_path / (IDX["x_train"] + (".gz" if kind == "gz" else ""))
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(data.DataError, match=rf"{file.name} in .* cannot be read|not MNIST"):
        data.load(tmp_path)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, sign: Path) -> None:
        self.sign = sign

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.sign,))


def test_a_pickle_in_mnist_npz_is_refused_and_never_run(tmp_path: Path) -> None:
    trap = np.array([Trap(tmp_path / "sprung")], dtype=object)
    write_npz(tmp_path, small_mnist() | {"x_train": trap})
    with pytest.raises(data.DataError, match=r"mnist\.npz in .* cannot be read as MNIST"):
        data.load(tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_pixels_are_the_images_scaled_to_one(digits: data.Digits) -> None:
    assert digits.pixels.dtype == np.float32
    assert (digits.pixels.min(), digits.pixels.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(np.round(digits.pixels * 255), digits.images)


def test_images_of_another_shape_are_refused_with_what_was_expected() -> None:
    with pytest.raises(data.DataError, match=r"images are uint8 \(2, 784\) for 2 labels; expected"):
        data.Digits(np.zeros((2, 784), np.uint8), np.zeros(2, np.uint8))
    with pytest.raises(data.DataError, match="labels must be digits from 0 to 9"):
        data.Digits(np.zeros((1, 28, 28), np.uint8), np.array([10], np.uint8))
