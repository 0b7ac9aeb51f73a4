import { canonicalJson, sha256 } from '../lake/canonical.ts';
import { parseFeatureConfig, type FeatureConfig } from './config.ts';
import { CATEGORIES, definitionsOf, type Category, type Definition } from './definitions.ts';
import { formulaOf, inputsOf, spanOf, type Expression } from './expression.ts';

/** What is known of one column of a feature table: plain JSON, stored with every model. */
export interface CatalogueEntry {
  name: string;
  category: Category;
  numeric: boolean;
  unit: string;
  description: string;
  formula: string;
  inputs: string[];
  /** Hours it looks at, the row's own included. */
  windowHours: number;
  nullPolicy: string;
  /** What it is computed from; null for the columns that are not numbers. */
  expression: Expression | null;
}

export function catalogue(config: FeatureConfig = parseFeatureConfig()): CatalogueEntry[] {
  return definitionsOf(config).map(catalogueEntry);
}

export function catalogueEntry(definition: Definition): CatalogueEntry {
  const { name, category, unit, description, expression } = definition;
  return {
    name,
    category,
    numeric: expression !== undefined,
    unit,
    description,
    formula: expression ? formulaOf(expression) : name,
    inputs: expression ? inputsOf(expression) : category === 'temporal' ? ['timestamp', 'region'] : [name],
    windowHours: expression ? spanOf(expression) : 1,
    nullPolicy: nullPolicyOf(definition),
    expression: expression ?? null,
  };
}

/** Names a catalogue: models made with different columns or formulas have different hashes. */
export function catalogueHash(entries: CatalogueEntry[] = catalogue()): string {
  return sha256(canonicalJson(entries));
}

function nullPolicyOf({ category, expression }: Definition): string {
  if (!expression || category === 'temporal') return 'never null';
  const span = spanOf(expression);
  if (expression.op === 'column') return 'null where the input is';
  const parts = [`null where one of its inputs is null in the hours it looks at`];
  if (span > 1) parts.push(`so in the first ${span - 1} h of a region`);
  if (divides(expression)) parts.push('and where the divisor is 0');
  return parts.join(', ');
}

function divides(expression: Expression): boolean {
  switch (expression.op) {
    case 'divide':
      return true;
    case 'lag':
    case 'rolling':
      return divides(expression.of);
    case 'add':
    case 'subtract':
      return divides(expression.left) || divides(expression.right);
    default:
      return false;
  }
}

const TITLES: Record<Category, string> = {
  original: 'The six columns given',
  temporal: 'Temporal',
  renewable: 'Renewable',
  'supply-demand': 'Supply and demand',
  lagged: 'Lagged',
  rolling: 'Rolling',
  optional: 'Optional',
};

/** The catalogue as a document. */
export function catalogueMarkdown(entries: CatalogueEntry[] = catalogue()): string {
  const numeric = entries.filter((entry) => entry.numeric).length;
  const lines = [
    '# Features',
    '',
    '<!-- Written by `node .ci/write-docs.mjs` from src/features/; a test keeps it current. -->',
    '',
    `${entries.length} columns, ${numeric} of them numbers. Timestamps name an hour's end in UTC; calendar columns are in`,
    "the region's local time. Lags and windows count hours, never rows: where hours are missing from a region they",
    'are put in as nulls first. Windows are trailing and include the row. No value of another region and none of a',
    'later hour enters any column. Nothing is filled in: a null stays one, and what is computed from it is null.',
    '',
  ];
  for (const category of CATEGORIES) {
    const rows = entries.filter((entry) => entry.category === category);
    if (rows.length === 0) continue;
    lines.push(`## ${TITLES[category]} (${rows.length})`, '', ...catalogueTable(rows), '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The rows of a Markdown table. */
export function catalogueTable(entries: readonly CatalogueEntry[]): string[] {
  return [
    '| column | formula | unit | inputs | hours | what it is | null |',
    '|---|---|---|---|---|---|---|',
    ...entries.map(
      ({ name, formula, unit, inputs, windowHours, description, nullPolicy }) =>
        `| \`${name}\` | \`${formula}\` | ${unit} | ${inputs.join(', ')} | ${windowHours} | ${description} | ${nullPolicy} |`,
    ),
  ];
}
