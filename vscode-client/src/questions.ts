// The server's questions before a run.
import * as vscode from 'vscode';
import type { MessageActionItem, ShowMessageRequestParams } from 'vscode-languageclient/node';
import { questionParts } from './runText';

const CANCEL = 'Cancel';

/** Modal: a run waits for the answer, and VS Code hides a notification after some seconds. */
export async function askQuestion({ message, actions }: ShowMessageRequestParams): Promise<MessageActionItem | null> {
  const { title, detail } = questionParts(message);
  const items = (actions ?? []).map((action) => ({ ...action, isCloseAffordance: action.title === CANCEL }));
  const answer = await vscode.window.showWarningMessage(title, { modal: true, detail }, ...items);
  return answer === undefined ? null : { title: answer.title };
}
