/**
 * TensorFlow Serving's `ModelServerConfig` (model_server_config.proto) as the text and the wire of Protocol Buffers
 * both give it: names as in the schema, what is not given absent or null.
 */
export interface ModelServerConfigMessage {
  model_config_list?: { config?: readonly ModelConfigMessage[] } | null;
  custom_model_config?: unknown;
}

export interface ModelConfigMessage {
  name?: string;
  base_path?: string;
  model_platform?: string;
  model_version_policy?: VersionPolicyMessage | null;
  version_labels?: Readonly<Record<string, number>>;
  logging_config?: unknown;
  /** The way before `model_platform`; a name or a number. */
  model_type?: unknown;
}

export interface VersionPolicyMessage {
  latest?: { num_versions?: number } | null;
  all?: object | null;
  specific?: { versions?: readonly number[] } | null;
}
