import type * as tf from '@tensorflow/tfjs';

/** What is needed of TensorFlow.js's WebAssembly backend: where its tensors lie. */
export interface WasmBackend {
  wasm: { HEAPU8: Uint8Array };
  dataIdMap: { get(dataId: object): { memoryOffset: number } };
  /** May let the memory grow, which leaves all earlier views empty: make outputs first. */
  makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo;
}

/** The values of float tensors, in place: good until the next tensor is made. */
export function viewsOf(backend: WasmBackend, tensors: readonly tf.TensorInfo[]): Float32Array[] {
  return tensors.map(({ dataId, shape }) => {
    const { memoryOffset } = backend.dataIdMap.get(dataId);
    const length = shape.reduce((product, size) => product * size, 1);
    return new Float32Array(backend.wasm.HEAPU8.buffer, memoryOffset, length);
  });
}
