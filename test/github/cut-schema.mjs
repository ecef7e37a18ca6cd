/**
 * Cuts the schemas of the paths that kabiwatch uses, and of the webhooks it listens to, out of GitHub's OpenAPI description, without
 * their prose: `npm run github:schema`. The description is 385 MB, so it is installed into a folder of its own and removed again;
 * what is kept is the cut, with its notice.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const version = '23.0.2';

const operations = [
  'get /app',
  'get /app/installations',
  'post /app/installations/{installation_id}/access_tokens',
  'get /app/hook/deliveries',
  'get /app/hook/deliveries/{delivery_id}',
  'post /app/hook/deliveries/{delivery_id}/attempts',
  'post /app-manifests/{code}/conversions',
  'get /installation/repositories',
  'get /repos/{owner}/{repo}/pulls',
  'get /repos/{owner}/{repo}/pulls/{pull_number}',
  'get /repos/{owner}/{repo}/pulls/{pull_number}/files',
  'get /repos/{owner}/{repo}/pulls/{pull_number}/commits',
  'get /repos/{owner}/{repo}/pulls/{pull_number}/comments',
  'post /repos/{owner}/{repo}/pulls/{pull_number}/comments',
  'get /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'post /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'patch /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'post /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
  'post /repos/{owner}/{repo}/issues/{issue_number}/labels',
  'delete /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}',
  'get /repos/{owner}/{repo}/commits/{ref}/check-runs',
  'post /repos/{owner}/{repo}/check-runs',
  'patch /repos/{owner}/{repo}/check-runs/{check_run_id}',
  'get /repos/{owner}/{repo}/collaborators/{username}/permission',
  'get /repos/{owner}/{repo}/contents/{path}',
  'get /repos/{owner}/{repo}/commits/{ref}',
  'get /repos/{owner}/{repo}/compare/{basehead}',
  'post /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
  'get /repos/{owner}/{repo}/commits/{commit_sha}/comments',
  'post /repos/{owner}/{repo}/commits/{commit_sha}/comments',
];

const webhooks = [
  'pull-request-opened',
  'pull-request-synchronize',
  'pull-request-reopened',
  'pull-request-closed',
  'pull-request-edited',
  'pull-request-ready-for-review',
  'issue-comment-created',
  'check-run-rerequested',
  'check-run-requested-action',
  'push',
  'installation-created',
  'star-created',
];

const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-openapi-'));
try {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `@octokit/openapi@${version}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const from = join(folder, 'node_modules/@octokit/openapi');
  const api = JSON.parse(readFileSync(join(from, 'generated/api.github.com.json'), 'utf8'));
  const cut = cutOut(api);
  const notice = `@octokit/openapi ${version}, generated/api.github.com.json, cut by test/github/cut-schema.mjs.\n\n${readFileSync(join(from, 'LICENSE'), 'utf8')}`;
  writeFileSync(new URL('schema/api.json', import.meta.url), `${JSON.stringify(cut)}\n`);
  writeFileSync(new URL('schema/NOTICE', import.meta.url), notice);
  console.log(
    `${operations.length} operations, ${webhooks.length} webhooks, ${Object.keys(cut.schemas).length} schemas`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function cutOut(api) {
  const wanted = new Set();
  const kept = operations.map((name) => {
    const [method, path] = name.split(' ');
    const operation = api.paths[path]?.[method];
    if (operation === undefined) throw new Error(`no ${name} in the description`);
    const body = operation.requestBody?.content?.['application/json']?.schema;
    return [
      name,
      {
        query: Object.fromEntries(
          operation.parameters
            .map((parameter) => resolve(api, parameter))
            .filter((parameter) => parameter.in === 'query')
            .map((parameter) => [parameter.name, plain(parameter.schema, wanted)]),
        ),
        ...(body === undefined ? {} : { body: plain(body, wanted) }),
        answers: Object.fromEntries(
          Object.entries(operation.responses)
            .filter(([status]) => status.startsWith('2'))
            .map(([status, answer]) => {
              const schema = resolve(api, answer).content?.['application/json']?.schema;
              return [status, schema === undefined ? null : plain(schema, wanted)];
            }),
        ),
      },
    ];
  });
  const hooks = webhooks.map((name) => {
    const hook = (api['x-webhooks'] ?? api.webhooks)?.[name];
    if (hook === undefined) throw new Error(`no webhook ${name} in the description`);
    return [name, plain(hook.post.requestBody.content['application/json'].schema, wanted)];
  });
  const schemas = {};
  for (const name of wanted) schemas[name] = plain(api.components.schemas[name], wanted);
  return { operations: Object.fromEntries(kept), webhooks: Object.fromEntries(hooks), schemas };
}

function resolve(api, value) {
  if (value.$ref === undefined) return value;
  return value.$ref
    .replace(/^#\//, '')
    .split('/')
    .reduce((at, key) => at[key], api);
}

/** JSON Schema out of OpenAPI 3.0: no prose, no examples, `nullable` as a type, references made local and noted. */
function plain(schema, wanted) {
  if (Array.isArray(schema)) return schema.map((entry) => plain(entry, wanted));
  if (schema === null || typeof schema !== 'object') return schema;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/components/schemas/', '');
    wanted.add(name);
    return { $ref: `#/schemas/${name}` };
  }
  const prose = new Set([
    'description',
    'example',
    'examples',
    'title',
    'externalDocs',
    'deprecated',
    'default',
    'nullable',
  ]);
  const out = {};
  for (const [key, value] of Object.entries(schema)) {
    if (prose.has(key) || key.startsWith('x-')) continue;
    out[key] =
      key === 'properties'
        ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner, wanted)]))
        : plain(value, wanted);
  }
  return schema.nullable === true ? { anyOf: [out, { type: 'null' }] } : out;
}
