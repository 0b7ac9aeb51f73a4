import { strToU8, zipSync } from 'fflate';
import { HOUR_SECONDS } from '../../contracts/time.ts';
import { shuffle } from './eia-reply.ts';
import type { Fate, FaultSource } from './faults.ts';
import { OASIS_REPORTS, type Interval, type OasisReport, type OasisRow } from './oasis-reports.ts';
import { pacificDate, pacificInterval, pacificStamp } from './pacific.ts';
import type { Reply } from './reply.ts';
import type { Archive } from './store.ts';
import { hourAtOrAfter, secondsOfHour } from './timeline.ts';

const ERRORS = {
  1000: 'No data returned for the specified selection',
  1001: 'Invalid Parameters of the given report name',
  1002: 'Invalid datetime format, please use valid datetime format',
  1004: 'Data can be requested for period of 31 days only',
  1015: 'GroupZip DownLoad is in Processing, Please Submit request after Sometime.',
} as const;

const ACCEPTABLE_USE =
  '<html><body><p>CAISO Acceptable Use Policy Violation. Please retry your request after 5 seconds.</p></body></html>';

const DISCLAIMER =
  "The contents of these pages are subject to change without notice. Decisions based on information contained within the California ISO's web site are the visitor's sole responsibility.";

const LONGEST_SECONDS = 31 * 24 * HOUR_SECONDS;

export interface OasisApi {
  archive: Archive;
  faults: FaultSource;
  /** The time that replies are stamped with, in seconds since 1970. */
  now: () => number;
}

/** Answers a request for /oasisapi/SingleZip: errors come as 200 with a zip too, as from the real host. */
export function answerOasis(api: OasisApi, url: URL): Reply {
  const fate = api.faults.next();
  switch (fate.failing) {
    case 'rate-limited':
      return html(429, ACCEPTABLE_USE);
    case 'server-error':
      return html(500, '<html><body><h1>Internal Server Error</h1></body></html>');
    case 'html':
      return html(200, '<html><body><h1>OASIS is being maintained</h1></body></html>');
    case 'still-processing':
      return errorReply(api, 1015);
  }
  return { ...report(api, url.searchParams, fate), fate };
}

function report(api: OasisApi, query: URLSearchParams, fate: Fate): Reply {
  const name = query.get('queryname') ?? '';
  const description = Object.hasOwn(OASIS_REPORTS, name) ? OASIS_REPORTS[name] : undefined;
  const market = query.get('market_run_id');
  if (!description || query.get('resultformat') !== '6' || !isMarket(description, market)) {
    return errorReply(api, 1001);
  }
  const start = readTime(query.get('startdatetime'));
  const end = readTime(query.get('enddatetime'));
  if (start === undefined || end === undefined) return errorReply(api, 1002);
  if (end < start) return errorReply(api, 1001);
  if (end - start > LONGEST_SECONDS) return errorReply(api, 1004);
  const rows = description
    .rows(
      api.archive,
      Math.max(0, hourAtOrAfter(start + HOUR_SECONDS)),
      hourAtOrAfter(end + HOUR_SECONDS) - 1,
    )
    .filter((row) => market === null || market === 'ALL' || row.market === market);
  if (rows.length === 0) return errorReply(api, 1000);
  const parts = [pacificDate(start), pacificDate(end), name, market ?? 'ALL', pacificStamp(api.now()), 'v1'];
  return zipped(api, `${parts.join('_')}.csv`, `${parts.join('_')}.zip`, toCsv(description, rows, fate));
}

/** The hours that *begin* from `start` on and before `end` are meant; rows come in no order. */
function toCsv(description: OasisReport, rows: OasisRow[], { request, content }: Fate): string {
  const intervals = new Map<number, Interval>();
  const lines = rows.map(({ hour, csv }) => {
    let interval = intervals.get(hour);
    if (!interval) intervals.set(hour, (interval = pacificInterval(secondsOfHour(hour))));
    return csv(interval);
  });
  if (content.has('duplicates')) lines.push(...lines.filter((_, index) => index % 40 === 0));
  shuffle(lines, request);
  return `${[description.columns, ...lines].join('\n')}\n`;
}

const isMarket = (description: OasisReport, market: string | null) =>
  market === null || market === 'ALL' || description.markets.includes(market);

/** Seconds since 1970 of `20230101T00:00-0000`. */
function readTime(text: string | null): number | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})T(\d{2}):(\d{2})([+-])(\d{2})(\d{2})$/.exec(
    text?.replace(' ', '+') ?? '',
  );
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, sign, zoneHour, zoneMinute] = parts;
  const milliseconds = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:00${sign}${zoneHour}:${zoneMinute}`,
  );
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

function errorReply(api: OasisApi, code: keyof typeof ERRORS): Reply {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<m:OASISReport xmlns:m="http://www.caiso.com/soa/OASISReport_v1.xsd">
<m:MessageHeader>
\t<m:TimeDate>${new Date(api.now() * 1000).toISOString()}</m:TimeDate>
\t<m:Source>OASIS</m:Source>
\t<m:Version>v20131201</m:Version>
</m:MessageHeader>
<m:MessagePayload>
<m:RTO>
<m:name>CAISO</m:name>
<m:DISCLAIMER_ITEM>
<m:DISCLAIMER>${DISCLAIMER}</m:DISCLAIMER>
</m:DISCLAIMER_ITEM>
<m:ERROR>
<m:ERR_CODE>${code}</m:ERR_CODE>
<m:ERR_DESC>${ERRORS[code]}</m:ERR_DESC>
</m:ERROR>

</m:RTO>
</m:MessagePayload>
</m:OASISReport>
`;
  return zipped(api, 'INVALID_REQUEST.xml', 'INVALID_REQUEST.xml.zip', xml);
}

function zipped({ now }: OasisApi, entry: string, fileName: string, content: string): Reply {
  return {
    status: 200,
    type: 'application/x-zip-compressed',
    disposition: `inline; filename=${fileName};`,
    body: zipSync({ [entry]: strToU8(content) }, { mtime: new Date(now() * 1000) }),
  };
}

const html = (status: number, body: string): Reply => ({ status, type: 'text/html', body });
