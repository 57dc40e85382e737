package stepfn_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// Only what Start itself puts into an input is left out when inputs are compared.
func TestTheSameNameWithOtherMetadataIsAConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := stepfntest.New(t)
		arn := m.Create("M", asl.MustMachine(&asl.PassState{Name: "A"}))
		plain := func(o *stepfn.WorkflowOptions) { o.NoCorrelation = true }
		one, two := correlation.With(t.Context(), "one"), correlation.WithTrace(correlation.With(t.Context(), "two"), "Root=1")
		for i, c := range []struct {
			name          string
			first, second string
			ctx           context.Context
			optFns        []func(*stepfn.WorkflowOptions)
			same          bool
		}{
			{"no metadata", `{"n":1}`, `{"n":1}`, two, nil, true},
			{"the correlation of another try", `{"n":1}`, `{"n":1,"metadata":{"correlationId":"x","traceHeader":"y"}}`, two, nil, true},
			{"another member beside it", `{"n":1}`, `{"n":2}`, two, nil, false},
			{"other members", `{"metadata":{"tenant":"a"}}`, `{"metadata":{"tenant":"b"}}`, two, nil, false},
			{"the same members", `{"metadata":{"tenant":"a"}}`, `{"metadata":{"tenant":"a"}}`, two, nil, true},
			{"other members beside the correlation", `{"metadata":{"tenant":"a","correlationId":"x"}}`, `{"metadata":{"tenant":"b","correlationId":"x"}}`, two, nil, false},
			{"members against none", `{"metadata":{"tenant":"a"}}`, `{}`, t.Context(), nil, false},
			{"no object", `{"metadata":"a"}`, `{"metadata":"b"}`, two, nil, false},
			{"null", `{"metadata":null}`, `{"metadata":[]}`, two, nil, false},
			{"empty against none", `{"metadata":{}}`, `{}`, t.Context(), nil, false},
			{"ids that are no texts", `{"metadata":{"correlationId":1}}`, `{"metadata":{"correlationId":2}}`, two, nil, false},
			{"without correlation", `{"metadata":{"correlationId":"x"}}`, `{"metadata":{"correlationId":"y"}}`, two, []func(*stepfn.WorkflowOptions){plain}, false},
			{"without correlation, the same", `{"metadata":{"correlationId":"x"}}`, `{"metadata":{"correlationId":"x"}}`, two, []func(*stepfn.WorkflowOptions){plain}, true},
		} {
			wf := stepfn.NewWorkflow[json.RawMessage, any](m.Client(), arn, c.optFns...)
			name := stepfn.ExecutionName(string(rune('a' + i)))
			_, err := wf.Start(one, name, json.RawMessage(c.first))
			require.NoError(t, err, c.name)
			require.NoError(t, m.Drain(t.Context()))
			started, err := wf.Start(c.ctx, name, json.RawMessage(c.second))
			if c.same {
				require.NoError(t, err, c.name)
				require.True(t, started.Existed, c.name)
			} else {
				require.ErrorIs(t, err, stepfn.ErrConflict, c.name)
			}
		}
	})
}
