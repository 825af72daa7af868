/** What better-sqlite3's Database and node:sqlite's DatabaseSync have. */
interface Database {
  loadExtension(path: string): unknown;
  exec(sql: string): unknown;
  prepare(sql: string): { get(): unknown };
}

/** The version of Tablao. */
export const version: string;

/** The path of the library for this machine; throws where there is none. */
export function getLoadablePath(): string;

/** Loads the extension into a connection. */
export function load(db: Pick<Database, 'loadExtension'>): void;

/**
 * Brings a database to this version's schema and returns its number. Without
 * the extension loaded it makes new farms only.
 */
export function migrate(db: Pick<Database, 'exec' | 'prepare'>): number;

/** The script that makes the schema of a new farm without the extension. */
export function schemaSql(): string;
