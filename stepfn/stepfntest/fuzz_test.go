package stepfntest_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// Whatever definition the service takes, an execution of it ends or waits for
// a token, and its history is in order.
func FuzzExecution(f *testing.F) {
	f.Add(`{"StartAt":"A","States":{"A":{"Type":"Map","ItemsPath":"$.l","ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":5,"End":true}}},"ResultPath":"$.r","Next":"C"},"C":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericGreaterThan":1,"Next":"D"}],"Default":"E"},"D":{"Type":"Succeed"},"E":{"Type":"Fail","ErrorPath":"$.e","Cause":"x"}}}`, `{"l":[1,2],"n":2}`)
	f.Add(`{"StartAt":"A","States":{"A":{"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":{"Type":"Pass","Parameters":{"x.$":"States.Format('{}',$$.Execution.Id)"},"End":true}}}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}],"Next":"C"},"C":{"Type":"Task","Resource":"${F}","Retry":[{"ErrorEquals":["States.ALL"],"JitterStrategy":"FULL"}],"Assign":{"v.$":"$"},"TimeoutSeconds":3,"End":true}}}`, `{}`)
	f.Fuzz(func(t *testing.T, definition, input string) {
		synctest.Test(t, func(t *testing.T) {
			m := stepfntest.New(nil)
			m.Mock("", "C", stepfntest.Throw("X", ""), stepfntest.Return(1))
			created, err := m.Client().CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
				Name: aws.String("M"), Definition: &definition, RoleArn: aws.String("arn:aws:iam::123456789012:role/r"),
			})
			if err != nil {
				return
			}
			x, err := m.Execute(t.Context(), *created.StateMachineArn, []byte(input))
			if err != nil {
				return // not JSON
			}
			for i, e := range x.History {
				require.EqualValues(t, i+1, e.ID)
				require.Less(t, e.PreviousID, e.ID)
			}
		})
	})
}

// A definition without an error is parsed, and made a machine unless it holds
// what is not simulated.
func FuzzDefinition(f *testing.F) {
	f.Add(`{"Comment":1,"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":"{% 1 %}","End":true}}}`)
	f.Add(`{"TimeoutSeconds":"${T}","StartAt":"A","States":{"A":{"Type":"Wait","Seconds":"${S}","InputPath":"${P}","End":true}}}`)
	f.Add(`{"StartAt":"A","States":{"A":{"Type":"Map","ItemSelector":{"a.$":"${X}"},"ToleratedFailurePercentage":1.5,"ItemProcessor":{"ProcessorConfig":{"Mode":null,"ExecutionType":1},"StartAt":"B","States":{"B":{"Type":"Succeed","Comment":null}}},"End":true}}}`)
	f.Add(`{"StartAt":"A","States":{"A":{"Type":"Map","ItemReader":1,"ItemBatcher":{"MaxItemsPerBatch":"x"},"Label":null,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"B","States":{"B":{"Type":"Succeed"}}},"End":true}}}`)
	f.Add(`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Credentials":{"RoleArn":"x"},"TimeoutSeconds":3,"HeartbeatSecondsPath":"$.h","Retry":[{"ErrorEquals":["X"],"BackoffRate":"2","MaxAttempts":1e2,"Comment":{}}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"B","Assign":{"v":1},"ResultPath":null}],"Next":"B"},"B":{"Type":"Choice","Choices":[{"Not":{"Variable":"$.x","TimestampLessThan":"${T}"},"Next":"C","Comment":1},{"And":[{"Variable":"$.x","StringMatches":"a\\*"}],"Next":"C"}],"Default":"C"},"C":{"Type":"Fail","ErrorPath":"States.Format('{}',$.e)","Cause":null}}}`)
	f.Add(`{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Condition":true,"And":5,"Next":"B"}],"Default":"B"},"B":{"Type":"Pass","Output":"{% 1 %}","End":true}}}`)
	f.Add(`{"StartAt":"A","StartAt":"B","States":{"A":{"Type":"Pass","Result":null,"InputPath":null,"End":true}}}`)
	f.Fuzz(func(t *testing.T, definition string) {
		for _, finding := range asl.Validate([]byte(definition)) {
			if finding.Severity == asl.SeverityError {
				return
			}
		}
		_, err := asl.Parse([]byte(definition))
		require.NoError(t, err)
		_, err = stepfntest.New(nil).Client().CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
			Name: aws.String("M"), Definition: &definition, RoleArn: aws.String("arn:aws:iam::123456789012:role/r"),
		})
		var refused smithy.APIError
		if errors.As(err, &refused) {
			require.NotEqual(t, "InvalidDefinition", refused.ErrorCode(), refused.ErrorMessage())
		}
	})
}
