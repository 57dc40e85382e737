# The commands of the project. `make` prints them.

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: test
test: ## every test, as the README says
	go test ./...

.PHONY: race
race: ## every test under the race detector (needs a C compiler)
	go test -race ./...

.PHONY: lint
lint: ## vet, gofumpt and golangci-lint, by the versions CI uses
	.ci/lint

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (default 30s)
	.ci/fuzz $(or $(FUZZTIME),30s)

.PHONY: bench
bench:
	@echo "make bench: no benchmark stands beside a peer yet" && exit 1

.PHONY: prove
prove:
	@echo "make prove: nothing is enumerated beyond what go test does yet" && exit 1

.PHONY: conformance
conformance:
	@echo "make conformance: no differential run against another implementation yet" && exit 1

.PHONY: mutate
mutate:
	@echo "make mutate: no mutants are committed yet" && exit 1

.PHONY: soak
soak:
	@echo "make soak: nothing runs longer than its test yet" && exit 1

.PHONY: examples
examples: ## run the journey of the orders
	go run ./examples/orders
