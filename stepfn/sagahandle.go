package stepfn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/patternkit/serverless/stepfn/internal/metadata"
)

// The errors of a function that was given the wrong payload.
const (
	errorBadPayload  = "Saga.BadPayload"
	errorBadInput    = "Saga.BadInput"
	errorUnknownStep = "Saga.UnknownStep"
)

// stepResult is a result as the machine keeps it.
type stepResult struct {
	Value json.RawMessage `json:"value"`
}

// work is the payload of a function of a saga.
type work struct {
	Saga      string                 `json:"saga"`
	Step      string                 `json:"step"`
	Undo      string                 `json:"undo"`
	Park      string                 `json:"park"`
	Execution string                 `json:"execution"`
	Input     json.RawMessage        `json:"input"`
	Results   map[string]stepResult  `json:"results"`
	Error     ErrorOutput            `json:"error"`
	Failed    map[string]ErrorOutput `json:"failed"`
	Outcome   string                 `json:"outcome"`
	Redrives  int                    `json:"redrives"`
}

// Handle carries out one step, one compensation or the parking: it is the
// Lambda handler of every function of the saga. Errors are reported under
// their [ErrorName]. The correlation id and the trace header that came with
// the saga's input are in the context of the step.
func (s *Saga[In]) Handle(ctx context.Context, payload json.RawMessage) (any, error) {
	out, err := s.handle(ctx, payload)
	return out, ReportError(err)
}

func (s *Saga[In]) handle(ctx context.Context, payload json.RawMessage) (any, error) {
	if s == nil {
		return nil, WithErrorName(errorUnknownStep, errors.New("stepfn: there is no saga"))
	}
	var w work
	if err := json.Unmarshal(payload, &w); err != nil {
		return nil, WithErrorName(errorBadPayload, fmt.Errorf("stepfn: saga %s: %w", s.name, err))
	}
	var in In
	if err := json.Unmarshal(w.Input, &in); err != nil {
		return nil, WithErrorName(errorBadInput, fmt.Errorf("stepfn: saga %s: %w", s.name, err))
	}
	ctx = metadata.Into(ctx, w.Input)
	switch {
	case w.Saga != s.name:
	case w.Park == stateAlarm && s.park != nil:
		return nil, s.park(ctx, Parked[In]{Execution: w.Execution, Outcome: w.Outcome, Input: in, Error: w.Error, Failed: w.Failed})
	case w.Park == statePark:
		return nil, s.parked(ctx, w, in)
	case w.Undo != "":
		for _, sp := range s.specs {
			if sp.undoName == w.Undo && sp.undo != nil {
				return nil, s.compensate(ctx, sp, w, in)
			}
		}
	default:
		for _, sp := range s.specs {
			if sp.name == w.Step && sp.do != nil {
				return sp.do(ctx, s.call(sp, w, in))
			}
		}
	}
	return nil, WithErrorName(errorUnknownStep, fmt.Errorf("stepfn: saga %s has no %q", s.name, w.Saga+"/"+w.Step+w.Undo))
}

func (s *Saga[In]) key(sp *spec[In], w work) string {
	return s.name + "/" + w.Execution + "/" + sp.name
}

func (s *Saga[In]) call(sp *spec[In], w work, in In) Call[In] {
	return Call[In]{Key: s.key(sp, w), Execution: w.Execution, Input: in, results: w.Results}
}

func (s *Saga[In]) compensate(ctx context.Context, sp *spec[In], w work, in In) error {
	u := undoing[In]{key: s.key(sp, w), execution: w.Execution, input: in, failure: w.Error}
	if r, ok := w.Results[sp.name]; ok {
		u.result = r.Value
	}
	return sp.undo(ctx, u)
}

// parked fails with the outcome. After a redrive it first tries again the
// compensations that had failed.
func (s *Saga[In]) parked(ctx context.Context, w work, in In) error {
	if w.Redrives > 0 && w.Outcome == SagaCompensationFailed && s.resume(ctx, w, in) == nil {
		return nil
	}
	text, err := json.Marshal(struct {
		Error  ErrorOutput            `json:"error"`
		Failed map[string]ErrorOutput `json:"failed"`
	}{w.Error, w.Failed})
	if err != nil {
		return err
	}
	return WithErrorName(w.Outcome, errors.New(string(text)))
}

// resume runs the failed compensations once more.
func (s *Saga[In]) resume(ctx context.Context, w work, in In) error {
	for _, sp := range slices.Backward(s.specs) {
		if _, failed := w.Failed[sp.undoName]; !failed {
			continue
		}
		if sp.undo == nil {
			return errors.New("stepfn: a service call cannot be run from here")
		}
		if err := s.compensate(ctx, sp, w, in); err != nil {
			return err
		}
	}
	return nil
}
