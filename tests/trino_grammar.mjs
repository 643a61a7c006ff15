// Parses statements by an ANTLR grammar of Trino's SQL (dt-sql-parser).
//
//     node tests/trino_grammar.mjs MODULES < STATEMENTS
//
// MODULES: the folder node_modules that has dt-sql-parser. STATEMENTS: a JSON array of [name, statement] a line. Prints the
// first mistake of each statement that the grammar refuses, and exits with 1 if there is one.
import { register } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

// The package imports folders and files without their extension, which node does not resolve by itself.
const hook = `
export async function resolve(name, context, next) {
  for (const end of ['', '.js', '/index.js']) {
    try { return await next(name + end, context); } catch (error) { if (end === '/index.js') throw error; }
  }
}
export async function load(url, context, next) {
  const format = url.includes('/dt-sql-parser/') ? 'module' : undefined;
  return next(url, format ? { ...context, format } : context);
}`;
register('data:text/javascript,' + encodeURIComponent(hook));
const { TrinoSQL } = await import(pathToFileURL(process.argv[2] + '/dt-sql-parser/dist/index.js').href);
const parser = new TrinoSQL();
const statements = readFileSync(0, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
let refused = 0;
for (const [name, statement] of statements) {
  const [mistake] = parser.validate(statement);
  if (mistake !== undefined) {
    refused += 1;
    console.log(`${name}: ${JSON.stringify(mistake)}\n${statement}`);
  }
}
console.log(`${statements.length} statements, ${refused} of them refused by the grammar`);
process.exit(refused > 0 || statements.length === 0 ? 1 : 0);
