import { CorruptArtifactError } from '../errors.ts';
import { tensor, type Tensor } from '../lake/safetensors.ts';
import type { IssueColumn, IssueTable } from './issue-table.ts';

const BY_CELL = ['base', 'actual', 'operator', 'latestKnown', 'persistence48', 'persistence168'] as const;
const PREFIX = 'issue_';

/** A table as tensors of a region's file; its columns' names go into the manifest. */
export function issueTensors(table: IssueTable): Record<string, Tensor> {
  const { issuedAt, standingAt, validAt, features, horizon, columns } = table;
  const issues = issuedAt.length;
  const times = (values: Float64Array) => BigInt64Array.from(values, (seconds) => BigInt(seconds));
  return {
    [`${PREFIX}issued_at`]: tensor(times(issuedAt), [issues]),
    [`${PREFIX}standing_at`]: tensor(times(standingAt), [issues]),
    [`${PREFIX}valid_at`]: tensor(times(validAt), [issues, horizon]),
    [`${PREFIX}features`]: tensor(features, [issues, horizon, columns.length]),
    ...Object.fromEntries(BY_CELL.map((name) => [tensorOf(name), tensor(table[name], [issues, horizon])])),
  };
}

/** The reverse; `read` gives a tensor of the file by its name. */
export async function issueTableFrom(
  read: (name: string) => Promise<Tensor>,
  { region, columns, horizon }: { region: string; columns: IssueColumn[]; horizon: number },
): Promise<IssueTable> {
  const times = async (name: string) =>
    Float64Array.from((await read(`${PREFIX}${name}`)).data as BigInt64Array, Number);
  const cells = async (name: (typeof BY_CELL)[number]) => (await read(tensorOf(name))).data as Float64Array;
  const issuedAt = await times('issued_at');
  const features = (await read(`${PREFIX}features`)).data as Float32Array;
  if (features.length !== issuedAt.length * horizon * columns.length) {
    throw new CorruptArtifactError(
      `The issue table of ${region} has ${features.length} values, not ${issuedAt.length} issues of ${horizon} hours by ${columns.length} columns.`,
      'Cut the sequences again.',
    );
  }
  return {
    region,
    issuedAt,
    standingAt: await times('standing_at'),
    horizon,
    columns,
    features,
    validAt: await times('valid_at'),
    base: await cells('base'),
    actual: await cells('actual'),
    operator: await cells('operator'),
    latestKnown: await cells('latestKnown'),
    persistence48: await cells('persistence48'),
    persistence168: await cells('persistence168'),
  };
}

const tensorOf = (name: string) =>
  `${PREFIX}${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
