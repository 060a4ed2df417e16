// Bundles the extension into out/extension.js and the script of the run panel into out/panel.js, or, with --tests, every unit test into out/test/.
import { copyFileSync, readdirSync } from 'node:fs';
import { build } from 'esbuild';

const tests = process.argv.includes('--tests');
const common = { bundle: true, platform: 'node', target: 'node20', sourcemap: true, logLevel: 'warning' };

if (tests) {
  const entryPoints = readdirSync('test').filter((name) => name.endsWith('.test.ts')).map((name) => `test/${name}`);
  await build({ ...common, entryPoints, outdir: 'out/test', format: 'esm', outExtension: { '.js': '.mjs' } });
} else {
  // One licence text for the whole repository; the package needs a copy of its own.
  copyFileSync('../LICENSE', 'LICENSE');
  await build({
    ...common,
    entryPoints: ['src/extension.ts'],
    outfile: 'out/extension.js',
    format: 'cjs',
    external: ['vscode'],
    minify: true,
  });
  await build({
    ...common,
    entryPoints: ['webview/panel.ts'],
    outfile: 'out/panel.js',
    platform: 'browser',
    format: 'iife',
    minify: true,
  });
}
