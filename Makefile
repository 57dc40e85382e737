# The commands of the project. `make` prints them.

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

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
fuzz: ## each fuzz target for EXECUTIONS runs (default 200000x)
	.ci/fuzz $(or $(EXECUTIONS),200000x)

.PHONY: bench
bench: ## the benchmarks, each beside its floor or its peer (BENCH=regexp picks some)
	.ci/bench $(BENCH)

.PHONY: prove
prove: ## the enumerations at their full bounds
	PROVE=1 go test -count=1 -timeout 20m ./messaging ./messaging/simulate ./stepfn/prove ./examples/saga ./examples/orders/shop ./examples/idempotent-api
	PROVE=1 go test -count=1 -run TestHostileRequests ./authorizer/authorizertest ./dynamo/dynamotest ./events/eventstest ./messaging/messagingtest ./stepfn/stepfntest ./examples/localaws/lambdatest ./examples/localaws/ststest

.PHONY: conformance
conformance: ## cfn-lint at the templates; boto3, the AWS CLI, the SDK for JavaScript and dynamodb-admin at localaws
	.ci/witness

.PHONY: aws-conformance
aws-conformance: ## the suites that the fakes pass, against AWS (cents; see internal/conformance/doc.go) or AWS_ENDPOINT_URL
	PATTERNKIT_AWS=1 go test -count=1 -v -timeout 2h $(if $(PATTERNKIT_SKIP),-skip '$(PATTERNKIT_SKIP)') -run 'TestAWS$(if $(PATTERNKIT_RUN),/$(PATTERNKIT_RUN))' ./internal/conformance

.PHONY: mutate
mutate: ## break one property at a time and see its test turn red (MUTANT=regexp picks some)
	go run ./internal/repotest/mutate -run '$(MUTANT)'

.PHONY: mutate-random
mutate-random: ## break PACKAGES at random, N times by SEED, and list what no test notices
	go run ./internal/repotest/mutate -random $(or $(N),40) -seed $(or $(SEED),1) $(or $(PACKAGES),$(MUTABLE))

# Packages whose own tests take a second or two.
MUTABLE = ./internal/... ./authorizer/jws ./authorizer/internal/... ./dynamo/internal/... ./stepfn/internal/...

.PHONY: soak
soak: ## (nothing yet)
	@echo "make soak: nothing runs longer than its test yet" && exit 1

.PHONY: examples
examples: ## run the journey of the orders, the examples' templates on localaws, their binaries on a Lambda runtime and the README's code
	go run ./examples/orders
	LINK=1 go test -count=1 ./examples/localaws
	LINK=1 go test -count=1 -run TestTheExamplesRunOnLambda ./internal/lambdahost
	LINK=1 go test -count=1 -run 'TestReadme|TestTheContextOfAnOuterTest|TestTheOutsideModule' ./internal/repotest

.PHONY: size
size: ## what the packages add to a deployed function, in bytes
	LINK=1 go test -count=1 -v -run 'TestSize' ./authorizer ./observe
