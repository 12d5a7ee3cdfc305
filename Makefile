# Targets for people. Go 1.26, make and git are all that they need; the rest is built from source once, into
# a cache outside the checkout.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# Printed only when a shell expands it, so that `make help` costs nothing.
controlplane := $$(hack/controlplane/build.sh dir)
tools := $$(hack/tools/build.sh dir)
header := headerFile=hack/boilerplate.go.txt
# Permissions are asked for where they are used.
rbac-paths := $(foreach dir,controllers internal,$(if $(wildcard $(dir)),paths=./$(dir)/...))

.PHONY: help demo test lint verify generate manifests build controlplane controlplane-dir bench bench-short bench-decisions bench-peers bench-guard prove mutants fuzz dex test-dex test-browser test-fault test-fault-short tools go

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build controlplane ## Run Roster on a local control plane and show it at work (DEMO_ONCE=1: do the tour, then exit)
	@go build -o bin/demo ./hack/demo
	@KUBEBUILDER_ASSETS=$(controlplane) bin/demo

test: controlplane ## Run all tests, against a real API server where they need one
	@echo "test: compiling and running the unit and envtest suites" >&2
	@KUBEBUILDER_ASSETS=$(controlplane) go test ./...

lint: tools ## Check style, import direction and the API conventions
	@tools=$(tools) failed=0; \
	echo "lint: Go code" >&2; "$$tools/golangci-lint" run || failed=1; \
	echo "lint: the tools' own code" >&2; (cd hack/tools && "$$tools/golangci-lint" run) || failed=1; \
	echo "lint: API conventions" >&2; "$$tools/apilint" hack/apilint.yaml ./api/... || failed=1; \
	exit $$failed

verify: tools ## Check that generated files, modules and formatting are up to date, and that the budgets are kept
	@hack/verify.sh

generate: tools ## Generate deep copies and apply configurations from api/
	@echo "generate: deep copies and apply configurations" >&2
	@$(tools)/controller-gen object:$(header) applyconfiguration:$(header) paths=./api/...

manifests: tools ## Generate CRDs, the servers' roles, the webhooks and the API reference
	@echo "manifests: CRDs, roles, webhooks and API reference" >&2
	@$(tools)/controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	@[ -z "$(rbac-paths)" ] || $(tools)/controller-gen rbac:roleName=roster-manager $(rbac-paths) output:rbac:dir=config/rbac
	@$(tools)/controller-gen webhook paths=./internal/guard/... output:webhook:dir=config/webhook
	@$(tools)/controller-gen rbac:roleName=roster-decisions,fileName=role.yaml paths=./internal/decision/... output:rbac:dir=config/decisions
	@mkdir -p docs/reference
	@$(tools)/crd-ref-docs --config hack/api-reference.yaml --renderer markdown --log-level ERROR \
		--source-path api --output-path docs/reference/api.md

build: go ## Build bin/roster
	@echo "build: bin/roster $(VERSION)" >&2
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/roster ./cmd/roster

controlplane: go ## Build etcd, kube-apiserver, kube-controller-manager and kubectl, once
	@hack/controlplane/build.sh

controlplane-dir: ## Print where they are
	@hack/controlplane/build.sh dir

test-fault: controlplane ## Break everything that Roster stands on, in every way (FOCUS='sends mails': a part); some of it is in make test
	@echo "test-fault: killing the manager at every write, crossed with every trouble of a mail server" >&2
	@KUBEBUILDER_ASSETS=$(controlplane) FAULTS=all go test -count=1 -timeout 3h -v ./test/fault -ginkgo.succinct $(if $(FOCUS),-ginkgo.focus '$(FOCUS)')

test-fault-short: controlplane ## Break a choice of it, in a minute
	@KUBEBUILDER_ASSETS=$(controlplane) go test -count=1 -v ./test/fault -ginkgo.succinct

bench: controlplane ## Measure writes, convergence, compute and memory, and print a table
	@KUBEBUILDER_ASSETS=$(controlplane) go run ./test/bench

bench-short: controlplane ## The same with fewer users, in a few minutes
	@KUBEBUILDER_ASSETS=$(controlplane) go run ./test/bench -short

bench-decisions: controlplane ## Measure decisions in process and over HTTP, start and revocation
	@KUBEBUILDER_ASSETS=$(controlplane) go run ./test/bench/decisions

bench-peers: go ## Measure decisions beside cedar-go, casbin, OPA, OpenFGA and Cerbos (PEERS_FLAGS=-short: in a minute)
	@echo "bench-peers: compiling the others takes some minutes, once" >&2
	@go -C test/bench/peers run . $(PEERS_FLAGS)

dex: go ## Build Dex, the sign-in server of the demo and of make test-dex, once
	@hack/dex/build.sh

test-dex: controlplane dex ## Test signing in, with a real Dex
	@echo "test-dex: compiling and running the story of signing in" >&2
	@KUBEBUILDER_ASSETS=$(controlplane) go -C test/dex test -count=1 ./...

test-browser: go ## Test the pages in chromium (needs node, npm, chromium, and installs them where it may; SCREENSHOTS=1: write docs/images)
	@test/browser/run.sh

fuzz: go ## Run every fuzz target for a minute (FUZZTIME=10s: for as long)
	@hack/fuzz.sh

bench-guard: go ## Measure how long the guard takes to judge a write, and print a table (GUARD_FLAGS=-short: without 100,000 users)
	@go run ./test/bench/guard $(GUARD_FLAGS)

prove: go ## Hold the guard against a second opinion in 10,000,000 random worlds (COUNT=…; PROVE_FLAGS='-for 10m -seed …')
	@go run ./test/prove -worlds $(or $(COUNT),10000000) $(PROVE_FLAGS)

mutants: go ## Seed every fault of the list into the guard, and see that the random worlds find it
	@MUTANTS=all go test ./test/gains -run TestMutants -count 1 -v

tools: go
	@hack/tools/build.sh

go:
	@command -v go >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/dl" >&2; exit 1; }
