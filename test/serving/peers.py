"""Holds TensorFlow Serving's own clients against `ringwatt serve`: every call of its REST and gRPC, unmodified.

    pip install --no-deps tensorflow-serving-api; pip install grpcio protobuf requests numpy tensorflow-cpu
    python test/serving/peers.py

It writes small SavedModels, serves them at free ports and asks. Of the package tensorflow only the protocol is imported:
where it is too large, its `*_pb2.py` files beside an empty `tensorflow/__init__.py` will do. Wants Node 24 on PATH. With
--rest and --grpc it asks a server that runs already, over the models of `test/serving/wire/write-models.ts`, whose
folder --models names. Exit code 0: each answer is the one that TensorFlow Serving gives.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
import requests
from google.protobuf import json_format
from tensorflow.core.example import example_pb2
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 30
ROWS = np.array([[1, 2], [3, -4], [0.25, 0.5]], np.float32)


def half(version):
    return ROWS / 2 + version


def softmax():
    powers = np.exp(ROWS - ROWS.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def close(actual, expected):
    np.testing.assert_allclose(np.asarray(actual, np.float32), np.asarray(expected, np.float32), atol=1e-6)


class Rest:
    """As people write it, with requests."""

    def __init__(self, address):
        self.base = f"http://{address}/v1/models"

    def get(self, path, status=200):
        return self.answer(requests.get(f"{self.base}{path}", timeout=SECONDS), status)

    def post(self, path, body, status=200):
        return self.answer(requests.post(f"{self.base}{path}", json=body, timeout=SECONDS), status)

    def answer(self, reply, status):
        assert reply.status_code == status, f"{reply.status_code}: {reply.text}"
        assert reply.headers["content-type"].startswith("application/json"), reply.headers
        return reply.json()

    def error(self, path, body, status):
        answer = self.post(path, body, status)
        assert list(answer) == ["error"], answer
        return answer["error"]


def rest_predict(rest, _):
    only = {"signature_name": "half_only", "instances": ROWS.tolist()}
    close(rest.post("/half:predict", only)["predictions"], half(2))
    close(rest.post("/half/versions/1:predict", only)["predictions"], half(1))
    close(rest.post("/half/labels/stable:predict", only)["predictions"], half(1))
    close(rest.post("/half/labels/canary:predict", only)["predictions"], half(2))
    named = {"instances": [{"x": row} for row in ROWS.tolist()]}
    rows = rest.post("/half:predict", named)["predictions"]
    close([row["half"] for row in rows], half(2))
    close([row["scores"] for row in rows], softmax())
    columns = rest.post("/half:predict", {"inputs": {"x": ROWS.tolist()}})["outputs"]
    close(columns["half"], half(2))
    close(columns["outputs"], ROWS.mean(axis=1, keepdims=True))
    close(rest.post("/half:predict", {"signature_name": "half_only", "inputs": ROWS.tolist()})["outputs"], half(2))


def rest_nan(rest, _):
    body = '{"signature_name": "half_only", "instances": [[NaN, Infinity], [-Infinity, 0]]}'
    reply = requests.post(f"{rest.base}/half:predict", data=body, timeout=SECONDS)
    assert "NaN" in reply.text and "-Infinity" in reply.text, reply.text
    close(json.loads(reply.text)["predictions"], [[np.nan, np.inf], [-np.inf, 2]])


def rest_classify(rest, _):
    body = {"signature_name": "classify_x", "examples": [{"x": row} for row in ROWS.astype(float).tolist()]}
    results = rest.post("/half:classify", body)["results"]
    close([[score for _, score in row] for row in results], softmax())


def rest_regress(rest, _):
    body = {"signature_name": "regress_x", "context": {"x": ROWS[0].tolist()}, "examples": [{}, {"x": [3, 5]}]}
    close(rest.post("/half:regress", body)["results"], [1.5, 4])


def rest_status(rest, _):
    expected = [{"version": str(n), "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}} for n in (2, 1)]
    assert rest.get("/half") == {"model_version_status": expected}, rest.get("/half")
    assert rest.get("/half/versions/1") == {"model_version_status": expected[1:]}
    assert rest.get("/half/labels/canary") == {"model_version_status": expected[:1]}
    assert {"name": "half", "model_version_status": expected} in rest.get("")["models"]


def rest_metadata(rest, _):
    answer = rest.get("/half/versions/1/metadata")
    assert answer["model_spec"] == {"name": "half", "signature_name": "", "version": "1"}, answer
    json_format.ParseDict(
        answer["metadata"]["signature_def"], get_model_metadata_pb2.SignatureDefMap(), ignore_unknown_fields=True
    )


def rest_errors(rest, _):
    rows = {"instances": ROWS.tolist()}
    assert rest.error("/none:predict", rows, 404) == "Servable not found for request: Latest(none)"
    assert rest.error("/half/versions/9:predict", rows, 404) == "Servable not found for request: Specific(half, 9)"
    assert rest.error("/half/labels/none:predict", rows, 400) == "Unrecognized servable version label: none"
    assert rest.error("/half:predict", {}, 400) == "Missing 'inputs' or 'instances' key"
    assert rest.error("/half:predict", {**rows, "signature_name": "none"}, 400) == (
        'Serving signature name: "none" not found in signature def'
    )
    rest.error("/half:predict", {"instances": [["a", "b"]]}, 400)
    rest.error("/half:predict", {"instances": [[1, 2, 3]]}, 400)
    rest.error("/half:explain", rows, 400)
    assert rest.error("/half:regress", {"examples": [{"x": 1.0}]}, 400) == (
        "Expected regression signature method_name to be tensorflow/serving/regress. Was: tensorflow/serving/predict"
    )


class Grpc:
    def __init__(self, address):
        channel = grpc.insecure_channel(address)
        self.predictions = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(channel)
        self.health = channel.unary_unary("/grpc.health.v1.Health/Check")

    def predict(self, tensor, name="half", signature="half_only", version=None, label=None, outputs=()):
        request = predict_pb2.PredictRequest()
        request.model_spec.name = name
        request.model_spec.signature_name = signature
        if version is not None:
            request.model_spec.version.value = version
        if label is not None:
            request.model_spec.version_label = label
        request.inputs["x"].CopyFrom(tensor)
        request.output_filter.extend(outputs)
        return self.predictions.Predict(request, timeout=SECONDS)


def tensor_of(array, by_content=True, shape=None):
    tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT)
    for size in array.shape if shape is None else shape:
        tensor.tensor_shape.dim.add(size=size)
    if by_content:
        tensor.tensor_content = array.tobytes()
    else:
        tensor.float_val.extend(array.ravel().tolist())
    return tensor


def array_of(tensor):
    assert tensor.dtype == types_pb2.DT_FLOAT
    return np.array(tensor.float_val, np.float32).reshape([dim.size for dim in tensor.tensor_shape.dim])


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("taken")


def grpc_predict(_, peer):
    answer = peer.predict(tensor_of(ROWS))
    close(array_of(answer.outputs["half"]), half(2))
    spec = answer.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("half", 2, "half_only"), spec
    close(array_of(peer.predict(tensor_of(ROWS, False), version=1).outputs["half"]), half(1))
    close(array_of(peer.predict(tensor_of(ROWS), label="stable").outputs["half"]), half(1))
    assert peer.predict(tensor_of(ROWS), label="canary").model_spec.version.value == 2
    every = peer.predict(tensor_of(ROWS), signature="")
    assert every.model_spec.signature_name == "serving_default" and set(every.outputs) == {"half", "scores", "outputs"}
    some = peer.predict(tensor_of(ROWS), signature="", outputs=["scores"])
    assert list(some.outputs) == ["scores"]
    close(array_of(some.outputs["scores"]), softmax())
    last = tensor_of(np.array([4, 8], np.float32), False, shape=(2, 2))
    close(array_of(peer.predict(last).outputs["half"]), [[4, 6], [6, 6]])


def examples_of(rows):
    for row in rows:
        example = example_pb2.Example()
        example.features.feature["x"].float_list.value.extend(row.tolist())
        yield example


def grpc_classify(_, peer):
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = "half", "classify_x"
    request.input.example_list.examples.extend(examples_of(ROWS))
    answer = peer.predictions.Classify(request, timeout=SECONDS)
    close([[each.score for each in row.classes] for row in answer.result.classifications], softmax())
    assert answer.model_spec.version.value == 2


def grpc_regress(_, peer):
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "half", "regress_x"
    context = request.input.example_list_with_context.context
    context.CopyFrom(next(examples_of(ROWS[:1])))
    request.input.example_list_with_context.examples.extend([example_pb2.Example(), *examples_of(ROWS[1:])])
    answer = peer.predictions.Regress(request, timeout=SECONDS)
    close([each.value for each in answer.result.regressions], ROWS.mean(axis=1))


def grpc_multi_inference(_, peer):
    request = inference_pb2.MultiInferenceRequest()
    for signature, method in (("classify_x", "classify"), ("regress_x", "regress")):
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name, task.model_spec.signature_name = "half", signature
    request.input.example_list.examples.extend(examples_of(ROWS))
    classes, values = peer.predictions.MultiInference(request, timeout=SECONDS).results
    close([[each.score for each in row.classes] for row in classes.classification_result.classifications], softmax())
    close([each.value for each in values.regression_result.regressions], ROWS.mean(axis=1))


def grpc_metadata(_, peer):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "half"
    answer = peer.predictions.GetModelMetadata(request, timeout=SECONDS)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    port = signatures.signature_def["half_only"].inputs["x"]
    assert port.dtype == types_pb2.DT_FLOAT and [dim.size for dim in port.tensor_shape.dim] == [-1, 2], port
    assert signatures.signature_def["regress_x"].method_name == "tensorflow/serving/regress"


def states(peer, name="half"):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = name
    answer = peer.models.GetModelStatus(request, timeout=SECONDS)
    loaded = get_model_status_pb2.ModelVersionStatus.State.AVAILABLE
    return [each.version for each in answer.model_version_status if each.state == loaded]


def grpc_status(_, peer):
    assert states(peer) == [2, 1], states(peer)
    assert code_of(lambda: states(peer, "none"))[0] == grpc.StatusCode.NOT_FOUND


def grpc_health(_, peer):
    # HealthCheckResponse{status: SERVING}
    assert peer.health(b"", timeout=SECONDS) == b"\x08\x01"


def grpc_errors(_, peer):
    codes = grpc.StatusCode
    said = code_of(lambda: peer.predict(tensor_of(ROWS), name="none"))
    assert said == (codes.NOT_FOUND, "Servable not found for request: Latest(none)"), said
    said = code_of(lambda: peer.predict(tensor_of(ROWS), version=9))
    assert said == (codes.NOT_FOUND, "Servable not found for request: Specific(half, 9)"), said
    said = code_of(lambda: peer.predict(tensor_of(ROWS), label="none"))
    assert said == (codes.INVALID_ARGUMENT, "Unrecognized servable version label: none"), said
    said = code_of(lambda: peer.predict(tensor_of(ROWS), signature="none"))
    assert said == (codes.FAILED_PRECONDITION, 'Serving signature key "none" not found.'), said
    assert code_of(lambda: peer.predict(tensor_of(ROWS[:, :1])))[0] == codes.INVALID_ARGUMENT
    assert code_of(lambda: peer.predict(tensor_of(ROWS, shape=(9, 9))))[0] == codes.INVALID_ARGUMENT
    halves = tensor_pb2.TensorProto(dtype=types_pb2.DT_HALF)
    assert code_of(lambda: peer.predict(halves))[0] == codes.INVALID_ARGUMENT


def grpc_reload(_, peer, folder):
    """Last: afterwards other versions are served."""
    request = model_management_pb2.ReloadConfigRequest()
    config = request.config.model_config_list.config.add(
        name="half", base_path=str(Path(folder, "half").resolve()), model_platform="tensorflow"
    )
    config.model_version_policy.latest.num_versions = 1
    config.version_labels["stable"] = 3
    answer = peer.models.HandleReloadConfigRequest(request, timeout=SECONDS)
    assert answer.status.error_code == 0, answer
    assert peer.predict(tensor_of(ROWS)).model_spec.version.value == 3
    assert peer.predict(tensor_of(ROWS), label="stable").model_spec.version.value == 3
    request.config.model_config_list.config.add().CopyFrom(config)
    said = code_of(lambda: peer.models.HandleReloadConfigRequest(request, timeout=SECONDS))
    assert said[0] == grpc.StatusCode.INVALID_ARGUMENT and "multiple times" in said[1], said


CALLS = [
    *(rest_predict, rest_nan, rest_classify, rest_regress, rest_status, rest_metadata, rest_errors),
    *(grpc_predict, grpc_classify, grpc_regress, grpc_multi_inference, grpc_metadata, grpc_status),
    *(grpc_health, grpc_errors),
]


@contextmanager
def served(folder):
    """`ringwatt serve` at free ports, over the models of a folder that is written first."""
    subprocess.run(["node", "test/serving/wire/write-models.ts", folder], cwd=REPOSITORY, check=True)
    arguments = ["--home", f"{folder}/home", "--model-config-file", f"{folder}/models.config", "--json"]
    ports = ["--port", "off", "--rest-port", "0", "--grpc-port", "0"]
    command = ["node", "src/cli/main.ts", "serve", *arguments, *ports]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield addresses_of(server.stdout)
        finally:
            server.terminate()


def addresses_of(lines):
    text = ""
    for line in lines:
        text += line
        try:
            answer = json.loads(text)
        except ValueError:
            continue
        return answer["restUrl"].removeprefix("http://"), answer["grpc"]
    raise SystemExit(f"`ringwatt serve` ended: {text}")


def ask_all(rest, peer, folder):
    for call in CALLS:
        call(rest, peer)
        print(f"{call.__name__}: as TensorFlow Serving answers")
    grpc_reload(rest, peer, folder)
    print("grpc_reload: as TensorFlow Serving answers")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rest", help="host:port")
    parser.add_argument("--grpc", help="host:port")
    parser.add_argument("--models", help="the folder that write-models.ts wrote")
    options = parser.parse_args()
    if options.rest:
        ask_all(Rest(options.rest), Grpc(options.grpc), options.models)
        return
    with tempfile.TemporaryDirectory() as folder, served(folder) as (rest, peer):
        ask_all(Rest(rest), Grpc(peer), folder)


if __name__ == "__main__":
    sys.exit(main())
