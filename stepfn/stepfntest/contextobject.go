package stepfntest

import (
	"time"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

// clockText is how the context object writes times.
const clockText = "2006-01-02T15:04:05.000Z"

func clock(t time.Time) string { return t.UTC().Format(clockText) }

// contextObject is the context object ($$) of the branch's state.
func (b *branch) contextObject() *value.Object {
	x := b.x
	if x.context == nil {
		x.context = x.contextObject()
	}
	o := value.NewObject(5)
	o.Put("Execution", x.context)
	o.Put("StateMachine", x.machine.context)
	if b.node != nil {
		o.Put("State", value.ObjectOf(
			"Name", b.node.name,
			"EnteredTime", clock(b.entered),
			"RetryCount", value.Int(b.retries),
		))
	}
	for at := b; at != nil; {
		if at.item != nil {
			o.Put("Map", value.ObjectOf("Item", value.ObjectOf("Index", value.Int(at.item.index), "Value", at.item.value)))
			break
		}
		if at.parent == nil {
			break
		}
		at = at.parent.owner
	}
	if b.token != "" {
		o.Put("Task", value.ObjectOf("Token", b.token))
	}
	return o
}

// contextObject is the part of the context object that is the same in every
// state of the execution.
func (x *execution) contextObject() *value.Object {
	return value.ObjectOf(
		"Id", x.arn,
		"Input", x.input.v,
		"StartTime", clock(x.started),
		"Name", x.name,
		"RoleArn", x.revision.roleARN,
		"RedriveCount", value.Int(0),
	)
}
