/*
** Measures what Tablao costs.
**
**   make bench               everything, about ten minutes
**   BENCH_QUICK=1 make bench smaller farms, one or two minutes
**   BENCH_ONLY=tick make bench   the groups whose name contains "tick"
**
** What is compared, each in the same run and in turns:
**   the floor   a plain UPDATE of one row by its primary key, and its commit,
**               on a bare table of the same tasks
**   the peer    the same rows in bare tables with the keys and indexes of a
**               plain schema, changed by plain statements
** All of it in WAL mode with synchronous=NORMAL, a page cache of 128 MB that
** is warm, foreign_keys on, and prepared statements that are kept, where not
** said otherwise.
** A figure is the median of its samples, a ratio that of two medians.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"

Bench bench;

static const struct { const char *zName; void (*xRun)(void); } aGroup[] = {
  { "farm", caseFarm },
  { "variants", caseVariants },
  { "anew", caseAnew },
  { "hold", caseHold },
  { "dependents", caseDependents },
  { "store", caseStore },
  { "mass", caseMass },
  { "job", caseJob },
  { "delete", caseDelete },
  { "summaries", caseSummaries },
  { "tick", caseTick },
  { "size", caseSize },
  { "processes", caseProcesses },
  { "open", caseOpen },
};

/*
** bench BUILD DIR JOBS: the extension is in BUILD, databases and results in
** DIR, compiled jobs in JOBS.
*/
int main(int argc, char **argv){
  static const int aFull[] = { 1000, 10000, 100000, 1000000 };
  static const int aQuick[] = { 1000, 3000, 30000, 100000 };
  if( argc>2 && strcmp(argv[1], "--child")==0 ){
    return childMain(argc-2, argv+2);
  }
  if( argc!=4 ) die("usage: %s BUILD DIR JOBS", argv[0]);
  const char *zQuick = getenv("BENCH_QUICK");
  bench.zSelf = argv[0];
  bench.zBuild = argv[1];
  bench.zDir = argv[2];
  bench.zJobs = argv[3];
  bench.zOnly = getenv("BENCH_ONLY");
  bench.bQuick = zQuick && zQuick[0] && strcmp(zQuick, "0");
  memcpy(bench.aSize, bench.bQuick ? aQuick : aFull, sizeof(bench.aSize));
  bench.nHold = 100000;
  bench.nWorker = 1000;
  filesRemove("work-*");
  for(size_t i=0; i<sizeof(aGroup)/sizeof(aGroup[0]); i++){
    if( bench.zOnly==0 || strstr(aGroup[i].zName, bench.zOnly) ){
      aGroup[i].xRun();
    }
  }
  filesRemove("work-*");
  note("done");
  reportWrite();
  return 0;
}
