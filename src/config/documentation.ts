import { ENVIRONMENT, configSchema, type Config } from './config.ts';

const INTRODUCTION = `# Configuration

<!-- Written by \`node .ci/write-docs.mjs\` from src/config/config.ts; a test keeps it current. -->

Everything a process may be told from outside. Where a field is given more than once, the first of these counts: a
flag of the command line, the environment variable, the file given with \`--config\`, the default. The file is one JSON
object with these fields; a field that is not listed here is refused by its name.

\`\`\`json
{ "home": "/srv/ringwatt", "slots": 4, "eiaRequestsPerHour": 4000 }
\`\`\`

| field | variable | default | what it is |
|---|---|---|---|
`;

const ENDING = `
Secrets: \`EIA_API_KEY\` and what channels of alerts are told by (\`smtpPassword\`, \`slackWebhookUrl\`,
\`pagerRoutingKey\`, \`webhookSecret\`), and a \`REDIS_URL\` with a password in it, belong into the environment or a file only its user can read; they appear in no
log, history, stored reply or error.

Three variables of others are read as well: \`PATH\`, where the Temporal CLI and Go are looked for; \`XDG_CACHE_HOME\`
(default \`~/.cache\`), under which \`ringwatt/\` keeps a Temporal CLI that was brought once; and \`NODE_COMPILE_CACHE\`, the
folder of compiled code (default \`.cache/compiled\` in the project; empty: none).
`;

/** docs/configuration.md, from the descriptions of the fields themselves. */
export function configurationPage(): string {
  const rows = (Object.keys(configSchema.shape) as (keyof Config)[]).map((field) => {
    const variable = ENVIRONMENT[field];
    const text = (configSchema.shape[field].description ?? '').replace(
      new RegExp(`[;.]?\\s*${variable}$`),
      '',
    );
    return `| \`${field}\` | \`${variable}\` | ${defaultOf(field)} | ${text.replaceAll('|', '\\|')} |`;
  });
  return `${INTRODUCTION}${rows.join('\n')}\n${ENDING}`;
}

/** The machine's own name is not written into a page. */
function defaultOf(field: keyof Config): string {
  if (field === 'hostName') return "the machine's name";
  const parsed = configSchema.parse({})[field];
  return parsed === undefined ? '' : `\`${String(parsed)}\``;
}
