import { writeFileAtomic } from '../lake/atomic-write.ts';
import { catalogueMarkdown } from './catalogue.ts';

await writeFileAtomic(new URL('../../docs/features.md', import.meta.url).pathname, catalogueMarkdown());
