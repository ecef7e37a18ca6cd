/** GitHub's own description of its API, as validators: every request to the emulator and every answer of it passes through here. */
import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';

type Schema = Record<string, unknown>;

interface Operation {
  readonly query: Record<string, Schema>;
  readonly body?: Schema;
  /** By status; null where the answer has no body. */
  readonly answers: Record<string, Schema | null>;
}

const cut = JSON.parse(readFileSync('test/github/schema/api.json', 'utf8')) as {
  operations: Record<string, Operation>;
  webhooks: Record<string, Schema>;
  schemas: Record<string, Schema>;
};

const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true });
(formats as unknown as (ajv: Ajv) => void)(ajv);
ajv.addFormat('repo.nwo', true);
ajv.addSchema({ $id: 'api', schemas: cut.schemas });

const validators = new Map<string, ReturnType<Ajv['compile']>>();

function rooted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rooted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === '$ref' ? `api${inner as string}` : rooted(inner)]),
  );
}

/** null when the value is as the schema says, else what is wrong, and where. */
function wrong(key: string, schema: Schema, value: unknown): string | null {
  let validate = validators.get(key);
  if (validate === undefined) {
    validate = ajv.compile(rooted(schema) as Schema);
    validators.set(key, validate);
  }
  if (validate(value)) return null;
  return (validate.errors ?? [])
    .slice(0, 3)
    .map((error: ErrorObject) => `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`)
    .join('; ');
}

export function operationOf(name: string): Operation {
  const operation = cut.operations[name];
  if (operation === undefined) throw new Error(`the schema has no ${name}: add it to cut-schema.mjs`);
  return operation;
}

export function wrongRequest(name: string, query: URLSearchParams, body: unknown): string | null {
  const operation = operationOf(name);
  for (const [key, text] of query) {
    const schema = operation.query[key];
    if (schema === undefined) return `unknown query parameter ${key}`;
    const value = schema.type === 'integer' ? Number(text) : schema.type === 'boolean' ? text === 'true' : text;
    const why = wrong(`${name} ?${key}`, schema, value);
    if (why !== null) return `query ${key}: ${why}`;
  }
  return operation.body === undefined ? null : wrong(`${name} >`, operation.body, body ?? {});
}

export function wrongAnswer(name: string, status: number, body: unknown): string | null {
  const schema = operationOf(name).answers[String(status)];
  if (schema === undefined) return `${name} never answers ${status}`;
  return schema === null ? null : wrong(`${name} ${status}`, schema, body);
}

export function wrongWebhook(name: string, payload: unknown): string | null {
  const schema = cut.webhooks[name];
  if (schema === undefined) throw new Error(`the schema has no webhook ${name}: add it to cut-schema.mjs`);
  return wrong(`webhook ${name}`, schema, payload);
}

/**
 * The smallest value that an answer may be, with what is known laid over it: the emulator keeps the state that matters and takes the
 * hundred other required fields of a repository or a user from here.
 */
export function answerOf(name: string, status: number, known: unknown): unknown {
  const schema = operationOf(name).answers[String(status)];
  if (schema === undefined || schema === null) return known;
  return filled(schema, known);
}

/** The same for a webhook: GitHub's examples are older than its description, and lack what came since. */
export function webhookOf(name: string, known: unknown): unknown {
  return filled(cut.webhooks[name] ?? {}, known);
}

function filled(schema: Schema, known: unknown): unknown {
  const at = deref(schema);
  if (known === null) return null;
  if (at.type === 'array' || Array.isArray(known)) {
    return Array.isArray(known) ? known.map((entry) => filled((at.items ?? {}) as Schema, entry)) : [];
  }
  const parts = [at, ...((at.allOf as Schema[] | undefined) ?? []).map(deref).map(objectOf)];
  const union = (at.anyOf ?? at.oneOf) as Schema[] | undefined;
  if (union !== undefined) {
    if (known === undefined && union.some((inner) => deref(inner).type === 'null')) return null;
    return filled(pick(union, known), known);
  }
  if (at.type === 'object' || at.properties !== undefined || at.allOf !== undefined) {
    const over = (known ?? {}) as Record<string, unknown>;
    const out: Record<string, unknown> = { ...over };
    for (const part of parts) {
      const properties = (part.properties ?? {}) as Record<string, Schema>;
      for (const key of (part.required as string[] | undefined) ?? []) {
        out[key] = filled(properties[key] ?? {}, over[key]);
      }
      for (const key of Object.keys(over)) {
        if (properties[key] !== undefined) out[key] = filled(properties[key], over[key]);
      }
    }
    return out;
  }
  return known === undefined ? smallest(at) : known;
}

function pick(union: Schema[], known: unknown): Schema {
  const kinds = union.map(deref).filter((inner) => inner.type !== 'null');
  if (known !== undefined && known !== null && typeof known === 'object' && !Array.isArray(known)) {
    return kinds.find((inner) => inner.type === 'object' || inner.properties !== undefined || inner.allOf) ?? {};
  }
  if (Array.isArray(known)) return kinds.find((inner) => inner.type === 'array') ?? {};
  return kinds.find((inner) => known === undefined || inner.type === typeof known) ?? {};
}

/** Of a nullable part the part. */
function objectOf(schema: Schema): Schema {
  const union = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  return union === undefined ? schema : pick(union, {});
}

function deref(schema: Schema): Schema {
  const ref = schema.$ref as string | undefined;
  return ref === undefined ? schema : deref(cut.schemas[ref.replace('#/schemas/', '')] ?? {});
}

function smallest(schema: Schema): unknown {
  if (Array.isArray(schema.enum)) return schema.enum[0];
  switch (schema.type) {
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return false;
    case 'string':
      if (schema.format === 'uri') return 'https://example.org/';
      if (schema.format === 'date-time') return '2025-01-01T00:00:00Z';
      if (schema.format === 'email') return 'nobody@example.org';
      return 'x'.repeat(Number(schema.minLength ?? 1));
    default:
      return null;
  }
}
