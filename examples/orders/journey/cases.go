package journey

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// post is one file of the test data: a request as API Gateway hands it to
// Lambda, and how often it is posted.
type post struct {
	name    string
	request awsevents.APIGatewayProxyRequest
	posts   int
	orderID string
}

// load reads the cases in the order of their names. Mint replaces ${TOKEN:valid}
// and the like by tokens of the customer who orders. No fixed token would do,
// because virtual time begins in 2000 and wall time is today.
func load(files fs.FS, mint func(document []byte, customer string) []byte) ([]post, error) {
	names, err := fs.Glob(files, "testdata/*.json")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no cases in testdata")
	}
	var out []post
	for _, name := range names {
		k, err := loadOne(files, name, mint)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, k)
	}
	return out, nil
}

func loadOne(files fs.FS, name string, mint func([]byte, string) []byte) (post, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return post{}, err
	}
	k := post{name: strings.TrimSuffix(path.Base(name), ".json"), posts: 1}
	if err := json.Unmarshal(data, &k.request); err != nil {
		return post{}, err
	}
	var body struct {
		OrderID  string
		Customer struct{ ID string }
	}
	_ = json.Unmarshal([]byte(k.request.Body), &body) // a body that is no order is a case too
	k.orderID = body.OrderID
	if err := json.Unmarshal(mint(data, body.Customer.ID), &k.request); err != nil {
		return post{}, err
	}
	if strings.Contains(k.name, "posted-twice") {
		k.posts = 2
	}
	return k, nil
}
