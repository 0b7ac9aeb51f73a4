"""The network as a BentoML service. Workers and the way inputs are taken come from the environment."""

import os

import bentoml
import numpy
import peer_network
from bentoml.validators import DType, Shape
from typing import Annotated

WORKERS = int(os.environ["PEER_WORKERS"])
BATCHES = os.environ["PEER_BATCHES"] == "1"
Hours = Annotated[numpy.ndarray, DType("float32"), Shape((-1, 168, 8) if BATCHES else (1, 168, 8))]


@bentoml.service(workers=WORKERS, http={"cors": {"enabled": False}}, metrics={"enabled": False}, logging={"access": {"enabled": False}})
class Network:
    def __init__(self):
        self.layers = peer_network.load(os.environ["PEER_WEIGHTS"])

    @bentoml.api(batchable=BATCHES, batch_dim=0)
    def predict(self, x: Hours) -> numpy.ndarray:
        return peer_network.predict(self.layers, x)
