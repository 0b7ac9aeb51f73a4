/** What the general way makes of the messages of `serving.proto`. */

export interface ModelSpecMessage {
  name: string;
  version?: { value: number } | null;
  version_label?: string;
  signature_name: string;
}

export interface InputMessage {
  example_list?: { examples: Buffer[] } | null;
  example_list_with_context?: { examples: Buffer[]; context: Buffer } | null;
}

export interface InferenceMessage {
  model_spec: ModelSpecMessage | null;
  input: InputMessage | null;
}

export interface MultiInferenceMessage {
  tasks: { model_spec: ModelSpecMessage | null; method_name: string }[];
  input: InputMessage | null;
}

export interface MetadataMessage {
  model_spec: ModelSpecMessage | null;
  metadata_field: string[];
}

export interface StatusMessage {
  model_spec: ModelSpecMessage | null;
}
