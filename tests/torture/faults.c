/*
** Tortures Tablao with what an operating system can do to it.
**
**   faults MODE -dir DIR -ext LIBRARY -sql SCRIPT [-flamenco FILE]
**          [-seconds N] [-seed N] [-only PATTERN] [-at N] [-v]
**
** MODE is one of
**
**   oom     the n-th allocation fails, once, and from then on
**   io      the n-th call of a kind (read, write, sync, truncate, lock,
**           shared memory, open, delete) fails, once, and from then on
**   full    the n-th write finds the disk full
**   power   power fails at the n-th write or sync: of what was not synced, a
**           random part arrives, some of it torn
**   kill    a writing process is killed at a random moment
**
** Every operation of the table aOp[] runs on a fresh copy of a database, for
** n = 1, 2, 3... until it succeeds without meeting the fault. Where -seconds
** is too little for every n, the n are spread evenly over all there are, from
** one on that -seed chooses, and the run says so; -at tries one n alone, which a
** failure names. After each fault: the call said so, or succeeded; nothing
** leaked; integrity_check and foreign_key_check are clean, farm_problems is
** empty; and the rows are those before the operation or those after it.
**
** The last line is `N passed, M failed`.
*/
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "sqlite3.h"

static const char *zDir = "/tmp";
static const char *zExt;          /* the extension */
static const char *zScript;       /* tablao.sql */
static const char *zFlamenco;     /* a Flamenco database, or NULL */
static const char *zOnly;         /* operations whose name contains this */
static long iAt;                  /* the only n that is tried, or 0 */
static double rSeconds = 60;
static int bVerbose;
static int nPassed, nFailed;
static long nInjected;            /* faults that were met */
static uint64_t iRandom = 88172645463325252u;

static uint64_t rnd(void){
  iRandom ^= iRandom << 13;
  iRandom ^= iRandom >> 7;
  iRandom ^= iRandom << 17;
  return iRandom;
}

static double now(void){
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec/1e9;
}

static void die(const char *zFormat, ...){
  va_list ap;
  va_start(ap, zFormat);
  fprintf(stderr, "faults: ");
  vfprintf(stderr, zFormat, ap);
  fprintf(stderr, "\n");
  va_end(ap);
  exit(2);
}

/* --- The allocator --------------------------------------------------------*/

static sqlite3_mem_methods mem;   /* the one below */
static long iAllocFault = -1;     /* allocations until one fails */
static int bAllocGoesOn;          /* and all after it */
static long nAlloc;
static int bAllocMet;

static int allocFails(void){
  nAlloc++;
  if( iAllocFault<0 || nAlloc<iAllocFault ) return 0;
  if( nAlloc>iAllocFault && !bAllocGoesOn ) return 0;
  bAllocMet = 1;
  return 1;
}
static void *memMalloc(int n){ return allocFails() ? 0 : mem.xMalloc(n); }
static void *memRealloc(void *p, int n){
  return allocFails() ? 0 : mem.xRealloc(p, n);
}
static int memInit(void *p){ (void)p; return mem.xInit(mem.pAppData); }
static void memShutdown(void *p){ (void)p; mem.xShutdown(mem.pAppData); }

static void allocInstall(void){
  sqlite3_mem_methods m;
  if( sqlite3_config(SQLITE_CONFIG_GETMALLOC, &mem) ) die("no allocator");
  m = mem;
  m.xMalloc = memMalloc;
  m.xRealloc = memRealloc;
  m.xInit = memInit;
  m.xShutdown = memShutdown;
  if( sqlite3_config(SQLITE_CONFIG_MALLOC, &m) ) die("cannot set allocator");
}

/* --- The file system ------------------------------------------------------*/

#define F_READ     0
#define F_WRITE    1
#define F_SYNC     2
#define F_TRUNCATE 3
#define F_LOCKS     4
#define F_SHM      5
#define F_OPEN     6
#define F_DELETE   7
#define F_N        8
#define F_FULL     8              /* a write, but SQLITE_FULL */
static const char *azFault[] = {
  "read", "write", "sync", "truncate", "lock", "shm", "open", "delete", "full"
};
static const int aFaultCode[] = {
  SQLITE_IOERR_READ, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC,
  SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_LOCK, SQLITE_IOERR_SHMMAP,
  SQLITE_CANTOPEN, SQLITE_IOERR_DELETE, SQLITE_FULL
};

static int eFault = -1;           /* the kind that fails */
static long iFault;               /* calls of that kind until one fails */
static int bFaultGoesOn;
static long aCall[F_N];
static int bFaultMet;

static sqlite3_vfs *pOs;

/* A write or truncation that no sync has followed. */
typedef struct Pending Pending;
struct Pending {
  Pending *pNext;
  sqlite3_int64 iOfst;
  int n;                          /* -1: a truncation to iOfst */
  unsigned char a[];
};

/* A file as it would be found after a power failure. */
typedef struct Disk Disk;
struct Disk {
  Disk *pNext;
  char *zName;
  int bExists;
  unsigned char *a;
  sqlite3_int64 n;
  Pending *pFirst, **ppLast;
};

typedef struct File File;
struct File {
  sqlite3_file base;
  Disk *pDisk;
  sqlite3_file *pReal;
};

static int bPower;                /* keep disks */
static long iPowerAt;             /* writes and syncs until power fails */
static long nPowerCall;
static int bPowerOff;
static Disk *pDisks;

static int fault(int e){
  if( bPowerOff ) return SQLITE_IOERR;
  aCall[e]++;
  if( bPower && (e==F_WRITE || e==F_SYNC || e==F_TRUNCATE) ){
    if( ++nPowerCall==iPowerAt ){ bPowerOff = 1; return SQLITE_IOERR; }
  }
  if( eFault!=e && !(eFault==F_FULL && e==F_WRITE) ) return SQLITE_OK;
  if( aCall[e]<iFault || (aCall[e]>iFault && !bFaultGoesOn) ) return SQLITE_OK;
  bFaultMet = 1;
  return aFaultCode[eFault];
}

static void diskApply(Disk *p, const Pending *q, int nBytes){
  sqlite3_int64 nEnd = q->iOfst + (q->n<0 ? 0 : nBytes);
  if( q->n<0 ){
    if( p->n>q->iOfst ) p->n = q->iOfst;
    return;
  }
  if( nEnd>p->n ){
    p->a = realloc(p->a, (size_t)nEnd+1);
    memset(p->a+p->n, 0, (size_t)(nEnd-p->n));
    p->n = nEnd;
  }
  memcpy(p->a+q->iOfst, q->a, (size_t)nBytes);
}

static void diskPend(Disk *p, sqlite3_int64 iOfst, const void *a, int n){
  Pending *q = malloc(sizeof(*q)+(size_t)(n>0 ? n : 0)+1);
  q->pNext = 0;
  q->iOfst = iOfst;
  q->n = n;
  if( n>0 ) memcpy(q->a, a, (size_t)n);
  *p->ppLast = q;
  p->ppLast = &q->pNext;
}

static void diskSync(Disk *p){
  while( p->pFirst ){
    Pending *q = p->pFirst;
    diskApply(p, q, q->n);
    p->pFirst = q->pNext;
    free(q);
  }
  p->ppLast = &p->pFirst;
}

static Disk *diskFind(const char *zName, int bNew){
  Disk *p;
  for(p=pDisks; p; p=p->pNext) if( strcmp(p->zName, zName)==0 ) return p;
  if( !bNew ) return 0;
  p = calloc(1, sizeof(*p));
  p->zName = strdup(zName);
  p->ppLast = &p->pFirst;
  p->pNext = pDisks;
  pDisks = p;
  return p;
}

static void disksClear(void){
  while( pDisks ){
    Disk *p = pDisks;
    pDisks = p->pNext;
    while( p->pFirst ){
      Pending *q = p->pFirst;
      p->pFirst = q->pNext;
      free(q);
    }
    free(p->zName);
    free(p->a);
    free(p);
  }
}

/* What the power failure has left of each file goes to the real disk. */
static void disksCrash(void){
  Disk *p;
  for(p=pDisks; p; p=p->pNext){
    if( !p->bExists ){ unlink(p->zName); continue; }
    while( p->pFirst ){
      Pending *q = p->pFirst;
      if( rnd()%2 ){
        int n = q->n;
        if( n>512 && rnd()%8==0 ) n = 512*(int)(rnd()%(uint64_t)(n/512));
        diskApply(p, q, n);
      }
      p->pFirst = q->pNext;
      free(q);
    }
    p->ppLast = &p->pFirst;
    FILE *f = fopen(p->zName, "wb");
    if( f==0 || fwrite(p->a, 1, (size_t)p->n, f)!=(size_t)p->n ) die("crash");
    fclose(f);
  }
}

#define REAL(p) (((File*)(p))->pReal)
static int fClose(sqlite3_file *p){
  int rc = REAL(p)->pMethods->xClose(REAL(p));
  sqlite3_free(REAL(p));
  return rc;
}
static int fRead(sqlite3_file *p, void *a, int n, sqlite3_int64 i){
  int rc = fault(F_READ);
  return rc ? rc : REAL(p)->pMethods->xRead(REAL(p), a, n, i);
}
static int fWrite(sqlite3_file *p, const void *a, int n, sqlite3_int64 i){
  int rc = fault(F_WRITE);
  if( rc ) return rc;
  if( ((File*)p)->pDisk ) diskPend(((File*)p)->pDisk, i, a, n);
  return REAL(p)->pMethods->xWrite(REAL(p), a, n, i);
}
static int fTruncate(sqlite3_file *p, sqlite3_int64 n){
  int rc = fault(F_TRUNCATE);
  if( rc ) return rc;
  if( ((File*)p)->pDisk ) diskPend(((File*)p)->pDisk, n, 0, -1);
  return REAL(p)->pMethods->xTruncate(REAL(p), n);
}
static int fSync(sqlite3_file *p, int flags){
  int rc = fault(F_SYNC);
  if( rc ) return rc;
  if( ((File*)p)->pDisk ) diskSync(((File*)p)->pDisk);
  /* The real disk need not be waited for. */
  (void)flags;
  return SQLITE_OK;
}
static int fFileSize(sqlite3_file *p, sqlite3_int64 *pn){
  return REAL(p)->pMethods->xFileSize(REAL(p), pn);
}
static int fLock(sqlite3_file *p, int e){
  int rc = fault(F_LOCKS);
  return rc ? rc : REAL(p)->pMethods->xLock(REAL(p), e);
}
static int fUnlock(sqlite3_file *p, int e){
  return REAL(p)->pMethods->xUnlock(REAL(p), e);
}
static int fCheckLock(sqlite3_file *p, int *pOut){
  return REAL(p)->pMethods->xCheckReservedLock(REAL(p), pOut);
}
static int fControl(sqlite3_file *p, int op, void *pArg){
  return REAL(p)->pMethods->xFileControl(REAL(p), op, pArg);
}
static int fSector(sqlite3_file *p){
  return REAL(p)->pMethods->xSectorSize(REAL(p));
}
static int fDevice(sqlite3_file *p){
  return REAL(p)->pMethods->xDeviceCharacteristics(REAL(p));
}
static int fShmMap(sqlite3_file *p, int i, int n, int b, void volatile **pp){
  int rc = fault(F_SHM);
  return rc ? rc : REAL(p)->pMethods->xShmMap(REAL(p), i, n, b, pp);
}
static int fShmLock(sqlite3_file *p, int i, int n, int f){
  int rc = (f & SQLITE_SHM_LOCK) ? fault(F_LOCKS) : SQLITE_OK;
  return rc ? rc : REAL(p)->pMethods->xShmLock(REAL(p), i, n, f);
}
static void fShmBarrier(sqlite3_file *p){
  REAL(p)->pMethods->xShmBarrier(REAL(p));
}
static int fShmUnmap(sqlite3_file *p, int b){
  return REAL(p)->pMethods->xShmUnmap(REAL(p), b);
}

static const sqlite3_io_methods ioMethods = {
  2, fClose, fRead, fWrite, fTruncate, fSync, fFileSize, fLock, fUnlock,
  fCheckLock, fControl, fSector, fDevice, fShmMap, fShmLock, fShmBarrier,
  fShmUnmap, 0, 0
};

static int vOpen(
  sqlite3_vfs *p, const char *z, sqlite3_file *pFile, int flags, int *pOut
){
  File *f = (File*)pFile;
  int rc = fault(F_OPEN);
  (void)p;
  f->base.pMethods = 0;
  f->pDisk = 0;
  if( rc ) return rc;
  f->pReal = sqlite3_malloc64((sqlite3_uint64)pOs->szOsFile);
  if( f->pReal==0 ) return SQLITE_NOMEM;
  memset(f->pReal, 0, (size_t)pOs->szOsFile);
  rc = pOs->xOpen(pOs, z, f->pReal, flags, pOut);
  if( rc || f->pReal->pMethods==0 ){
    sqlite3_free(f->pReal);
    return rc ? rc : SQLITE_CANTOPEN;
  }
  f->base.pMethods = &ioMethods;
  if( bPower && z && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL
      | SQLITE_OPEN_WAL)) ){
    Disk *d = diskFind(z, 1);
    if( !d->bExists ){
      sqlite3_int64 n = 0;
      d->bExists = 1;
      d->n = 0;
      f->pReal->pMethods->xFileSize(f->pReal, &n);
      if( n>0 ){
        d->a = realloc(d->a, (size_t)n+1);
        d->n = n;
        f->pReal->pMethods->xRead(f->pReal, d->a, (int)n, 0);
      }
    }
    f->pDisk = d;
  }
  return SQLITE_OK;
}
static int vDelete(sqlite3_vfs *p, const char *z, int bSync){
  int rc = fault(F_DELETE);
  Disk *d;
  (void)p;
  if( rc ) return rc;
  d = bPower ? diskFind(z, 0) : 0;
  if( d ){
    /* Directories are taken to be synced: FULL promises no more than that. */
    diskSync(d);
    d->bExists = 0;
    d->n = 0;
  }
  return pOs->xDelete(pOs, z, bSync);
}
static int vAccess(sqlite3_vfs *p, const char *z, int f, int *pOut){
  (void)p;
  return pOs->xAccess(pOs, z, f, pOut);
}
static int vFull(sqlite3_vfs *p, const char *z, int n, char *zOut){
  (void)p;
  return pOs->xFullPathname(pOs, z, n, zOut);
}

static void vfsInstall(void){
  static sqlite3_vfs vfs;
  pOs = sqlite3_vfs_find(0);
  vfs = *pOs;
  vfs.pNext = 0;
  vfs.zName = "faults";
  vfs.szOsFile = (int)sizeof(File);
  vfs.xOpen = vOpen;
  vfs.xDelete = vDelete;
  vfs.xAccess = vAccess;
  vfs.xFullPathname = vFull;
  if( sqlite3_vfs_register(&vfs, 0) ) die("cannot register the VFS");
}

/* --- Databases ------------------------------------------------------------*/

static char *zDb, *zFarm, *zEmpty, *zObserved, *zTaken;

static void copyFile(const char *zFrom, const char *zTo){
  static char aBuf[1<<16];
  int in = open(zFrom, O_RDONLY), out;
  ssize_t n;
  if( in<0 ) die("cannot open %s", zFrom);
  out = open(zTo, O_WRONLY|O_CREAT|O_TRUNC, 0600);
  if( out<0 ) die("cannot write %s", zTo);
  while( (n = read(in, aBuf, sizeof(aBuf)))>0 ){
    if( write(out, aBuf, (size_t)n)!=n ) die("cannot write %s", zTo);
  }
  close(in);
  close(out);
}

static void removeDb(const char *z){
  static const char *azTail[] = { "", "-journal", "-wal", "-shm" };
  size_t i;
  for(i=0; i<4; i++){
    char *zFile = sqlite3_mprintf("%s%s", z, azTail[i]);
    unlink(zFile);
    sqlite3_free(zFile);
  }
}

static char *readFile(const char *z){
  FILE *f = fopen(z, "rb");
  long n;
  char *a;
  if( f==0 ) die("cannot open %s", z);
  fseek(f, 0, SEEK_END);
  n = ftell(f);
  rewind(f);
  a = malloc((size_t)n+1);
  if( fread(a, 1, (size_t)n, f)!=(size_t)n ) die("cannot read %s", z);
  a[n] = 0;
  fclose(f);
  return a;
}

static sqlite3 *openDb(const char *z, const char *zVfs, int bExt){
  sqlite3 *db = 0;
  char *zErr = 0;
  if( sqlite3_open_v2(z, &db, SQLITE_OPEN_READWRITE|SQLITE_OPEN_CREATE, zVfs) ){
    die("cannot open %s: %s", z, sqlite3_errmsg(db));
  }
  sqlite3_busy_timeout(db, 10000);
  if( bExt ){
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, 0);
    if( sqlite3_load_extension(db, zExt, 0, &zErr) ) die("%s", zErr);
  }
  return db;
}

static void must(sqlite3 *db, const char *zSql){
  char *zErr = 0;
  if( sqlite3_exec(db, zSql, 0, 0, &zErr) ) die("%s: %.200s", zErr, zSql);
}

/* Steps every statement to its end. The result is the first error. */
static int run(sqlite3 *db, const char *zSql, char **pzErr){
  int rc = SQLITE_OK;
  while( rc==SQLITE_OK && zSql[0] ){
    sqlite3_stmt *pStmt = 0;
    rc = sqlite3_prepare_v2(db, zSql, -1, &pStmt, &zSql);
    if( rc==SQLITE_OK && pStmt ){
      while( (rc = sqlite3_step(pStmt))==SQLITE_ROW ){
        int i;
        for(i=0; i<sqlite3_column_count(pStmt); i++){
          sqlite3_column_text(pStmt, i);
        }
      }
      rc = rc==SQLITE_DONE ? SQLITE_OK : rc;
    }
    if( rc ){
      rc = sqlite3_extended_errcode(db);
      /* No memory for the message either? */
      free(*pzErr);
      *pzErr = strdup(sqlite3_errmsg(db) ? sqlite3_errmsg(db) : "");
    }
    sqlite3_finalize(pStmt);
  }
  return rc;
}

static uint64_t hash(uint64_t h, const void *a, int n){
  const unsigned char *z = a;
  while( n-- ) h = (h ^ *z++) * 1099511628211u;
  return h;
}

/*
** A number for the contents of all tables, without the moments at which
** migrations were applied, and at which a farm was first observed.
*/
static uint64_t digest(sqlite3 *db){
  uint64_t h = 14695981039346656037u;
  sqlite3_stmt *pTables = 0, *pRows = 0;
  if( sqlite3_prepare_v2(db, "SELECT name, sql FROM sqlite_schema "
      "ORDER BY type, name", -1, &pTables, 0) ) die("%s", sqlite3_errmsg(db));
  while( sqlite3_step(pTables)==SQLITE_ROW ){
    const char *zName = (const char*)sqlite3_column_text(pTables, 0);
    const char *zCreate = (const char*)sqlite3_column_text(pTables, 1);
    char *zSql;
    h = hash(h, zName, (int)strlen(zName));
    if( zCreate==0 || strncmp(zCreate, "CREATE TABLE", 12) ) continue;
    zSql = sqlite3_mprintf(strcmp(zName, "tablao_migrations")==0
        ? "SELECT version, checksum FROM \"%w\""
        : strcmp(zName, "task_attempts")==0
        ? "SELECT id, task_id, worker_id, ended_at, outcome, activity "
          "FROM \"%w\" ORDER BY 1"
        : "SELECT * FROM \"%w\" ORDER BY 1, 2, 3", zName);
    if( sqlite3_prepare_v2(db, zSql, -1, &pRows, 0) ){
      /* Fewer than three columns. */
      sqlite3_free(zSql);
      zSql = sqlite3_mprintf("SELECT * FROM \"%w\" ORDER BY 1", zName);
      if( sqlite3_prepare_v2(db, zSql, -1, &pRows, 0) ){
        die("%s: %s", zSql, sqlite3_errmsg(db));
      }
    }
    while( sqlite3_step(pRows)==SQLITE_ROW ){
      int i;
      for(i=0; i<sqlite3_column_count(pRows); i++){
        int e = sqlite3_column_type(pRows, i);
        h = hash(h, &e, sizeof(e));
        h = hash(h, sqlite3_column_blob(pRows, i), sqlite3_column_bytes(pRows, i));
      }
    }
    sqlite3_finalize(pRows);
    sqlite3_free(zSql);
  }
  sqlite3_finalize(pTables);
  return h;
}

/* The first column of the first row, or what went wrong. Caller frees. */
static char *one(sqlite3 *db, const char *zSql){
  sqlite3_stmt *pStmt = 0;
  char *z;
  if( sqlite3_prepare_v2(db, zSql, -1, &pStmt, 0) ){
    return strdup(sqlite3_errmsg(db));
  }
  if( sqlite3_step(pStmt)==SQLITE_ROW && sqlite3_column_text(pStmt, 0) ){
    z = strdup((const char*)sqlite3_column_text(pStmt, 0));
  }else{
    z = strdup("");
  }
  sqlite3_finalize(pStmt);
  return z;
}

/*
** What is wrong with a database that went through a fault; NULL: nothing.
** bBroken: it was no healthy farm before, and is not asked for farm_problems.
*/
static char *wrongWith(sqlite3 *db, int bBroken){
  static const char *az[] = {
    "SELECT group_concat(integrity_check) FROM pragma_integrity_check "
      "WHERE integrity_check<>'ok'",
    "SELECT group_concat(\"table\") FROM pragma_foreign_key_check",
    "SELECT group_concat(kind || ' ' || object) FROM farm_problems",
  };
  int bFarm;
  size_t i;
  char *z = one(db, "SELECT 1 FROM sqlite_schema WHERE name='farm_problems'");
  bFarm = z[0]=='1' && !bBroken;
  free(z);
  for(i=0; i<(bFarm ? 3u : 2u); i++){
    z = one(db, az[i]);
    if( z[0] ) return z;
    free(z);
  }
  return 0;
}

/* --- Operations -----------------------------------------------------------*/

typedef struct Op Op;
struct Op {
  const char *zName;
  char eDb;                       /* 'f'arm, 'e'mpty, f'l'amenco, 'o'bserved,
                                  ** 't'aken over; those three with -flamenco */
  const char *zSetup;             /* without faults */
  const char *zSql;
};

#define DOCUMENT \
  "'{\"uuid\":\"new\",\"name\":\"n\",\"job_type\":\"t\",\"settings\":{\"a\":1}," \
  "\"tasks\":[{\"uuid\":\"n1\",\"name\":\"a\",\"type\":\"blender\"," \
  "\"commands\":[{\"name\":\"x\",\"total_step_count\":3}]}," \
  "{\"uuid\":\"n2\",\"name\":\"b\",\"type\":\"ffmpeg\"," \
  "\"dependencies\":[\"n1\"]}]}'"

static const Op aOp[] = {
  { "migrate", 'e', "", "SELECT tablao_migrate()" },
  { "migrate-again", 'f', "", "SELECT tablao_migrate()" },
  { "migrate-heals", 'f', "DROP VIEW job_summaries",
    "SELECT tablao_migrate()" },
  { "observe", 'l', "", "SELECT tablao_migrate()" },
  { "adopt-problems", 'l', "", "SELECT * FROM tablao_adopt_problems" },
  { "observe-heals", 'o', "DROP VIEW job_summaries", "SELECT tablao_migrate()" },
  { "detach-observed", 'o', "", "SELECT tablao_detach()" },
  { "take-over", 'o', "", "SELECT tablao_take_over()" },
  { "detach", 't', "", "SELECT tablao_detach()" },
  { "versions", 'f', "", "SELECT tablao_version(), tablao_schema_version()" },
  { "validators", 'f', "", "SELECT job_status_valid('active'), "
    "task_status_valid('x'), worker_status_valid(NULL)" },
  { "check", 'f', "", "SELECT * FROM tablao_check" },
  { "store-function", 'f', "", "SELECT store_authored_job(" DOCUMENT ")" },
  { "store-door", 'f', "",
    "INSERT INTO authored_jobs (document) VALUES (" DOCUMENT ")" },
  { "store-tasks", 'f', "", "SELECT store_authored_tasks('j1', '[{\"uuid\":"
    "\"m1\",\"name\":\"m\",\"type\":\"x\",\"dependencies\":[\"j1-3\"]}]')" },
  { "store-refused", 'f', "", "SELECT store_authored_job('{\"name\":\"n\","
    "\"job_type\":\"t\",\"tasks\":[{\"uuid\":\"a\",\"name\":\"a\",\"type\":"
    "\"x\",\"dependencies\":[\"a2\"]},{\"uuid\":\"a2\",\"name\":\"a\","
    "\"type\":\"x\",\"dependencies\":[\"a\"]}]}')" },
  { "export", 'f', "", "SELECT document FROM authored_jobs" },
  { "schedule", 'f', "", "SELECT schedule_task('w3')" },
  { "claim", 'f', "", "INSERT INTO task_claims (worker_uuid) VALUES ('w3')" },
  { "complete", 'f', "", "INSERT INTO task_updates (task_uuid, worker_uuid, "
    "status) VALUES ('j1-1', 'w1', 'completed')" },
  { "fail", 'f', "", "INSERT INTO task_updates (task_uuid, worker_uuid, "
    "status) VALUES ('j1-1', 'w1', 'failed')" },
  { "cancel", 'f', "", "UPDATE jobs SET status='cancel-requested'" },
  { "pause", 'f', "", "UPDATE jobs SET status='pause-requested'" },
  { "requeue", 'f', "", "UPDATE jobs SET status='requeueing'" },
  { "priority", 'f', "", "UPDATE jobs SET priority=priority+1" },
  { "sign-off", 'f', "", "UPDATE workers SET status='offline'" },
  { "timeout-tasks", 'f', "UPDATE farm_settings SET "
    "value='2026-01-03 00:00:00.000+00:00' WHERE name='clock'",
    "UPDATE timed_out_tasks SET status='failed'" },
  { "timeout-workers", 'f', "UPDATE farm_settings SET "
    "value='2026-01-03 00:00:00.000+00:00' WHERE name='clock'",
    "UPDATE timed_out_workers SET status='error'" },
  { "tick-function", 'f', "UPDATE farm_settings SET "
    "value='2026-01-03 00:00:00.000+00:00' WHERE name='clock'",
    "SELECT farm_tick()" },
  { "tick-door", 'f', "UPDATE farm_settings SET "
    "value='2026-01-03 00:00:00.000+00:00' WHERE name='clock'",
    "INSERT INTO farm_ticks DEFAULT VALUES" },
  { "insert-job", 'f', "", "INSERT INTO jobs (uuid, name) VALUES ('x', 'x')" },
  { "insert-task", 'f', "",
    "INSERT INTO tasks (uuid, job_id, type) VALUES ('y', 1, 'blender')" },
  { "insert-worker", 'f', "", "INSERT INTO workers (uuid, "
    "supported_task_types) VALUES ('z', 'a, b')" },
  { "insert-others", 'f', "", "INSERT INTO task_dependencies VALUES (1, 5)" },
  { "delete-job", 'f', "", "DELETE FROM jobs WHERE uuid='j1'" },
  { "delete-worker", 'f', "", "DELETE FROM workers WHERE uuid='w1'" },
  { "delete-task", 'f', "", "DELETE FROM tasks WHERE uuid='j1-2'" },
  { "repair", 'f', "UPDATE tablao_counts SET num_queued=99; "
    "UPDATE tablao_lanes SET has_ready=0", "DELETE FROM farm_problems" },
  { "summaries", 'f', "", "SELECT * FROM task_summaries('j1');"
    "SELECT uuid FROM task_summaries WHERE status IN ('queued', 'active') "
    "AND job_uuid IN ('j1', 'j2') LIMIT 3;"
    "SELECT count(*) FROM task_summaries" },
  { "graph", 'f', "", "SELECT * FROM task_graph('j1');"
    "SELECT * FROM task_graph" },
  { "query", 'f', "", "SELECT * FROM job_query('{\"status_in\":[\"active\","
    "\"queued\"],\"metadata\":{\"user.email\":\"a\"},\"settings\":{},"
    "\"order_by\":[\"-priority\",\"name\"],\"limit\":5,\"offset\":0}')" },
  { "query-refused", 'f', "", "SELECT * FROM job_query('{\"order\":1}')" },
  { "views", 'f', "", "SELECT * FROM runnable_tasks;"
    "SELECT * FROM worker_summaries; SELECT * FROM job_summaries;"
    "SELECT * FROM farm_status; SELECT * FROM worker_sleep_statuses" },
};
#define N_OP ((int)(sizeof(aOp)/sizeof(aOp[0])))

/* A farm with a bit of everything, its clock pinned. */
static const char zFarmSql[] =
  "UPDATE farm_settings SET value='2026-01-02 03:04:05.678+00:00' "
  "WHERE name='clock';"
  "INSERT INTO worker_tags (id, uuid, name) VALUES (1, 'g', 'gpu');"
  "INSERT INTO workers (id, uuid, name, status, supported_task_types) VALUES "
  "(1, 'w1', 'one', 'awake', 'blender,ffmpeg'),"
  "(2, 'w2', 'two', 'awake', 'Blender , misc'),"
  "(3, 'w3', 'three', 'awake', 'blender,misc');"
  "INSERT INTO worker_tag_membership VALUES (1, 1), (1, 3);"
  "INSERT INTO jobs (id, uuid, name, job_type, priority, status, worker_tag_id)"
  " VALUES (1, 'j1', 'one', 't', 50, 'queued', NULL),"
  "(2, 'j2', 'two', 't', 60, 'under-construction', 1);"
  "INSERT INTO tasks (uuid, name, type, job_id, commands, steps_total) VALUES "
  "('j1-1', 'a', 'blender', 1, '[{\"name\":\"c\"}]', 3),"
  "('j1-2', 'b', 'blender', 1, '[]', 3), ('j1-3', 'c', 'misc', 1, '[]', 1),"
  "('j1-4', 'd', 'ffmpeg', 1, '[]', 1), ('j2-1', 'e', 'misc', 2, '[]', 1),"
  "('j1-5', 'f', 'misc', 1, '[]', 1);"
  "INSERT INTO task_dependencies VALUES (4, 1), (4, 2), (4, 3);"
  "INSERT INTO task_failures (task_id, worker_id) VALUES (2, 2);"
  "INSERT INTO sleep_schedules (worker_id, is_active, start_time, end_time) "
  "VALUES (2, 1, '22:00', '06:00');"
  "UPDATE workers SET status_requested='' WHERE id=2;"
  "INSERT INTO last_rendereds (job_id) VALUES (1);"
  "INSERT INTO task_claims (worker_uuid) VALUES ('w1');"
  "INSERT INTO task_claims (worker_uuid) VALUES ('w2');";

static void makeTemplates(void){
  sqlite3 *db;
  char *z = readFile(zScript);
  zDb = sqlite3_mprintf("%s/torture.db", zDir);
  zFarm = sqlite3_mprintf("%s/farm.db", zDir);
  zEmpty = sqlite3_mprintf("%s/empty.db", zDir);
  removeDb(zFarm);
  removeDb(zEmpty);
  db = openDb(zFarm, 0, 0);
  must(db, z);
  must(db, zFarmSql);
  must(db, "CREATE TABLE acknowledged (n); INSERT INTO acknowledged VALUES (0)");
  sqlite3_close(db);
  db = openDb(zEmpty, 0, 0);
  must(db, "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
  sqlite3_close(db);
  free(z);
  if( zFlamenco==0 ) return;
  zObserved = sqlite3_mprintf("%s/observed.db", zDir);
  zTaken = sqlite3_mprintf("%s/taken.db", zDir);
  removeDb(zObserved);
  removeDb(zTaken);
  copyFile(zFlamenco, zObserved);
  db = openDb(zObserved, 0, 1);
  must(db, "SELECT tablao_migrate()");
  sqlite3_close(db);
  copyFile(zObserved, zTaken);
  db = openDb(zTaken, 0, 1);
  must(db, "SELECT tablao_take_over()");
  sqlite3_close(db);
}

static const char *templateOf(const Op *p){
  switch( p->eDb ){
    case 'f': return zFarm;
    case 'e': return zEmpty;
    case 'o': return zObserved;
    case 't': return zTaken;
  }
  return zFlamenco;
}

/* True if it begins with a database that was Flamenco's. */
static int isFlamencos(const Op *p){
  return p->eDb!='f' && p->eDb!='e';
}

static int bWal;

/* A fresh copy of the operation's database, open and set up. */
static sqlite3 *begin(const Op *p, const char *zVfs){
  sqlite3 *db;
  removeDb(zDb);
  copyFile(templateOf(p), zDb);
  db = openDb(zDb, zVfs, 1);
  must(db, bWal ? "PRAGMA journal_mode=wal" : "PRAGMA journal_mode=delete");
  must(db, "PRAGMA synchronous=full; PRAGMA foreign_keys=on");
  must(db, p->zSetup);
  must(db, "SELECT 1 FROM sqlite_schema");
  return db;
}

static void failed(const Op *p, const char *zWhat, long n, const char *zFormat, ...){
  va_list ap;
  nFailed++;
  printf("FAILED %s, %s %ld, %s: ", p->zName, zWhat, n, bWal ? "wal" : "delete");
  va_start(ap, zFormat);
  vprintf(zFormat, ap);
  va_end(ap);
  printf("\n");
}

/*
** Judges what a fault has left. rc and zErr are the operation's; bMet says
** whether it met the fault; db is a connection that works again.
*/
static void judge(
  const Op *p, const char *zWhat, long n, sqlite3 *db,
  int rc, const char *zErr, int bMet, int rcWanted, const char *zWanted,
  uint64_t hBefore, uint64_t hAfter
){
  uint64_t h;
  char *z;
  h = digest(db);
  z = wrongWith(db, h==hBefore && strcmp(p->zName, "repair")==0);
  if( z ){
    failed(p, zWhat, n, "%s", z);
    free(z);
    return;
  }
  if( h!=hBefore && h!=hAfter ){
    failed(p, zWhat, n, "half applied; the operation said %d, %s", rc, zErr);
  }else if( !bMet && (rc!=rcWanted || h!=hAfter) ){
    failed(p, zWhat, n, "without a fault it said %d, %s, not %d, %s", rc, zErr,
        rcWanted, zWanted);
  }else if( rc==SQLITE_OK && h!=hAfter ){
    failed(p, zWhat, n, "it said OK and did nothing");
  }else{
    nPassed++;
  }
}

/* The operation without a fault: what it says, and what it leaves. */
static void reference(
  const Op *p, int *pRc, char **pzErr, uint64_t *pBefore, uint64_t *pAfter
){
  sqlite3 *db = begin(p, "faults");
  *pBefore = digest(db);
  *pzErr = 0;
  *pRc = run(db, p->zSql, pzErr);
  *pAfter = digest(db);
  sqlite3_close(db);
  if( *pRc && strncmp(*pzErr, "tablao:", 7) && strncmp(*pzErr, "stepping", 8) ){
    die("%s: %s", p->zName, *pzErr);
  }
}

static int wanted(const Op *p){
  if( isFlamencos(p) && zFlamenco==0 ) return 0;
  return zOnly==0 || strstr(p->zName, zOnly)!=0;
}

/* --- Out of memory --------------------------------------------------------*/

static void oomOne(const Op *p, double rUntil){
  int rcWanted, bGoesOn;
  char *zWanted;
  uint64_t hBefore, hAfter;
  long nAll, n, nStep, nDone = 0;
  sqlite3 *db;
  char *zErr = 0;
  int rc;
  double rStart = now();

  reference(p, &rcWanted, &zWanted, &hBefore, &hAfter);
  db = begin(p, 0);
  nAlloc = 0;
  iAllocFault = -1;
  run(db, p->zSql, &zErr);
  nAll = nAlloc;
  sqlite3_close(db);

  /* How many there is time for; the first rounds tell how long one takes. */
  nStep = 1;
  for(n=iAt ? iAt : 1; n<=(iAt ? iAt : nAll+1); n+=nStep){
    for(bGoesOn=0; bGoesOn<2; bGoesOn++){
      const char *zWhat = bGoesOn ? "allocations from" : "allocation";
      sqlite3_int64 nUsed = sqlite3_memory_used();
      free(zErr);
      zErr = 0;
      db = begin(p, 0);
      nAlloc = 0;
      bAllocMet = 0;
      bAllocGoesOn = bGoesOn;
      iAllocFault = n;
      rc = run(db, p->zSql, &zErr);
      iAllocFault = -1;
      nInjected += bAllocMet;
      if( bAllocMet && rc && rc!=rcWanted && (rc & 0xff)!=SQLITE_NOMEM
       && rc!=SQLITE_IOERR_NOMEM ){
        failed(p, zWhat, n, "it said %d, %s", rc, zErr ? zErr : "");
      }else if( !sqlite3_get_autocommit(db) ){
        failed(p, zWhat, n, "a transaction is left open");
      }else{
        judge(p, zWhat, n, db, rc, zErr ? zErr : "", bAllocMet,
            rcWanted, zWanted, hBefore, hAfter);
      }
      if( sqlite3_close(db) ) failed(p, zWhat, n, "cannot close");
      if( sqlite3_memory_used()>nUsed ){
        failed(p, zWhat, n, "%lld bytes leaked",
            sqlite3_memory_used()-nUsed);
      }
      nDone++;
    }
    if( nStep==1 && (n==8 || now()>rUntil) ){
      double rEach = (now()-rStart)/(double)nDone*2;
      double rHave = rUntil-now();
      if( rHave<rEach ) rHave = rEach;
      nStep = (long)((double)nAll*rEach/rHave)+1;
      n -= (long)(rnd()%(uint64_t)nStep);
    }
  }
  printf("%-16s %5ld allocations, %s, %.1f s\n", p->zName, nAll,
      nDone>=2*nAll ? "every one" : "a sample", now()-rStart);
  if( nStep>1 && bVerbose ) printf("  every %ld-th\n", nStep);
  free(zErr);
  free(zWanted);
}

/* --- I/O errors and a full disk -------------------------------------------*/

static void ioOne(const Op *p, int e, double rUntil){
  int rcWanted, bGoesOn, rc;
  char *zWanted, *zErr = 0;
  uint64_t hBefore, hAfter;
  long nAll, n, nStep = 1, nDone = 0;
  sqlite3 *db;
  double rStart = now();

  reference(p, &rcWanted, &zWanted, &hBefore, &hAfter);
  db = begin(p, "faults");
  memset(aCall, 0, sizeof(aCall));
  run(db, p->zSql, &zErr);
  nAll = aCall[e==F_FULL ? F_WRITE : e];
  sqlite3_close(db);
  for(n=iAt ? iAt : 1; n<=(iAt ? iAt : nAll); n+=nStep){
    for(bGoesOn=0; bGoesOn<2; bGoesOn++){
      free(zErr);
      zErr = 0;
      db = begin(p, "faults");
      /* Cold, so that there is something to read. */
      sqlite3_db_release_memory(db);
      memset(aCall, 0, sizeof(aCall));
      bFaultMet = 0;
      bFaultGoesOn = bGoesOn;
      iFault = n;
      eFault = e;
      rc = run(db, p->zSql, &zErr);
      eFault = -1;
      nInjected += bFaultMet;
      sqlite3_close(db);
      /* Another process finds the file, and recovers it. */
      db = openDb(zDb, 0, 0);
      judge(p, azFault[e], n, db, rc, zErr ? zErr : "", bFaultMet, rcWanted,
          zWanted, hBefore, hAfter);
      sqlite3_close(db);
      nDone++;
    }
    if( nStep==1 && (n==4 || now()>rUntil) ){
      double rEach = (now()-rStart)/(double)nDone*2;
      double rHave = rUntil-now();
      if( rHave<rEach ) rHave = rEach;
      nStep = (long)((double)nAll*rEach/rHave)+1;
      n -= (long)(rnd()%(uint64_t)nStep);
    }
  }
  if( bVerbose ){
    printf("%-16s %-8s %-6s %5ld calls, %s, %.1f s\n", p->zName, azFault[e],
        bWal ? "wal" : "delete", nAll, nDone>=2*nAll ? "every one" : "a sample",
        now()-rStart);
  }
  free(zErr);
  free(zWanted);
}

/* --- Power failures -------------------------------------------------------*/

/* What a farm does all day; each is one transaction, and acknowledged. */
static const char *azDay[] = {
  "SELECT store_authored_job(" DOCUMENT ")",
  "UPDATE jobs SET status='queued'",
  "INSERT INTO task_claims (worker_uuid) VALUES ('w3')",
  "INSERT INTO task_updates (task_uuid, worker_uuid, status) "
    "SELECT task_uuid, worker_uuid, 'completed' FROM task_claims LIMIT 1",
  "INSERT INTO task_updates (task_uuid, worker_uuid, status) "
    "SELECT task_uuid, worker_uuid, 'failed' FROM task_claims LIMIT 1",
  "UPDATE jobs SET status='pause-requested'",
  "UPDATE jobs SET status='requeueing'",
  "SELECT farm_tick()",
  "UPDATE jobs SET status='cancel-requested' WHERE id=1",
  "DELETE FROM jobs WHERE uuid='new'",
};
#define N_DAY ((int)(sizeof(azDay)/sizeof(azDay[0])))

/* One acknowledged step. The number acknowledged goes up with it. */
static int dayStep(sqlite3 *db, int i){
  char *zErr = 0;
  int rc = run(db, "BEGIN IMMEDIATE", &zErr);
  if( rc==SQLITE_OK ) rc = run(db, azDay[i%N_DAY], &zErr);
  if( rc==SQLITE_OK ) rc = run(db, "UPDATE acknowledged SET n=n+1", &zErr);
  if( rc==SQLITE_OK ) rc = run(db, "COMMIT", &zErr);
  if( rc && !sqlite3_get_autocommit(db) ) run(db, "ROLLBACK", &zErr);
  free(zErr);
  return rc;
}

static void powerRun(double rUntil){
  static const Op op = { "day", 'f', "", "" };
  long nAll = 0, nRound = 0;
  while( now()<rUntil ){
    sqlite3 *db;
    char *z;
    int i, nAck = 0;
    bWal = (int)(nRound & 1);
    removeDb(zDb);
    copyFile(zFarm, zDb);
    bPower = 0;
    if( bWal ){
      db = openDb(zDb, 0, 0);
      must(db, "PRAGMA journal_mode=wal");
      sqlite3_close(db);
    }
    bPower = 1;
    bPowerOff = 0;
    nPowerCall = 0;
    iPowerAt = nAll ? 1+(long)(rnd()%(uint64_t)nAll) : -1;
    db = openDb(zDb, "faults", 1);
    run(db, "PRAGMA synchronous=full; PRAGMA wal_autocheckpoint=20", &(char*){0});
    for(i=0; i<3*N_DAY && !bPowerOff; i++){
      if( dayStep(db, i)==SQLITE_OK ) nAck++;
    }
    if( nAll==0 || nPowerCall>nAll ) nAll = nPowerCall;
    nInjected += bPowerOff;
    /* Nothing after the failure reaches the disk. */
    bPowerOff = 1;
    sqlite3_close(db);
    bPower = 0;
    disksCrash();
    disksClear();
    bPowerOff = 0;
    z = sqlite3_mprintf("%s-shm", zDb);
    unlink(z);
    sqlite3_free(z);

    db = openDb(zDb, 0, 0);
    z = wrongWith(db, 0);
    if( z ){
      failed(&op, "power failure", iPowerAt, "%s", z);
    }else{
      z = one(db, "SELECT n FROM acknowledged");
      if( atoi(z)<nAck ){
        failed(&op, "power failure", iPowerAt,
            "%d steps were acknowledged, %s are there", nAck, z);
      }else{
        nPassed++;
      }
    }
    free(z);
    sqlite3_close(db);
    nRound++;
  }
  printf("%ld power failures, at random among %ld writes and syncs\n",
      nInjected, nAll);
}

/* --- Killed processes -----------------------------------------------------*/

static void killChild(int fd, const char *zSql){
  sqlite3 *db = openDb(zDb, 0, 1);
  int i;
  char *zErr = 0;
  run(db, "PRAGMA synchronous=full; PRAGMA wal_autocheckpoint=50", &zErr);
  if( write(fd, "r", 1)!=1 ) _exit(1);
  if( zSql ){
    run(db, zSql, &zErr);
    for(;;) pause();
  }
  for(i=0; ; i++){
    if( dayStep(db, i)==SQLITE_OK ){
      if( write(fd, "a", 1)!=1 ) _exit(1);
    }
  }
}

static void killRun(double rUntil, long nRounds){
  static const char *azBig[] = {
    0, 0, 0,
    "SELECT tablao_migrate()",
    "UPDATE jobs SET status='cancel-requested'",
    "UPDATE jobs SET status='requeueing'",
  };
  long n;
  sqlite3 *db;
  char *zBig = sqlite3_mprintf("%s/big.db", zDir);
  /* A farm with a job big enough to be hit in the middle of. */
  removeDb(zBig);
  copyFile(zFarm, zBig);
  db = openDb(zBig, 0, 0);
  must(db, "UPDATE jobs SET status='queued'; INSERT INTO tasks (job_id, type) "
      "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE "
      "i<3000) SELECT 1, 'blender' FROM c");
  sqlite3_close(db);
  for(n=0; n<nRounds && now()<rUntil; n++){
    Op op = { "killed", 'f', "", "" };
    int aFd[2], nAck = 0, k = (int)(rnd()%6);
    char c, *z;
    uint64_t hBefore = 0, hAfter = 0, h;
    pid_t pid;
    bWal = (int)(rnd()&1);
    op.zName = azBig[k] ? azBig[k] : "day";
    removeDb(zDb);
    copyFile(k==3 ? zEmpty : k>3 ? zBig : zFarm, zDb);
    if( bWal ){
      db = openDb(zDb, 0, 0);
      must(db, "PRAGMA journal_mode=wal");
      sqlite3_close(db);
    }
    if( azBig[k] ){
      char *zCopy = sqlite3_mprintf("%s/after.db", zDir);
      removeDb(zCopy);
      copyFile(k==3 ? zEmpty : zBig, zCopy);
      db = openDb(zCopy, 0, 1);
      hBefore = digest(db);
      must(db, azBig[k]);
      hAfter = digest(db);
      sqlite3_close(db);
      sqlite3_free(zCopy);
    }
    if( pipe(aFd) ) die("pipe");
    fflush(stdout);
    pid = fork();
    if( pid==0 ){
      close(aFd[0]);
      killChild(aFd[1], azBig[k]);
    }
    close(aFd[1]);
    if( read(aFd[0], &c, 1)!=1 ) die("the child died by itself");
    usleep((useconds_t)(rnd()%(azBig[k] ? 40000 : 80000)));
    kill(pid, SIGKILL);
    waitpid(pid, 0, 0);
    while( read(aFd[0], &c, 1)==1 ) nAck++;
    close(aFd[0]);
    nInjected++;

    db = openDb(zDb, 0, 0);
    z = wrongWith(db, 0);
    if( z ){
      failed(&op, "round", n, "%s", z);
    }else if( azBig[k] ){
      h = digest(db);
      if( h!=hBefore && h!=hAfter ){
        failed(&op, "round", n, "half applied");
      }else{
        nPassed++;
      }
    }else{
      z = one(db, "SELECT n FROM acknowledged");
      if( atoi(z)<nAck ){
        failed(&op, "round", n, "%d steps were acknowledged, %s are there",
            nAck, z);
      }else{
        nPassed++;
      }
    }
    free(z);
    sqlite3_close(db);
  }
  printf("%ld processes killed\n", n);
  sqlite3_free(zBig);
}

/* --------------------------------------------------------------------------*/

int main(int argc, char **argv){
  const char *zMode = argc>1 ? argv[1] : "";
  int i, nOps = 0, bIo;
  long nRounds = 1000000;
  double rEnd;
  uint64_t iSeed = 1;
  for(i=2; i<argc; i++){
    const char *z = argv[i];
    if( strcmp(z, "-v")==0 ){ bVerbose = 1; continue; }
    if( i+1>=argc ) die("%s wants a value", z);
    if( strcmp(z, "-dir")==0 ) zDir = argv[++i];
    else if( strcmp(z, "-ext")==0 ) zExt = argv[++i];
    else if( strcmp(z, "-sql")==0 ) zScript = argv[++i];
    else if( strcmp(z, "-flamenco")==0 ) zFlamenco = argv[++i];
    else if( strcmp(z, "-seconds")==0 ) rSeconds = atof(argv[++i]);
    else if( strcmp(z, "-rounds")==0 ) nRounds = atol(argv[++i]);
    else if( strcmp(z, "-seed")==0 ) iSeed = (uint64_t)atoll(argv[++i]);
    else if( strcmp(z, "-only")==0 ) zOnly = argv[++i];
    else if( strcmp(z, "-at")==0 ) iAt = atol(argv[++i]);
    else die("no such option: %s", z);
  }
  if( zExt==0 || zScript==0 ) die("-ext and -sql are wanted");
  /* A failure that was found is told, even if what follows never ends. */
  setvbuf(stdout, 0, _IOLBF, 0);
  iRandom ^= iSeed*0x9E3779B97F4A7C15u;
  if( strcmp(zMode, "oom")==0 ) allocInstall();
  vfsInstall();
  makeTemplates();
  rEnd = now()+rSeconds;
  for(i=0; i<N_OP; i++) nOps += wanted(&aOp[i]);
  bIo = strcmp(zMode, "io")==0 || strcmp(zMode, "full")==0;
  if( strcmp(zMode, "oom")==0 ){
    for(i=0; i<N_OP; i++){
      if( !wanted(&aOp[i]) ) continue;
      oomOne(&aOp[i], now()+(rEnd-now())/nOps);
      nOps--;
    }
  }else if( bIo ){
    int nParts = nOps*2*(zMode[0]=='f' ? 1 : F_N);
    for(bWal=0; bWal<2; bWal++){
      for(i=0; i<N_OP; i++){
        int e;
        if( !wanted(&aOp[i]) ) continue;
        for(e=zMode[0]=='f' ? F_FULL : 0; e<(zMode[0]=='f' ? F_FULL+1 : F_N); e++){
          ioOne(&aOp[i], e, now()+(rEnd-now())/nParts);
          nParts--;
        }
      }
    }
  }else if( strcmp(zMode, "power")==0 ){
    powerRun(rEnd);
  }else if( strcmp(zMode, "kill")==0 ){
    killRun(rEnd, nRounds);
  }else{
    die("no such mode: %s", zMode);
  }
  printf("%s: %ld faults injected\n", zMode, nInjected);
  printf("%d passed, %d failed\n", nPassed, nFailed);
  return nFailed>0;
}
