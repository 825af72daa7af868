/*
** The databases of the benchmark: farms, made through Tablao's own doors, and
** the same rows in bare tables. They are kept in build/bench/ and made anew
** when the tables of the schema change; when only triggers or views do, the
** extension brings the kept farm up to date. Either way a farm is used only
** if farm_problems finds nothing wrong with it.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"

/* To be counted up when this file makes other rows than before. */
#define FIXTURE_VERSION "1"

/*
** What a plain schema has: Flamenco's tables with the columns that they have,
** primary keys, unique keys, an index per foreign key and on the two times
** that the timeouts look at.
*/
static const char zBareSchema[] =
"CREATE TABLE worker_tags (id integer NOT NULL PRIMARY KEY,"
" created_at datetime NOT NULL, updated_at datetime,"
" uuid varchar(36) UNIQUE, name varchar(64) UNIQUE, description varchar(255));"
"CREATE TABLE jobs (id integer NOT NULL PRIMARY KEY,"
" created_at datetime NOT NULL, updated_at datetime, uuid varchar(36) UNIQUE,"
" name varchar(64), job_type varchar(32), priority smallint,"
" status varchar(32), activity varchar(255), settings jsonb, metadata jsonb,"
" delete_requested_at datetime, storage_shaman_checkout_id varchar(255),"
" worker_tag_id integer REFERENCES worker_tags (id) ON DELETE SET NULL,"
" steps_completed integer, steps_total integer);"
"CREATE INDEX jobs_tag ON jobs (worker_tag_id);"
"CREATE TABLE workers (id integer NOT NULL PRIMARY KEY,"
" created_at datetime NOT NULL, updated_at datetime, uuid varchar(36) UNIQUE,"
" secret varchar(255), name varchar(64), address varchar(39),"
" platform varchar(16), software varchar(32), status varchar(16),"
" last_seen_at datetime, status_requested varchar(16),"
" lazy_status_request boolean, supported_task_types varchar(255),"
" deleted_at datetime, can_restart boolean);"
"CREATE INDEX workers_seen ON workers (last_seen_at);"
"CREATE TABLE tasks (id integer NOT NULL PRIMARY KEY,"
" created_at datetime NOT NULL, updated_at datetime, uuid varchar(36) UNIQUE,"
" name varchar(64), type varchar(32),"
" job_id integer REFERENCES jobs (id) ON DELETE CASCADE,"
" index_in_job integer, priority smallint, status varchar(16),"
" worker_id integer REFERENCES workers (id) ON DELETE SET NULL,"
" last_touched_at datetime, commands jsonb, activity varchar(255),"
" steps_completed integer, steps_total integer,"
" UNIQUE (job_id, index_in_job));"
"CREATE INDEX tasks_worker ON tasks (worker_id);"
"CREATE INDEX tasks_touched ON tasks (last_touched_at);"
"CREATE TABLE task_dependencies ("
" task_id integer REFERENCES tasks (id) ON DELETE CASCADE,"
" dependency_id integer REFERENCES tasks (id) ON DELETE CASCADE,"
" PRIMARY KEY (task_id, dependency_id));"
"CREATE INDEX dependencies_dependency ON task_dependencies (dependency_id);"
"CREATE TABLE task_failures (created_at datetime,"
" task_id integer REFERENCES tasks (id) ON DELETE CASCADE,"
" worker_id integer REFERENCES workers (id) ON DELETE CASCADE,"
" PRIMARY KEY (task_id, worker_id));"
"CREATE INDEX failures_worker ON task_failures (worker_id);"
"CREATE TABLE job_blocks (id integer NOT NULL PRIMARY KEY,"
" created_at datetime, job_id integer REFERENCES jobs (id) ON DELETE CASCADE,"
" worker_id integer REFERENCES workers (id) ON DELETE CASCADE,"
" task_type text, UNIQUE (job_id, worker_id, task_type));"
"CREATE INDEX blocks_worker ON job_blocks (worker_id);"
"CREATE TABLE worker_tag_membership ("
" worker_tag_id integer REFERENCES worker_tags (id) ON DELETE CASCADE,"
" worker_id integer REFERENCES workers (id) ON DELETE CASCADE,"
" PRIMARY KEY (worker_tag_id, worker_id));"
"CREATE INDEX membership_worker ON worker_tag_membership (worker_id);";

/* The tables to fill, parents first, with their columns. */
static const struct { const char *zTable; const char *zColumns; } aBare[] = {
  { "worker_tags", "id, created_at, updated_at, uuid, name, description" },
  { "jobs", "id, created_at, updated_at, uuid, name, job_type, priority, "
    "status, activity, settings, metadata, delete_requested_at, "
    "storage_shaman_checkout_id, worker_tag_id, steps_completed, steps_total" },
  { "workers", "id, created_at, updated_at, uuid, secret, name, address, "
    "platform, software, status, last_seen_at, status_requested, "
    "lazy_status_request, supported_task_types, deleted_at, can_restart" },
  { "tasks", "id, created_at, updated_at, uuid, name, type, job_id, "
    "index_in_job, priority, status, worker_id, last_touched_at, commands, "
    "activity, steps_completed, steps_total" },
  { "task_dependencies", "task_id, dependency_id" },
  { "task_failures", "created_at, task_id, worker_id" },
  { "job_blocks", "id, created_at, job_id, worker_id, task_type" },
  { "worker_tag_membership", "worker_tag_id, worker_id" },
};

/* Random UUIDs, the same in every run. */
static void newUuid(char *z){
  static unsigned long long s = 88172645463325252ull;
  unsigned int a[4];
  for(int i=0; i<4; i++){
    s ^= s<<13; s ^= s>>7; s ^= s<<17;
    a[i] = (unsigned int)(s>>16);
  }
  sqlite3_snprintf(37, z, "%08x-%04x-4%03x-a%03x-%04x%08x", a[0], a[1]>>16,
      a[1]&0xfff, a[2]>>20, a[2]&0xffff, a[3]);
}

void workerUuid(int iWorker, char *zUuid){
  sqlite3_snprintf(37, zUuid, "%08x-0000-4000-a000-000000000000", iWorker);
}

/* Workers, awake; every second one has the tag 'gpu'. */
static void makeWorkers(sqlite3 *db){
  char zUuid[37];
  exec(db, "INSERT INTO worker_tags (uuid, name) VALUES"
      "('00000000-0000-4000-b000-000000000001', 'gpu'),"
      "('00000000-0000-4000-b000-000000000002', 'elsewhere')");
  for(int i=1; i<=bench.nWorker; i++){
    workerUuid(i, zUuid);
    exec(db, "INSERT INTO workers (id, uuid, name, address, platform, software,"
        " status, last_seen_at, supported_task_types) VALUES (%d, %Q,"
        " 'render-%04d', '192.168.%d.%d', 'linux', '3.9', 'awake',"
        " (SELECT now FROM farm_clock), 'blender,ffmpeg,file-management,misc')",
        i, zUuid, i, i/250, i%250);
  }
  exec(db, "INSERT INTO worker_tag_membership (worker_tag_id, worker_id)"
      " SELECT 1, id FROM workers WHERE id %% 2 = 1");
  exec(db, "INSERT INTO sleep_schedules"
      " (worker_id, is_active, days_of_week, start_time, end_time)"
      " SELECT id, 1, 'mo, tu, we, th, fr', '09:00', '09:00'"
      " FROM workers WHERE id %% 10 = 0");
}

/* A job to be stored. */
typedef struct Job Job;
struct Job {
  int nTask;
  int iPriority;
  const char *zType;        /* of its tasks */
  const char *zTag;         /* a tag's uuid, or NULL */
  int bVideo;               /* the last task waits for all others */
};

/* Stores a job as a job compiler makes it; returns its id. */
static i64 makeJob(sqlite3 *db, const Job *pJob){
  static int iJob = 0;
  sqlite3_str *p = sqlite3_str_new(db);
  char zUuid[37];
  char *azUuid = pJob->bVideo ? malloc(37*(size_t)pJob->nTask) : 0;
  iJob++;
  sqlite3_str_appendf(p,
      "{\"name\":\"shot %d\",\"job_type\":\"simple-blender-render\","
      "\"priority\":%d,\"status\":\"queued\",\"settings\":{\"blendfile\":"
      "\"/mnt/farm/shots/%d/shot.blend\",\"chunk_size\":1,\"format\":\"PNG\","
      "\"fps\":24,\"frames\":\"1-%d\",\"render_output_path\":"
      "\"/mnt/farm/frames/%d/######\"},\"metadata\":{\"project\":\"Harbour\","
      "\"user.name\":\"farm\"},\"storage\":{\"shaman_checkout_id\":\"\"},",
      iJob, pJob->iPriority, iJob, pJob->nTask, iJob);
  if( pJob->zTag ){
    sqlite3_str_appendf(p, "\"worker_tag\":\"%s\",", pJob->zTag);
  }
  sqlite3_str_appendall(p, "\"tasks\":[");
  for(int i=0; i<pJob->nTask; i++){
    int bVideo = pJob->bVideo && i==pJob->nTask-1;
    newUuid(zUuid);
    if( azUuid ) memcpy(&azUuid[37*(size_t)i], zUuid, 37);
    sqlite3_str_appendf(p, "%s{\"uuid\":\"%s\",\"name\":\"%s-%d\",\"type\":"
        "\"%s\",\"priority\":50,\"commands\":[{\"name\":\"blender-render\","
        "\"parameters\":{\"args\":[\"--scene\",\"Scene\",\"--render-output\","
        "\"/mnt/farm/frames/%d/######\",\"--render-format\",\"PNG\","
        "\"--render-frame\",\"%d\"],\"argsBefore\":[],\"blendfile\":"
        "\"/mnt/farm/shots/%d/shot.blend\",\"exe\":\"{blender}\",\"exeArgs\":"
        "\"{blenderArgs}\"},\"total_step_count\":1}],\"dependencies\":[",
        i ? "," : "", zUuid, bVideo ? "video" : "render", i+1,
        bVideo ? "ffmpeg" : pJob->zType, iJob, i+1, iJob);
    for(int k=0; bVideo && k<i; k++){
      sqlite3_str_appendf(p, "%s\"%s\"", k ? "," : "", &azUuid[37*(size_t)k]);
    }
    sqlite3_str_appendall(p, "]}");
  }
  sqlite3_str_appendall(p, "]}");
  char *zDocument = sqlite3_str_finish(p);
  if( zDocument==0 ) die("a job of %d tasks is too long", pJob->nTask);
  sqlite3_stmt *pStmt = prep(db, "SELECT store_authored_job(?1)");
  bindText(pStmt, 1, zDocument);
  run(pStmt);
  unprep(pStmt);
  sqlite3_free(zDocument);
  free(azUuid);
  return queryInt(db, "SELECT max(id) FROM jobs");
}

/* What a kept database was made from. */
static char *stampWanted(sqlite3 *db){
  return queryText(db, "SELECT '" FIXTURE_VERSION " ' || group_concat(checksum)"
      " FROM tablao_migrations");
}

/* A new farm of this name, with workers, in a transaction. */
static sqlite3 *farmBegin(const char *zName){
  char zPath[BENCH_PATH];
  pathOf(zPath, zName);
  fileRemove(zPath);
  sqlite3 *db = dbOpen(zPath);
  exec(db, "SELECT tablao_migrate()");
  exec(db, "CREATE TABLE bench_stamp (stamp)");
  exec(db, "BEGIN IMMEDIATE");
  makeWorkers(db);
  return db;
}

/* Ends with a farm that is in order, or not at all. */
static void farmCheck(sqlite3 *db, const char *zName){
  char *z = queryText(db, "SELECT kind || ' ' || object || ': ' || message"
      " FROM farm_problems LIMIT 1");
  if( z ) die("%s: %s", zName, z);
}

static void farmCommit(sqlite3 *db, const char *zName){
  exec(db, "COMMIT");
  farmCheck(db, zName);
  exec(db, "PRAGMA wal_checkpoint(TRUNCATE)");
  dbClose(db);
}

/* The same rows as those of a farm, in bare tables. */
static void makeBare(const char *zFarm, const char *zName){
  char zPath[BENCH_PATH];
  pathOf(zPath, zName);
  fileRemove(zPath);
  sqlite3 *db = dbOpen(zPath);
  exec(db, "%s", zBareSchema);
  pathOf(zPath, zFarm);
  exec(db, "ATTACH %Q AS farm", zPath);
  exec(db, "BEGIN");
  for(size_t i=0; i<sizeof(aBare)/sizeof(aBare[0]); i++){
    exec(db, "INSERT INTO main.%s (%s) SELECT %s FROM farm.%s ORDER BY rowid",
        aBare[i].zTable, aBare[i].zColumns, aBare[i].zColumns,
        aBare[i].zTable);
  }
  exec(db, "COMMIT");
  exec(db, "PRAGMA main.wal_checkpoint(TRUNCATE)");
  dbClose(db);
}

/* The last thing that is done to a farm: it is complete. */
static void farmStamp(const char *zName){
  char zPath[BENCH_PATH];
  pathOf(zPath, zName);
  sqlite3 *db = dbOpen(zPath);
  char *z = stampWanted(db);
  exec(db, "INSERT INTO bench_stamp (stamp) VALUES (%Q)", z);
  sqlite3_free(z);
  dbClose(db);
}

/* The names of all views and triggers. */
static char *objects(sqlite3 *db){
  return queryText(db, "SELECT group_concat(name) FROM (SELECT name"
      " FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY name)");
}

/* True if the database is there and can be used, maybe after an upgrade. */
static int farmKept(const char *zName){
  char zPath[BENCH_PATH];
  pathOf(zPath, zName);
  if( fileSize(zPath)<=0 ) return 0;
  sqlite3 *db = dbOpen(zPath);
  int bOk = 0;
  if( queryInt(db, "SELECT count(*) FROM sqlite_schema"
      " WHERE name='bench_stamp'")==1 ){
    sqlite3 *pNew = dbOpen(":memory:");
    exec(pNew, "SELECT tablao_migrate()");
    char *zWanted = stampWanted(pNew);
    char *zHas = queryText(db, "SELECT stamp FROM bench_stamp");
    bOk = zHas && strcmp(zHas, zWanted)==0;
    if( bOk ){
      i64 iBefore = queryInt(db, "PRAGMA schema_version");
      exec(db, "SELECT tablao_migrate()");
      char *zNew = objects(pNew);
      char *zOld = objects(db);
      bOk = strcmp(zNew, zOld)==0;
      sqlite3_free(zNew);
      sqlite3_free(zOld);
      /* farm_problems takes seconds: not twice for the same views. */
      if( bOk && queryInt(db, "PRAGMA schema_version")!=iBefore ){
        char *z = queryText(db, "SELECT object FROM farm_problems LIMIT 1");
        if( z ) bOk = 0;
        sqlite3_free(z);
      }
    }
    sqlite3_free(zWanted);
    sqlite3_free(zHas);
    dbClose(pNew);
  }
  dbClose(db);
  return bOk;
}

/*
** farm-N.db: N queued tasks of a render farm, and bare-N.db, the same rows.
** A tenth of the tasks is one large job of low priority; the others are jobs
** of up to 1,000 tasks, every other one with a video that waits for all its
** frames. The first two of those come first: a tagged one with a video for
** the workers that have the tag, and a plain one for the others.
*/
void fixtureFarm(int nTask){
  char zFarm[64], zBare[64];
  sqlite3_snprintf(sizeof(zFarm), zFarm, "farm-%d.db", nTask);
  sqlite3_snprintf(sizeof(zBare), zBare, "bare-%d.db", nTask);
  if( farmKept(zFarm) ) return;
  note("making a farm of %d tasks", nTask);
  sqlite3 *db = farmBegin(zFarm);
  Job big = { nTask/10, 10, "blender", 0, 0 };
  makeJob(db, &big);
  int nLeft = nTask - nTask/10;
  int nEach = nLeft/2<1000 ? nLeft/2 : 1000;
  for(int i=0; nLeft>0; i++){
    Job job = {
      nLeft<nEach ? nLeft : nEach,
      i==0 ? 90 : i==1 ? 80 : 20 + i%50,
      "blender",
      i%4==0 ? "00000000-0000-4000-b000-000000000001" : 0,
      i%2==0
    };
    makeJob(db, &job);
    nLeft -= job.nTask;
  }
  farmCommit(db, zFarm);
  makeBare(zFarm, zBare);
  farmStamp(zFarm);
}

/*
** hold-*.db: 1,000 tasks for the worker 1, and 100,000 of higher priority that
** it may not take, each for another reason; hold-bare.db: the rows of
** hold-type.db. The job of 100,000 tasks (the second) and one of 10,000 (the
** third) serve the operations on large jobs, too.
*/
void fixtureHold(void){
  static const char *const azKind[] = {
    "hold-type.db", "hold-none.db", "hold-tag.db", "hold-deps.db",
    "hold-block.db", "hold-fail.db", "hold-blocks.db", "hold-fails.db"
  };
  static const Job own = { 1000, 50, "blender", 0, 0 };
  static const char zCan[] = "UPDATE workers SET supported_task_types ="
      " 'blender,ffmpeg,file-management,misc,simulation' WHERE id = 1";
  int bKept = farmKept("hold-type.db");
  for(size_t i=0; i<sizeof(azKind)/sizeof(azKind[0]); i++){
    char zPath[BENCH_PATH], zFrom[BENCH_PATH];
    pathOf(zPath, azKind[i]);
    if( bKept && farmKept(azKind[i]) ) continue;
    note("making %s", azKind[i]);
    sqlite3 *db;
    if( i==0 || i==1 || i==6 || i==7 ){
      db = farmBegin(azKind[i]);
      makeJob(db, &own);
      Job large = { bench.nHold, 100, "simulation", 0, 0 };
      Job tenth = { bench.nHold/10, 10, "simulation", 0, 0 };
      if( i==0 ) makeJob(db, &large);
      if( i==0 ) makeJob(db, &tenth);
      large.nTask /= 100;
      for(int k=0; k<100 && i>=6; k++) makeJob(db, &large);
      if( i==6 ){
        exec(db, "INSERT INTO job_blocks (job_id, worker_id, task_type)"
            " SELECT id, 1, 'simulation' FROM jobs WHERE id > 1");
        exec(db, "%s", zCan);
      }
      if( i==7 ){
        /* Each of the 100 jobs has one task more than the worker failed. */
        exec(db, "INSERT INTO task_failures (task_id, worker_id)"
            " SELECT id, 1 FROM tasks WHERE job_id > 1");
        exec(db, "%s", zCan);
      }
      farmCommit(db, azKind[i]);
      if( i==0 ) makeBare(azKind[i], "hold-bare.db");
      farmStamp(azKind[i]);
      continue;
    }
    pathOf(zFrom, "hold-type.db");
    fileCopy(zFrom, zPath);
    db = dbOpen(zPath);
    exec(db, "DELETE FROM bench_stamp");
    exec(db, "DELETE FROM jobs WHERE id = 3");
    exec(db, "BEGIN IMMEDIATE");
    exec(db, "%s", zCan);
    switch( i ){
      case 2:
        exec(db, "UPDATE jobs SET worker_tag_id = 2 WHERE id = 2");
        break;
      case 3:
        exec(db, "INSERT INTO task_dependencies (task_id, dependency_id)"
            " SELECT id, (SELECT min(id) FROM tasks WHERE job_id = 2)"
            " FROM tasks WHERE job_id = 2 AND index_in_job > 1");
        /* The one they wait for is being worked on by another. */
        exec(db, "UPDATE tasks SET status = 'active', worker_id = 2"
            " WHERE job_id = 2 AND index_in_job = 1");
        break;
      case 4:
        exec(db, "INSERT INTO job_blocks (job_id, worker_id, task_type)"
            " VALUES (2, 1, 'simulation')");
        break;
      case 5:
        exec(db, "INSERT INTO task_failures (task_id, worker_id)"
            " SELECT id, 1 FROM tasks WHERE job_id = 2");
        exec(db, "UPDATE tasks SET status = 'soft-failed' WHERE job_id = 2");
        break;
    }
    exec(db, "COMMIT");
    farmCheck(db, azKind[i]);
    dbClose(db);
    farmStamp(azKind[i]);
  }
}

/* Opens a copy of a kept database, its pages in memory. */
sqlite3 *fixtureOpen(const char *zName, const char *zAs){
  char zFrom[BENCH_PATH], zTo[BENCH_PATH];
  pathOf(zFrom, zName);
  pathOf(zTo, zAs);
  fileCopy(zFrom, zTo);
  return dbOpen(zTo);
}
