# The dashboard: a farm in the browser. How to use it is in docs/dashboard.md.

DB    =
WRITE =
PORT  = 8001
DASHBOARD = '$(BUILD)/dashboard/venv/bin/python' dashboard/serve.py \
  --extension '$(abspath $(BUILD))/tablao' --port $(PORT) \
  $(if $(filter-out 0,$(WRITE)),--write)

##@ Dashboard
dashboard: setup-dashboard ## show a farm in the browser (DB=path; WRITE=1: with forms; PORT=8001)
	@$(MAKE) --no-print-directory all
	@sh dashboard/setup.sh '$(BUILD)'
	@$(if $(DB),,sh dashboard/demo.sh '$(BUILD)')
	@$(DASHBOARD) '$(or $(DB),$(BUILD)/dashboard/demo.db)'

test-dashboard: setup-test setup-dashboard ## open every page of the dashboard in headless Chromium
	@$(SETUP) browser || true
	@$(MAKE) --no-print-directory all
	@sh tests/dashboard/run.sh '$(BUILD)'

screenshots: setup-test setup-dashboard setup-screenshots ## take the screenshots of docs/ anew
	@$(MAKE) --no-print-directory all
	@sh dashboard/setup.sh '$(BUILD)'
	@sh tests/dashboard/run.sh '$(BUILD)' docs

.PHONY: dashboard test-dashboard screenshots
