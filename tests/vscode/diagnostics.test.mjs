// Mistakes are underlined as they are typed, and listed.
import { after, before, test } from 'node:test';
import { Editor } from './workbench.mjs';

const CONCURRENCY_LINE = 6;

let editor;
before(async () => {
  editor = await Editor.start();
});
after(() => editor.stop());

test('a wrong type is underlined and listed until it is fixed', async (context) => {
  const workbench = await editor.open(context, await editor.copyOfFixture('weather'), 'problems');
  await workbench.openFile('experience.yaml');
  await workbench.lens('▶ Run').waitFor();

  await workbench.retypeLastWord(CONCURRENCY_LINE, 'many');

  await workbench.squiggles('error').first().waitFor();
  await workbench.runCommand('Problems: Focus on Problems View');
  const problem = workbench.problem(`[Ln ${CONCURRENCY_LINE}, Col 16]`);
  await problem.filter({ hasText: 'integer' }).waitFor();
  await workbench.shot('underlined');

  await workbench.openFile('experience.yaml');
  await workbench.retypeLastWord(CONCURRENCY_LINE, '4');

  await problem.waitFor({ state: 'detached' });
  await workbench.squiggles('error').first().waitFor({ state: 'detached' });
  await workbench.shot('fixed');
});
