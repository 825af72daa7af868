/*
** What the files of the extension share. tablao.c is the place to start.
**
** Names: tablaoXxx() is shared between files; a function named after its
** file (migrateXxx, graphXxx) is static. All memory is SQLite's
** (sqlite3_malloc64, sqlite3_mprintf), so that fault tests and
** sqlite3_memory_used() see it. SQL text is built in a sqlite3_str_new(0):
** the length limit of a connection is meant for values, and may be low.
*/
#ifndef TABLAO_H
#define TABLAO_H

#include <stddef.h>
#include <string.h>
#include "sqlite3ext.h"

/* Only the entry point leaves the library, however it is compiled. SQLite's
** own functions come from elsewhere, with SQLITE_CORE perhaps from a shared
** library, and must not be declared hidden. */
#if defined(__GNUC__)
# pragma GCC visibility push(hidden)
#endif

SQLITE_EXTENSION_INIT3

/* The oldest SQLite that understands the schema. */
#define TABLAO_MIN_SQLITE 3037000

/* For a parameter that an interface of SQLite's imposes. */
#define UNUSED_PARAMETER(x) (void)(x)

/*
** How one connection uses the extension. Every function and module holds a
** reference to it; the last one to go frees it.
**
** It keeps prepared statements, since preparing a claim compiles a dozen
** trigger programs and takes twenty times as long as the claim. A statement
** that belonged to a function would make sqlite3_close() fail, so these
** belong to a virtual table, the anchor: they are kept only while it is
** connected, and sqlite3_close() disconnects virtual tables first. It leaves
** out one that a statement still uses, so no kept statement may use the
** anchor. It is tablao_check, which no view and no trigger may use.
*/
#define TABLAO_N_STMT 32
typedef struct TablaoDb TablaoDb;
struct TablaoDb {
  sqlite3 *db;
  int nRef;                 /* functions and modules that point here */
  int bAnchor;              /* the anchor is connected */
  struct TablaoBatch *pBatch;  /* what tablao_collect() adds to, if anything */
  int iEvict;               /* the slot to look at first for eviction */
  struct {
    sqlite3_stmt *pStmt;
    int bOut;               /* handed out, and not yet given back */
  } aSlot[TABLAO_N_STMT];
};

/*
** One operation: a call of a function, or of a method of a virtual table.
** The functions below that take one do nothing once rc is set, so that code
** reads straight down and looks at rc where it ends.
*/
#define TABLAO_N_TXN 5
typedef struct TablaoOp TablaoOp;
struct TablaoOp {
  TablaoDb *p;
  sqlite3 *db;
  const char *zWho;         /* the function or table, for messages */
  const char *zSchema;      /* stands for `main` in statements; NULL: main */
  int rc;                   /* the first error */
  char *zErr;               /* its text, owned; NULL when out of memory */
  int bNeedsNoFarm;         /* do not blame an error on a missing farm */
  int bUnexpected;          /* the error is SQLite's, not a refusal of ours */
  int bOpen;                /* the savepoint is open */
  int bOwn;                 /* and opened the transaction, too */
  sqlite3_int64 iRowid;     /* last_insert_rowid() of the caller */
  sqlite3_stmt *apTxn[TABLAO_N_TXN];  /* by the TABLAO_TXN_xxx of util.c */
};

/* What all our virtual tables begin with. */
typedef struct TablaoVtab TablaoVtab;
struct TablaoVtab {
  sqlite3_vtab base;
  TablaoDb *p;
  int bBusy;                /* a cursor is inside its statement */
  int bAnchor;              /* statements are kept as long as this is there */
};

/* Interface to code in util.c: connections and operations ------------------*/

TablaoDb *tablaoDbNew(sqlite3 *db);
TablaoDb *tablaoDbRef(TablaoDb*);
void tablaoDbUnref(void*);

void tablaoOpInit(TablaoOp*, TablaoDb*, const char *zWho);
char *tablaoSchema(TablaoOp*, sqlite3_value*);
const char *tablaoSchemaName(const TablaoOp*);
const char *tablaoNoFarm(const TablaoOp*);
void tablaoFail(TablaoOp*, int rc, const char *zFormat, ...);
void tablaoSqlError(TablaoOp*, int rc);
void tablaoTakeError(TablaoOp*, TablaoOp *pFrom);
void tablaoReturn(sqlite3_context*, TablaoOp*);
void tablaoResultValue(sqlite3_context*, sqlite3_value*);
int tablaoIsDqlite(sqlite3*);
void tablaoOpenMemory(TablaoOp*, sqlite3 **pDb);

sqlite3_stmt *tablaoPrepare(TablaoOp*, const char *zSql);
sqlite3_stmt *tablaoCached(TablaoOp*, unsigned int flags, const char *zSql);
void tablaoBind(TablaoOp*, sqlite3_stmt*, int iVar, sqlite3_value*);
void tablaoBindInt(TablaoOp*, sqlite3_stmt*, int iVar, sqlite3_int64);
void tablaoBindText(TablaoOp*, sqlite3_stmt*, int iVar, const char*);
int tablaoStep(TablaoOp*, sqlite3_stmt*);
void tablaoDone(TablaoDb*, sqlite3_stmt*);
void tablaoRun(TablaoOp*, sqlite3_stmt*);
void tablaoExec(TablaoOp*, const char *zSql);
sqlite3_int64 tablaoInt(TablaoOp*, const char *zSql, sqlite3_int64 iElse);
char *tablaoText(TablaoOp*, const char *zSql);
const char *tablaoColumnText(TablaoOp*, sqlite3_stmt*, int iCol);
const char *tablaoColumnName(sqlite3_stmt*, int iCol);
char *tablaoReadable(char *z);
char *tablaoShorten(const char *z);
int tablaoIsUtf8(const unsigned char *z, int n);

/* Statements to be run later, one each. All zero: none. */
typedef struct TablaoList TablaoList;
struct TablaoList {
  char **az;
  int n;
};

void tablaoListAdd(TablaoOp*, TablaoList*, char *zSql);
void tablaoListRun(TablaoOp*, TablaoList*);
void tablaoListDrop(TablaoOp*, TablaoList*);
void tablaoListClear(TablaoList*);

void tablaoBegin(TablaoOp*);
void tablaoHold(TablaoOp*);
void tablaoPause(TablaoOp*);
void tablaoEnd(TablaoOp*);

/* Interface to code in util.c: virtual tables ------------------------------*/

int tablaoVtabConnect(TablaoDb*, const char *zDeclare, sqlite3_vtab**);
void tablaoVtabAnchor(sqlite3_vtab*);
int tablaoVtabOpen(sqlite3_uint64, sqlite3_vtab_cursor**);
int tablaoVtabDisconnect(sqlite3_vtab*);
int tablaoVtabError(sqlite3_vtab*, TablaoOp*);
int tablaoVtabNames(const sqlite3_index_info*, int iConstraint, int iCol);
int tablaoVtabSchema(const sqlite3_index_info*, int iCol, int *piSchema);
void tablaoVtabUse(sqlite3_index_info*, int iConstraint, int mBit, int bOmit,
                   int *pnArg);

/* Interface to code in collect.c: rows read many at a time -----------------*/

/* One value. */
typedef struct TablaoCell TablaoCell;
struct TablaoCell {
  int eType;                /* SQLITE_INTEGER, ... */
  int n;                    /* bytes; -1 for a text that ends at its NUL */
  union {
    sqlite3_int64 i;
    double r;
    size_t iText;           /* text and BLOB: where in TablaoBatch.aText */
  } u;
};

typedef struct TablaoBatch TablaoBatch;
struct TablaoBatch {
  int nCol;                 /* set before the first fill */
  int nRow;
  int nRowAlloc;            /* rows that aCell has room for */
  TablaoCell *aCell;        /* row by row */
  char *aText;
  size_t nText;
  size_t nTextAlloc;
  int bExpect;              /* take only rows that count up by one */
  int iExpectCol;           /* the column that counts */
  sqlite3_int64 iExpect;    /* what it must be next */
  int bGap;                 /* OUT: it was not; no later row is taken */
};

void tablaoBatchClear(TablaoBatch*);
void tablaoBatchFill(TablaoOp*, TablaoBatch*, sqlite3_stmt*);
void tablaoBatchResult(sqlite3_context*, const TablaoBatch*,
                       const TablaoCell*);

/* Interface to code in schema.c: what a farm is made of --------------------*/

#define TABLAO_STATUS_JOB    0
#define TABLAO_STATUS_TASK   1
#define TABLAO_STATUS_WORKER 2

/* Kinds of farm; TABLAO_BOTH marks what both have. */
#define TABLAO_OWN      1
#define TABLAO_OBSERVED 2
#define TABLAO_BOTH     4

/* An index, view or trigger as this extension has it. */
typedef struct TablaoSource TablaoSource;
struct TablaoSource {
  int iPlace;               /* in the order of creation, from 1 */
  int bBoth;                /* both kinds of farm have it */
  const char *zType;        /* "index", "view" or "trigger" */
  const char *zName;
  const char *zSql;         /* as sqlite_schema holds it */
};

/* Has a row if there is a farm. */
#define TABLAO_SQL_HAS_FARM "SELECT 1 FROM main.sqlite_schema " \
  "WHERE type='table' AND name='tablao_migrations'"

/* Has a row if it is an own one: Flamenco's tables have columns of ours. */
#define TABLAO_SQL_IS_OWN "SELECT 1 FROM " \
  "pragma_table_info('jobs', 'main') WHERE name GLOB 'tablao_*'"

/* Has a row if this is a database of Flamenco's (or of its migration tool). */
#define TABLAO_SQL_IS_FLAMENCO "SELECT 1 FROM main.sqlite_schema " \
  "WHERE type='table' AND name='goose_db_version'"

/* The migration of Flamenco's that is in force in one: what was rolled back has
** a later row that says so. */
#define TABLAO_SQL_FLAMENCO_VERSION \
  "SELECT max(g.version_id) FROM main.goose_db_version g " \
  "WHERE g.is_applied AND NOT EXISTS(" \
  "SELECT 1 FROM main.goose_db_version h " \
  "WHERE h.version_id=g.version_id AND h.id>g.id)"

/* That of Flamenco 3.9, whose tables ours are made of. */
#define TABLAO_FLAMENCO_VERSION 8

/* Has a row if this is a database of a Flamenco from before that tool. */
#define TABLAO_SQL_IS_OLD_FLAMENCO "SELECT 1 WHERE " \
  "(SELECT count(*) FROM main.sqlite_schema WHERE type='table' AND name IN " \
    "('jobs', 'tasks', 'workers', 'job_blocks', 'task_failures'))=5 " \
  "AND NOT EXISTS(" TABLAO_SQL_IS_OWN ")"

const char *tablaoVersion(void);
const char *const *tablaoStatuses(int eKind);
int tablaoLatest(void);
int tablaoSource(int eKind, int *pi, TablaoSource*);
int tablaoFindSource(int eKind, const char *zName, TablaoSource*);
const char *tablaoScript(const char *zName);
int tablaoIsOurs(int eKind, const char *zName);
int tablaoKind(TablaoOp*);
int tablaoCompareApplied(TablaoOp*);
int tablaoObjectsDiffer(TablaoOp*, int eKind);
void tablaoDropObjects(TablaoOp*, int eKind, TablaoList*);
void tablaoDropIndexes(TablaoOp*);
void tablaoInstallTables(TablaoOp*, int iHave, int mPiece);
void tablaoInstallObjects(TablaoOp*, int eKind, const char *zType);
void tablaoRecord(TablaoOp*, int eKind, int iHave);
void tablaoBlameTemporary(TablaoOp*);
void tablaoRefuseTemporary(TablaoOp*, int mPiece);

/* Interface to code in model.c: a farm in memory, and a guard --------------*/

/* op works on db, and has its own error. */
typedef struct TablaoModel TablaoModel;
struct TablaoModel {
  TablaoDb db;
  TablaoOp op;
};

void tablaoModelOpen(TablaoOp*, TablaoModel*, int bRules);
void tablaoModelCopy(TablaoOp *pFrom, const char *zSelect,
                     TablaoOp *pTo, const char *zInsert);
void tablaoModelLacks(TablaoOp*, const char *zWhat);
void tablaoModelRefuse(TablaoOp*, TablaoModel*);
void tablaoModelClose(TablaoModel*);

typedef struct TablaoGuard TablaoGuard;
struct TablaoGuard {
  TablaoDb db;
  TablaoOp op;
  TablaoList function;      /* the functions that are allowed */
  int eAction;              /* the SQLITE_CREATE_xxx that is expected */
  const char *zName;        /* of what */
  int bSeen;                /* it came */
};

void tablaoGuardOpen(TablaoOp*, TablaoGuard*);
void tablaoGuardFind(TablaoOp*, TablaoList*, const char *zSelect);
void tablaoGuardRun(TablaoOp*, TablaoGuard*, TablaoList*);
void tablaoGuardClose(TablaoGuard*);

/* Interface to code in adopt_vtab.c: what stands in the way ----------------*/

sqlite3_int64 tablaoAdoptProblems(TablaoOp*, int bRows, char **pzFirst);

/* Interface to code in graph.c: which task waits for which -----------------*/

typedef struct TablaoGraph TablaoGraph;
struct TablaoGraph {
  int nNode;                /* nodes are 0 .. nNode-1 */
  int nEdge;
  int nAlloc;               /* edges that aEdge has room for */
  int *aEdge;               /* pairs: node waited for, node that waits */
  int *aFirst;              /* dependents of i: aTo[aFirst[i]..aFirst[i+1]-1] */
  int *aTo;
  int *aWait;               /* dependencies not sorted; 0 for a sorted node */
  int *aOrder;              /* the sorted nodes, each after all it waits for */
  int nSorted;              /* the others are on a cycle, or behind one */
};

void tablaoGraphInit(TablaoGraph*, int nNode);
int tablaoGraphEdge(TablaoGraph*, int iFrom, int iTo);
int tablaoGraphSort(TablaoGraph*);
int tablaoGraphOnCycle(TablaoGraph*, int *piNode);
void tablaoGraphClear(TablaoGraph*);

/* Functions and modules, registered by tablao.c ----------------------------*/

void tablaoVersionFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoMigrateFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoSchemaVersionFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoTakeOverFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoDetachFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoJobStatusValidFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoTaskStatusValidFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoWorkerStatusValidFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoStoreJobFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoStoreTasksFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoScheduleTaskFunc(sqlite3_context*, int, sqlite3_value**);
void tablaoFarmTickFunc(sqlite3_context*, int, sqlite3_value**);

void tablaoCollectStep(sqlite3_context*, int, sqlite3_value**);
void tablaoCollectFinal(sqlite3_context*);

extern const sqlite3_module tablaoTaskSummariesModule;
extern const sqlite3_module tablaoTaskGraphModule;
extern const sqlite3_module tablaoCheckModule;
extern const sqlite3_module tablaoAdoptProblemsModule;
extern const sqlite3_module tablaoJobQueryModule;

#if defined(__GNUC__)
# pragma GCC visibility pop
#endif

#endif /* TABLAO_H */
