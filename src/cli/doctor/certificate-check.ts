import { X509Certificate } from 'node:crypto';
import { RingwattError, counted } from '../../errors.ts';
import { isLoopback, readRingTls } from '../../tls/host-files.ts';
import { tlsFolder } from '../../tls/folder.ts';
import type { Check } from './check.ts';

/** Time enough to make another and to bring it to its host. */
const WARN_DAYS = 30;

/** Whether this host's slots could prove themselves to those of others. */
export const checkCertificates: Check = async (config) => {
  const what = 'certificates';
  const { slotHost } = config;
  if (isLoopback(slotHost)) {
    return { what, verdict: 'ok', detail: 'none needed: slots are reached from this host alone' };
  }
  try {
    const { cert } = await readRingTls(tlsFolder(config), slotHost);
    const { validToDate } = new X509Certificate(cert);
    const days = Math.floor((validToDate.getTime() - Date.now()) / 86_400_000);
    const detail = `of ${slotHost}, good for ${counted(days, 'day')}`;
    const cure = `\`ringwatt certs --hosts ${slotHost} --renew\` where your authority is.`;
    return days < WARN_DAYS ? { what, verdict: 'warn', detail, cure } : { what, verdict: 'ok', detail };
  } catch (error) {
    if (!(error instanceof RingwattError)) throw error;
    return { what, verdict: 'fail', detail: error.message, cure: error.cure };
  }
};
