// Asks for the args of a run, one after another.
import * as vscode from 'vscode';
import { choicesOf, initialText, isOptional, mustAsk, promptText, titleText, valueText } from './argText';
import type { Server } from './client';
import type { DeclaredArg, Json, RunOptions } from './protocol';

/** An answer; `value` is absent if the arg is left out. */
interface Answer {
  readonly value?: Json;
}

interface Choice extends vscode.QuickPickItem {
  readonly answer: Answer;
}

/** Asks if an arg has no default. Undefined if the user cancels; no `args` if nothing was asked. */
export async function askIfNeeded(server: Server, uri: string): Promise<RunOptions | undefined> {
  const args = await declaredArgs(server, uri);
  return mustAsk(args) ? ask(server, uri, args) : {};
}

/** Asks for every declared arg. Undefined if the user cancels. */
export async function askForAll(server: Server, uri: string): Promise<RunOptions | undefined> {
  const args = await declaredArgs(server, uri);
  if (args.length === 0) void vscode.window.showInformationMessage('This experience declares no args.');
  return ask(server, uri, args);
}

// The server knows the args of open documents.
async function declaredArgs(server: Server, uri: string): Promise<readonly DeclaredArg[]> {
  await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
  return server.args(uri);
}

async function ask(server: Server, uri: string, args: readonly DeclaredArg[]): Promise<RunOptions | undefined> {
  const given: Record<string, Json> = {};
  for (const [index, arg] of args.entries()) {
    const title = titleText(arg, index, args.length);
    const choices = choicesOf(arg);
    const answer = await (choices === undefined ? askText(server, uri, arg, title) : askChoice(arg, choices, title));
    if (answer === undefined) return undefined;
    if (answer.value !== undefined) given[arg.name] = answer.value;
  }
  return { args: given };
}

async function askText(server: Server, uri: string, arg: DeclaredArg, title: string): Promise<Answer | undefined> {
  const mayBeEmpty = isOptional(arg);
  const text = await vscode.window.showInputBox({
    title,
    prompt: promptText(arg),
    value: initialText(arg),
    password: arg.isSecret,
    ignoreFocusOut: true,
    validateInput: async (typed) =>
      typed === '' && mayBeEmpty ? undefined : (await server.checkArg(uri, arg.name, typed)).problem,
  });
  if (text === undefined) return undefined;
  if (text === '' && mayBeEmpty) return {};
  const { value } = await server.checkArg(uri, arg.name, text);
  return value === undefined ? {} : { value };
}

async function askChoice(arg: DeclaredArg, choices: readonly Json[], title: string): Promise<Answer | undefined> {
  const first = initialText(arg);
  const items: Choice[] = choices.map((value) => choice(arg, value));
  items.sort((a, b) => Number(b.label === first) - Number(a.label === first));
  if (isOptional(arg) && !('default' in arg.schema)) items.push({ label: 'Leave out', answer: {} });
  return (await vscode.window.showQuickPick(items, { title, placeHolder: promptText(arg), ignoreFocusOut: true }))?.answer;
}

function choice(arg: DeclaredArg, value: Json): Choice {
  const label = valueText(value);
  const isText = (other: Json | undefined): boolean => other !== undefined && valueText(other) === label;
  const description = isText(arg.last) ? 'last value' : isText(arg.default) ? 'default' : '';
  return { label, description, answer: { value } };
}
