/*
** The results: a table on stdout, in results.txt and results.md, the same in
** results.json, and the data of the plots in plot.dat.
*/
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

#define REPORT_N_ROW 100

static struct {
  char *zWhat;
  char *zPeer;
  const char *zUnit;
  Series *pValue;
  Series *pPeer;
  double rRatio;
  char cOp;
  double rGoal;
} aRow[REPORT_N_ROW];
static int nRow = 0;
static const char *zRowUnit = "us";

/* The unit of the rows that follow. */
void reportUnit(const char *zUnit){
  zRowUnit = zUnit;
}

static void addRow(
  const char *zWhat, Series *pValue,
  const char *zPeer, Series *pPeer,
  double rRatio, char cOp, double rGoal
){
  if( nRow==REPORT_N_ROW ) die("too many rows");
  aRow[nRow].zWhat = sqlite3_mprintf("%s", zWhat);
  aRow[nRow].zPeer = sqlite3_mprintf("%s", zPeer);
  aRow[nRow].zUnit = zRowUnit;
  aRow[nRow].pValue = pValue;
  aRow[nRow].pPeer = pPeer;
  aRow[nRow].rRatio = rRatio;
  aRow[nRow].cOp = cOp;
  aRow[nRow].rGoal = rGoal;
  nRow++;
}

void goal(
  const char *zWhat, Series *pValue,
  const char *zPeer, Series *pPeer,
  char cOp, double rGoal
){
  if( pValue->n==0 || pPeer->n==0 ) die("no samples: %s", zWhat);
  addRow(zWhat, pValue, zPeer, pPeer,
      seriesMedian(pValue)/seriesMedian(pPeer), cOp, rGoal);
}

/* For a goal on how much longer the peer takes. */
void goalTurned(
  const char *zWhat, Series *pValue,
  const char *zPeer, Series *pPeer,
  double rGoal
){
  addRow(zWhat, pValue, zPeer, pPeer,
      seriesMedian(pPeer)/seriesMedian(pValue), '>', rGoal);
}

static const char *verdict(int i){
  int bPass = aRow[i].cOp=='<' ? aRow[i].rRatio<=aRow[i].rGoal
                               : aRow[i].rRatio>=aRow[i].rGoal;
  return aRow[i].cOp==0 ? "" : bPass ? "pass" : "miss";
}

/* The bad tenth of the samples: of a rate, the low one. */
static double slow(int i){
  return seriesAt(aRow[i].pValue, strcmp(aRow[i].zUnit, "per s") ? 0.9 : 0.1);
}

/* Three digits are what such figures are worth. */
static const char *figure(double r){
  static char az[8][32];
  static int i = 0;
  char *z = az[i++ % 8];
  sqlite3_snprintf(32, z, r>=100 ? "%.0f" : r>=10 ? "%.1f" : "%.2f", r);
  return z;
}

static void cpuName(char *zOut, int nOut){
  char z[256];
  FILE *p = fopen("/proc/cpuinfo", "r");
  sqlite3_snprintf(nOut, zOut, "unknown processor");
  while( p && fgets(z, sizeof(z), p) ){
    char *zColon = strchr(z, ':');
    if( strncmp(z, "model name", 10) || zColon==0 ) continue;
    zColon[strcspn(zColon, "\n")] = 0;
    sqlite3_snprintf(nOut, zOut, "%s", zColon+2);
    break;
  }
  if( p ) fclose(p);
}

static void machine(char *zOut, int nOut){
  struct utsname u;
  char zCpu[200], zDate[40];
  time_t t = time(0);
  uname(&u);
  cpuName(zCpu, sizeof(zCpu));
  strftime(zDate, sizeof(zDate), "%Y-%m-%d", gmtime(&t));
  sqlite3_snprintf(nOut, zOut, "%s, %ld cores, %s %s, SQLite %s, %s",
      zCpu, sysconf(_SC_NPROCESSORS_ONLN), u.sysname, u.machine,
      sqlite3_libversion(), zDate);
}

static FILE *create(const char *zName){
  char zPath[BENCH_PATH];
  pathOf(zPath, zName);
  FILE *p = fopen(zPath, "w");
  if( p==0 ) die("%s: cannot write", zPath);
  return p;
}

static void writeText(FILE *p, const char *zMachine){
  fprintf(p, "%s%s\n\n", zMachine, bench.bQuick ? ", BENCH_QUICK" : "");
  fprintf(p, "%-62s %19s  %-26s %8s  %7s  %-8s %s\n", "what is measured",
      "median (p90)", "compared with", "median", "ratio", "goal", "");
  for(int i=0; i<nRow; i++){
    char zValue[64], zGoal[32] = "";
    sqlite3_snprintf(sizeof(zValue), zValue, "%s (%s) %s",
        figure(seriesMedian(aRow[i].pValue)),
        figure(slow(i)), aRow[i].zUnit);
    if( aRow[i].cOp ){
      sqlite3_snprintf(sizeof(zGoal), zGoal, "%s %g",
          aRow[i].cOp=='<' ? "<=" : ">=", aRow[i].rGoal);
    }
    fprintf(p, "%-62s %19s  %-26s %8s  %7s  %-8s %s\n", aRow[i].zWhat, zValue,
        aRow[i].zPeer, figure(seriesMedian(aRow[i].pPeer)),
        figure(aRow[i].rRatio), zGoal, verdict(i));
  }
}

/* The table for docs/performance.md. */
static void writeMarkdown(FILE *p, const char *zMachine){
  fprintf(p, "%s%s.\n\n", zMachine, bench.bQuick ? ", BENCH_QUICK" : "");
  fprintf(p, "| what is measured | median | p90 | compared with | median"
      " | ratio | goal | |\n|---|--:|--:|---|--:|--:|---|---|\n");
  for(int i=0; i<nRow; i++){
    fprintf(p, "| %s | %s %s | %s | %s | %s | %s | ", aRow[i].zWhat,
        figure(seriesMedian(aRow[i].pValue)), aRow[i].zUnit,
        figure(slow(i)), aRow[i].zPeer,
        figure(seriesMedian(aRow[i].pPeer)), figure(aRow[i].rRatio));
    if( aRow[i].cOp ){
      fprintf(p, "%s %g | %s |\n", aRow[i].cOp=='<' ? "≤" : "≥",
          aRow[i].rGoal, verdict(i));
    }else{
      fprintf(p, "| |\n");
    }
  }
}

static void writeJson(FILE *p, const char *zMachine){
  fprintf(p, "{\"machine\": \"%s\",\n \"quick\": %s,\n \"rows\": [", zMachine,
      bench.bQuick ? "true" : "false");
  for(int i=0; i<nRow; i++){
    fprintf(p, "%s\n  {\"what\": \"%s\", \"unit\": \"%s\", \"median\": %.3f,"
        " \"p90\": %.3f, \"samples\": %d,\n   \"peer\": \"%s\","
        " \"peer_median\": %.3f, \"peer_p90\": %.3f, \"peer_samples\": %d,"
        " \"ratio\": %.4f, ", i ? "," : "",
        aRow[i].zWhat, aRow[i].zUnit, seriesMedian(aRow[i].pValue),
        slow(i), aRow[i].pValue->n, aRow[i].zPeer,
        seriesMedian(aRow[i].pPeer), seriesAt(aRow[i].pPeer, 0.9),
        aRow[i].pPeer->n, aRow[i].rRatio);
    if( aRow[i].cOp ){
      fprintf(p, "\"goal\": \"%s %g\", \"pass\": %s}",
          aRow[i].cOp=='<' ? "<=" : ">=", aRow[i].rGoal,
          strcmp(verdict(i), "pass")==0 ? "true" : "false");
    }else{
      fprintf(p, "\"goal\": null, \"pass\": null}");
    }
  }
  fprintf(p, "\n ]}\n");
}

/* One line per farm size: what the plots show, in microseconds. */
static void writePlot(FILE *p){
  static const char *const az[] =
    { "floor", "claim", "complete plain", "complete by report plain", "query" };
  fprintf(p, "# tasks");
  for(int k=0; k<5; k++) fprintf(p, ", %s: median, p90", az[k]);
  fprintf(p, "\n");
  for(int i=0; i<BENCH_N_SIZE; i++){
    fprintf(p, "%d", bench.aSize[i]);
    for(int k=0; k<5; k++){
      Series *pSeries = series("%s %d", az[k], bench.aSize[i]);
      fprintf(p, " %.2f %.2f", seriesMedian(pSeries), seriesAt(pSeries, 0.9));
    }
    fprintf(p, "\n");
  }
}

void reportWrite(void){
  char zMachine[512];
  int nGoal = 0, nPass = 0;
  machine(zMachine, sizeof(zMachine));
  for(int i=0; i<nRow; i++){
    nGoal += aRow[i].cOp!=0;
    nPass += strcmp(verdict(i), "pass")==0;
  }
  for(int i=0; i<2; i++){
    FILE *p = i ? create("results.txt") : stdout;
    writeText(p, zMachine);
    fprintf(p, "\n%d of %d goals reached\n", nPass, nGoal);
    if( i ) fclose(p);
  }
  FILE *p = create("results.json");
  writeJson(p, zMachine);
  fclose(p);
  p = create("results.md");
  writeMarkdown(p, zMachine);
  fclose(p);
  if( series("claim %d", bench.aSize[0])->n ){
    p = create("plot.dat");
    writePlot(p);
    fclose(p);
  }
}
