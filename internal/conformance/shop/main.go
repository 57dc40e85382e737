// Command shop is the function of the template that the witnesses run: it places an
// order, ships it, or answers with what it got, by the event that it gets.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start((&shop{dynamodb.NewFromConfig(cfg), sqs.NewFromConfig(cfg)}).handle)
}

type shop struct {
	db     *dynamodb.Client
	queues *sqs.Client
}

// event is any of the three.
type event struct {
	RouteKey string
	Body     string
	Records  []struct{ Body string }
	Fail     string
}

func (s *shop) handle(ctx context.Context, payload json.RawMessage) (any, error) {
	var e event
	_ = json.Unmarshal(payload, &e) // an event need not be an object
	switch {
	case e.RouteKey != "":
		return s.place(ctx, e.Body)
	case e.Records != nil:
		for _, r := range e.Records {
			if err := s.ship(ctx, r.Body); err != nil {
				return nil, err
			}
		}
		return nil, nil
	case e.Fail != "":
		return nil, errors.New(e.Fail)
	}
	return map[string]any{"greeting": os.Getenv("GREETING"), "event": payload}, nil
}

// place keeps an order and lets it be shipped.
func (s *shop) place(ctx context.Context, body string) (any, error) {
	var order struct{ ID string }
	_ = json.Unmarshal([]byte(body), &order) // then it has no id
	if order.ID == "" {
		return map[string]any{"statusCode": 400, "body": "an order has an id"}, nil
	}
	if err := s.put(ctx, order.ID, "PLACED"); err != nil {
		return nil, err
	}
	_, err := s.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(os.Getenv("QUEUE")), MessageBody: &order.ID})
	return map[string]any{"statusCode": 201, "body": body}, err
}

func (s *shop) ship(ctx context.Context, id string) error { return s.put(ctx, id, "SHIPPED") }

func (s *shop) put(ctx context.Context, id, status string) error {
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(os.Getenv("TABLE")), Item: map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: id}, "Status": &types.AttributeValueMemberS{Value: status},
	}})
	return err
}
