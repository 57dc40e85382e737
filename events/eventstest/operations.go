package eventstest

import "github.com/patternkit/serverless/internal/wire"

// operations is what the fake serves: AWS's name, and the method that does it.
func (b *EventBridge) operations() []wire.Operation {
	return []wire.Operation{
		wire.HandleBatch("PutEvents", b.putEvents),
		wire.Handle("TestEventPattern", b.testEventPattern),

		wire.Handle("CreateEventBus", b.createEventBus),
		wire.Handle("UpdateEventBus", b.updateEventBus),
		wire.Handle("DescribeEventBus", b.describeEventBus),
		wire.Handle("ListEventBuses", b.listEventBuses),
		wire.Handle("DeleteEventBus", b.deleteEventBus),

		wire.Handle("PutRule", b.putRule),
		wire.Handle("DescribeRule", b.describeRule),
		wire.Handle("ListRules", b.listRules),
		wire.Handle("EnableRule", b.enableRule),
		wire.Handle("DisableRule", b.disableRule),
		wire.Handle("DeleteRule", b.deleteRule),

		wire.Handle("PutTargets", b.putTargets),
		wire.Handle("ListTargetsByRule", b.listTargetsByRule),
		wire.Handle("ListRuleNamesByTarget", b.listRuleNamesByTarget),
		wire.Handle("RemoveTargets", b.removeTargets),

		wire.Handle("TagResource", b.tagResource),
		wire.Handle("UntagResource", b.untagResource),
		wire.Handle("ListTagsForResource", b.listTagsForResource),
	}
}
