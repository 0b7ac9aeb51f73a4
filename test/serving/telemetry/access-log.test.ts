import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { accessLog } from '../../../src/serving/telemetry/access-log.ts';
import { allObservers } from '../../../src/serving/telemetry/all-observers.ts';

const CALL = {
  ...({ requestId: 'a1', door: 'grpc', caller: 'ada', model: 'load', version: 2, label: 'canary' } as const),
  ...({ signature: 's', code: 'OK', seconds: 0.0123456, rows: 3, cached: true } as const),
};

describe('the access log', () => {
  it('has one line of JSON a call: who asked what, how it ended and how long it took', () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const observer = accessLog(pino({ base: null, timestamp: false }, stream));
    observer.callEnded!(CALL);
    observer.callEnded!({ ...CALL, code: 'NOT_FOUND', model: undefined, caller: 'e"}\n{"v' });
    const { seconds: _seconds, ...rest } = CALL;
    assert.deepEqual(JSON.parse(lines[0]!), { level: 30, ...rest, ms: 12.35, msg: 'call' });
    assert.equal(lines.length, 2);
    const refused = JSON.parse(lines[1]!) as Record<string, unknown>;
    assert.equal(refused['caller'], 'e"}\n{"v');
    assert.ok(!('model' in refused));
  });

  it('and others are told of everything, though one of them breaks', () => {
    const heard: unknown[] = [];
    const broken: unknown[] = [];
    const all = allObservers(
      [
        {
          callEnded() {
            throw new Error('disk full');
          },
        },
        {
          callEnded: ({ requestId }) => void heard.push(requestId),
          queueChanged: (queue) => void heard.push(queue),
        },
      ],
      (error) => broken.push(String(error)),
    );
    all.callEnded(CALL);
    all.callEnded(CALL);
    const queue = { model: 'load', version: 1, signature: 's', length: 2 };
    all.queueChanged(queue);
    all.batchEnded({ ...queue, rows: 1, requests: 1, seconds: 1, waitedSeconds: 0 });
    assert.deepEqual(heard, ['a1', 'a1', queue]);
    assert.deepEqual(broken, ['Error: disk full']);
  });
});
