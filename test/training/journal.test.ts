import assert from 'node:assert/strict';
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { RingBrokenError } from '../../src/errors.ts';
import type { Home } from '../../src/lake/home.ts';
import {
  JournalWriter,
  lostAndFound,
  readJournal,
  requireNewest,
  stepsTaken,
  type JournalEntry,
} from '../../src/training/recovery/journal.ts';
import { journalEntry as entry } from './journal-entry.ts';
import { smallHome } from './small-home.ts';

describe('the journal of a run', () => {
  let home: Home;
  beforeEach(async () => ({ home } = await smallHome()));
  const path = (epoch: number) => home.path(`checkpoints/run/journal/${epoch}.json`);

  it('says of every epoch where it began, how far it came and whether it ended', async () => {
    for (const epoch of [9, 10, 100]) {
      const writer = new JournalWriter(home, 'run', entry(epoch));
      await writer.open();
      for (let step = 0; step < 3; step++) await writer.begin(step);
      if (epoch === 100) writer.end();
      writer.close();
    }
    assert.deepEqual(await readJournal(home, 'run'), [
      entry(9, { begun: 3 }),
      entry(10, { begun: 3 }),
      entry(100, { begun: 3, ended: true }),
    ]);
    assert.deepEqual(await readJournal(home, 'another'), []);
  });

  it('leaves out what is torn, empty or of another make', async () => {
    const writer = new JournalWriter(home, 'run', entry(1, { begun: 4 }));
    await writer.open();
    writer.close();
    for (const epoch of [2, 3, 4]) await writeFile(path(epoch), JSON.stringify(entry(epoch)));
    await truncate(path(2), 20);
    await writeFile(path(3), '');
    await writeFile(path(4), '{"epoch":4}');
    await writeFile(home.path('checkpoints/run/journal/6.json.tmp'), '');
    assert.deepEqual(await readJournal(home, 'run'), [entry(1, { begun: 4 })]);
  });

  it('says what stands in its way where its folder should be', async () => {
    await mkdir(home.path('checkpoints'));
    await writeFile(home.path('checkpoints/run'), '');
    await assert.rejects(readJournal(home, 'run'), /Cannot read .*checkpoints\/run\/journal \(ENOTDIR\)/);
    const writer = new JournalWriter(home, 'run', entry(1));
    await writer.open();
    await writer.begin(0);
    assert.match(String(writer.failure), /checkpoints\/run\/journal/);
  });

  it('tells a ring that a later one has gone on without it', async () => {
    const later = new JournalWriter(home, 'run', entry(7));
    await later.open();
    await requireNewest(home, 'run', 7);
    await assert.rejects(requireNewest(home, 'run', 6), RingBrokenError);
    await assert.rejects(new JournalWriter(home, 'run', entry(6)).open(), RingBrokenError);
    assert.deepEqual(await readdir(home.path('checkpoints/run/journal')), ['7.json']);
    later.close();
  });
});

describe('what broken rings have cost', () => {
  it('is counted between an epoch and the one after it', () => {
    const journal = [
      entry(1, { begun: 8 }),
      // A neighbour held step 7: the eighth is taken again.
      entry(2, { from: 'memory', resumedAt: 7, begun: 12 }),
      // Nobody held anything.
      entry(3, { from: 'checkpoint', resumedAt: 5, begun: 20, ended: true }),
      // A new segment of a run that nothing has befallen.
      entry(4, { from: 'checkpoint', resumedAt: 20, begun: 21 }),
    ];
    assert.deepEqual(lostAndFound(journal), { stepsLost: 1 + 7, fullRestarts: 1, restarts: 2 });
    assert.deepEqual(lostAndFound([]), { stepsLost: 0, fullRestarts: 0, restarts: 0 });
  });

  it('is the number of steps begun beyond those that the run is made of', () => {
    const life = fc.array(
      fc.record({ steps: fc.nat(9), back: fc.nat(12), broken: fc.boolean(), memory: fc.boolean() }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(life, (rings) => {
        let at = 0;
        let begun = 0;
        const journal = rings.map(({ steps, back, broken, memory }, epoch) => {
          const before = rings[epoch - 1];
          // Only what broke goes back; with a neighbour's memory by the step in hand at most.
          if (before?.broken) at = Math.max(0, at - (memory ? Math.min(1, back) : back));
          const resumedAt = at;
          at += steps;
          begun += steps;
          return entry(epoch, {
            resumedAt,
            begun: at,
            ended: !broken,
            from: memory ? 'memory' : 'checkpoint',
          });
        });
        const { stepsLost, fullRestarts, restarts } = lostAndFound(journal);
        assert.equal(stepsLost, begun - at);
        assert.equal(restarts, rings.slice(0, -1).filter(({ broken }) => broken).length);
        assert.ok(fullRestarts <= restarts);
        if (rings.every(({ memory }) => memory)) assert.ok(stepsLost <= restarts && fullRestarts === 0);
      }),
    );
  });
});

describe('the steps that the rings of a run have taken', () => {
  it('are those from where each began, also where an earlier one had been farther', () => {
    const journal = [
      entry(1, { begun: 8 }),
      // Killed with a step in hand, time and again, each time back at the checkpoint.
      entry(2, { from: 'checkpoint', resumedAt: 5, begun: 7 }),
      entry(3, { from: 'checkpoint', resumedAt: 5, begun: 6 }),
      entry(4, { from: 'checkpoint', resumedAt: 5, begun: 5 }),
    ];
    assert.deepEqual(
      journal.map((_, index) => stepsTaken(journal.slice(0, index + 1))),
      [7, 7 + 1, 7 + 1, 7 + 1],
    );
    assert.equal(stepsTaken([]), 0);
  });

  it('hold the last one of a ring that ended, and one that its neighbours had taken when it died', () => {
    const broken = entry(1, { begun: 8 });
    assert.equal(stepsTaken([{ ...broken, ended: true }]), 8);
    assert.equal(stepsTaken([broken, entry(2, { from: 'memory', resumedAt: 8, begun: 8 })]), 8);
    assert.equal(stepsTaken([broken, entry(2, { from: 'memory', resumedAt: 7, begun: 7 })]), 7);
  });

  it('are counted whatever breaks, and never fall', () => {
    const ring = fc.record({
      steps: fc.nat(9),
      end: fc.constantFrom('whole', 'in the middle of a step', 'when a neighbour had taken the step'),
      back: fc.nat(12),
    });
    fc.assert(
      fc.property(fc.array(ring, { maxLength: 12 }), (rings) => {
        const journal: JournalEntry[] = [];
        let at = 0;
        let taken = 0;
        for (const [epoch, { steps, end, back }] of rings.entries()) {
          const before = stepsTaken(journal);
          const begun = at + steps + (end === 'whole' ? 0 : 1);
          journal.push(entry(epoch, { resumedAt: at, begun, ended: end === 'whole' }));
          assert.ok(stepsTaken(journal) >= before + steps);
          const gained = steps + (end === 'when a neighbour had taken the step' ? 1 : 0);
          taken += gained;
          at = Math.max(0, at + gained - (end === 'in the middle of a step' ? back : 0));
        }
        // Whoever comes next tells whether the last step was taken.
        journal.push(entry(rings.length, { resumedAt: at, begun: at }));
        assert.equal(stepsTaken(journal), taken);
      }),
    );
  });
});
