/**
 * The names of native/trace.h on this side: the layout of the log is specified there, and only
 * there. A test compares the two, so that they cannot drift apart.
 */

export const TRACE_MAGIC = 0x3145434152545456n;
export const TRACE_VERSION = 2;
export const HEADER_SIZE = 4096;
export const CHUNK_SIZE = 65536;
export const CHUNK_MAGIC = 0x4b4e4843;
export const CHUNK_HEADER_SIZE = 16;
export const RECORD_HEADER_SIZE = 32;

export const Op = {
  PROCESS: 1,
  OPEN: 2,
  STAT: 3,
  READLINK: 4,
  LIST: 5,
  EXEC: 6,
  RENAME: 7,
  UNLINK: 8,
  MKDIR: 9,
  SYMLINK: 10,
  LINK: 11,
  TRUNCATE: 12,
  MKNOD: 13,
  ATTR: 14,
  XATTR: 15,
  WATCH: 16,
  CHDIR: 17,
  INCOMPLETE: 18,
  SURVIVOR: 19,
  CONTENT: 20,
} as const;

export const Kind = {
  UNKNOWN: 0,
  ABSENT: 1,
  FILE: 2,
  DIRECTORY: 3,
  SYMLINK: 4,
  OTHER: 5,
} as const;

export const Flag = { NOFOLLOW: 1, SHIM: 2, FOLLOW2: 4 } as const;

export const ContentState = { TAKEN: 0, CHANGED: 1, TOO_LARGE: 2, UNREADABLE: 3 } as const;

/** Bytes of struct vt_content: digest, size, ctime and mode. */
export const CONTENT_SIZE = 56;

export const IncompleteBit = {
  UNREADABLE_MEMORY: 1,
  FOREIGN_ABI: 2,
  LOG_OVERFLOW: 4,
  IO_URING: 8,
  ROOT_CHANGED: 16,
  NO_LISTENER: 32,
  LISTENER_BUSY: 64,
  SUPERVISOR: 128,
  UNNAMED_FILE: 256,
  UNKNOWN_CALL: 512,
  CALLS_HIDDEN: 1024,
} as const;

/** aux of STAT: nothing was told but whether it is there. */
export const STAT_EXISTENCE = 1;

/** The call was not seen to return: the record was made before it. */
export const RESULT_UNKNOWN = -0x80000000;

/** Linux open flags, as far as x86-64 and arm64 agree on them (O_DIRECTORY and O_NOFOLLOW differ). */
export const OpenFlag = {
  ACCESS_MODE: 0o3,
  WRONLY: 0o1,
  RDWR: 0o2,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  PATH: 0o10000000,
  TMPFILE: 0o20000000,
} as const;

export const AT_REMOVEDIR = 0x200;
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;

export const Errno = { ENOENT: 2, ENOTDIR: 20 } as const;
