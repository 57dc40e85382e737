package stepfntest_test

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/require"

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
