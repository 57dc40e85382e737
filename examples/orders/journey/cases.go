package journey

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	awsevents "github.com/aws/aws-lambda-go/events"
)

// kase is one file of the test data: a request as API Gateway hands it to
// Lambda, and how often it is posted.
type kase struct {
	name    string
	request awsevents.APIGatewayProxyRequest
	posts   int
	orderID string
}

// load reads the cases in the order of their names. Expand mints the tokens
// that stand in them as ${TOKEN:valid} and the like: virtual time begins in
// 2000 and wall time is today, so that no fixed token serves both.
func load(files fs.FS, expand func([]byte) []byte) ([]kase, error) {
	names, err := fs.Glob(files, "testdata/*.json")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no cases in testdata")
	}
	var out []kase
	for _, name := range names {
		k, err := loadOne(files, name, expand)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, k)
	}
	return out, nil
}

func loadOne(files fs.FS, name string, expand func([]byte) []byte) (kase, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return kase{}, err
	}
	k := kase{name: strings.TrimSuffix(path.Base(name), ".json"), posts: 1}
	if err := json.Unmarshal(expand(data), &k.request); err != nil {
		return kase{}, err
	}
	var body struct{ OrderID string }
	if err := json.Unmarshal([]byte(k.request.Body), &body); err != nil {
		return kase{}, err
	}
	k.orderID = body.OrderID
	if strings.Contains(k.name, "posted-twice") {
		k.posts = 2
	}
	return k, nil
}
