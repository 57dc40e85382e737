package stepfntest

import "github.com/patternkit/serverless/internal/wire"

// service is the table of what is served.
func (m *StepFunctions) service() wire.Service {
	return wire.Service{
		Name:      "states",
		Package:   "stepfntest",
		Protocol:  wire.JSON10("AWSStepFunctions"),
		Namespace: "com.amazonaws.swf.service.v2.model#",
		Operations: []wire.Operation{
			wire.Handle("CreateStateMachine", m.createStateMachine),
			wire.Handle("DescribeStateMachine", m.describeStateMachine),
			wire.Handle("UpdateStateMachine", m.updateStateMachine),
			wire.Handle("DeleteStateMachine", m.deleteStateMachine),
			wire.Handle("ListStateMachines", m.listStateMachines),
			wire.Handle("ValidateStateMachineDefinition", m.validateStateMachineDefinition),
			wire.Handle("StartExecution", m.startExecution),
			wire.Handle("StartSyncExecution", m.startSyncExecution),
			wire.Handle("DescribeExecution", m.describeExecution),
			wire.Handle("DescribeStateMachineForExecution", m.describeStateMachineForExecution),
			wire.Handle("ListExecutions", m.listExecutions),
			wire.Handle("GetExecutionHistory", m.getExecutionHistory),
			wire.Handle("StopExecution", m.stopExecution),
			wire.Handle("SendTaskSuccess", m.sendTaskSuccess),
			wire.Handle("SendTaskFailure", m.sendTaskFailure),
			wire.Handle("SendTaskHeartbeat", m.sendTaskHeartbeat),
			wire.Handle("CreateActivity", m.createActivity),
			wire.Handle("DescribeActivity", m.describeActivity),
			wire.Handle("DeleteActivity", m.deleteActivity),
			wire.Handle("ListActivities", m.listActivities),
			wire.Handle("GetActivityTask", m.getActivityTask),
		},
	}
}
