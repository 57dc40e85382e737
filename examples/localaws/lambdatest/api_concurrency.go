package lambdatest

import "context"

const (
	// accountConcurrency is how many invocations an account has at once, minUnreserved
	// how many of them no function may reserve.
	accountConcurrency = 1000
	minUnreserved      = 100
)

type concurrency struct {
	ReservedConcurrentExecutions *int `json:"ReservedConcurrentExecutions,omitempty"`
}

type putFunctionConcurrencyInput struct {
	FunctionName                 string `location:"uri"`
	ReservedConcurrentExecutions *int   `json:"ReservedConcurrentExecutions"`
}

func (l *Lambda) putFunctionConcurrency(ctx context.Context, in *putFunctionConcurrencyInput) (*concurrency, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.unqualified(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	n := in.ReservedConcurrentExecutions
	switch {
	case n == nil:
		return nil, missingMember("reservedConcurrentExecutions")
	case *n < 0:
		return nil, constraint(*n, "reservedConcurrentExecutions", "Member must have value greater than or equal to 0")
	}
	before := f.reserved
	f.reserved = n
	if l.unreserved(f.account, f.region) < minUnreserved {
		f.reserved = before
		return nil, invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
	}
	return &concurrency{n}, nil
}

// unreserved is what no function has reserved; l.mu is held.
func (l *Lambda) unreserved(account, region string) int {
	left := accountConcurrency
	for _, f := range l.functions {
		if f.account == account && f.region == region && f.reserved != nil {
			left -= min(*f.reserved, accountConcurrency+1)
		}
	}
	return left
}

// unqualified finds a function whose name has no version; l.mu is held.
func (l *Lambda) unqualified(ctx context.Context, name string) (*function, error) {
	f, ref, err := l.look(ctx, name, "")
	if err != nil {
		return nil, err
	}
	if ref.qualifier != "" {
		return nil, invalid("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.")
	}
	return f, nil
}

// missingMember is the error for a required member that is not there.
func missingMember(member string) error {
	return lambdaError("ValidationException", 400, "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

type functionNameInput struct {
	FunctionName string `location:"uri"`
}

func (l *Lambda) getFunctionConcurrency(ctx context.Context, in *functionNameInput) (*concurrency, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.unqualified(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	return &concurrency{f.reserved}, nil
}

func (l *Lambda) deleteFunctionConcurrency(ctx context.Context, in *functionNameInput) (*struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.unqualified(ctx, in.FunctionName)
	if err == nil {
		f.reserved = nil
	}
	return nil, err
}
