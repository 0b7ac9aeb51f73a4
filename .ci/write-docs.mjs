// Writes the pages that are made from the code. Run it after changing a field of the configuration.
import { writeFileSync } from 'node:fs';
import { configurationPage } from '../src/config/documentation.ts';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage());
