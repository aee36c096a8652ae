FUZZTIME ?= 10s
# The faults that `make mutants` plants, separated by commas; all when empty.
ONLY ?=

# Packages whose tests take -update to rewrite their golden files.
golden_packages = $(shell grep -rlE --include='*_test.go' 'gotest\.tools/v3/golden|flag\.Bool."update"' . | xargs -r -n1 dirname | sort -u)

.DEFAULT_GOAL := help
.PHONY: help build test race lint fmt fuzz golden bench mutants ci

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

build: ## build ./accessbridge
	go build -trimpath -o accessbridge ./cmd/accessbridge

test: ## run all tests
	go test ./...

race: ## run all tests with the race detector, in random order
	.ci/run race

lint: ## check format, vet and all linters
	.ci/run fmt vet lint

fmt: ## format all Go files
	go tool -modfile=tools/go.mod gofumpt -w .

fuzz: ## run every fuzz target for FUZZTIME (default 10s)
	FUZZTIME=$(FUZZTIME) .ci/run fuzz

golden: ## rewrite golden files; read the diff before you commit it
	$(if $(golden_packages),go test $(golden_packages) -update,@echo "no package has golden files")

bench: ## run the benchmark against the simulators
	go run ./bench

mutants: ## plant deliberate faults and say after how many simulated histories each is caught
	go test ./test/simulation/mutants -run '^TestMutants$$' -mutants -only '$(ONLY)' -parallel 2 -timeout 6h -v

ci: ## everything a change must pass
	.ci/run
