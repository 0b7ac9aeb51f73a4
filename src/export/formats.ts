/** What `export --format` takes. */
export const FORMATS = ['savedmodel', 'onnx', 'safetensors'] as const;
export type ExportFormat = (typeof FORMATS)[number];
