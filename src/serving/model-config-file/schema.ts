/** What may stand in a message of the text, by field. */
export type FieldSchema =
  | { kind: 'text' | 'integer' | 'integers' | 'labels' }
  | { kind: 'message' | 'messages'; of: MessageSchema; choice?: string }
  /** TensorFlow Serving's, but not ours; with why, and what to do. */
  | { kind: 'refused'; because: string };

export interface MessageSchema {
  name: string;
  fields: Readonly<Record<string, FieldSchema>>;
}

const choice = 'policy_choice';

const policy: MessageSchema = {
  name: 'model_version_policy',
  fields: {
    latest: {
      kind: 'message',
      choice,
      of: { name: 'latest', fields: { num_versions: { kind: 'integer' } } },
    },
    all: { kind: 'message', choice, of: { name: 'all', fields: {} } },
    specific: {
      kind: 'message',
      choice,
      of: { name: 'specific', fields: { versions: { kind: 'integers' } } },
    },
  },
};

export const REFUSED = {
  custom_model_config: 'Models of other platforms are not served: list them in model_config_list.',
  logging_config:
    'Requests are not sampled into a log of their own: leave it out; calls are logged under serving/calls.',
  model_type: 'TensorFlow Serving has given it up: say model_platform: "tensorflow".',
} as const;

const refused = (field: keyof typeof REFUSED): FieldSchema => ({ kind: 'refused', because: REFUSED[field] });

const config: MessageSchema = {
  name: 'config',
  fields: {
    name: { kind: 'text' },
    base_path: { kind: 'text' },
    model_platform: { kind: 'text' },
    model_version_policy: { kind: 'message', of: policy },
    version_labels: { kind: 'labels' },
    logging_config: refused('logging_config'),
    model_type: refused('model_type'),
  },
};

export const MODEL_SERVER_CONFIG: MessageSchema = {
  name: 'the file',
  fields: {
    model_config_list: {
      kind: 'message',
      of: { name: 'model_config_list', fields: { config: { kind: 'messages', of: config } } },
    },
    custom_model_config: refused('custom_model_config'),
  },
};
