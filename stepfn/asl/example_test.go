package asl_test

import (
	"fmt"

	"github.com/patternkit/serverless/stepfn/asl"
)

func ExampleNewMachine() {
	m, err := asl.NewMachine(
		&asl.TaskState{Name: "Charge", Resource: "${ChargeFunctionArn}", TimeoutSeconds: 30},
		&asl.ChoiceState{Name: "Large?", Default: "Done", Choices: []asl.Rule{
			asl.When("$.amount", "NumericGreaterThan", 1000).Then("Review"),
		}},
		&asl.WaitState{Name: "Review", Seconds: 3600},
		&asl.SucceedState{Name: "Done"})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := m.MarshalJSON()
	fmt.Println(string(text))
	// Output:
	// {"StartAt":"Charge","States":{"Charge":{"Type":"Task","Resource":"${ChargeFunctionArn}","TimeoutSeconds":30,"Next":"Large?"},"Large?":{"Type":"Choice","Choices":[{"Variable":"$.amount","Next":"Review","NumericGreaterThan":1000}],"Default":"Done"},"Review":{"Type":"Wait","Seconds":3600,"Next":"Done"},"Done":{"Type":"Succeed"}}}
}

func ExampleParse() {
	m, err := asl.Parse([]byte(`{
		"StartAt": "Each",
		"States": {
			"Each": {"Type": "Map", "End": true, "ItemProcessor": {
				"StartAt": "Ship", "States": {"Ship": {"Type": "Task", "Resource": "${ShipFunctionArn}", "End": true}}}}
		}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for s := range m.Walk() {
		fmt.Println(s.StateType(), s.StateName())
	}
	// Output:
	// Map Each
	// Task Ship
}

func ExampleMachine_Mermaid() {
	m := asl.MustMachine(
		&asl.TaskState{Name: "Charge", Resource: "${ChargeFunctionArn}", Catch: []asl.Catcher{
			{ErrorEquals: []string{"CardDeclined"}, Next: "Refused"},
		}},
		&asl.SucceedState{Name: "Done"},
		&asl.FailState{Name: "Refused", Error: "OrderRefused"})
	fmt.Print(m.Mermaid())
	// Output:
	// flowchart TD
	//   start(("start"))
	//   s1["Charge"]
	//   s2(["Done"])
	//   finish(("end"))
	//   s3[["Refused<br>OrderRefused"]]
	//   s1 --> s2
	//   s1 -.->|"CardDeclined"| s3
	//   s2 --> finish
	//   s3 --> finish
	//   start --> s1
}

func ExampleValidate() {
	for _, f := range asl.Validate([]byte(`{
		"StartAt": "Pay",
		"States": {
			"Pay": {"Type": "Task", "Resource": "${PayFunctionArn}", "ResultPath": "$.list[*]", "Next": "Ship"}
		}}`)) {
		fmt.Println(f.Severity, f)
	}
	// Output:
	// ERROR SCHEMA_VALIDATION_FAILED: The value for the field 'ResultPath' must be a valid Reference Path at /States/Pay/ResultPath
	// ERROR MISSING_TRANSITION_TARGET: Missing 'Next' target: Ship at /States/Pay/Next
}
