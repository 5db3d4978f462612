import { chmodSync, closeSync, existsSync, linkSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type * as Sqlite from 'sqlite3';
import { SCHEMA_VERSION } from './cache-directory.js';
import { temporaryName } from './temporary-names.js';

/** What a statement's placeholders take, in order. Integers beyond 2^53 are kept as text. */
export type SqlValue = string | number | Uint8Array | null;

/** The statements of one transaction. Not to be used after the transaction has ended. */
export interface Transaction {
  all<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
  run(sql: string, values?: readonly SqlValue[]): Promise<void>;
}

/** Milliseconds a statement waits for another process's transaction. These take a few each. */
const LOCK_PATIENCE = 10_000;

const SCHEMA = `
  CREATE TABLE observation_group (
    id     INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: entries refer to it without a foreign key
    digest TEXT NOT NULL UNIQUE,              -- of body
    body   BLOB NOT NULL                      -- vt.cache.v1.ObservationGroup
  );
  CREATE TABLE entry (
    id       INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: a later entry has a greater one
    name     TEXT NOT NULL UNIQUE,            -- digest of key and group digests
    key      TEXT NOT NULL,                   -- digest of the key parts
    bytes    INTEGER NOT NULL,                -- of its output files, shared ones included
    stored   INTEGER NOT NULL,                -- microseconds since the epoch
    used     INTEGER NOT NULL,                -- the same, unique: later use is greater
    hits     INTEGER NOT NULL DEFAULT 0,      -- how often it was restored
    checksum TEXT NOT NULL,                   -- digest of body
    groups   BLOB NOT NULL,                   -- ids of observation groups, 32 bit little-endian each
    body     BLOB NOT NULL                    -- vt.cache.v1.Entry
  );
  CREATE INDEX entry_by_key ON entry (key, used);
  CREATE INDEX entry_by_use ON entry (used);
  CREATE TABLE last_run (
    workspace TEXT NOT NULL,                  -- path from the cache directory to the workspace
    task      TEXT NOT NULL,
    key       BLOB,                           -- vt.cache.v1.KeyParts; NULL: never stored or restored
    manifest  BLOB NOT NULL,                  -- vt.cache.v1.Manifest
    used      INTEGER NOT NULL,
    attempt   BLOB NOT NULL,                  -- vt.cache.v1.Attempt
    attempt_checksum TEXT NOT NULL,           -- digest of attempt
    PRIMARY KEY (workspace, task)
  );
  CREATE TABLE file_memo (
    identity TEXT PRIMARY KEY,                -- see file-identity.ts
    digest   TEXT NOT NULL,
    noted    INTEGER NOT NULL                 -- days since the epoch
  ) WITHOUT ROWID;
  CREATE TABLE housekeeping (                 -- one row
    blob_bytes INTEGER NOT NULL,              -- of all blobs: measured, and what was written since
    collected  INTEGER NOT NULL,              -- when they were measured, milliseconds since the epoch
    claimed    INTEGER NOT NULL               -- since when a process has been collecting; 0: none is
  );
`;

/**
 * The index: one connection to one sqlite database, with its transactions queued one after the
 * other, so that concurrent callers in this process never share one. Every method rejects with
 * sqlite's error (`code` such as `SQLITE_BUSY`).
 */
export class IndexDatabase {
  readonly #database: Sqlite.Database;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(database: Sqlite.Database) {
    this.#database = database;
  }

  /**
   * Opens the database, making it first when there is none. It is made under another name and
   * linked into place, so that it is never seen half made. sqlite3 is a native module and loaded
   * here, not before.
   */
  static async open(
    path: string,
    temporaryDirectory: string,
    lockPatience = LOCK_PATIENCE,
  ): Promise<IndexDatabase> {
    if (!existsSync(path)) {
      const temporary = join(temporaryDirectory, temporaryName('index'));
      try {
        await IndexDatabase.#make(temporary);
        linkSync(temporary, path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      } finally {
        rmSync(temporary, { force: true });
      }
    }
    const index = await IndexDatabase.#connect(path, lockPatience);
    try {
      const [row] = await index.#all<{ user_version: number }>('PRAGMA user_version', []);
      if (row?.user_version !== SCHEMA_VERSION) {
        throw Object.assign(new Error('not an index of vt'), { code: 'SQLITE_NOTADB' });
      }
      return index;
    } catch (error) {
      await index.close();
      throw error;
    }
  }

  static async #make(path: string): Promise<void> {
    // sqlite would make it readable for all; its -wal and -shm take the mode of the database.
    closeSync(openSync(path, 'wx', 0o600));
    chmodSync(path, 0o600);
    const index = await IndexDatabase.#connect(path, LOCK_PATIENCE);
    try {
      // All of it is in the file itself when this ends. With a write-ahead log it would get there when
      // the database is closed, and nobody would be told if it did not. Not flushed to the disk: a power
      // cut can only take an index that is empty or damaged, which is found, and the first checkpoint
      // flushes the whole file.
      await index.#execute(
        `PRAGMA synchronous = OFF; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = OFF; BEGIN; ${SCHEMA}
         INSERT INTO housekeeping VALUES (0, ${Date.now()}, 0);
         PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`,
      );
      const [row] = await index.#all<{ journal_mode: string }>('PRAGMA journal_mode = WAL', []);
      if (row?.journal_mode === 'wal') return;
      throw Object.assign(new Error('no write-ahead log'), { code: 'SQLITE_CANTOPEN' });
    } finally {
      await index.close();
    }
  }

  static async #connect(path: string, lockPatience: number): Promise<IndexDatabase> {
    const { default: sqlite3 } = (await import('sqlite3')) as unknown as { default: typeof Sqlite };
    const database = await new Promise<Sqlite.Database>((resolve, reject) => {
      const opened: Sqlite.Database = new sqlite3.Database(path, sqlite3.OPEN_READWRITE, (error) =>
        error ? reject(error) : resolve(opened),
      );
    });
    database.configure('busyTimeout', lockPatience);
    const index = new IndexDatabase(database);
    // A power cut may lose the last transactions, never consistency; blobs are verified anyway.
    await index.#execute('PRAGMA synchronous = NORMAL');
    return index;
  }

  /** One consistent view for all statements of `work`. */
  read<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#transact('BEGIN DEFERRED', work);
  }

  /**
   * All or nothing, and no other process writes meanwhile. IMMEDIATE: a transaction that starts
   * reading and writes later cannot wait for a lock, it fails at once.
   */
  write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#transact('BEGIN IMMEDIATE', work);
  }

  /** Ends after the transactions under way. Never rejects. */
  async close(): Promise<void> {
    await this.#queue;
    await new Promise<void>((resolve) => this.#database.close(() => resolve()));
  }

  #transact<T>(begin: string, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const result = this.#queue.then(async () => {
      await this.#execute(begin);
      try {
        const value = await work({
          all: (sql, values = []) => this.#all(sql, values),
          run: async (sql, values = []) => void (await this.#all(sql, values)),
        });
        await this.#execute('COMMIT');
        return value;
      } catch (error) {
        // After some errors (a full disk) sqlite has rolled back already.
        await this.#execute('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]> {
    return new Promise((resolve, reject) =>
      this.#database.all<Row>(sql, values, (error, rows) =>
        error ? reject(error) : resolve(rows),
      ),
    );
  }

  #execute(sql: string): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#database.exec(sql, (error) => (error ? reject(error) : resolve())),
    );
  }
}
