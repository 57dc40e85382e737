// Command callback is the Lambda function that answers the approval requests
// of a state machine by their task tokens.
package main

import (
	"context"
	"errors"
	"log"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	approver := &Approver{Client: sfn.NewFromConfig(cfg), Decide: policy}
	lambda.Start(approver.Handle)
}

// limit is the largest refund that the policy grants, in cents.
const limit = 50_000

// policy decides in the place of a person.
func policy(_ context.Context, r Refund) (Approval, error) {
	if r.Amount > limit {
		return Approval{}, errors.New("too much")
	}
	return Approval{By: "policy"}, nil
}
