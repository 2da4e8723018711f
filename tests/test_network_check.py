"""Networks from elsewhere: what no training writes is refused, however it is hidden."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from vae import inference, network_check, runs
from vae.network_check import check_structure, try_networks
from vae.prior import STANDARD

ROOT = Path(__file__).parents[1]
MAP, PLAIN, BASELINE, FLOW = (
    runs.read(runs.SHIPPED / name) for name in ("map", "autoencoder", "baseline", "flow")
)
Change = Callable[[Any], object]


def crafted(run: runs.Run, name: str, change: Change) -> bytes:
    """A network of a run with something else in it."""
    model: Any = schema.ModelT.InitFromPackedBuf(runs.model_content(run, name), 0)
    change(model)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def tried(folder: Path, run: runs.Run, name: str, change: Change) -> str:
    """What is said of a run with such a network, here and not in a process of its own."""
    names = runs.served_files(run.manifest.model)
    files = {one: runs.model_content(run, one) for one in names}
    files[name] = crafted(run, name, change)
    for one, content in files.items():
        (folder / one).write_bytes(content)
    hashes = {one: sha256(content).hexdigest() for one, content in files.items()}
    runs.write_manifest(folder, replace(run.manifest, files=hashes))
    return network_check._wrong(folder)


def operators(model: Any, name: str) -> list[Any]:
    """The operations of one kind, in order."""
    number = getattr(schema.BuiltinOperator, name)
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    return [one for one in model.subgraphs[0].operators if codes[one.opcodeIndex] == number]


def buffer(model: Any, tensor: int) -> Any:
    return model.buffers[model.subgraphs[0].tensors[tensor].buffer]


def with_weights(values: dict[tuple[str, int], float]) -> Change:
    """Layers all of whose weights are the same, named by their kind and their number."""

    def change(model: Any) -> None:
        for (kind, number), value in values.items():
            found = buffer(model, operators(model, kind)[number].inputs[1])
            weights = np.full(len(found.data) // 4, value, np.float32)
            found.data = np.frombuffer(weights.tobytes(), np.uint8)

    return change


def tensor(**changed: Any) -> Change:
    """The first result within the network, described in another way."""

    def change(model: Any) -> None:
        found = model.subgraphs[0].tensors[model.subgraphs[0].operators[0].outputs[0]]
        for name, value in changed.items():
            setattr(found, name, value)

    return change


def shaped(*shape: int) -> Change:
    return tensor(shape=np.array(shape, np.int32))


def cut(model: Any) -> None:
    found = buffer(model, operators(model, "FULLY_CONNECTED")[0].inputs[1])
    found.data = found.data[:-4]


def again(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.operators.append(graph.operators[0])


def without_an_end(model: Any) -> None:
    graph = model.subgraphs[0]
    graph.operators.pop()


def very_long(model: Any) -> None:
    model.subgraphs[0].operators *= 50


def of_another_maker(model: Any) -> None:
    model.operatorCodes[0].customCode = b"evil"


def beside_the_structure(model: Any) -> None:
    buffer(model, operators(model, "FULLY_CONNECTED")[0].inputs[1]).offset = 8


STRUCTURES: dict[str, tuple[Change, str]] = {
    "large": (shaped(1, 60_000_001), r"^a network has an array of the shape \[1, 60000001\]$"),
    "overflowing": (shaped(*[2**31 - 1] * 5), "has an array of the shape"),
    "empty": (shaped(1, 0), r"has an array of the shape \[1, 0\]$"),
    "negative": (shaped(-1, 512), r"has an array of the shape \[-1, 512\]$"),
    "deep": (shaped(1, 1, 1, 1, 1, 1), "has an array of the shape"),
    "quantised": (tensor(type=schema.TensorType.INT8), "has numbers of another kind$"),
    "variable": (tensor(isVariable=True), "has numbers of another kind$"),
    "sparse": (tensor(sparsity=schema.SparsityParametersT()), "has numbers of another kind$"),
    "cut": (cut, "has an array whose numbers are not all there$"),
    "elsewhere": (beside_the_structure, "has an array whose numbers are not all there$"),
    "twice": (again, "does not compute one thing after the other$"),
    "endless": (without_an_end, "does not compute what it gives$"),
    "long": (very_long, "^a network has more than 1000 parts$"),
    "custom": (of_another_maker, "which no network of this program does$"),
}


@pytest.mark.parametrize(("change", "text"), STRUCTURES.values(), ids=STRUCTURES)
def test_a_structure_that_no_training_writes_is_refused(change: Change, text: str) -> None:
    content = crafted(MAP, "decoder.tflite", change)
    with pytest.raises(ValueError, match=text):
        check_structure(content)


def added(model: Any, operation: str, options: Any, *inputs: int) -> int:
    """Another operation, its result a whole number unless that is changed."""
    graph, code = model.subgraphs[0], schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, operation)
    code.version = 1
    model.operatorCodes.append(code)
    result = constant(model, None)
    one: Any = schema.OperatorT()
    one.opcodeIndex = len(model.operatorCodes) - 1
    one.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
    one.builtinOptions = options
    one.inputs, one.outputs = np.array(inputs, np.int32), np.array([result], np.int32)
    needs = operators(model, "PACK")[-1:]  # before those that need it
    graph.operators.insert(graph.operators.index(needs[0]) if needs else len(graph.operators), one)
    return result


def constant(model: Any, value: int | None) -> int:
    """Another whole number; without a value, one that is to be computed."""
    kept: Any = schema.BufferT()
    found: Any = schema.TensorT()
    if value is not None:
        kept.data = np.frombuffer(np.int32(value).tobytes(), np.uint8)
    model.buffers.append(kept)
    found.shape, found.type = np.array([], np.int32), schema.TensorType.INT32
    found.name, found.buffer = b"", len(model.buffers) - 1
    model.subgraphs[0].tensors.append(found)
    return len(model.subgraphs[0].tensors) - 1


def only_for_some_numbers(model: Any) -> None:
    """The height of what is drawn is 28 + (n - 1)(n - 3)(n - 8)(n - 32) for n latents."""
    last = operators(model, "PACK")[-1]
    n, height, width = last.inputs
    factors = [
        added(model, "SUB", schema.SubOptionsT(), n, constant(model, k)) for k in (1, 3, 8, 32)
    ]
    product = factors[0]
    for factor in factors[1:]:
        product = added(model, "MUL", schema.MulOptionsT(), product, factor)
    height = added(model, "ADD", schema.AddOptionsT(), height, product)
    last.inputs = np.array([n, height, width], np.int32)


def summed_up(model: Any) -> None:
    """All that several latents give in one."""
    graph = model.subgraphs[0]
    (whole,) = graph.outputs
    options = schema.ReducerOptionsT()
    options.keepDims = True
    axis = constant(model, 0)
    result = added(model, "SUM", options, whole, axis)
    described = graph.tensors[result]
    described.shape, described.type = graph.tensors[whole].shape, schema.TensorType.FLOAT32
    described.shapeSignature = graph.tensors[whole].shapeSignature
    graph.outputs = np.array([result], np.int32)
    model.signatureDefs[0].outputs[0].tensorIndex = result


DENSE, CONVOLUTION = "FULLY_CONNECTED", "CONV_2D"
SUMS_INK = {(CONVOLUTION, 0): 1.0, (CONVOLUTION, 1): 1.0, (DENSE, 0): 1.0, (DENSE, 1): 1.0}
FAR_WITH_ALL_INK = SUMS_INK | {(DENSE, 2): 4e-6}  # 1.4 million; of half the ink half as much
OVERFLOWS_FAR_OUT = {(DENSE, 0): 2e37, (DENSE, 1): 0.0, (DENSE, 2): 0.0, (DENSE, 3): 1e-38}
BEHAVIOURS: dict[str, tuple[runs.Run, str, Change, str]] = {
    "one of several": (FLOW, "from_base.tflite", summed_up, "^the prior gives numbers that are"),
    "few of them": (MAP, "decoder.tflite", only_for_some_numbers, "^RuntimeError: .*reshape"),
    "all ink": (PLAIN, "encoder.tflite", with_weights(FAR_WITH_ALL_INK), "^its posteriors are"),
    "far away": (
        PLAIN,
        "encoder.tflite",
        with_weights({(DENSE, 2): 1e9}),
        "^its posteriors are",
    ),
    "too sure": (
        BASELINE,
        "encoder.tflite",
        with_weights({("MUL", 0): 500.0}),
        "^its posteriors are",
    ),
    "too loud": (MAP, "decoder.tflite", with_weights({("TRANSPOSE_CONV", 1): 1e15}), "^the decod"),
    "far out": (MAP, "decoder.tflite", with_weights(OVERFLOWS_FAR_OUT), "^the decoder gives n"),
}


@pytest.mark.parametrize(("run", "name", "change", "text"), BEHAVIOURS.values(), ids=BEHAVIOURS)
def test_a_network_that_behaves_on_one_input_and_not_on_others_is_refused(
    tmp_path: Path, run: runs.Run, name: str, change: Change, text: str
) -> None:
    assert re.match(text, tried(tmp_path, run, name, change))


def test_a_prior_that_is_infinite_where_no_digit_is_is_refused() -> None:
    model = inference.Model(MAP)
    model.prior = replace(STANDARD, from_base=lambda u: np.where(np.abs(u) < 9.9, u, np.inf))
    assert network_check._wrong_answers(model).startswith("the prior gives numbers that are not")


@pytest.mark.parametrize("run", runs.list_runs(runs.SHIPPED), ids=lambda run: run.name)
def test_the_structure_of_every_shipped_network_passes(run: runs.Run) -> None:
    for name in runs.SERVED_FILES:
        check_structure(runs.model_content(run, name), name)


def test_networks_that_take_too_long_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_check, "SECONDS", 0.05)
    assert try_networks(MAP.path) == "they took more than 0 s to try"


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("kill -SEGV $$", "trying them ended with status -11"),
        ("echo no network$SECRET; exit 1", "no network"),
        ("exit 0", ""),
    ],
)
def test_networks_that_end_their_process_end_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str, told: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{deed}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("SECRET", " for you")
    assert try_networks(MAP.path) == told


def test_who_tries_networks_has_little_memory_and_writes_no_file(tmp_path: Path) -> None:
    """What a network may make of the process, told by one that reads the run."""
    code = f"""
import resource, runpy
from pathlib import Path
from vae import runs

def read(folder):
    limits = resource.RLIMIT_CPU, resource.RLIMIT_CORE
    told = [resource.getrlimit(limit)[1] for limit in limits]
    for deed in (lambda: bytearray(4_000_000_000), Path({str(tmp_path / "file")!r}).touch,
                 lambda: Path({str(tmp_path / "file")!r}).write_text("x")):
        try:
            deed()
        except (MemoryError, OSError) as error:
            told.append(str(error) or "no memory")
    raise ValueError(told)

runs.read = read
runpy.run_module("vae.network_check", run_name="__main__")
"""
    ended = subprocess.run([sys.executable, "-c", code, "x"], cwd=ROOT, capture_output=True)
    assert ended.returncode == 1
    assert b"[60, 0, 'no memory', '[Errno 27] File too large']" in ended.stdout
