import type { Config } from '../config/config.ts';
import type { Home } from '../lake/home.ts';

/** The folder with one folder for each host, which `ringwatt certs` fills. */
export const tlsFolder = (config: Pick<Config, 'tls'>, home: Home): string => config.tls ?? home.path('tls');
