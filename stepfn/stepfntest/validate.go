package stepfntest

import (
	"context"

	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/stepfn/asl"
)

type validateDefinitionInput struct {
	Definition string `json:"definition"`
	Type       string `json:"type"`
	Severity   string `json:"severity"`
	MaxResults int    `json:"maxResults"`
}

type validateDefinitionOutput struct {
	Result      string       `json:"result"`
	Diagnostics []diagnostic `json:"diagnostics"`
	Truncated   bool         `json:"truncated"`
}

type diagnostic struct {
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Location string `json:"location,omitempty"`
}

// maxDiagnostics is the most diagnostics of one answer.
const maxDiagnostics = 100

func (m *StepFunctions) validateStateMachineDefinition(_ context.Context, in *validateDefinitionInput) (*validateDefinitionOutput, error) {
	if err := checkLengths(bounded{"definition", in.Definition, maxDefinition}); err != nil {
		return nil, err
	}
	limit := in.MaxResults
	switch {
	case limit < 0 || limit > maxDiagnostics:
		return nil, wire.Errorf("ValidationException", 0, "1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value between 0 and %d", limit, maxDiagnostics)
	case limit == 0:
		limit = maxDiagnostics
	}
	out := &validateDefinitionOutput{Result: "OK", Diagnostics: []diagnostic{}}
	findings := asl.Validate([]byte(in.Definition), func(o *asl.ValidateOptions) { o.Express = in.Type == express })
	for _, f := range findings {
		if f.Severity == asl.SeverityError {
			out.Result = "FAIL"
		} else if in.Severity == asl.SeverityError || in.Severity == "" {
			continue // warnings come only when asked for
		}
		if len(out.Diagnostics) == limit {
			out.Truncated = true
			break
		}
		location := f.Location
		if location == "" && f.Code != asl.CodeInvalidJSON {
			location = "/" // the root
		}
		out.Diagnostics = append(out.Diagnostics, diagnostic{f.Severity, f.Code, f.Message, location})
	}
	return out, nil
}
