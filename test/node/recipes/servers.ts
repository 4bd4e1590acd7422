/** Finds the servers that recipes need, as Debian installs them, and starts them in a directory, on a socket there. */

import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What a recipe needs that npm does not install: the program, and the package of Debian that has it. */
const NEEDS: Record<string, readonly [program: string, debian: string]> = {
  'postgres.mts': ['postgres', 'postgresql'],
  'redis.mts': ['redis-server', 'redis-server'],
};

export function isThere(recipe: string): boolean {
  return programOf(recipe) !== undefined;
}

/** Says before all tests which recipes are left out. @throws if RECIPES=all and one is */
export function setup(): void {
  const notices = Object.entries(NEEDS)
    .filter(([recipe]) => !isThere(recipe))
    .map(([recipe, [program, debian]]) => {
      return `No ${program} found: the recipe ${recipe} is left out. Debian has it in ${debian}.`;
    });
  for (const notice of notices) console.log(notice);
  if (notices.length > 0 && process.env.RECIPES === 'all') throw new Error(notices.join('\n'));
}

export interface Server {
  readonly env: Record<string, string>;
  stop(): Promise<void>;
}

/** Starts PostgreSQL without passwords. @param dir an empty directory, which will belong to the server */
export async function startPostgres(dir: string): Promise<Server> {
  const program = programOf('postgres.mts') as string;
  const owner = somebody();
  if (owner) chownSync(dir, owner.uid, owner.gid);
  const options = { cwd: dir, ...owner };
  const data = join(dir, 'data');
  const how = ['--username', 'oriel', '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'];
  execFileSync(join(program, '../initdb'), ['--pgdata', data, ...how], {
    ...options,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = await startServer(program, ['-D', data, '-k', dir, '-c', 'listen_addresses=', '-F'], options);
  return { env: { PGHOST: dir, PGUSER: 'oriel', PGDATABASE: 'postgres' }, stop };
}

export async function startRedis(dir: string): Promise<Server> {
  const socket = join(dir, 'redis.sock');
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', dir];
  const stop = await startServer(programOf('redis.mts') as string, options, { cwd: dir });
  return { env: { REDIS_URL: `unix://${socket}` }, stop };
}

/** Starts a server, and waits until it says that it is ready. */
async function startServer(program: string, args: readonly string[], options: SpawnOptions): Promise<Server['stop']> {
  const server = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => server.kill('SIGINT'));
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const output of [server.stdout, server.stderr]) {
      createInterface({ input: output as NodeJS.ReadableStream }).on('line', (line) => {
        said.push(line);
        if (/ready to accept connections/i.test(line)) resolve();
      });
    }
    server.on('error', reject);
    server.on('close', () => reject(new Error(`${program} has ended: ${said.join('\n')}`)));
  });
  return () => stop(server);
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  // SIGINT ends a server at once, though clients are connected.
  server.kill('SIGINT');
  await once(server, 'close');
}

function programOf(recipe: string): string | undefined {
  const [program = ''] = NEEDS[recipe] ?? [];
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const dirs = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return dirs.map((dir) => join(dir, program)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Finds a user who may run what root must not. */
function somebody(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (which: string, user: string) =>
    Number(execFileSync('id', [which, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
  for (const user of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', user), gid: idOf('-g', user) };
    } catch {
      // The user does not exist.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody');
}
