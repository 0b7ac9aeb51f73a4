import { XMLParser } from 'fast-xml-parser';
import { strFromU8, unzipSync, type UnzipFileInfo } from 'fflate';
import { BadInputError, SourceFaultError } from '../../errors.ts';
import { beginningOf } from '../http-client.ts';

const RETRIED = 'It is tried again; if it lasts, the source is in trouble.';
const ZIP_SIGNATURE = 'PK';
/** A month of five-minute rows has some 20 MB; more than this is not a report. */
const MOST_BYTES = 128 * 2 ** 20;
/** OASIS puts one file in a zip. */
const MOST_ENTRIES = 100;
const NO_DATA = 1000;
/** Parameters, dates, a span of more than 31 days: what trying again does not cure. */
const WRONG_REQUEST = new Set([1001, 1002, 1003, 1004]);

const xml = new XMLParser({ removeNSPrefix: true, parseTagValue: false });

/** The CSV in a zipped reply, or undefined where OASIS says that it has no data. Entries' names are never paths. */
export function csvOf(body: Buffer): string | undefined {
  for (const [name, content] of Object.entries(unzip(body))) {
    const text = strFromU8(content);
    return name.endsWith('.csv') ? text : orError(text);
  }
  throw new SourceFaultError('CAISO sent a zip without a CSV in it.', RETRIED);
}

/** Unpacks the first entry that is a CSV or an error, and nothing else. */
function unzip(body: Buffer): Record<string, Uint8Array> {
  if (!body.toString('latin1', 0, 2).startsWith(ZIP_SIGNATURE)) {
    throw new SourceFaultError(
      `CAISO answered with something that is not a zip, beginning ${beginningOf(body)}.`,
      RETRIED,
    );
  }
  let entries = 0;
  let found = false;
  const isWanted = ({ name, originalSize }: UnzipFileInfo): boolean => {
    if (++entries > MOST_ENTRIES) {
      throw new SourceFaultError(`CAISO sent a zip of more than ${MOST_ENTRIES} entries.`, RETRIED);
    }
    if (found || !/\.(csv|xml)$/.test(name)) return false;
    // fflate unpacks into as many bytes as the entry announces, and no further.
    if (originalSize > MOST_BYTES) {
      throw new SourceFaultError(
        `CAISO sent a zip of ${body.length} bytes that unpacks to ${originalSize}.`,
        RETRIED,
      );
    }
    return (found = true);
  };
  try {
    return unzipSync(body, { filter: isWanted });
  } catch (error) {
    if (error instanceof SourceFaultError) throw error;
    throw new SourceFaultError(`CAISO's zip of ${body.length} bytes is cut off or damaged.`, RETRIED);
  }
}

/** OASIS reports errors as HTTP 200 with a zip that holds INVALID_REQUEST.xml. */
function orError(text: string): undefined {
  const { code, description } = errorIn(text);
  if (code === NO_DATA) return undefined;
  const message = `CAISO answers ${code}: ${description}.`;
  if (WRONG_REQUEST.has(code)) throw new BadInputError(message, 'Check the report and its dates.');
  throw new SourceFaultError(message, RETRIED);
}

function errorIn(text: string): { code: number; description: string } {
  try {
    const { OASISReport } = xml.parse(text) as {
      OASISReport: { MessagePayload: { RTO: { ERROR: { ERR_CODE: string; ERR_DESC: string } } } };
    };
    const { ERR_CODE, ERR_DESC } = OASISReport.MessagePayload.RTO.ERROR;
    return { code: Number(ERR_CODE), description: ERR_DESC.replace(/\.$/, '') };
  } catch {
    throw new SourceFaultError('CAISO sent XML without data and without an error code.', RETRIED);
  }
}
