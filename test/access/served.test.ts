import assert from 'node:assert/strict';
import { createApiKey, revokeApiKey } from '../../src/access/key-file.ts';
import { auditBytes, listAudit } from '../../src/audit/read.ts';
import { Message } from '../../src/export/protobuf.ts';
import { callGrpc, closeGrpcClients, framed } from '../serving/fuzz/grpc-call.ts';
import { predictRequest } from '../serving/fuzz/grpc-cases.ts';
import { ask, closeClients } from '../serving/fuzz/http-request.ts';
import { startTarget } from '../serving/fuzz/target.ts';
import { until } from '../support/until.ts';
import { BY } from './sample.ts';

const PREDICT = '/tensorflow.serving.PredictionService/Predict';
const RELOAD = '/tensorflow.serving.ModelService/HandleReloadConfigRequest';

describe('serve, with keys', () => {
  it('asks all doors’ callers who they are, tells of decisions in the audit and of calls beside it, and of no key', async () => {
    await using served = await startTarget();
    const { home, target, model } = served;
    const desk = await createApiKey(home, { name: 'desk', role: 'viewer' }, BY);
    const statuses = async (apiKey: string) => {
      const from = { ...target, apiKey };
      const rest = await ask(from, {
        url: `${target.rest}/v1/models/line:predict`,
        body: '{"instances":[[1,2]]}',
      });
      const http = await ask(from, { url: `${target.http}/predict`, body: '{"data":[[1,2]]}' });
      const grpc = await callGrpc(from, { path: PREDICT, bytes: framed(predictRequest({})), ends: 'well' });
      return [rest, http, grpc].map((reply) =>
        'status' in reply ? reply.status : 'code' in reply && reply.code,
      );
    };
    assert.deepEqual(await statuses(''), [401, 401, 16]);
    assert.deepEqual(
      await statuses(`${desk.key.slice(0, -1)}${desk.key.endsWith('A') ? 'E' : 'A'}`),
      [401, 401, 16],
    );
    assert.deepEqual(await statuses(desk.key), [200, 200, 0]);

    const config = new Message().text(1, 'line').text(2, model).text(4, 'tensorflow');
    const list = new Message().message(1, new Message().message(1, new Message().message(1, config)));
    const reload = { path: RELOAD, bytes: framed(list.encode()), ends: 'well' } as const;
    const refused = await callGrpc({ ...target, apiKey: desk.key }, reload);
    assert.deepEqual(refused, {
      kind: 'grpc',
      code: 7,
      message: 'This needs the role admin; the caller is viewer.',
    });
    assert.deepEqual(await callGrpc(target, reload), { kind: 'grpc', code: 0, message: '' });
    const { entries } = await listAudit(home, await auditBytes(home), { subject: 'serving' }, 9);
    assert.deepEqual(
      entries.map(({ what, who, identity, from }) => [what, who, identity, from]),
      [['serving-reloaded', 'fuzz', 'authenticated', 'grpc']],
    );

    await revokeApiKey(home, desk.record.id, BY);
    await until(async () => (await statuses(desk.key)).join() === '401,401,16');
    await until(async () => (await served.written()).includes('"caller":"desk"'));
    const written = await served.written();
    for (const key of [desk.key, target.apiKey]) assert.ok(!written.includes(key.slice(-12)));
    assert.match(written, /"caller":"desk".*"door":"rest"|"door":"rest".*"caller":"desk"/);
    closeClients();
    closeGrpcClients();
  });
});
