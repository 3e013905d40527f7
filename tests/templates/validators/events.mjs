// Judges an AsyncAPI document (on standard input) with the reference parser; prints how many messages it describes.
import { Parser } from '@asyncapi/parser';
import { readFileSync } from 'node:fs';

const { document, diagnostics } = await new Parser().parse(readFileSync(0, 'utf8'));
const found = diagnostics.map((one) => `${one.path.join('.')}: ${one.message} (${one.code}, severity ${one.severity})`);
if (!document || diagnostics.some((one) => one.severity <= 1)) {
  throw new Error(found.join('\n'));
}
console.log(document.allMessages().length);
