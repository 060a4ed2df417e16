// What a person sees who is asked for the args of a run: choices, prompts, and the text to start from.
import type { DeclaredArg, Json } from './protocol';

/** Whether to ask before a run: some arg has no default. */
export function mustAsk(args: readonly DeclaredArg[]): boolean {
  return args.some((arg) => !('default' in arg.schema));
}

/** The values to choose from, for an enum or a boolean; otherwise undefined. */
export function choicesOf({ schema }: DeclaredArg): readonly Json[] | undefined {
  if (Array.isArray(schema.enum)) return schema.enum as readonly Json[];
  return schema.type === 'boolean' ? [true, false] : undefined;
}

/** The text to start from: the last value, else the default; empty for a secret. */
export function initialText(arg: DeclaredArg): string {
  const value = arg.last ?? arg.default;
  return value === undefined || value === null ? '' : valueText(value);
}

/** A string as it is, any other value as JSON. */
export function valueText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whether the arg may be left out: it is optional, or has a default. */
export function isOptional(arg: DeclaredArg): boolean {
  return !arg.isRequired || 'default' in arg.schema;
}

/** `city (1 of 3)`. */
export function titleText(arg: DeclaredArg, index: number, total: number): string {
  return total === 1 ? arg.name : `${arg.name} (${index + 1} of ${total})`;
}

/** `The city to report on. · string · default: Oslo · optional`. */
export function promptText(arg: DeclaredArg): string {
  const { description, type } = arg.schema;
  const parts = [
    typeof description === 'string' ? description.trim() : '',
    typeText(type),
    arg.default === undefined || arg.default === null ? '' : `default: ${valueText(arg.default)}`,
    isOptional(arg) && !('default' in arg.schema) ? 'optional' : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** `JSON` for what has to be typed as JSON, else the declared type. */
function typeText(type: Json | undefined): string {
  if (type === 'array' || type === 'object') return `${type}, as JSON`;
  if (Array.isArray(type)) return type.join(' or ');
  return typeof type === 'string' ? type : '';
}
