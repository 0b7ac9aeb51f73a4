import assert from 'node:assert/strict';
import {
  COLUMN_ROLES,
  columnsReadBy,
  roleOf,
  WITHOUT,
  type Learner,
} from '../../src/contracts/column-roles.ts';
import { issueColumns } from '../../src/day-ahead/build.ts';

const columns = issueColumns({ operator: true, weather: true });
const rolesRead = (learner: Learner, of = columns) =>
  new Set(columnsReadBy(learner, of).map((i) => roleOf(of[i]!)));
const own = issueColumns({ operator: false, weather: true });

describe('roles of the issue tables’ columns', () => {
  it('are each had by some column, profiles apart from the rest', () => {
    const byRole = Map.groupBy(columns, roleOf);
    assert.deepEqual([...byRole.keys()].toSorted(), [...COLUMN_ROLES].toSorted());
    const profiles = [...byRole].filter(([, of]) => of.some(({ profile }) => profile));
    assert.deepEqual(profiles.map(([role]) => role).toSorted(), [
      'operator day ahead',
      'operator days',
      'past days',
    ]);
    assert.ok(profiles.every(([, of]) => of.every(({ profile }) => profile)));
    assert.equal(byRole.get('operator day ahead')!.length, 24);
  });

  it('decide what each learner of an operator’s errors reads', () => {
    const seasons = ['trend', 'date', 'summer time'] as const;
    for (const learner of ['ridge', 'network'] as const) {
      const read = rolesRead(learner);
      assert.ok(!seasons.some((role) => read.has(role)), learner);
      assert.ok(
        ['operator', 'operator days', 'kind of day', 'weather'].every((role) => read.has(role as never)),
      );
    }
    assert.deepEqual(
      [rolesRead('ridge').has('past demand'), rolesRead('network').has('past demand')],
      [false, true],
    );
    assert.deepEqual(rolesRead('trees').size, COLUMN_ROLES.length - 3, 'no profiles');
  });

  it('leave out less where there is no operator, and nothing that settings name and no table has', () => {
    assert.equal(columnsReadBy('ridge', own).length, own.length);
    assert.equal(columnsReadBy('network', own).length, own.length - 1);
    const names = new Set(own.map(({ name }) => name));
    assert.ok([...WITHOUT.ridge, ...WITHOUT.trees].every((name) => names.has(name)));
  });
});
