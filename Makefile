# Tablao: builds the loadable extension and the SQL script, tests them.
# `make help` lists the targets. Settings can be given on the command line:
# make install PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu DESTDIR=/tmp/pkg

PREFIX   = /usr/local
LIBDIR   = $(PREFIX)/lib
DATADIR  = $(PREFIX)/share/tablao
DESTDIR  =
BUILD    = build
SO       = so
CC       = cc
CFLAGS   = -O2
CPPFLAGS = -DNDEBUG
LDFLAGS  =
TCLSH    = tclsh
INSTALL  = install

# What the code needs whatever CFLAGS says. The maps keep the place of the
# checkout out of the result, so that two builds give the same bytes.
NEEDED_CFLAGS = -std=c11 -fPIC -fvisibility=hidden -Wall -Wextra \
  -ffile-prefix-map=$(CURDIR)=.
COMPILE = $(CC) $(NEEDED_CFLAGS) -Iext -I$(BUILD) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) -shared $(CFLAGS) $(LDFLAGS)

VERSION := $(shell cat VERSION)
SQL     := $(sort $(wildcard sql/*.sql views/*.sql))
OBJ     := $(patsubst ext/%.c,$(BUILD)/obj/%.o,$(sort $(wildcard ext/*.c)))
SETUP    = CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' TCLSH='$(TCLSH)' sh tools/setup.sh

##@ Use
all: $(BUILD)/tablao.$(SO) $(BUILD)/tablao.sql ## build the extension and the SQL script (the default)

demo: setup-demo ## run a farm in the sqlite3 shell: two jobs, from storing to end
	@$(MAKE) --no-print-directory all
	@sh tests/demo.sh '$(BUILD)'

install: all ## install into $(DESTDIR)$(PREFIX)
	$(INSTALL) -d '$(DESTDIR)$(LIBDIR)' '$(DESTDIR)$(DATADIR)'
	$(INSTALL) -m 755 $(BUILD)/tablao.$(SO) '$(DESTDIR)$(LIBDIR)/tablao.$(SO)'
	$(INSTALL) -m 644 $(BUILD)/tablao.sql '$(DESTDIR)$(DATADIR)/tablao.sql'

uninstall: ## remove what install put there
	rm -f '$(DESTDIR)$(LIBDIR)/tablao.$(SO)' '$(DESTDIR)$(DATADIR)/tablao.sql'
	-rmdir '$(DESTDIR)$(DATADIR)' 2>/dev/null || true

##@ Development
test: setup-test ## run all tests; T='func*' runs the files that match
	@$(MAKE) --no-print-directory all
	@TABLAO_BUILD='$(abspath $(BUILD))' $(TCLSH) tests/all.tcl $(T)

bench: setup-bench ## measure what Tablao costs (BENCH_QUICK=1: a short run)
	@$(MAKE) --no-print-directory all $(BUILD)/bench/bench
	@$(BUILD)/bench/bench '$(BUILD)' '$(BUILD)/bench' tests/data/jobs
	@gnuplot -e "dir='$(BUILD)/bench'" bench/plots.gp

bench-docs: ## put the last run of bench into docs/performance.md
	@$(TCLSH) bench/docs.tcl '$(BUILD)/bench' docs

docs: setup-test ## write docs/schema.md anew, from the database
	@$(MAKE) --no-print-directory all
	$(TCLSH) tools/mkschema.tcl . $(BUILD) docs/schema.md

golden: setup-test ## write tests/golden/schema.sql anew, after a change of the schema that is meant
	@$(MAKE) --no-print-directory all
	@mkdir -p tests/golden
	$(TCLSH) tests/golden.tcl '$(BUILD)/tablao.sql' >'$(BUILD)/golden.sql'
	mv '$(BUILD)/golden.sql' tests/golden/schema.sql

dist: ## make the source tarball of the last commit
	@mkdir -p $(BUILD)/dist
	git archive --format=tar --prefix=tablao-$(VERSION)/ HEAD \
	  >$(BUILD)/dist/tablao-$(VERSION).tar
	gzip -n -9 -f $(BUILD)/dist/tablao-$(VERSION).tar

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## show this
	@awk -F ':.*## ' '/^##@/ { print substr($$0, 5) ":" } \
	  /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# Targets with tools of their own name the groups they need:
# setup-bench, setup-coverage, setup-torture, setup-lint.
setup-%:
	@$(SETUP) build $*

$(BUILD)/tablao.$(SO): $(OBJ)
	@test -n '$(OBJ)' || { echo 'tablao: ext/ has no C file' >&2; exit 1; }
	$(LINK) -o $@ $(OBJ)

$(BUILD)/obj/%.o: ext/%.c $(BUILD)/tablao_sql.h $(BUILD)/obj/flags
	$(COMPILE) -MMD -MP -c -o $@ $<

# The directories are there to notice a file that was removed.
$(BUILD)/tablao_sql.h: $(SQL) sql views VERSION tools/mksql.tcl
	@$(SETUP) --check build
	@mkdir -p $(BUILD)
	$(TCLSH) tools/mksql.tcl . $(BUILD)

# mksql.tcl writes both; this line serves who removed only the script.
$(BUILD)/tablao.sql: $(BUILD)/tablao_sql.h
	@test -f $@ || $(TCLSH) tools/mksql.tcl . $(BUILD)

$(BUILD)/bench/bench: $(wildcard bench/*.c bench/*.h) $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 -Wall -Wextra $(CPPFLAGS) $(CFLAGS) -o $@ \
	  $(filter %.c,$^) $(LDFLAGS) -lsqlite3

# Changes only when the command does, so that `make CFLAGS=-g` rebuilds.
$(BUILD)/obj/flags: FORCE
	@mkdir -p $(@D)
	@echo "$(COMPILE)" | cmp -s - $@ || echo "$(COMPILE)" >$@

FORCE:
.PHONY: all docs demo install uninstall test bench bench-docs golden dist clean help FORCE
.DELETE_ON_ERROR:
-include $(OBJ:.o=.d)
