import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One run of a command, with all processes below it. */
export interface Measure {
  readonly seconds: number;
  /** User and system time of all processes, in seconds. */
  readonly cpu: number;
  /** The most memory that all processes held at once, and the most that one did, in bytes (resident). */
  readonly memory: number;
  readonly largest: number;
  readonly exitCode: number | null;
}

const EVERY_MS = 20;
const TICKS_PER_SECOND = 100;
const PAGE = 4096;

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Ticks of its own and of children that ended. */
  readonly ticks: number;
  readonly resident: number;
}

/** proc(5), stat: the name stands in parentheses and may hold anything; counting begins behind it. */
function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, utime = 0, stime = 0, cutime = 0, cstime = 0, rss = 0] = [1, 11, 12, 13, 14, 21].map(
      (at) => fields[at],
    );
    return { pid, parent, ticks: utime + stime + cutime + cstime, resident: rss * PAGE };
  } catch {
    return undefined;
  }
}

function treeOf(root: number): Process[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
  const inside = new Set([root]);
  for (let grew = true; grew;) {
    const size = inside.size;
    for (const { pid, parent } of all) if (inside.has(parent)) inside.add(pid);
    grew = inside.size > size;
  }
  return all.filter(({ pid }) => inside.has(pid));
}

/**
 * Runs a command to its end under a small shell, whose own count of ended children is the CPU time; memory is
 * sampled from /proc, so a process that lives less than 20 ms may be missed.
 */
export async function measure(command: string, cwd: string, env: Record<string, string>): Promise<Measure> {
  const started = performance.now();
  const script = `${command}\ncode=$?\ncat /proc/$$/stat >&3\nexit $code`;
  const child = spawn('bash', ['-c', script], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let memory = 0;
  let largest = 0;
  const timer = setInterval(() => {
    const tree = treeOf(child.pid ?? 0);
    memory = Math.max(
      memory,
      tree.reduce((sum, { resident }) => sum + resident, 0),
    );
    for (const { resident } of tree) largest = Math.max(largest, resident);
  }, EVERY_MS);
  let last = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => (last += chunk.toString()));
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  clearInterval(timer);
  const seconds = (performance.now() - started) / 1000;
  const fields = last
    .slice(last.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const cpu = [11, 12, 13, 14].reduce((sum, at) => sum + (fields[at] ?? 0), 0) / TICKS_PER_SECOND;
  if (exitCode !== 0) console.error(`exit ${exitCode}: ${command}\n${errors}`);
  return { seconds, cpu, memory, largest, exitCode };
}
