import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';

/** The folder with one folder for each host, which `ringwatt certs` fills. */
export const tlsFolder = ({ tls, home }: Pick<Config, 'tls' | 'home'>): string =>
  resolve(tls ?? resolve(home, 'tls'));
