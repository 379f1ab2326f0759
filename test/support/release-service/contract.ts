import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import schemas from './schemas.json' with { type: 'json' };

/** Operations as `schemas.json` names them: `GET /repos/{owner}/{repo}/releases`. */
export type Operation = keyof typeof schemas.operations;

const operationSchema = z.object({
  parameters: z.array(
    z.object({
      name: z.string(),
      in: z.string(),
      required: z.boolean(),
      schema: z.record(z.string(), z.unknown()),
    }),
  ),
  body: z.record(z.string(), z.unknown()).nullable(),
  types: z.array(z.string()),
  answers: z.record(z.string(), z.record(z.string(), z.unknown()).nullable()),
});

const operations = z.record(z.string(), operationSchema).parse(schemas.operations);
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
// oxlint-disable-next-line typescript/no-unsafe-call -- its types and its module disagree about the default
(addFormats as unknown as (target: Ajv2020) => void)(ajv);

const compiled = new Map<string, ValidateFunction>();

/** What is wrong with a value; empty where nothing is. */
function faultsOf(schema: Readonly<Record<string, unknown>>, value: unknown, what: string): string[] {
  const key = JSON.stringify(schema);
  const validate = compiled.get(key) ?? ajv.compile({ ...schema, $defs: schemas.$defs });
  compiled.set(key, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath} ${message}`);
}

export interface AskedRequest {
  readonly query: URLSearchParams;
  readonly contentType: string | undefined;
  /** Parsed JSON; undefined where the request has none. */
  readonly body: unknown;
}

/** What in a request GitHub's description does not know. Unknown fields are faults: the service would pass over them. */
export function requestFaults(name: Operation, { query, contentType, body }: AskedRequest): string[] {
  const { parameters, body: schema, types } = operations[name]!;
  const known = parameters.filter((parameter) => parameter.in === 'query');
  const faults = [...query.keys()]
    .filter((key) => !known.some((parameter) => parameter.name === key))
    .map((key) => `query ${key} is unknown`);
  for (const { name: key, required, schema: wanted } of known) {
    const text = query.get(key);
    if (text === null && required) faults.push(`query ${key} is missing`);
    if (text !== null) {
      faults.push(...faultsOf(wanted, wanted['type'] === 'integer' ? Number(text) : text, `query ${key}`));
    }
  }
  if (schema !== null) {
    const properties = z.record(z.string(), z.unknown()).parse(schema['properties']);
    const given = typeof body === 'object' && body !== null ? Object.keys(body) : [];
    faults.push(...given.filter((key) => !(key in properties)).map((key) => `body ${key} is unknown`));
    faults.push(...faultsOf(schema, body, 'body'));
  }
  const type = contentType?.split(';')[0]?.trim();
  if (types.length > 0 && !types.includes(type ?? ''))
    faults.push(`content type ${type} is not ${types.join()}`);
  return faults.map((fault) => `${name}: ${fault}`);
}

/**
 * What in an answer of ours GitHub's description does not know. The state `starter`, which the description tells of in words
 * alone, counts as `uploaded`. Refusals that it lists nowhere have the form of its basic error.
 */
export function answerFaults(name: Operation, status: number, json: unknown): string[] {
  const { answers } = operations[name]!;
  const listed = answers[String(status)];
  const basic = { $ref: '#/$defs/basic-error' };
  const schema = listed ?? (status >= 400 ? basic : undefined);
  if (schema === undefined) return json === undefined ? [] : [`${name}: ${status} has a body`];
  const value = JSON.parse(
    JSON.stringify(json).replaceAll('"state":"starter"', '"state":"uploaded"'),
  ) as unknown;
  return faultsOf(schema, value, `${name}: ${status}`);
}
