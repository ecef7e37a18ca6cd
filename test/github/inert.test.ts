/** A hostile pull request through the whole App: whatever it is called and holds, what GitHub renders of our words is inert. */
import { expect, test } from '@jest/globals';
import { marked } from 'marked';
import { reviewPull } from '../../src/service/pull-review.js';
import { type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { comment, openPull } from './scene.js';

let app: Running;
stopAppAfterEach();

const hostile =
  '@org/team Fixes #1 closes acme/linux#2 <img src=x onerror=alert(1)> ```` | a | b | https://evil.example [x](javascript:alert(1)) ![i](https://evil.example/i.png) GH-7';

test('title, commit, path, command and reason are data', async () => {
  app = await startApp({ judge: (source, settings) => reviewPull(source, settings) });
  const { github } = app;
  github.repositories.get(repo)?.people.set('bob', 'write');
  const path = 'include/linux/@org#1 <img src=x> `|` [a](b).h';
  const struct = (member: string) => `struct s {\n\tlong a;\n${member}\tlong b;\n};\n`;
  await github.commit(repo, 'main', { [path]: struct(''), '.github/kabiwatch.yml': 'comment: always\n' }, 'base');
  const scene = await openPull(
    github,
    { [path]: struct('\tint fresh; /* @org #1 <img src=x> ``` */\n') },
    { title: hostile },
  );
  await comment(github, scene, 'bob', `/kabi explain struct ${hostile}`);
  await comment(github, scene, 'bob', `/kabi accept ${hostile}`);
  await app.settle();
  const [check] = github.checks(scene.pull.headSha);
  const ours = github.comments(1).filter(({ bot }) => bot);
  expect(ours).toHaveLength(2);
  expect(check?.conclusion).toBe('neutral');
  for (const said of [check?.output.summary, check?.output.text, ...ours.map(({ body }) => body)]) {
    const html = await marked.parse(said ?? '', { gfm: true });
    // What stands in code is not interpreted; of the rest nothing may be a tag, a mention, a reference, a link but to us.
    const prose = html.replace(/<(code|pre)[^>]*>[\s\S]*?<\/\1>/g, '');
    expect(prose).not.toMatch(/<img|<script|onerror=(?!alert\(1\)&gt;)/);
    expect(prose).not.toMatch(/@org|#\d|\bGH-\d|href="(?!https:\/\/kabi\.example\.org\/)/);
    expect(html).not.toMatch(/<img|<a [^>]*(javascript|evil)/);
  }
  for (const annotation of check?.annotations ?? []) expect(String(annotation.path)).toBe(path);
});
