import assert from 'node:assert/strict';
import { createServer, connect as connectTo, type AddressInfo, type Socket } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { InUseError, UnavailableError } from '../../src/errors.ts';
import { pipelineInput } from '../../src/contracts/pipeline.ts';
import { overviewOf } from '../../src/temporal/overview.ts';
import { startIngestion, startPipeline } from '../../src/temporal/runs.ts';
import { workflowIds } from '../../src/temporal/names.ts';
import { temporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';

// Without workers what is started stays where it is.

const started: string[] = [];

async function start(client: Client, model: string, input: object, date = '2026-01-01') {
  started.push(workflowIds.pipeline(model, date));
  const run = await startPipeline(client, { model, date, input });
  run.result.catch(() => {});
  return run;
}

afterEach(async () => {
  const { client } = await temporal();
  for (const workflowId of started.splice(0)) {
    await client.workflow
      .getHandle(workflowId)
      .terminate('the test is over')
      .catch(() => {});
  }
});

describe('a run that is asked for', () => {
  it('joins the one of the same request, whatever day that began and whatever was left open', async () => {
    const { client } = await temporal();
    const first = await start(client, 'joined', { model: 'joined' });
    assert.equal(first.attached, false);
    await until(async () => (await client.workflow.count(`WorkflowId = '${first.workflowId}'`)).count === 1);
    const again = await start(client, 'joined', pipelineInput.parse({ model: 'joined' }), '2026-01-02');
    assert.deepEqual([again.attached, again.workflowId], [true, first.workflowId]);
  });

  it('is refused beside the one of another request, by the fields that differ', async () => {
    const { client } = await temporal();
    const { workflowId } = await start(client, 'other', { model: 'other' });
    const input = { model: 'other', regions: ['CAL'], training: { seed: 7 } };
    await assert.rejects(start(client, 'other', input), (error) => {
      assert.ok(error instanceof InUseError);
      assert.ok(error.message.startsWith(`${workflowId} runs already`), error.message);
      assert.match(error.message, /: regions, training\.$/);
      assert.match(error.cure, /cancel it .* --model/);
      return true;
    });
  });

  it('is refused for an ingestion of other routes under the same name', async () => {
    const { client } = await temporal();
    const options = { workflowId: 'ingestion/CAL/routes', summary: 'the record' };
    started.push(options.workflowId);
    const run = await startIngestion(client, { ...options, input: { regions: ['CAL'] } });
    run.result.catch(() => {});
    const input = { regions: ['CAL'], routes: ['region-data'] };
    await assert.rejects(startIngestion(client, { ...options, input }), /asked for something else: routes/);
  });

  it('begins anew after the one of another request has ended', async () => {
    const { client } = await temporal();
    const first = await start(client, 'ended', { model: 'ended' });
    await first.handle.terminate('enough');
    const second = await start(client, 'ended', { model: 'ended', regions: ['CAL'] });
    assert.equal(second.attached, false);
  });
});

describe('a server that goes away', () => {
  it('is told as such, with what to do', async () => {
    const forwarder = await forward((await temporal()).address);
    // Without retries: they only put off the same answer.
    const connection = await Connection.connect({ address: forwarder.address, interceptors: [] });
    const client = new Client({ connection });
    const run = await start(client, 'left', { model: 'left' });
    forwarder.end();
    for (const call of [run.result, start(client, 'left', { model: 'left' }), overviewOf(client)]) {
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof UnavailableError, String(error));
        assert.match(error.cure, /run `up`/);
        assert.doesNotMatch(error.line, /Resolution note|\n/);
        return true;
      });
    }
    await connection.close();
  });
});

/** A way to the server that can be cut. */
async function forward(address: string): Promise<{ address: string; end: () => void }> {
  const [host, port] = address.split(':') as [string, string];
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connectTo(Number(port), host);
    sockets.push(near, far);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    end: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
