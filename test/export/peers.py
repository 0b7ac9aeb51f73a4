"""Exports a registered version and holds what other runtimes make of it against Ringwatt's own answers.

    python test/export/peers.py --home .ringwatt --model day-ahead --version 1

The questions are issues of the record that the version learnt from and was scored on, raw features as the home holds
them. Wanted: `pip install onnx onnxruntime tensorflow safetensors numpy`, and Node 24 on PATH. A runtime that is not
installed is a failure, unless --only leaves it out; `import` also wants what `ringwatt setup tensorflow` builds. Exit
code 0: all asked for agree to 1e-5.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

REPOSITORY = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5
RUNTIMES = ["onnx", "tensorflow", "safetensors", "import"]


def node(*arguments):
    subprocess.run(["node", *map(str, arguments)], cwd=REPOSITORY, check=True, stdout=sys.stderr)


def export(options, kind, output, *flags):
    version = ["export", options.model, options.version, "--home", Path(options.home).resolve()]
    node("src/cli/main.ts", *version, "--format", kind, "--output", output, *flags)
    return output


def by_onnx(folder, options, inputs):
    import onnx
    import onnxruntime

    path = export(options, "onnx", folder / "network.onnx")
    onnx.checker.check_model(onnx.load(path), full_check=True)
    export(options, "onnx", folder / "network.onnx", "--compress")
    assert gzip.decompress((folder / "network.onnx.gz").read_bytes()) == path.read_bytes()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return f"onnxruntime {onnxruntime.__version__}", lambda: dict(zip(names, session.run(None, inputs)))


def by_tensorflow(folder, options, inputs):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    export(options, "savedmodel", folder / "network", "--compress")
    zipfile.ZipFile(folder / "network.zip").extractall(folder / "unzipped")
    path = export(options, "savedmodel", folder / "network")
    for file in ["saved_model.pb", "assets.extra/ringwatt.json"]:
        assert (folder / "unzipped" / file).read_bytes() == (path / file).read_bytes()
    model = tf.saved_model.load(str(path))
    serve = model.signatures["serving_default"]
    tensors = {name: tf.constant(value) for name, value in inputs.items()}

    def answer():
        assert model is not None  # It holds what the signature runs.
        return {name: value.numpy() for name, value in serve(**tensors).items()}

    return f"tensorflow {tf.__version__}", answer


def by_safetensors(folder, options, inputs):
    """The network once more, in float64, from nothing but the file."""
    path = export(options, "safetensors", folder / "network.safetensors")
    with safe_open(path, framework="np") as file:
        said = {name: json.loads(file.metadata()[name]) for name in ["description", "config", "normaliser"]}
        weights = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}
    return f"numpy {np.__version__}", lambda: compute(weights, inputs, **said)


def by_import(folder, options, inputs):
    """The other way round: a SavedModel of TensorFlow's own, with a variable and a function, run by `saved-model`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf
    from safetensors.numpy import save_file

    class Foreign(tf.Module):
        def __init__(self):
            self.weights = tf.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3))

        @tf.function(
            input_signature=[tf.TensorSpec([None, 4], tf.float32, "x"), tf.TensorSpec([None], tf.int64, "row")]
        )
        def answer(self, x, row):
            return {"product": tf.tanh(x @ self.weights), "row": tf.cast(row, tf.int32) + 1}

    foreign = Foreign()
    tf.saved_model.save(foreign, str(folder / "foreign"), {"serving_default": foreign.answer})
    x, row = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32), np.arange(5, dtype=np.int32)
    wanted = {"product": np.tanh(x @ foreign.weights.numpy()), "row": row + 1}

    def through(model, questions, name):
        save_file(questions, folder / f"{name}.in")
        paths = ["--inputs", folder / f"{name}.in", "--output", folder / f"{name}.out"]
        node("src/cli/main.ts", "saved-model", model, *paths, "--home", Path(options.home).resolve())
        return load_file(folder / f"{name}.out")

    answers = through(folder / "foreign", {"x": x, "row": row}, "foreign")
    assert set(answers) == set(wanted)
    for name, value in wanted.items():
        assert np.allclose(answers[name], value, rtol=TOLERANCE, atol=1e-6), f"foreign {name}: {answers[name]}, not {value}"
    path = export(options, "savedmodel", folder / "imported")
    return "saved-model", lambda: through(path, {name: np.ascontiguousarray(value) for name, value in inputs.items()}, "own")


def compute(weights, inputs, description, config, normaliser):
    rows = [
        compute_one(weights, {name: value[i] for name, value in inputs.items()}, description, config, normaliser)
        for i in range(len(inputs["region"]))
    ]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def compute_one(weights, item, description, config, normaliser):
    region, hours = int(item["region"]), int(item["history_hours"])
    name = config["regions"][region]
    raw = item["history"][-hours:].astype(np.float64)
    count = description["featureChannels"]
    scores = scaled(raw[:, :count], normaliser["regions"][name], normaliser["clip"])
    x = np.concatenate([scores, raw[:, count:]], axis=1)
    last = x[-1]

    def of_region(parameter):
        return weights[parameter][region]

    state = x @ weights["embed.input"] + of_region("embed.region")
    for layer in range(config["layers"]):
        state = block(state, {k[len(f"layer.{layer}.") :]: w for k, w in weights.items() if k.startswith(f"layer.{layer}.")}, config)
    state = state[-1]
    hourly = unit(state) * weights["head.gain"][0] @ weights["head.out"] + of_region("head.region") + last @ weights["head.direct"]
    answers = {"hourly_ratio": np.exp(hourly * config["outputScale"])}
    if description["quantiles"]:
        answers["quantiles_mw"] = issue(weights, item, state, of_region, config["issueHead"], normaliser["issues"]["regions"][name])
    return answers


def issue(weights, item, state, of_region, head, moments):
    hours, levels = head["horizon"], head["quantiles"]
    features = scaled(item["issue_features"].reshape(-1), moments["hours"], 5).reshape(hours, -1)
    first = unit(state) * weights["issue.gain"][0] @ weights["issue.state"]
    direct = (of_region("issue.direct.region").reshape(hours, -1) * features).sum(axis=1)
    if head["dayColumns"]:
        day = scaled(item["issue_day"], moments["day"], 5)
        first = first + day @ weights["issue.day"]
        direct = direct + of_region("issue.direct.day.region").reshape(hours, -1) @ day
    first = first + weights["issue.hour"] + of_region("issue.hidden.region") + features @ weights["issue.features"]
    inner = gelu(first)
    deep = gelu(inner @ weights["issue.deep"] + weights["issue.deep.bias"]) + inner
    steps = deep @ weights["issue.out"] + of_region("issue.bias.region").reshape(hours, -1)
    median = levels.index(0.5)
    steps[:, median] += direct
    gaps = np.log1p(np.exp(steps))
    above = np.cumsum(np.concatenate([steps[:, median : median + 1], gaps[:, median + 1 :]], axis=1), axis=1)
    below = steps[:, median : median + 1] - np.cumsum(gaps[:, :median][:, ::-1], axis=1)[:, ::-1]
    return item["base_mw"][:, None] * np.exp(np.concatenate([below, above], axis=1) * head["scale"])


def block(x, w, config):
    heads, kv_heads = config["heads"], config["kvHeads"]
    size = config["width"] // heads
    projected = (unit(x) * w["attention.gain"]) @ w["attention.qkv"]
    split = projected.reshape(len(x), heads + 2 * kv_heads, size).transpose(1, 0, 2)
    q, k, v = split[:heads], split[heads : heads + kv_heads], split[heads + kv_heads :]
    q, k = turned(q), turned(k)
    at = np.arange(len(x))
    back = at[:, None] - at[None, :]
    seen = (back >= 0) & (back < config.get("window", len(x)))
    out = []
    for head in range(heads):
        own = head * kv_heads // heads
        scores = np.where(seen, q[head] @ k[own].T / np.sqrt(size), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        out.append(shares / shares.sum(axis=1, keepdims=True) @ v[own])
    mixed = x + np.concatenate(out, axis=1) @ w["attention.out"]
    return mixed + gelu((unit(mixed) * w["mlp.gain"]) @ w["mlp.in"] + w["mlp.bias"]) @ w["mlp.out"]


def turned(x):
    half = x.shape[2] // 2
    angle = np.arange(x.shape[1])[:, None] * 10_000.0 ** (-2 * np.arange(half) / x.shape[2])
    a, b = x[:, :, :half], x[:, :, half:]
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], axis=2)


def scaled(values, moments, clip):
    mean, deviation = np.array(moments["mean"]), np.array(moments["std"])
    scores = np.where(deviation == 0, 0, (values - mean) / np.where(deviation == 0, 1, deviation))
    return np.clip(np.nan_to_num(scores, nan=0.0), -clip, clip)


def unit(x):
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6)


def gelu(x):
    return x / (1 + np.exp(-1.702 * x))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", required=True)
    parser.add_argument("--model", default="day-ahead")
    parser.add_argument("--version", default="1")
    parser.add_argument("--issues", type=int, default=6, help="of each region")
    parser.add_argument("--only", nargs="+", choices=RUNTIMES, default=RUNTIMES)
    options = parser.parse_args()
    runtimes = {"onnx": by_onnx, "tensorflow": by_tensorflow, "safetensors": by_safetensors, "import": by_import}
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = Path(options.home).resolve()
        node("test/export/write-samples.ts", home, options.model, options.version, options.issues, folder / "samples.safetensors")
        samples = load_file(folder / "samples.safetensors")
        part = lambda prefix: {k[len(prefix) :]: v for k, v in samples.items() if k.startswith(prefix)}
        inputs, expected = part("input."), part("expected.")
        for runtime in options.only:
            try:
                label, answer = runtimes[runtime](folder, options, inputs)
                began = time.process_time()
                answers = answer()
                seconds = time.process_time() - began
                assert set(answers) == set(expected), f"outputs {sorted(answers)}, not {sorted(expected)}"
            except (ImportError, subprocess.CalledProcessError) as error:
                print(f"{runtime:12} FAILED: {error}; see above, install what is missing, or leave it out with --only")
                failed = True
                continue
            for output, wanted in expected.items():
                assert answers[output].shape == wanted.shape
                worst = np.max(np.abs(answers[output] / wanted - 1))
                holds = bool(worst < TOLERANCE)
                failed |= not holds
                verdict = "holds" if holds else "FAILED"
                print(f"{label:22} {output:14} {wanted.shape}: within {worst:.1e}, {verdict} ({seconds:.2f} s of processor)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
