"""The network that all sides serve, in NumPy: one product a layer in float32, which BLAS computes."""

import numpy

WIDTHS = [168 * 8, 256, 256, 24]


def load(path):
    values = numpy.fromfile(path, dtype="<f4")
    layers, at = [], 0
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
        weights = values[at : at + inputs * outputs].reshape(inputs, outputs)
        at += inputs * outputs
        layers.append((numpy.ascontiguousarray(weights), values[at : at + outputs].copy()))
        at += outputs
    return layers


def predict(layers, x):
    y = numpy.asarray(x, dtype=numpy.float32).reshape(-1, WIDTHS[0])
    for weights, bias in layers[:-1]:
        y = numpy.maximum(y @ weights + bias, 0)
    weights, bias = layers[-1]
    return y @ weights + bias
