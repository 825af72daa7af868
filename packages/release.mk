# What people install: docs/packages.md says what there is and how it is tested.

##@ Release
# Where a release comes from this is all; without it `make release` tells which
# of packages/release.py's SCRIPTS it has left out.
RELEASE_SCRIPTS = $(BUILD)/tablao.json $(BUILD)/tablao-mirror.sql

dist: $(AMALGAMATION) ## make the tarballs: the source of the last commit, the amalgamation
	@$(SETUP) dist
	sh packages/dist.sh '$(BUILD)' '$(BUILD)/dist'

release: setup-packages ## make all that is released, for all platforms, in build/release
	@$(SETUP) dist
	@$(MAKE) --no-print-directory all $(AMALGAMATION) $(RELEASE_SCRIPTS)
	@sh packages/tools.sh '$(BUILD)/release-tools' \
	  packages/make-requirements.txt --require-hashes
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' PYTHONDONTWRITEBYTECODE=1 \
	  '$(BUILD)/release-tools/bin/python' packages/release.py '$(BUILD)'

test-packages: release ## install all of build/release in clean places and use it there; P='npm rust': those
	@$(SETUP) run-packages || true
	@CC='$(CC)' sh packages/test.sh '$(BUILD)' $(P)

.PHONY: dist release test-packages
