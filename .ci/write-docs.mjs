// Writes the pages that are made from the code: run it after changing a field of the configuration or a feature.
import { writeFileSync } from 'node:fs';
import { configurationPage } from '../src/config/documentation.ts';
import { catalogueMarkdown } from '../src/features/catalogue.ts';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage());
writeFileSync(new URL('../docs/features.md', import.meta.url), catalogueMarkdown());
