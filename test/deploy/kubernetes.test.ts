import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { defineCerts } from '../../src/cli/verbs/certs.ts';
import { defineServe } from '../../src/cli/verbs/serve.ts';
import { configSchema, ENVIRONMENT } from '../../src/config/config.ts';
import { parseModelConfig } from '../../src/serving/model-config-file/read.ts';
import { METRIC } from '../../src/serving/telemetry/metric-names.ts';
import {
  containers,
  FILES,
  manifest,
  manifests,
  pods,
  ROOT,
  SHARDED,
  yamlOf,
  type Container,
  type Manifest,
} from './manifests.ts';

const serving = () => pods.find(({ name }) => name === 'ml-model-server')!.spec.containers[0]!;

describe('deploy/kubernetes', () => {
  it('applies every file of the folder, in one namespace', () => {
    const [kustomization] = yamlOf('kustomization.yaml') as [{ resources: string[]; namespace: string }];
    assert.deepEqual(kustomization.resources.toSorted(), FILES);
    for (const { kind, metadata } of manifests) {
      if (kind !== 'Namespace') assert.equal(metadata.namespace, kustomization.namespace, metadata.name);
    }
  });

  it('starts scripts that the image holds, with flags that they have', () => {
    for (const { name, args: [script] = [] } of containers) {
      if (script !== undefined) assert.ok(existsSync(join(ROOT, script)), `${name}: ${script}`);
    }
    const [script, verb, ...flags] = serving().args!;
    assert.deepEqual([script, verb], ['src/cli/main.ts', 'serve']);
    const known = flagsOf(defineServe);
    for (const flag of flags) assert.ok(known.includes(flag.split('=')[0]), `serve has no ${flag}`);
    assert.ok(flagsOf(defineCerts).includes('--hosts'));
  });

  it('starts a slot by a number that the slot takes', () => {
    const { args } = pods.find(({ name }) => name === 'ring-slot')!.spec.containers[0]!;
    assert.deepEqual(args, ['workers/slot-worker.ts', '--number', '$(SLOT_NUMBER)']);
    // Any other flag would be refused before the number is.
    const { stderr } = spawnSync(process.execPath, [...args!.slice(0, 2), '0'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    assert.match(stderr, /--number 0 is not a slot's number/);
  });

  it('can give serving shards in pods of their own, at the port where they listen', () => {
    const [component] = yamlOf('sharded/kustomization.yaml') as [{ patches: { patch: string }[] }];
    const added = component.patches[0]!.patch;
    assert.ok(flagsOf(defineServe).includes('--shard-hosts'));
    const shard = pods.find(({ name }) => name === 'serving-shard')!.spec.containers[0]!;
    const [, , port] = shard.args!;
    assert.deepEqual(shard.args, ['workers/serving-shard.ts', '--port', port]);
    assert.deepEqual(portsOf(shard), [Number(port)]);
    const [stateful] = yamlOf(SHARDED) as Manifest[];
    const hosts = Array.from(
      { length: stateful!.spec.replicas! },
      (_, pod) => `serving-shard-${pod}.${stateful!.spec['serviceName'] as string}:${port}`,
    );
    assert.ok(added.includes(`value: --shard-hosts=${hosts.join(',')}\n`), added);
  });

  it('opens the same ports in the process, the container, the Service and the network', () => {
    const flags = new Map(serving().args!.map((arg) => arg.split('=') as [string, string]));
    const said = ['--port', '--rest-port', '--grpc-port'].map((flag) => Number(flags.get(flag)));
    assert.deepEqual(said, [8000, 8501, 8500]);
    assert.deepEqual(portsOf(serving()), said);
    const service = manifest('Service', 'ml-model-server').spec.ports!;
    assert.deepEqual(
      service.map(({ port }) => port),
      said,
    );
    const named = new Map(serving().ports!.map(({ name, containerPort }) => [name, containerPort]));
    for (const { port, targetPort } of service) assert.equal(named.get(targetPort), port);
    const [clients] = manifest('NetworkPolicy', 'ml-model-server').spec['ingress'] as [
      { ports: { port: number }[] },
    ];
    assert.deepEqual(
      clients.ports.map(({ port }) => port),
      said,
    );
  });

  it('runs three servers at least, and no process as root', () => {
    assert.equal(manifest('Deployment', 'ml-model-server').spec.replicas, 3);
    for (const { spec } of pods) {
      assert.equal(spec.automountServiceAccountToken, false);
      assert.equal(spec.securityContext['runAsNonRoot'], true);
      assert.deepEqual(spec.securityContext['seccompProfile'], { type: 'RuntimeDefault' });
    }
    for (const { name, securityContext, resources } of containers) {
      assert.equal(securityContext?.['allowPrivilegeEscalation'], false, name);
      assert.equal(securityContext['privileged'], false, name);
      assert.equal(securityContext['readOnlyRootFilesystem'], true, name);
      assert.deepEqual(securityContext['capabilities'], { drop: ['ALL'] }, name);
      assert.deepEqual(Object.keys(resources?.limits ?? {}), ['cpu', 'memory'], name);
    }
  });

  it('asks what lives, what is ready and what has started', () => {
    const { startupProbe, readinessProbe, livenessProbe } = serving();
    assert.equal(readinessProbe?.httpGet?.path, '/ready');
    assert.equal(livenessProbe?.httpGet?.path, '/health');
    assert.equal(startupProbe?.httpGet?.path, '/health');
    const withTls = serving().args!.some((arg) => arg.startsWith('--tls-cert='));
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      assert.equal(probe!.httpGet!.scheme, withTls ? 'HTTPS' : undefined);
    }
  });

  it('grows by a metric that serving has', () => {
    const { metrics } = manifest('HorizontalPodAutoscaler', 'ml-model-server').spec as unknown as {
      metrics: { pods?: { metric: { name: string } } }[];
    };
    assert.equal(metrics[0]!.pods?.metric.name, METRIC.queueLength);
    const [{ rules }] = yamlOf('prometheus/adapter-rules.yaml') as [
      { rules: { custom: { seriesQuery: string; name: { as: string } }[] } },
    ];
    const [rule] = rules.custom;
    assert.equal(rule!.name.as, METRIC.queueLength);
    assert.ok(rule!.seriesQuery.startsWith(`${METRIC.queueLength}{`));
  });

  it('names models in a file that serving takes', () => {
    const text = manifest('ConfigMap', 'ringwatt-models').data!['models.config']!;
    const [model] = parseModelConfig(text, 'models.config');
    assert.deepEqual(model?.source, { kind: 'registry', model: 'day-ahead' });
  });

  it('sets only variables that the configuration knows', () => {
    const settings = manifest('ConfigMap', 'ringwatt-settings').data!;
    const known = new Map(Object.entries(ENVIRONMENT).map(([field, variable]) => [variable, field]));
    const fields = Object.entries(settings).map(([variable, value]) => {
      assert.ok(known.has(variable), variable);
      return [known.get(variable)!, value];
    });
    configSchema.parse(Object.fromEntries(fields));
    const others = containers.flatMap(({ env = [] }) => env.map(({ name }) => name));
    for (const name of others) assert.ok(known.has(name) || ['POD_NAME', 'SLOT_NUMBER'].includes(name), name);
  });

  it('is put together by kubectl as it is', function () {
    const { status, stdout, stderr, error } = spawnSync('kubectl', ['kustomize', 'deploy/kubernetes'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    if (error) {
      console.log('    left out: no kubectl on PATH');
      this.skip();
    }
    assert.equal(status, 0, stderr);
    assert.equal(stdout.match(/^kind: /gm)?.length, manifests.length);
  });
});

const portsOf = ({ ports = [] }: Container) => ports.map(({ containerPort }) => containerPort);

function flagsOf(define: (program: Command) => void) {
  const program = new Command();
  define(program);
  return program.commands[0]!.options.map(({ long }) => long);
}
