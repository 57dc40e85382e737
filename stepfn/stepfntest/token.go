package stepfntest

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// token is a task token that was given out. One whose task is over stays
// known, so that a late answer gets the error of a closed one.
type token struct {
	owner    *branch                      // nil: the task is over
	beat     func()                       // sets the heartbeat's clock again
	done     func(out string, f *failure) // nil: the task's call was not answered yet
	early    *answer                      // what came before that
	answered bool
}

// answer is what a token was answered with.
type answer struct {
	out   string
	fault *failure
}

// newToken gives out a token; the caller holds the lock.
func (m *StepFunctions) newToken(t *branch) string {
	text := base64.StdEncoding.EncodeToString([]byte(awsid.UUID() + awsid.UUID() + awsid.UUID()))
	m.tokens[text] = &token{owner: t}
	t.x.tokens = append(t.x.tokens, text)
	return text
}

func (m *StepFunctions) dropToken(text string) {
	if k := m.tokens[text]; k != nil {
		*k = token{}
	}
}

// await has done called with the answer that comes by the token.
func (m *StepFunctions) await(text string, done func(out string, f *failure)) {
	k := m.tokens[text]
	k.done = done
	if k.early != nil {
		done(k.early.out, k.early.fault)
	}
}

// live returns a token whose task still waits; the caller holds the lock.
func (m *StepFunctions) live(text string) (*token, error) {
	k := m.tokens[text]
	if k == nil {
		return nil, wire.Errorf("InvalidToken", 0, "Invalid Token: 'Invalid token'")
	}
	over := k.owner == nil || k.answered
	if !over {
		for _, t := range k.owner.timers { // a time-out that has not been carried out yet
			over = over || t.fire != nil && !t.at.After(time.Now())
		}
	}
	if over {
		return nil, wire.Errorf("TaskTimedOut", 0, "Task Timed Out: 'Provided task does not exist anymore'")
	}
	return k, nil
}

// send answers a token.
func (m *StepFunctions) send(text, out string, f *failure) (*sendTaskOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.live(text)
	if err != nil {
		return nil, err
	}
	k.answered = true
	if k.done == nil {
		k.early = &answer{out, f}
		return nil, nil
	}
	k.owner.x.s.soon(func() {
		if k.done != nil {
			k.done(out, f)
		}
	})
	return nil, nil
}

type sendTaskOutput struct{}

type sendTaskSuccessInput struct {
	TaskToken string `json:"taskToken"`
	Output    string `json:"output"`
}

func (m *StepFunctions) sendTaskSuccess(_ context.Context, in *sendTaskSuccessInput) (*sendTaskOutput, error) {
	if _, err := value.ParseString(in.Output); err != nil {
		return nil, wire.Errorf("InvalidOutput", 0, "Invalid Output: '%v'", err)
	}
	if len(in.Output) > maxPayload {
		return nil, wire.Errorf("InvalidOutput", 0, "Invalid Output: 'The output is larger than %d bytes.'", maxPayload)
	}
	return m.send(in.TaskToken, in.Output, nil)
}

type sendTaskFailureInput struct {
	TaskToken string  `json:"taskToken"`
	Error     *string `json:"error"`
	Cause     *string `json:"cause"`
}

func (m *StepFunctions) sendTaskFailure(_ context.Context, in *sendTaskFailureInput) (*sendTaskOutput, error) {
	f := &failure{noName: in.Error == nil, noCause: in.Cause == nil}
	if !f.noName {
		f.name = *in.Error
	}
	if !f.noCause {
		f.cause = *in.Cause
	}
	if err := checkFailure(f.name, f.cause); err != nil {
		return nil, err
	}
	return m.send(in.TaskToken, "", f)
}

type sendTaskHeartbeatInput struct {
	TaskToken string `json:"taskToken"`
}

func (m *StepFunctions) sendTaskHeartbeat(_ context.Context, in *sendTaskHeartbeatInput) (*sendTaskOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.live(in.TaskToken)
	if err != nil {
		return nil, err
	}
	if k.beat != nil {
		k.beat()
	}
	return nil, nil
}
