import { closable, type Closable } from '../closable.ts';
import { startDaemon } from '../program.ts';
import { toolPath } from '../tools.ts';

export interface CraneRegistry extends Closable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** Starts `crane registry serve`, a second and independent registry, in memory. */
export async function startCraneRegistry(): Promise<CraneRegistry> {
  const daemon = startDaemon(toolPath('crane'), ['registry', 'serve', '--address', '127.0.0.1:0']);
  try {
    const [, port] = await daemon.line(/serving on port (\d+)/);
    const host = `127.0.0.1:${port}`;
    return closable({ host, port: Number(port), url: `http://${host}` }, daemon.close);
  } catch (error) {
    await daemon.close();
    throw error;
  }
}
