import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containers, ROOT } from './manifests.ts';

const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const lines = dockerfile.split('\n');

describe('the Dockerfile', () => {
  it('copies only what there is and .dockerignore lets through', () => {
    const let_ = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
      .filter((word) => !word.startsWith('--'));
    assert.ok(copied.length > 5);
    for (const path of copied) {
      assert.ok(existsSync(join(ROOT, path)), path);
      assert.ok(let_.includes(`!${path}`), `${path} is ignored`);
    }
  });

  it('holds every script that Kubernetes starts', () => {
    for (const { args: [script] = [] } of containers) {
      const [folder] = script?.split('/') ?? [];
      if (folder) assert.match(dockerfile, new RegExp(`^COPY .* ${folder} \\./${folder}$`, 'm'));
    }
  });

  it('runs nothing as root', () => {
    const stages = dockerfile.split(/^FROM /m).slice(1);
    const runtime = stages.findIndex((stage) => / AS runtime\n/.test(stage));
    assert.match(stages[runtime]!, /^USER node$/m);
    for (const stage of stages.slice(runtime + 1)) {
      assert.match(stage, /^runtime\b/);
      assert.doesNotMatch(stage, /^USER /m);
    }
  });

  it('checks the health of what serves, at a port that it opens', () => {
    const serving = dockerfile.slice(dockerfile.indexOf('FROM runtime AS serving'));
    const check = /^HEALTHCHECK .*CMD (\[.*\])$/m.exec(serving)!;
    const [port] = /port: (\d+)/.exec(check[1]!)!.slice(1);
    assert.match(serving, new RegExp(`^EXPOSE .*\\b${port}\\b`, 'm'));
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(serving)![1]!) as string[];
    assert.ok(command.includes(`--port=${port}`));
  });
});
