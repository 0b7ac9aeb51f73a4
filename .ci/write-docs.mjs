// Writes what is made from the code: run it after changing a field of the configuration, a feature or a panel.
import { writeFileSync } from 'node:fs';
import { configurationPage } from '../src/config/documentation.ts';
import { grafanaJson } from '../src/dashboard/grafana/document.ts';
import { featuresPage } from '../src/features/documentation.ts';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage());
writeFileSync(new URL('../docs/features.md', import.meta.url), featuresPage());
writeFileSync(new URL('../deploy/grafana/serving.json', import.meta.url), grafanaJson());
