import { strFromU8, unzipSync } from 'fflate';

export interface EiaRow {
  period: string;
  respondent: string;
  type?: string;
  fueltype?: string;
  value: string | number | null;
}

export interface EiaReply {
  response: {
    warnings?: { warning: string; description: string }[];
    total: string | number;
    data: EiaRow[];
    description: string;
  };
  request: { command: string; params: Record<string, unknown> };
}

/** Asks the archive server for data as EIA's users do; `query` is the part after `api_key=k&data[]=value&`. */
export async function askEia(url: string, query: string, route = 'region-data'): Promise<EiaReply> {
  const response = await fetch(
    `${url}/v2/electricity/rto/${route}/data/?api_key=k&frequency=hourly&data[0]=value&${query}`,
  );
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as EiaReply;
}

/** The entries of the zip that OASIS answers with, as text. */
export async function askOasis(url: string, query: string): Promise<Record<string, string>> {
  const response = await fetch(`${url}/oasisapi/SingleZip?version=1&resultformat=6&${query}`);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  const entries = unzipSync(new Uint8Array(await response.arrayBuffer()));
  return Object.fromEntries(Object.entries(entries).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

/** A CSV's rows by column name. */
export function parseCsv(text: string): Record<string, string>[] {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((cell, column) => [names[column]!, cell])),
  );
}

export const PACW_DEMAND = 'facets[respondent][]=PACW&facets[type][]=D';
export const BY_PERIOD = 'sort[0][column]=period&sort[0][direction]=asc';
