import { chmod } from 'node:fs/promises';
import { DatabaseSync, backup } from 'node:sqlite';

/** A consistent copy of a database that another process may be writing: SQLite's own online backup. */
export async function copyDatabase(source: string, target: string): Promise<void> {
  const database = new DatabaseSync(source, { readOnly: true });
  try {
    await backup(database, target);
    await chmod(target, 0o600);
  } finally {
    database.close();
  }
}
