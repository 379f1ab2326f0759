import { parsePlatformChoice } from '../../../oci/platform.ts';
import { isReference } from '../../../oci/reference.ts';
import type { Collector } from '../../entry/findings.ts';
import { refusal } from '../../problems.ts';
import type { ListDocument } from '../../syntax/document.ts';
import { MAX_LINE } from '../../syntax/lines.ts';
import { addImage } from '../images.ts';
import { type Instruction, readInstructions } from './instructions.ts';

/** What is known at an instruction. */
interface Scope {
  /** Names of the stages so far, in lower case. */
  readonly stages: Set<string>;
  /** Defaults of the arguments before the first stage. */
  readonly defaults: Map<string, string>;
}

/** Real ones have dozens. Each name that a platform is part of is compared with all of them. */
const MAX_STAGES = 500;

/**
 * A Dockerfile: the images that it starts from and copies from, and its syntax. Stages and `scratch` are no images. An
 * argument has its default, unless a variable of its name is given.
 */
export function parseDockerfile({ text }: ListDocument, collector: Collector): void {
  const scope: Scope = { stages: new Set(), defaults: new Map() };
  for (const instruction of readInstructions(text)) {
    const { line, word } = instruction;
    if (collector.stopsAt(line)) return;
    if (scope.stages.size >= MAX_STAGES) {
      return collector.addReject(line, refusal(`a Dockerfile has at most ${MAX_STAGES} stages`, 'Split it.'));
    }
    if (instruction.rest.length > MAX_LINE && word !== 'RUN') {
      collector.addReject(line, refusal(`this instruction is longer than ${MAX_LINE} characters`));
    } else addInstruction(instruction, scope, collector);
  }
}

function addInstruction({ line, word, rest }: Instruction, scope: Scope, collector: Collector): void {
  if (word === 'SYNTAX') addImage(collector, line, rest);
  else if (word === 'ARG') addArgument(rest, scope);
  else if (word === 'FROM') addStage(line, rest, scope, collector);
  else if (word === 'COPY') addSources(line, rest, /(?:^|\s)--from=(\S+)/g, scope, collector);
  else if (word === 'RUN') addMounts(line, rest, scope, collector);
}

/** Those below a stage are for its commands alone. */
function addArgument(rest: string, scope: Scope): void {
  const { stages, defaults } = scope;
  if (stages.size > 0) return;
  for (const argument of rest.split(/\s+/)) {
    const [name = '', ...values] = argument.split('=');
    if (values.length > 0) defaults.set(name, filled(unquoted(values.join('=')), scope));
  }
}

function unquoted(text: string): string {
  return text.replace(/^(['"])(.*)\1$/s, '$2');
}

function addStage(line: number, rest: string, scope: Scope, collector: Collector): void {
  const words = rest.split(/\s+/);
  const options = words.filter((word) => word.startsWith('--'));
  const [image = '', as, name] = words.filter((word) => !word.startsWith('--'));
  const source = filled(unquoted(image), scope);
  const isStage = source === 'scratch' || namesStage(source, scope);
  // Also a stage without a name ends the arguments before it.
  scope.stages.add(
    as?.toLowerCase() === 'as' && name !== undefined ? name.toLowerCase() : `${scope.stages.size}`,
  );
  if (isStage) return;
  const platform = options
    .map((option) => /^--platform=(.+)$/s.exec(option)?.[1])
    .find((value) => value !== undefined);
  // `$BUILDPLATFORM` is that of the machine which builds.
  const isFixed = platform !== undefined && !platform.includes('$');
  const written = filled(unquoted(image), scope, 'defaults');
  addImage(collector, line, written, () => (isFixed ? { platforms: parsePlatformChoice(platform) } : {}));
}

/** Arguments that a build has without being given any: `FROM binaries-$TARGETOS` chooses one of the stages before. */
const PLATFORM_ARGUMENT = /\$\{(?:TARGET|BUILD)(?:OS|ARCH|VARIANT|PLATFORM)\}/g;

function namesStage(source: string, { stages }: Scope): boolean {
  const name = source.toLowerCase();
  if (stages.has(name)) return true;
  const [head = '', ...more] = source.split(PLATFORM_ARGUMENT).map((part) => part.toLowerCase());
  const tail = more.at(-1);
  if (tail === undefined) return false;
  return [...stages].some((stage) => stage.startsWith(head) && stage.endsWith(tail));
}

function addMounts(line: number, rest: string, scope: Scope, collector: Collector): void {
  // The options come before the command.
  for (let at = 0; ;) {
    const option = /^\s*--(\w+)=(\S+)/.exec(rest.slice(at, at + MAX_LINE));
    if (option === null) return;
    if (option[1] === 'mount') addSources(line, option[2] ?? '', /(?:^|,)from=([^,\s]+)/g, scope, collector);
    at += option[0].length;
  }
}

/** Adds images that files come from; a bare name can also be that of a context which the build is given. */
function addSources(line: number, text: string, pattern: RegExp, scope: Scope, collector: Collector): void {
  for (const [, written = ''] of text.matchAll(pattern)) {
    const source = filled(unquoted(written), scope);
    if (/^\d+$/.test(source) || source === 'scratch' || namesStage(source, scope)) continue;
    const image = filled(unquoted(written), scope, 'defaults');
    if (/[/:@]/.test(source) || !isReference(source)) addImage(collector, line, image);
    else
      collector.addCandidate(
        line,
        source,
        'files are copied from it, unless the build is given a context of this name',
      );
  }
}

const VARIABLE = /\$(?:(\w+)|\{(\w+)(:?[-+][^{}]*)?\})/g;

/**
 * With the defaults of arguments, or where `defaults` are wanted as `${NAME:-default}`, so that a variable of the list's
 * reader comes first; one without a default becomes `${NAME}`, which is filled later or reported. A text that
 * would become longer than any reference stays as it is.
 */
function filled(text: string, { defaults }: Scope, also: 'values' | 'defaults' = 'values'): string {
  let result = '';
  let end = 0;
  for (const { 0: written, 1: bare, 2: braced, 3: operation, index } of text.matchAll(VARIABLE)) {
    const name = bare ?? braced ?? '';
    result += text.slice(end, index) + valueOf(name, operation ?? '', defaults.get(name), also);
    end = index + written.length;
    if (result.length > MAX_LINE) return text;
  }
  return result + text.slice(end);
}

/** `-other` stands in for a value that is missing, `+other` for one that is there. */
function valueOf(
  name: string,
  operation: string,
  value: string | undefined,
  also: 'values' | 'defaults',
): string {
  const other = operation.replace(/^:?[-+]/, '');
  const isThere = value !== undefined && !(operation.startsWith(':') && value === '');
  if (/^:?\+/.test(operation)) return isThere ? other : '';
  if (isThere) {
    const isDefault = also === 'defaults' && /^[^${}]+$/.test(value);
    return isDefault ? `\${${name}:-${value}}` : value;
  }
  return operation === '' ? `\${${name}}` : other;
}
