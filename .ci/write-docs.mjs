// Writes the pages that are made from the code: run it after changing a field of the configuration or a feature.
import { writeFileSync } from 'node:fs';
import { configurationPage } from '../src/config/documentation.ts';
import { featuresPage } from '../src/features/documentation.ts';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage());
writeFileSync(new URL('../docs/features.md', import.meta.url), featuresPage());
