import type { FaultPlan, MirrorFault, SourceFault } from '../plan.ts';
import type { Struck } from '../strike.ts';
import { Violation } from './bundle.ts';

/**
 * The classes of failures that a fault of the source or of a mirror may be told as. None: it is no reason to fail, since
 * the same request again, or the next place, has it right.
 */
const CLASSES: Readonly<Record<(SourceFault | MirrorFault)['kind'], readonly string[]>> = {
  reset: ['network'],
  truncated: ['network'],
  'wrong bytes': ['digest'],
  '429': ['network', 'quota'],
  '429 with Retry-After': ['network', 'quota'],
  '5xx': ['network'],
  stall: ['network'],
  slow: [],
  'web page': ['unsupported', 'digest', 'network'],
  gzip: [],
  'not found': ['not-found'],
  'false digest': ['digest', 'not-found'],
  quota: ['quota'],
  'token refused': ['denied'],
  mirror: [],
};

/** What the same request again has right: as many of them as are tried again must not fail a run. */
const PASSING: readonly string[] = ['reset', 'truncated', '429', '429 with Retry-After', '5xx', 'stall'];

const TOLD = /^ {4}(not-found|denied|quota|network|digest|unsupported|local): /gm;

/**
 * Where nothing but such faults was drawn: what must fail does, what is tried again often enough does not, and each
 * failure has a class of a fault that struck.
 * @param retries the plan's
 * @throws Violation
 */
export function judgeClasses(
  faults: readonly FaultPlan[],
  retries: number,
  { ended, struck }: Pick<Struck, 'struck'> & { readonly ended: Pick<Struck['ended'], 'code' | 'stderr'> },
): void {
  const { code, stderr } = ended;
  if (!faults.every(isOfPlace) || (code !== 0 && code !== 1)) return;
  const struckHere = faults.filter(isOfPlace).filter((fault) => struck.has(fault));
  const missing = struckHere.find(isFinal);
  if (code === 0) {
    if (missing !== undefined) throw new Violation('wrong', `exit 0, though ${missing.kind} is for good`);
    return;
  }
  const told = [...new Set([...stderr.matchAll(TOLD)].map(([, name = '']) => name))];
  const times = struckHere.reduce((sum, fault) => sum + (fault.kind === 'mirror' ? 0 : fault.times), 0);
  const allowed = new Set(
    struckHere.flatMap(({ kind }) => (passes(kind, times, retries) ? [] : CLASSES[kind])),
  );
  const odd = told.filter((name) => !allowed.has(name));
  if (told.length === 0 || odd.length > 0)
    throw new Violation('other', `a failure of class ${odd.join(', ') || 'none'}`);
}

function isOfPlace(fault: FaultPlan): fault is SourceFault | MirrorFault {
  return 'side' in fault && fault.side !== 'target';
}

/** A token that is refused once is asked for anew, which is no other try. */
function passes(kind: string, times: number, retries: number): boolean {
  return PASSING.includes(kind) ? times <= retries : kind === 'token refused' && times === 1;
}

/** What a tag names is refused each time: no other image has it. */
function isFinal(fault: SourceFault | MirrorFault): boolean {
  const { kind, what } = fault;
  return (kind === 'not found' || kind === 'token refused') && what === 'top' && fault.times >= 50;
}
