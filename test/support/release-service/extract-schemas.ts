import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format } from 'node:util';

/**
 * Makes `schemas.json` from GitHub's published description of its API, of which it keeps the operations on releases and
 * what they refer to. The description is `generated/api.github.com.json` of the npm package `@octokit/openapi`, version
 * 23.0.2, which has 400 MB and is no dependency for that reason: unpack it somewhere, and run
 *
 *     node test/support/release-service/extract-schemas.ts FOLDER/package/generated/api.github.com.json
 *
 * OpenAPI 3.0 says `nullable` where JSON Schema has a second type; that is all that is changed.
 */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const OPERATIONS = [
  ['get', '/repos/{owner}/{repo}/releases'],
  ['post', '/repos/{owner}/{repo}/releases'],
  ['post', '/repos/{owner}/{repo}/releases/generate-notes'],
  ['get', '/repos/{owner}/{repo}/releases/tags/{tag}'],
  ['get', '/repos/{owner}/{repo}/releases/{release_id}'],
  ['patch', '/repos/{owner}/{repo}/releases/{release_id}'],
  ['delete', '/repos/{owner}/{repo}/releases/{release_id}'],
  ['get', '/repos/{owner}/{repo}/releases/{release_id}/assets'],
  ['post', '/repos/{owner}/{repo}/releases/{release_id}/assets'],
  ['get', '/repos/{owner}/{repo}/releases/assets/{asset_id}'],
  ['patch', '/repos/{owner}/{repo}/releases/assets/{asset_id}'],
  ['delete', '/repos/{owner}/{repo}/releases/assets/{asset_id}'],
] as const;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const object = (value: Json | undefined): JsonObject => {
  if (!isObject(value)) throw new Error(format('no object: %j', value));
  return value;
};

/** What says nothing about an answer's form. */
const DROPPED = new Set([
  'description',
  'example',
  'examples',
  'externalDocs',
  'x-github',
  'x-multi-segment',
  'summary',
]);

function follow(document: JsonObject, value: Json | undefined): JsonObject {
  const here = object(value);
  const reference = here['$ref'];
  if (typeof reference !== 'string') return here;
  return follow(
    document,
    reference
      .slice(2)
      .split('/')
      .reduce<Json>((place, key) => object(place)[key] ?? null, document),
  );
}

/** A schema as JSON Schema; `needed` gathers the names of those that it refers to. */
function convert(value: Json, needed: Set<string>): Json {
  if (Array.isArray(value)) return value.map((entry) => convert(entry, needed));
  if (!isObject(value)) return value;
  const reference = value['$ref'];
  if (typeof reference === 'string') {
    const name = reference.slice('#/components/schemas/'.length);
    needed.add(name);
    return { $ref: `#/$defs/${name}` };
  }
  const { nullable, properties, ...rest } = value;
  const converted: JsonObject = Object.fromEntries(
    Object.entries(rest)
      .filter(([key]) => !DROPPED.has(key))
      .map(([key, entry]) => [key, convert(entry, needed)]),
  );
  // A property may be called as a keyword is.
  if (isObject(properties)) {
    converted['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name, convert(schema, needed)]),
    );
  }
  if (nullable !== true) return converted;
  return typeof converted['type'] === 'string'
    ? { ...converted, type: [converted['type'], 'null'] }
    : { anyOf: [converted, { type: 'null' }] };
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('the path of api.github.com.json is wanted');
const document = object(JSON.parse(await readFile(file, 'utf8')));
const schemas = object(object(document['components'])['schemas']);
const needed = new Set<string>();

const operations: JsonObject = {};
for (const [method, place] of OPERATIONS) {
  const operation = object(object(object(document['paths'])[place])[method]);
  const parameters = (Array.isArray(operation['parameters']) ? operation['parameters'] : []).map((given) => {
    const { name, in: where, required = false, schema } = follow(document, given);
    return { name: name ?? '', in: where ?? '', required, schema: convert(schema ?? {}, needed) };
  });
  const content = isObject(operation['requestBody']) ? object(operation['requestBody']['content']) : {};
  const body = content['application/json'];
  const answers: JsonObject = {};
  for (const [status, given] of Object.entries(object(operation['responses']))) {
    const types = follow(document, given)['content'];
    const json = isObject(types) ? types['application/json'] : undefined;
    answers[status] = isObject(json) && json['schema'] !== undefined ? convert(json['schema'], needed) : null;
  }
  operations[`${method.toUpperCase()} ${place}`] = {
    parameters,
    body: isObject(body) && body['schema'] !== undefined ? convert(body['schema'], needed) : null,
    types: Object.keys(content),
    answers,
  };
}

const defs: JsonObject = {};
for (const name of needed) defs[name] = convert(schemas[name] ?? null, needed);

const sorted = Object.fromEntries(Object.entries(defs).toSorted(([a], [b]) => (a < b ? -1 : 1)));
const target = path.join(import.meta.dirname, 'schemas.json');
await writeFile(target, `${JSON.stringify({ operations, $defs: sorted }, null, 2)}\n`);
console.log(`${target}: ${Object.keys(operations).length} operations, ${Object.keys(sorted).length} schemas`);
