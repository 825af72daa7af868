# Targets that prove Tablao: what they prove, and how, is in docs/testing.md.
#
# SQLITE_SOURCE=.../sqlite3.c has the fuzzers and the threads under
# ThreadSanitizer run with a SQLite compiled like the rest, with sanitizers.

TORTURE_SECONDS = 300
TORTURE_SEED    =
FUZZ_SECONDS    = 120
CLANG           = clang
DL_LIB          = -ldl
FUZZERS         = document filter function vtab file
SQLITE_SOURCE   =

ASAN  = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
TSAN  = -O1 -g -fsanitize=thread
ifeq ($(SQLITE_SOURCE),)
SQLITE_LIB = -lsqlite3
else
SQLITE_INC = -I$(dir $(SQLITE_SOURCE))
SQLITE_LIB = $(@D)/sqlite3.o -lm -ldl -lpthread
endif

##@ Trust
torture: setup-torture ## faults, crashes, concurrency, random histories, fuzzing (TORTURE_SECONDS=300)
	@$(MAKE) --no-print-directory all torture-programs fuzzers
	@TABLAO_BUILD='$(abspath $(BUILD))' $(TCLSH) tests/torture/all.tcl \
	  -seconds $(TORTURE_SECONDS) $(TORTURE_SEED:%=-seed %) $(T)

fuzz: setup-torture ## fuzz each target (FUZZ_SECONDS=120, FUZZERS=...)
	@$(MAKE) --no-print-directory fuzzers
	@for f in $(FUZZERS); do \
	  sh tests/fuzz/run.sh '$(BUILD)' $$f $(FUZZ_SECONDS) || bad=1; \
	done; test -z "$$bad"

torture-programs: $(BUILD)/torture/faults $(BUILD)/torture/concurrency \
  $(BUILD)/torture/calls $(BUILD)/torture/flamenco.db $(BUILD)/torture/small.db
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CC=$(CLANG) \
	  CFLAGS='$(TSAN)' CPPFLAGS='$(SQLITE_INC)' \
	  $(BUILD)/tsan/tablao.$(SO) $(BUILD)/tsan/concurrency

fuzzers:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=$(CLANG) \
	  CFLAGS='$(ASAN) -fsanitize=fuzzer-no-link' \
	  CPPFLAGS='-DSQLITE_CORE $(SQLITE_INC)' \
	  $(FUZZERS:%=$(BUILD)/fuzz/fuzz_%)

$(BUILD)/torture/%: tests/torture/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -O1 -g -Wall -Wextra -o $@ $< -lsqlite3 -lpthread \
	  $(DL_LIB)

$(BUILD)/torture/%.db: tests/make_flamenco_db.tcl
	@mkdir -p $(@D)
	@rm -f $@
	@$(TCLSH) tests/make_flamenco_db.tcl $@ $(if $(findstring small,$@),10,300)

$(BUILD)/concurrency: tests/torture/concurrency.c \
  $(if $(SQLITE_SOURCE),$(BUILD)/sqlite3.o)
	$(CC) -std=c11 $(CFLAGS) $(CPPFLAGS) -rdynamic -o $@ $< $(SQLITE_LIB) -lpthread

$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h $(OBJ) \
  $(if $(SQLITE_SOURCE),$(BUILD)/sqlite3.o)
	$(CC) -std=c11 -Wall -Wextra $(CFLAGS) -fsanitize=fuzzer $(CPPFLAGS) \
	  -o $@ $< $(OBJ) $(SQLITE_LIB)

$(BUILD)/sqlite3.o: $(SQLITE_SOURCE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_COLUMN_METADATA \
	  -DSQLITE_ENABLE_DESERIALIZE -c -o $@ $<

.PHONY: torture torture-programs fuzz fuzzers

# The extension is compiled for gcov; then the tests of what it does, and each
# of its calls into SQLite failing, and memory running out, say what of it is
# reached.
COVERAGE_TESTS = func migrate check engines store job_query close task_graph \
  task_summaries adopt observed upgrade flamenco_guide interfaces claims \
  concurrency hostile attached clock fixtures
COVERAGE_SECONDS = 300

coverage: setup-test setup-coverage ## measure what of ext/ the tests reach, in lines and branches
	@rm -rf $(BUILD)/coverage
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage CC=gcc \
	  CFLAGS='-O0 --coverage' CPPFLAGS= all engines
	@$(MAKE) --no-print-directory $(BUILD)/torture/calls \
	  $(BUILD)/torture/faults $(BUILD)/torture/small.db
	@TABLAO_BUILD='$(abspath $(BUILD))/coverage' $(TCLSH) tests/all.tcl \
	  $(COVERAGE_TESTS)
	@$(BUILD)/torture/calls -ext $(BUILD)/coverage/tablao.$(SO) \
	  -flamenco $(BUILD)/torture/small.db -seconds $(COVERAGE_SECONDS)
	@$(BUILD)/torture/faults oom -dir $(BUILD)/coverage \
	  -ext $(BUILD)/coverage/tablao.$(SO) -sql $(BUILD)/coverage/tablao.sql \
	  -seconds 20
	@gcovr -r . --object-directory $(BUILD)/coverage --filter ext/ \
	  --fail-under-line 100 || bad=1; \
	gcovr -b -r . --object-directory $(BUILD)/coverage --filter ext/ \
	  --fail-under-branch 95 || bad=1; \
	test -z "$$bad"

WARNINGS = -Wall -Wextra -Wconversion -Wshadow -Wno-unused-parameter -Werror

lint: setup-build setup-lint setup-torture ## compilers' warnings, cppcheck, clang-tidy, valgrind
	@$(MAKE) --no-print-directory all $(BUILD)/torture/calls
	@sh tools/lint.sh '$(BUILD)' '$(WARNINGS)'

.PHONY: coverage lint
