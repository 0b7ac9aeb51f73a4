import { deepEqual, rejects, throws } from 'node:assert/strict';
import fc from 'fast-check';
import { BadInputError, MissingDataError } from '../../../src/errors.ts';
import { modelConfigs } from '../../../src/serving/model-config-file/model-configs.ts';
import { parseModelConfig, readModelConfigFile } from '../../../src/serving/model-config-file/read.ts';

const parsed = (text: string) => parseModelConfig(text, 'models.config');
const one = (fields: string) => parsed(`model_config_list { config { ${fields} } }`)[0];

describe('a model-config file', () => {
  it('is read as TensorFlow Serving reads it', () => {
    const text = `
      # Comments, either quote, either bracket, colons or none.
      model_config_list: {
        config {
          name: "half", base_path: '/models/' "half"
          model_platform: "tensorflow"
          model_version_policy { specific { versions: 3 versions: [1, 0x10] } }
          version_labels { key: 'stable' value: 1 };
          version_labels: { value: 3 key: "canary" }
        }
        config < name: "day-ahead" model_platform: "ringwatt" >
      }`;
    deepEqual(parsed(text), [
      {
        name: 'half',
        source: { kind: 'folder', path: '/models/half' },
        policy: { kind: 'specific', versions: [3, 1, 16] },
        labels: new Map([
          ['stable', 1],
          ['canary', 3],
        ]),
      },
      { name: 'day-ahead', source: { kind: 'registry', model: 'day-ahead' }, policy: { kind: 'answering' } },
    ]);
  });

  it('knows each policy, and what is meant where there is none', () => {
    const folder = 'name: "m" base_path: "/m" model_platform: "tensorflow"';
    const policy = (text: string) => one(`${folder} ${text}`)?.policy;
    deepEqual(policy(''), { kind: 'latest', count: 1 });
    deepEqual(policy('model_version_policy {}'), { kind: 'latest', count: 1 });
    deepEqual(policy('model_version_policy { latest {} }'), { kind: 'latest', count: 1 });
    deepEqual(policy('model_version_policy { latest { num_versions: 4 } }'), { kind: 'latest', count: 4 });
    deepEqual(policy('model_version_policy: { all: {} }'), { kind: 'all' });
    const registered = one('name: "m" base_path: "other" model_platform: "ringwatt"');
    deepEqual(registered?.source, { kind: 'registry', model: 'other' });
  });

  it('may list nothing', () => deepEqual(parsed('model_config_list {}'), []));

  const config = (fields: string) => `model_config_list {\n  config {\n    ${fields}\n  }\n}`;
  const named = 'name: "m" model_platform: "ringwatt"';
  const wrong: [what: string, text: string, line: RegExp][] = [
    [
      'an unknown field',
      config('nme: "m"'),
      /^models\.config:3: config has no field "nme"\. Fields of config: name, base_path/,
    ],
    [
      'a field of every object',
      config('constructor: 1'),
      /^models\.config:3: config has no field "constructor"/,
    ],
    [
      'logging',
      config(`${named} logging_config {}`),
      /^models\.config:3: logging_config is not taken\. Requests are not/,
    ],
    [
      'another kind of list',
      'custom_model_config {}',
      /^models\.config:1: custom_model_config is not taken\./,
    ],
    [
      'model_type',
      config('model_type: TENSORFLOW'),
      /^models\.config:3: model_type is not taken\. .*model_platform/,
    ],
    ['no list', '', /^models\.config: there is no model_config_list\./],
    ['no name', config('model_platform: "ringwatt"'), /^models\.config: a config has no name\./],
    ['no platform', config('name: "m"'), /model "m" has no model_platform\. Say "tensorflow"/],
    ['another platform', config('name: "m" model_platform: "torch"'), /has the model_platform "torch"/],
    [
      'a relative path',
      config('name: "m" base_path: "m" model_platform: "tensorflow"'),
      /Expected an absolute path; got base_path "m"\./,
    ],
    [
      'a bucket',
      config('name: "m" base_path: "gs://b/m" model_platform: "tensorflow"'),
      /got base_path "gs:\/\/b\/m"\..*of this machine/,
    ],
    [
      'a registered model elsewhere',
      config('name: "m" base_path: "../m" model_platform: "ringwatt"'),
      /"\.\.\/m" is no name of a registered model/,
    ],
    [
      'two policies',
      config('model_version_policy { all {} latest {} }'),
      /:3: model_version_policy has all and latest\. Choose one/,
    ],
    ['no version', config(`${named} model_version_policy { specific {} }`), /specific names no version/],
    [
      'a fraction',
      config('model_version_policy { latest { num_versions: 1.5 } }'),
      /:3: num_versions is "1.5"\. It is a whole number/,
    ],
    ['a negative version', config('version_labels { key: "a" value: -1 }'), /:3: value is "-1"/],
    ['a label without version', config('version_labels { key: "a" }'), /:3: A label has no value/],
    [
      'a label twice',
      config('version_labels { key: "a" value: 1 } version_labels { key: "a" value: 2 }'),
      /:3: The label "a" is given twice/,
    ],
    ['a name twice', config('name: "a"\n    name: "b"'), /:4: name is given twice/],
    ['a name without quotes', config('name: m'), /:3: name is no text\. Write it in quotes/],
    ['a name without colon', config('name "m"'), /:3: name has no value/],
    ['an open text', config('name: "m'), /:3: a text has no end/],
    [
      'an open message',
      'model_config_list {\n  config {\n',
      /:3: the end of the file stands where a field or `}` of config should/,
    ],
    ['a bracket too many', 'model_config_list {} }', /:1: "}" stands where a field of the file should/],
    ['a foreign letter', 'model_config_list @', /:1: "@" has no meaning here/],
    ['an escape that is none', config('name: "a\\q"'), /:3: .* is no escape/],
    ['a value for a message', 'model_config_list: 1', /:1: model_config_list is followed by "1"/],
    [
      'a model twice',
      `model_config_list { config { ${named} } config { ${named} } }`,
      /Illegal to list model "m" multiple times/,
    ],
  ];
  for (const [what, text, line] of wrong) {
    it(`is refused for ${what}`, () => {
      throws(
        () => parsed(text),
        (error) => error instanceof BadInputError && line.test(error.line),
      );
    });
  }

  it('is refused with a line, whatever it holds', () => {
    const words = fc.constantFrom(
      'model_config_list',
      'config',
      'name',
      ':',
      '{',
      '}',
      '"m"',
      '1',
      '[',
      ']',
      ',',
      '<',
      '>',
      'all',
      '\n',
      '#',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(words).map((all) => all.join(' ')),
          fc.string(),
        ),
        (text) => {
          try {
            parsed(text);
          } catch (error) {
            if (!(error instanceof BadInputError)) throw error;
          }
        },
      ),
    );
  });

  it('reads back any list that is written out', () => {
    const version = fc.integer({ min: 0, max: 2 ** 40 });
    const name = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 });
    const policies = fc.oneof(
      fc.record({ latest: fc.record({ num_versions: fc.integer({ min: 1, max: 9 }) }) }),
      fc.constant({ all: {} }),
      fc.record({ specific: fc.record({ versions: fc.array(version, { minLength: 1 }) }) }),
    );
    const messages = fc.record({
      name,
      base_path: name.map((path) => `/${path}`),
      model_platform: fc.constant('tensorflow'),
      model_version_policy: policies,
      version_labels: fc.dictionary(name, version, { noNullPrototype: true }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(messages, { selector: (message) => message.name }), (config) => {
        const text = `model_config_list { ${config.map((each) => `config { ${written(each)} }`).join(' ')} }`;
        deepEqual(parsed(text), modelConfigs({ model_config_list: { config } }, 'here'));
      }),
      { numRuns: 200 },
    );
  });

  it('that is not there is said to be so', () =>
    rejects(readModelConfigFile('/none/models.config'), MissingDataError));
});

/** In the text format. */
function written(message: object): string {
  return Object.entries(message)
    .map(([key, value]: [string, unknown]) => {
      if (key === 'version_labels') {
        const labels = Object.entries(value as object);
        return labels
          .map(([label, version]) => `${key} { key: ${JSON.stringify(label)} value: ${version} }`)
          .join(' ');
      }
      if (Array.isArray(value)) return `${key}: [${value.join(', ')}]`;
      return typeof value === 'object' ? `${key} { ${written(value!)} }` : `${key}: ${JSON.stringify(value)}`;
    })
    .join('\n');
}
