"""Saves the network as an MLflow model with a tensor signature: `peer_mlflow.py WEIGHTS FOLDER`."""

import sys

try:
    import mlflow.pyfunc
    import numpy
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec
except ImportError as error:
    print(f"missing {error.name}")
    sys.exit(3)

import peer_network


class Network(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.layers = peer_network.load(context.artifacts["weights"])

    def predict(self, context, model_input, params=None):
        return peer_network.predict(self.layers, model_input)


def main():
    weights, folder = sys.argv[1:]
    float32 = numpy.dtype("float32")
    mlflow.pyfunc.save_model(
        folder,
        python_model=Network(),
        artifacts={"weights": weights},
        code_paths=[peer_network.__file__],
        pip_requirements=["mlflow", "numpy"],
        signature=ModelSignature(
            inputs=Schema([TensorSpec(float32, (-1, 168, 8))]),
            outputs=Schema([TensorSpec(float32, (-1, 24))]),
        ),
    )
    print(mlflow.__version__)


if __name__ == "__main__":
    main()
