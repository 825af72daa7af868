/*
** What the files of the benchmark share. bench.c is the place to start.
**
** Everything here ends the program when it fails: a benchmark whose
** statements do not work has nothing to say.
*/
#ifndef BENCH_H
#define BENCH_H

#include <sqlite3.h>

typedef sqlite3_int64 i64;

#define BENCH_PATH 1024     /* room for the path of a database */

/* The farm sizes of the plots, in tasks. */
#define BENCH_N_SIZE 4

/* What all measurements know. */
typedef struct Bench Bench;
struct Bench {
  const char *zBuild;       /* the directory with tablao.so */
  const char *zDir;         /* where databases and results go */
  const char *zSelf;        /* this program, to start it again */
  const char *zJobs;        /* the directory with the compiled jobs */
  const char *zOnly;        /* run the groups whose name contains this */
  int bQuick;
  int aSize[BENCH_N_SIZE];  /* tasks per farm, the largest last */
  int nHold;                /* tasks in the way, and of the large job */
  int nWorker;
};
extern Bench bench;

/* util.c: errors, time, samples -------------------------------------------*/

#if defined(__GNUC__)
__attribute__((noreturn, format(printf, 1, 2)))
#endif
void die(const char *zFormat, ...);
void note(const char *zFormat, ...);
double nowUs(void);

/* Samples of one measurement, by its name. */
typedef struct Series Series;
struct Series {
  char *zName;
  double *a;
  int n;
  int nAlloc;
  int bSorted;
  Series *pNext;
};
Series *series(const char *zFormat, ...);
void seriesAdd(Series*, double r);
double seriesAt(Series*, double rPart);
double seriesMedian(Series*);
double seriesMean(Series*);

/* util.c: SQLite ----------------------------------------------------------*/

sqlite3 *dbOpen(const char *zPath);
void dbClose(sqlite3*);
sqlite3_stmt *prep(sqlite3*, const char *zSql);
void unprep(sqlite3_stmt*);
void run(sqlite3_stmt*);
double timeRun(sqlite3_stmt*);
double timeAnew(sqlite3*, const char *zSql, i64 iId, const char *zText);
int pagesWritten(sqlite3*);
void exec(sqlite3*, const char *zFormat, ...);
double timeExec(sqlite3*, const char *zFormat, ...);
i64 queryInt(sqlite3*, const char *zFormat, ...);
char *queryText(sqlite3*, const char *zFormat, ...);
void checkpointByHand(sqlite3*);
void checkpoint(sqlite3*);
void bindText(sqlite3_stmt*, int, const char*);
void bindInt(sqlite3_stmt*, int, i64);

/* util.c: files -----------------------------------------------------------*/

void pathOf(char *zOut, const char *zName);
void fileRemove(const char *zPath);
void filesRemove(const char *zPattern);
void fileCopy(const char *zFrom, const char *zTo);
char *fileRead(const char *zPath);
i64 fileSize(const char *zPath);

/* fixture.c: databases ----------------------------------------------------*/

void fixtureFarm(int nTask);
void fixtureHold(void);
sqlite3 *fixtureOpen(const char *zName, const char *zAs);
void workerUuid(int iWorker, char *zUuid);

/* cases.c, process.c: measurements ----------------------------------------*/

void caseFarm(void);
void caseHold(void);
void caseVariants(void);
void caseAnew(void);
void caseDependents(void);
void caseStore(void);
void caseMass(void);
void caseJob(void);
void caseDelete(void);
void caseSummaries(void);
void caseTick(void);
void caseSize(void);
void caseOpen(void);
void caseProcesses(void);
int childMain(int argc, char **argv);

/* report.c ----------------------------------------------------------------*/

void goal(
  const char *zWhat,        /* the measurement, for people */
  Series *pValue,           /* what was measured */
  const char *zPeer,        /* what it is compared with */
  Series *pPeer,
  char cOp,                 /* '<' or '>': the ratio's good side; 0: no goal */
  double rGoal
);
void goalTurned(const char*, Series*, const char*, Series*, double rGoal);
void reportUnit(const char *zUnit);
void reportWrite(void);

#endif
