# Tablao: builds the loadable extension and the SQL script, tests them.
# `make help` lists the targets. Settings can be given on the command line:
# make install PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu DESTDIR=/tmp/pkg

PREFIX   = /usr/local
LIBDIR   = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
PKGCONFIGDIR = $(LIBDIR)/pkgconfig
MANDIR   = $(PREFIX)/share/man
DATADIR  = $(PREFIX)/share/tablao
DESTDIR  =
BUILD    = build
SO       = so
CC       = cc
# Those of the environment, if it has some: so do distributions build.
CFLAGS   ?= -O2
CPPFLAGS ?= -DNDEBUG
LDFLAGS  ?=
AR       = ar
TCLSH    = tclsh
INSTALL  = install

# A text as one word of the shell's, whatever is in it.
quoted = '$(subst ','\'',$(1))'

# What the code needs whatever CFLAGS says. The maps keep the place of the
# checkout out of the result, so that two builds give the same bytes.
NEEDED_CFLAGS = -std=c11 -fPIC -fvisibility=hidden -Wall -Wextra \
  $(call quoted,-ffile-prefix-map=$(CURDIR)=.)
COMPILE = $(CC) $(NEEDED_CFLAGS) -Iext -I$(BUILD) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) -shared $(CFLAGS) $(LDFLAGS)

# An environment may be empty. What make runs itself, without the shell, it does
# not look for in the PATH that is set here, hence the way VERSION is read.
ifeq ($(origin PATH),undefined)
export PATH := /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
endif

VERSION := $(shell read -r version <VERSION; echo "$$version")
SQL     := $(sort $(wildcard sql/*.sql sql/*/*.sql views/*.sql) sql/rules/story.txt)
OBJ     := $(patsubst ext/%.c,$(BUILD)/obj/%.o,$(sort $(wildcard ext/*.c)))
AMALGAMATION = $(BUILD)/amalgamation/tablao.c
INSTALLED = '$(DESTDIR)$(LIBDIR)/tablao.$(SO)' \
  '$(DESTDIR)$(LIBDIR)/libtablao.a' '$(DESTDIR)$(INCLUDEDIR)/tablao.h' \
  '$(DESTDIR)$(PKGCONFIGDIR)/tablao.pc' '$(DESTDIR)$(DATADIR)/tablao.sql' \
  '$(DESTDIR)$(MANDIR)/man7/tablao.7'
FILL_IN  = sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@PREFIX@|$(PREFIX)|g' \
  -e 's|@LIBDIR@|$(LIBDIR)|g' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g' \
  -e 's|@DATADIR@|$(DATADIR)|g' -e 's|@SO@|$(SO)|g'
SETUP    = CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' TCLSH='$(TCLSH)' sh tools/setup.sh

##@ Use
all: $(BUILD)/tablao.$(SO) $(BUILD)/tablao.sql $(BUILD)/python/tablao/__init__.py ## build the extension and the SQL script (the default)

demo: setup-demo ## run a farm in the sqlite3 shell: two jobs, from storing to end
	@$(MAKE) --no-print-directory all
	@sh tests/demo.sh '$(BUILD)'

install: all $(AMALGAMATION) $(BUILD)/libtablao.a ## install into $(DESTDIR)$(PREFIX)
	$(INSTALL) -d '$(DESTDIR)$(LIBDIR)' '$(DESTDIR)$(INCLUDEDIR)' \
	  '$(DESTDIR)$(DATADIR)' '$(DESTDIR)$(PKGCONFIGDIR)' '$(DESTDIR)$(MANDIR)/man7'
	$(INSTALL) -m 755 $(BUILD)/tablao.$(SO) '$(DESTDIR)$(LIBDIR)/tablao.$(SO)'
	$(INSTALL) -m 644 $(BUILD)/libtablao.a '$(DESTDIR)$(LIBDIR)/libtablao.a'
	$(INSTALL) -m 644 $(BUILD)/include/tablao.h \
	  '$(DESTDIR)$(INCLUDEDIR)/tablao.h'
	$(INSTALL) -m 644 $(BUILD)/tablao.sql '$(DESTDIR)$(DATADIR)/tablao.sql'
	$(FILL_IN) packages/c/tablao.pc.in >'$(DESTDIR)$(PKGCONFIGDIR)/tablao.pc'
	$(FILL_IN) packages/c/tablao.7.in >'$(DESTDIR)$(MANDIR)/man7/tablao.7'
	chmod 644 '$(DESTDIR)$(PKGCONFIGDIR)/tablao.pc' \
	  '$(DESTDIR)$(MANDIR)/man7/tablao.7'

uninstall: ## remove what install put there
	rm -f $(INSTALLED)
	-rmdir '$(DESTDIR)$(DATADIR)' 2>/dev/null || true

##@ Development
test: setup-test ## run the tests, each case in four modes; T='func*': the files that match, in all eight
	@$(MAKE) --no-print-directory all engines
	@$(if $(T),,TABLAO_MODES="$${TABLAO_MODES:-half}") TABLAO_BUILD='$(abspath $(BUILD))' \
	  $(TCLSH) tests/all.tcl $(T)

test-modes: setup-test ## run the tests that have modes, each case in all eight
	@$(MAKE) --no-print-directory all engines
	@TABLAO_BUILD='$(abspath $(BUILD))' $(TCLSH) tests/all.tcl -modes

test-long: setup-test ## run the tests that take long and are not in `make test`
	@$(MAKE) --no-print-directory all engines
	@TABLAO_BUILD='$(abspath $(BUILD))' $(TCLSH) tests/all.tcl -long

guests: setup-test ## farms with users' own triggers at random: N trials from SEED (N=1000 SEED=1)
	@$(MAKE) --no-print-directory all
	@TABLAO_BUILD='$(abspath $(BUILD))' $(TCLSH) tests/guest_generator.tcl \
	  -seed $(or $(SEED),1) -trials $(or $(N),1000) -seconds 86400

test-clients: setup-test ## run one scenario through ten SQLite clients; C='node rust': those
	@$(SETUP) clients || true
	@$(MAKE) --no-print-directory all
	@$(TCLSH) tests/clients/run.tcl '$(BUILD)' $(C)

test-manager: setup-test ## a Go client like Flamenco's Manager, on a plain and an observed database; N=1000: of so many tasks
	@$(SETUP) manager
	@$(MAKE) --no-print-directory all
	@$(TCLSH) tests/manager/run.tcl '$(BUILD)' $(N)

clients-docs: ## put the table of the last test-clients into docs/clients.md
	@$(TCLSH) tests/clients/docs.tcl '$(BUILD)/clients/table.md' docs/clients.md

cluster: setup-test setup-cluster ## build examples/cluster: a farm manager on several machines
	@$(MAKE) --no-print-directory engines
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' sh examples/cluster/build.sh '$(BUILD)'

test-engines: setup-test ## run farms on engines that replicate SQLite, and kill them; E='dqlite rsync': those
	@$(SETUP) cluster || true
	@$(SETUP) engines || true
	@$(MAKE) --no-print-directory all engines
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' TCLSH='$(TCLSH)' ENGINES_SEED='$(ENGINES_SEED)' ENGINES_KILLS='$(ENGINES_KILLS)' \
	  sh tests/engines/run.sh '$(BUILD)' $(E)

test-versions: setup-test ## run the core of the tests on the oldest SQLite and the newest
	@$(MAKE) --no-print-directory all engines
	@CC='$(CC)' TCLSH='$(TCLSH)' bash tests/versions.sh '$(BUILD)' $(V)

test-fresh: ## run make demo and make test on bare Debian and Ubuntu; F='debian-12 debian-13': on those
	@$(SETUP) fresh || true
	@bash tests/fresh.sh '$(BUILD)' $(F)

bench: setup-bench ## measure what Tablao costs (BENCH_QUICK=1: a short run)
	@$(MAKE) --no-print-directory all $(BUILD)/bench/bench
	@sh bench/old.sh '$(BUILD)/bench'
	@$(BUILD)/bench/bench '$(BUILD)' '$(BUILD)/bench' tests/data/jobs
	@test -n "$$BENCH_ONLY" || sh bench/peers.sh '$(BUILD)' '$(BUILD)/bench'
	@test ! -f '$(BUILD)/bench/plot.dat' || gnuplot -e "dir='$(BUILD)/bench'" bench/plots.gp
	@test -n "$$BENCH_ONLY" || python3 bench/growth.py '$(BUILD)'

bench-docs: ## put the last run of bench into docs/performance.md
	@$(TCLSH) bench/docs.tcl '$(BUILD)/bench' docs

docs: setup-test setup-docs ## write docs/schema.md, errors.md and the drawings anew, from the database and the source
	@$(MAKE) --no-print-directory all
	$(TCLSH) tools/mkschema.tcl . $(BUILD) docs/schema.md
	$(TCLSH) tools/mkerrors.tcl . docs/errors.md
	$(TCLSH) tools/mkpicture.tcl $(BUILD) docs/design.dot
	for name in design job-statuses task-statuses; do \
	  dot -Tsvg -o docs/$$name.svg docs/$$name.dot || exit 1; \
	done

site: site-tools ## build the handbook in build/site, by MkDocs; no dead link
	@'$(BUILD)/site-tools/bin/python' tools/site.py . '$(BUILD)'

site-tools: setup-site
	@sh packages/tools.sh '$(BUILD)/site-tools' tools/site-requirements.txt

golden: setup-test ## write tests/golden/schema.sql anew, after a change of the schema that is meant
	@$(MAKE) --no-print-directory all
	@mkdir -p tests/golden
	$(TCLSH) tests/golden.tcl '$(BUILD)/tablao.sql' >'$(BUILD)/golden.sql'
	mv '$(BUILD)/golden.sql' tests/golden/schema.sql

engines: $(BUILD)/tablao.json ## make build/tablao.json and build/tablao-mirror.sql
	@:

amalgamation: $(AMALGAMATION) ## make the extension as one C file, build/amalgamation/tablao.c

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## show this
	@awk -F ':.*## ' '/^##@/ { print substr($$0, 5) ":" } \
	  /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile \
	  tools/trust.mk tools/dashboard.mk packages/release.mk

include tools/trust.mk tools/dashboard.mk packages/release.mk

# Targets with tools of their own name the groups they need:
# setup-bench, setup-coverage, setup-torture, setup-lint.
setup-%:
	@$(SETUP) build $*

$(BUILD)/tablao.$(SO): $(OBJ) $(BUILD)/obj/link
	@test -n '$(OBJ)' || { echo 'tablao: ext/ has no C file' >&2; exit 1; }
	$(LINK) -o $@ $(OBJ)

$(BUILD)/obj/%.o: ext/%.c $(BUILD)/tablao_sql.h $(BUILD)/obj/flags
	$(COMPILE) -MMD -MP -c -o $@ $<

# The directories are there to notice a file that was removed.
$(BUILD)/tablao_sql.h: $(SQL) sql sql/adopt sql/observed sql/rules views VERSION tools/mksql.tcl
	@$(SETUP) --check build
	@mkdir -p $(BUILD)
	$(TCLSH) tools/mksql.tcl . $(BUILD)

# mksql.tcl writes both; this line serves who removed only the script.
$(BUILD)/tablao.sql: $(BUILD)/tablao_sql.h
	@test -f $@ || $(TCLSH) tools/mksql.tcl . $(BUILD)

# Of the script, by Tcl's sqlite3 package, which the build does without.
$(BUILD)/tablao.json: $(BUILD)/tablao_sql.h $(BUILD)/tablao.sql tools/mkengines.tcl
	$(TCLSH) tools/mkengines.tcl $(BUILD)

# It writes both, too.
$(BUILD)/tablao-mirror.sql: $(BUILD)/tablao.json
	@test -f $@ || $(TCLSH) tools/mkengines.tcl $(BUILD)

# The Python package as its wheel has it: PYTHONPATH=build/python python3 -m tablao
$(BUILD)/python/tablao/__init__.py: packages/python/tablao/__init__.py.in \
    $(wildcard packages/python/tablao/*.py) sql VERSION
	@mkdir -p $(@D)
	cp packages/python/tablao/*.py $(@D)
	ln -sf ../../tablao.$(SO) ../../tablao.sql $(@D)
	schema=$$(ls sql | sed -n 's/^0*\([1-9][0-9]*\)_.*/\1/p' | sort -n | tail -n 1); \
	  $(FILL_IN) -e "s|@SCHEMA_VERSION@|$$schema|g" $< >$@

# The public header, not to be mixed up with the extension's own in ext/.
$(BUILD)/include/tablao.h: packages/c/tablao.h.in VERSION
	@mkdir -p $(@D)
	$(FILL_IN) packages/c/tablao.h.in >$@

$(AMALGAMATION): tools/mkamalgamation.tcl $(wildcard ext/*.c) ext/tablao.h ext \
    $(BUILD)/tablao_sql.h $(BUILD)/tablao.sql $(BUILD)/include/tablao.h LICENSE
	$(TCLSH) tools/mkamalgamation.tcl . $(BUILD) $(@D)

# To be linked into a program, whose SQLite it then uses.
$(BUILD)/libtablao.a: $(AMALGAMATION) $(BUILD)/obj/flags
	$(COMPILE) -DSQLITE_CORE -c -o $(BUILD)/obj/libtablao.o $(AMALGAMATION)
	rm -f $@
	$(AR) rcs $@ $(BUILD)/obj/libtablao.o

$(BUILD)/bench/bench: $(wildcard bench/*.c bench/*.h) $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 -Wall -Wextra $(CPPFLAGS) $(CFLAGS) -o $@ \
	  $(filter %.c,$^) $(LDFLAGS) -lsqlite3

# Change only when the commands do, so that `make CFLAGS=-g` rebuilds; what is
# linked is part of one, so that a file that was removed goes.
$(BUILD)/obj/flags: COMMAND = $(COMPILE)
$(BUILD)/obj/link: COMMAND = $(LINK) $(OBJ)
$(BUILD)/obj/flags $(BUILD)/obj/link: FORCE
	@mkdir -p $(@D)
	@echo $(call quoted,$(COMMAND)) | cmp -s - $@ || echo $(call quoted,$(COMMAND)) >$@

FORCE:
.PHONY: all docs site site-tools demo guests install uninstall test test-modes test-long test-clients clients-docs \
  cluster test-engines test-versions test-fresh test-manager bench bench-docs golden \
  engines amalgamation clean help FORCE
.DELETE_ON_ERROR:
-include $(OBJ:.o=.d)
